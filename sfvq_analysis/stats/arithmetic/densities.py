"""Index densities, and distances between them, many at a time.

The Jensen-Shannon distance doesn't change when codes are relabelled: it tells how separate two
densities are. The earth mover's distance is taken along the axis, in indices, and does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import rel_entr

if TYPE_CHECKING:
    from numpy.typing import NDArray


def densities(counts: NDArray[np.floating[Any] | np.integer[Any]]) -> NDArray[np.float64]:
    """Return counts divided by their sum along the last axis, NaN where that is 0."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total > 0, counts / np.where(total > 0, total, 1), np.nan))


def js_distance(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Jensen-Shannon distance of densities along the last axis, base 2, in 0 … 1.

    sqrt((KL(p|m) + KL(q|m)) / 2), m = (p + q) / 2. NaN where a density is.

    Examples
    --------
    >>> float(js_distance(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
    1.0
    """
    middle = (p + q) / 2
    both = rel_entr(p, middle).sum(axis=-1) + rel_entr(q, middle).sum(axis=-1)
    return np.asarray(np.sqrt(np.clip(both / (2 * np.log(2)), 0.0, 1.0)))


def emd(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the earth mover's distance of densities along the last axis, in indices.

    In one dimension it is the area between the cumulative densities. NaN where a density is.

    Examples
    --------
    >>> float(emd(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])))
    2.0
    """
    return np.asarray(np.abs(np.cumsum(p - q, axis=-1)).sum(axis=-1))
