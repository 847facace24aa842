"""Maps from index to phone group, learnt from counts; see `sfvq_analysis.stats.labels.few_labels`.

Counts have shape (G + 1, K), a row each of the groups and a last one of frames in no group, which
teaches nothing. A map has shape (K,) and holds the group's place among the groups. Ties (two
commonest groups, two nearest indices) go to the group with more frames in all, then to the first:
the direction of the axis decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.histograms import smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_MILLIONTHS = 1e6  # whole numbers, so that equal counts stay equal


def nearest_map(counts: Ints) -> Ints:
    """Return each index's commonest group, or that of the nearest index that has one.

    All 0 where no index has a group.

    Examples
    --------
    >>> counts = np.zeros((8, 5), dtype=int)
    >>> counts[2, 0], counts[4, 3] = 1, 2
    >>> nearest_map(counts)
    array([2, 2, 4, 4, 4])
    """
    groups, seen = _commonest(counts)
    if not seen.any():
        return groups
    at, end = np.arange(len(groups)), len(groups)
    left = np.maximum.accumulate(np.where(seen, at, -1))
    right = np.minimum.accumulate(np.where(seen, at, end)[::-1])[::-1]
    to_left = np.where(left >= 0, at - left, end)
    to_right = np.where(right < end, right - at, end)
    first, second = groups[left], groups[np.minimum(right, end - 1)]
    rank = np.argsort(-counts[:-1].sum(axis=1), kind="stable").argsort()
    rightward = (to_right < to_left) | ((to_right == to_left) & (rank[second] < rank[first]))
    return np.where(rightward, second, first)


def smoothed_map(counts: Ints) -> Ints:
    """Return the nearest map of counts smoothed along the axis, as the paper's histograms are."""
    return nearest_map(np.rint(smooth(counts.astype(np.float64)) * _MILLIONTHS).astype(np.int64))


def unordered_map(counts: Ints) -> Ints:
    """Return each index's commonest group, or the commonest of all."""
    groups, seen = _commonest(counts)
    return np.where(seen, groups, counts[:-1].sum(axis=1).argmax())


def permuted_map(counts: Ints, draw: Ints) -> Ints:
    """Return the nearest map of an axis on which code ``draw[i]`` stands at place i."""
    groups = np.empty(len(draw), dtype=np.int64)
    groups[draw] = nearest_map(counts[:, draw])
    return groups


def _commonest(counts: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the commonest group of each index, and whether it has one."""
    grouped = counts[:-1]
    overall = grouped.sum(axis=1)
    rank = np.argsort(-overall, kind="stable")
    return rank[grouped[rank].argmax(axis=0)], grouped.sum(axis=0) > 0
