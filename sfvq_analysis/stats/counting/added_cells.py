"""Sparse counts that are added up part by part, in little more memory than the sum takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Counts = NDArray[np.int32] | NDArray[np.int64]

_BLOCK = 1 << 20
_MOST = 1 << 31
_OVERLAP = 4


class AddedCells:
    """Counts of cells of an array of some shape, of which few are not 0.

    Parts that follow each other, as the shards of a corpus sorted by speaker nearly do, are kept as
    they are, and merged where they overlap. Others are merged as they come, a small one with its
    like first, so that every count is moved a few times only, whatever the number of parts.

    Parameters
    ----------
    shape
        Of the array.

    Examples
    --------
    >>> added = AddedCells((2, 3))
    >>> added.add((np.array([0, 1]), np.array([2, 0])), np.array([5, 1]))
    >>> added.add((np.array([0]), np.array([2])), np.array([4]))
    >>> added.rows()
    ([array([0, 1], dtype=int8), array([2, 0], dtype=int32)], array([9, 1]))
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._in_order: list[tuple[Ints, Counts]] = []  # each after the one before
        self._others: list[tuple[Ints, Counts]] = []
        self._total = 0

    def add(self, columns: Sequence[NDArray[np.integer]], count: Ints) -> None:
        """Add counts of the cells that the columns are the coordinates of, in any order."""
        self._total += int(count.sum())
        coordinates = tuple(column.astype(np.int64) for column in columns)
        cells = np.ravel_multi_index(coordinates, self._shape)
        part = _added(cells, count.astype(np.int32) if self._total < _MOST else count)
        if len(part[0]) == 0:
            return
        if self._in_order and self._in_order[-1][0][-1] >= part[0][0]:
            cells, earlier = self._in_order[-1]
            at = int(np.searchsorted(cells, part[0][0]))
            if len(cells) - at > _OVERLAP * len(part[0]) or self._before_last() >= part[0][0]:
                self._push(part)
                return
            self._in_order[-1:] = [(cells[:at].copy(), earlier[:at].copy())] if at else []
            part = _merged((cells[at:], earlier[at:]), part)
        self._in_order.append(part)

    def rows(self) -> tuple[list[NDArray[np.integer]], Ints]:
        """Return the coordinates of the cells that aren't 0, sorted, and their counts.

        Those on the first axis are as narrow as it allows, others int32, as `Reductions` has them.
        What was added is given up on the way.
        """
        if self._others:
            whole = [np.concatenate(one) for one in zip(*self._in_order, strict=True)]
            self._in_order = []
            while len(self._others) > 1:
                self._others.append(_merged(self._others.pop(-2), self._others.pop()))
            self._in_order.append(_merged((whole[0], whole[1]), self._others.pop()))
        n = sum(len(cells) for cells, _ in self._in_order)
        narrow = (np.min_scalar_type(-self._shape[0]), *(np.int32 for _ in self._shape[1:]))
        columns = [np.empty(n, dtype=dtype) for dtype in narrow]
        added, start = np.empty(n, dtype=np.int64), 0
        self._in_order.reverse()
        while self._in_order:
            cells, count = self._in_order.pop()
            for first in range(0, len(cells), _BLOCK):
                part = cells[first : first + _BLOCK]
                place = slice(start + first, start + first + len(part))
                for column, found in zip(columns, np.unravel_index(part, self._shape), strict=True):
                    column[place] = found
            added[start : start + len(cells)] = count
            start += len(cells)
        return columns, added

    def _before_last(self) -> int:
        return int(self._in_order[-2][0][-1]) if len(self._in_order) > 1 else -1

    def _push(self, part: tuple[Ints, Counts]) -> None:
        """Keep a part that isn't after all others, merged with its like."""
        self._others.append(part)
        while len(self._others) > 1 and len(self._others[-2][0]) < 2 * len(self._others[-1][0]):
            self._others.append(_merged(self._others.pop(-2), self._others.pop()))


def _merged(one: tuple[Ints, Counts], other: tuple[Ints, Counts]) -> tuple[Ints, Counts]:
    """Return what two have together."""
    return _added(np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]]))


def _added(cells: Ints, count: Counts) -> tuple[Ints, Counts]:
    """Return the distinct cells, sorted, with their counts added."""
    if len(cells) == 0:
        return cells, count
    if (np.diff(cells) < 0).any():
        order = np.argsort(cells, kind="stable")
        cells, count = cells[order], count[order]
    first = np.flatnonzero(np.append(True, cells[1:] != cells[:-1]))
    if len(first) == len(cells):
        return cells, count
    return cells[first], np.add.reduceat(count, first)
