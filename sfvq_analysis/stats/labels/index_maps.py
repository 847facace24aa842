"""Maps from index to phone group, learnt from counts; see `sfvq_analysis.stats.labels.few_labels`.

Counts have shape (…, G + 1, K), a row each of the groups and a last one of frames in no group,
which teaches nothing. A map has shape (…, K) and holds the group's place among the groups. Ties
(two commonest groups, two nearest indices) go to the group with more frames in all, then to the
first: the direction of the axis decides nothing.
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
    groups, seen, rank = _commonest(counts)
    at, end = np.arange(groups.shape[-1]), groups.shape[-1]
    left = np.maximum.accumulate(np.where(seen, at, -1), axis=-1)
    right = np.minimum.accumulate(np.where(seen, at, end)[..., ::-1], axis=-1)[..., ::-1]
    to_left = np.where(left >= 0, at - left, end)
    to_right = np.where(right < end, right - at, end)
    first = np.take_along_axis(groups, left, axis=-1)
    second = np.take_along_axis(groups, np.minimum(right, end - 1), axis=-1)
    place = rank.argsort(axis=-1)
    earlier = np.take_along_axis(place, second, axis=-1) < np.take_along_axis(place, first, axis=-1)
    rightward = (to_right < to_left) | ((to_right == to_left) & earlier)
    return np.where(rightward, second, first)


def smoothed_map(counts: Ints) -> Ints:
    """Return the nearest map of counts smoothed along the axis, as the paper's histograms are."""
    return nearest_map(np.rint(smooth(counts.astype(np.float64)) * _MILLIONTHS).astype(np.int64))


def unordered_map(counts: Ints) -> Ints:
    """Return each index's commonest group, or the commonest of all."""
    groups, seen, rank = _commonest(counts)
    return np.where(seen, groups, rank[..., :1])


def permuted_map(counts: Ints, draw: Ints) -> Ints:
    """Return the nearest map of an axis on which code ``draw[i]`` stands at place i."""
    found = nearest_map(counts[..., draw])
    groups = np.empty_like(found)
    groups[..., draw] = found
    return groups


def _commonest(counts: Ints) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """Return each index's commonest group, whether it has one, and the groups, commonest first."""
    grouped = counts[..., :-1, :]
    rank = np.argsort(-grouped.sum(axis=-1), axis=-1, kind="stable")
    ranked = np.take_along_axis(grouped, rank[..., None], axis=-2).argmax(axis=-2)
    return np.take_along_axis(rank, ranked, axis=-1), grouped.sum(axis=-2) > 0, rank
