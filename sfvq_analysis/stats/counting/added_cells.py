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
_SPARE = 8


class AddedCells:
    """Counts of cells of an array of some shape, of which few are not 0.

    Parts that follow each other, as the shards of a corpus sorted by speaker nearly do, are put one
    behind the other, and merged where they overlap. Others are merged as they come, a small one
    with its like first, so that every count is moved a few times only, whatever the number of
    parts.

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
        self._cells = np.empty(0, dtype=np.int64)  # sorted, with room behind them
        self._count: Counts = np.empty(0, dtype=np.int32)
        self._n = 0
        self._others: list[tuple[Ints, Counts]] = []
        self._total = 0

    def add(self, columns: Sequence[NDArray[np.integer]], count: Ints) -> None:
        """Add counts of the cells that the columns are the coordinates of, in any order."""
        self._total += int(count.sum())
        if self._total >= _MOST and self._count.dtype != np.int64:
            self._count = self._count.astype(np.int64)
        coordinates = tuple(column.astype(np.int64) for column in columns)
        cells = np.ravel_multi_index(coordinates, self._shape)
        part = _added(cells, count.astype(np.int32) if self._total < _MOST else count)
        if len(part[0]) == 0:
            return
        at = int(np.searchsorted(self._cells[: self._n], part[0][0]))
        if self._n - at > _OVERLAP * len(part[0]):
            self._push(part)
            return
        if at < self._n:
            tail = self._cells[at : self._n], self._count[at : self._n]
            part = _merged((tail[0].copy(), tail[1].copy()), part)
            del tail
        self._put(at, part)

    def rows(self) -> tuple[list[NDArray[np.integer]], Ints]:
        """Return the coordinates of the cells that aren't 0, sorted, and their counts.

        Those on the first axis are as narrow as it allows, others int32, as `Reductions` has them.
        What was added is given up on the way.
        """
        while len(self._others) > 1:
            self._others.append(_merged(self._others.pop(-2), self._others.pop()))
        if self._others:
            whole = _merged((self._cells[: self._n], self._count[: self._n]), self._others.pop())
            self._cells, self._count = whole
            self._n = len(self._cells)
        n = self._n
        narrow = (np.min_scalar_type(-self._shape[0]), *(np.int32 for _ in self._shape[1:]))
        columns = [np.empty(n, dtype=dtype) for dtype in narrow]
        added = np.empty(n, dtype=np.int64)
        for start in range((n - 1) // _BLOCK * _BLOCK, -1, -_BLOCK):
            part = slice(start, min(start + _BLOCK, n))
            found = np.unravel_index(self._cells[part], self._shape)
            for column, coordinate in zip(columns, found, strict=True):
                column[part] = coordinate
            added[part] = self._count[part]
            self._n = start
            self._make_room(start)
        return columns, added

    def _put(self, at: int, part: tuple[Ints, Counts]) -> None:
        """Put a part in the place of the last cells, from one on."""
        self._n = at + len(part[0])
        if self._n > len(self._cells):
            self._make_room(self._n + self._n // _SPARE)
        self._cells[at : self._n], self._count[at : self._n] = part

    def _make_room(self, n: int) -> None:
        """Make room for so many cells, where they are: a copy would need as much again."""
        for array in (self._cells, self._count):
            array.resize(n, refcheck=False)

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
