"""Two sides on an axis, parted by one threshold or by one range: the arithmetic.

With p and q the sides' densities, each the mean of the densities of its groups, and balanced
accuracy (chance is .5):

- by a threshold, either direction: (1 + max_k |Σ_{i≤k} (p_i - q_i)|) / 2;
- by a range, p inside: (1 + max_{first≤last} Σ_{first≤i≤last} (p_i - q_i)) / 2;
- the ceiling of both, what the best order of the same codes has: Σ_k max(p_k, q_k) / 2, for the
  best codes can be brought above a threshold, or side by side.

Sums are rounded to twelve digits, so that what is equal but for rounding is equal.

References
----------
J. Bentley, "Programming pearls: algorithm design techniques", Communications of the ACM 27 (1984),
865-871: the best range in one pass (Kadane's algorithm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = 12


class Cut(NamedTuple):
    """The best threshold between two sides; arrays of the leading shape of the densities.

    Attributes
    ----------
    accuracy
        Balanced; NaN where a side has no frame.
    threshold
        The last index of the lower side, the lowest among equally good ones.
    second_above
        Whether the second side lies above.
    """

    accuracy: NDArray[np.float64]
    threshold: NDArray[np.int64]
    second_above: NDArray[np.bool_]


def side_density(
    group_density: NDArray[np.float64], members: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the mean density of a side's groups, those without a frame left out; NaN without any.

    Parameters
    ----------
    group_density
        Shape (…, n_groups, K), NaN for a group without a frame.
    members
        Which groups are of the side, shape (n_groups,).
    """
    mine = group_density[..., members, :]
    known = ~np.isnan(mine)
    n_known = known.sum(axis=-2)
    total = np.where(known, mine, 0.0).sum(axis=-2)
    return np.asarray(np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan))


def best_cut(first: NDArray[np.float64], second: NDArray[np.float64]) -> Cut:
    """Return the best threshold between two sides, either direction.

    Parameters
    ----------
    first, second
        Densities of the sides, shape (…, K).

    Examples
    --------
    >>> cut = best_cut(np.array([0.0, 0.25, 0.75]), np.array([0.5, 0.5, 0.0]))
    >>> float(cut.accuracy), int(cut.threshold), bool(cut.second_above)
    (0.875, 1, False)
    """
    above = np.round((1 + np.cumsum(first - second, axis=-1)) / 2, DIGITS)
    most, least = above.max(axis=-1), above.min(axis=-1)
    second_above = most >= 1 - least
    threshold = np.where(second_above, above.argmax(axis=-1), above.argmin(axis=-1))
    return Cut(np.maximum(most, 1 - least), threshold, second_above)


def ceiling(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the accuracy that the best order of the same codes has, shape (…)."""
    return np.asarray(np.maximum(first, second).sum(axis=-1) / 2)


def range_gain(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest sum over a range of neighbouring indices; 0 for the empty range.

    Parameters
    ----------
    excess
        What each index adds, shape (…, K); NaN where it holds one.

    Examples
    --------
    >>> float(range_gain(np.array([1.0, -2.0, 3.0, -1.0, 2.0, -5.0])))
    4.0
    """
    upto = _cumulative(excess)
    return np.asarray((upto - np.minimum.accumulate(upto, axis=-1)).max(axis=-1))


def best_range(excess: NDArray[np.float64]) -> tuple[int, int] | None:
    """Return the range whose sum is `range_gain`; the lowest, then the shortest of equal ones.

    Parameters
    ----------
    excess
        What each index adds, shape (K,).

    Returns
    -------
    tuple of int, or None
        Its first and last index; None where no range has a sum above 0.

    Examples
    --------
    >>> best_range(np.array([1.0, -2.0, 3.0, -1.0, 2.0, -5.0]))
    (2, 4)
    """
    upto = _cumulative(excess)
    lowest = np.minimum.accumulate(upto)
    stop = int((upto - lowest).argmax())
    if not upto[stop] > lowest[stop]:
        return None
    return int(np.flatnonzero(upto[: stop + 1] == lowest[stop])[-1]), stop - 1


def _cumulative(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the indices before each, and of all, rounded so that equal ones are."""
    sums = np.zeros((*excess.shape[:-1], excess.shape[-1] + 1))
    np.cumsum(excess, axis=-1, out=sums[..., 1:])
    return np.asarray(np.round(sums, DIGITS), dtype=np.float64)
