"""The shortest range of an axis that holds a share of what is counted on it; exactly.

A range [first, last] has both ends in it. It holds the share m of n if it holds at least m · n.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def shortest_width(
    counts: NDArray[np.integer[Any] | np.floating[Any]], mass: float
) -> NDArray[np.float64]:
    """Return the width of the shortest range that holds a share of counts along the last axis.

    Parameters
    ----------
    counts
        Whole numbers, shape (…, K).
    mass
        The share, above 0.

    Returns
    -------
    NDArray[np.float64], shape (…)
        NaN where there is no count.

    Examples
    --------
    >>> shortest_width(np.array([[5, 0, 4, 1], [0, 0, 0, 7]]), 0.9)
    array([3., 1.])
    """
    size = counts.shape[-1]
    upto = np.zeros((math.prod(counts.shape[:-1]), size + 1), dtype=np.int64)
    np.cumsum(counts.reshape(len(upto), size), axis=-1, out=upto[:, 1:], dtype=np.int64)
    total = upto[:, -1].copy()
    needed, row = _needed(total, mass), np.arange(len(upto))[:, None]
    upto += (total.max(initial=0) + 1) * row  # so that one row follows the other, all in order
    stop = np.searchsorted(upto.ravel(), (upto[:, :-1] + needed[:, None]).ravel())
    stop = stop.reshape(len(upto), size) - (size + 1) * row
    width = np.where(stop <= size, stop - np.arange(size), size).min(axis=-1, initial=size)
    return np.where(total > 0, width, np.nan).reshape(counts.shape[:-1])


def shortest_range(counts: NDArray[np.int64], mass: float) -> tuple[int, int]:
    """Return first and last index of the range of `shortest_width`, the lowest of equal ones.

    Examples
    --------
    >>> shortest_range(np.array([5, 0, 4, 1, 0, 5]), 0.6)
    (0, 2)
    """
    width = int(shortest_width(counts, mass))
    upto = np.append(0, np.cumsum(counts))
    held = upto[width:] - upto[:-width]
    first = int((held >= _needed(upto[-1], mass)).argmax())
    return first, first + width - 1


def _needed(total: Any, mass: float) -> NDArray[np.int64]:
    """Return the smallest whole numbers that are at least mass · total; exactly."""
    share = Fraction(str(mass))
    largest = int(np.max(total, initial=0)) * share.numerator
    whole = np.asarray(total).astype(np.int64 if largest < 1 << 63 else object)
    return np.asarray(-(-whole * share.numerator // share.denominator)).astype(np.int64)
