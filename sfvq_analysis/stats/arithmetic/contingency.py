"""Information in joint counts of a value (rows) and an index (columns), many tables at a time.

Arrays have shape (…, n_values, K); results have the leading shape. Logarithms are natural, as in
scikit-learn. Nothing here depends on the order of rows or columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Counts = NDArray[np.floating[Any] | np.integer[Any]]


def entropy_of(counts: Counts) -> NDArray[np.float64]:
    """Return the entropy along the last axis, nats; NaN where nothing was counted.

    Examples
    --------
    >>> round(float(entropy_of(np.array([1, 1, 2])) / np.log(2)), 9)
    1.5
    """
    total = counts.sum(axis=-1)
    safe = np.where(total > 0, total, 1)
    entropy = np.log(safe) - xlogy(counts, counts).sum(axis=-1) / safe
    return np.asarray(np.where(total > 0, np.maximum(entropy, 0.0), np.nan), dtype=np.float64)


def mutual_information(counts: Counts) -> NDArray[np.float64]:
    """Return I(value; index), nats, never below 0; NaN where nothing was counted."""
    flat = counts.reshape(*counts.shape[:-2], counts.shape[-2] * counts.shape[-1])
    both = entropy_of(counts.sum(axis=-1)) + entropy_of(counts.sum(axis=-2))
    return np.asarray(np.maximum(both - entropy_of(flat), 0.0))


def normalised_information(counts: Counts) -> NDArray[np.float64]:
    """Return I(value; index) / H(value), PNMI if values are phones (Hsu et al., HuBERT, 2021).

    NaN where fewer than two values occur.
    """
    return ratio(mutual_information(counts), entropy_of(counts.sum(axis=-1)), at_most=1.0)


def ratio(
    part: NDArray[np.float64], whole: NDArray[np.float64], at_most: float = np.inf
) -> NDArray[np.float64]:
    """Return part / whole, at most so much, NaN where whole is 0 or NaN."""
    nothing = ~(whole > 0)
    share = part / np.where(nothing, 1.0, whole)
    return np.asarray(np.where(nothing, np.nan, np.minimum(share, at_most)))
