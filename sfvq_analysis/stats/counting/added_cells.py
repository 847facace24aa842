"""Sparse counts that are added up part by part, in little more memory than the sum takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_BLOCK = 1 << 20


class AddedCells:
    """Counts of cells of an array of some shape, of which few are not 0.

    Parts are merged as they come, a small one with its like first, so that every count is moved a
    few times only, whatever the number of parts.

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
    ([array([0, 1]), array([2, 0])], array([9, 1]))
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._sorted: list[tuple[Ints, Ints]] = []

    def add(self, columns: Sequence[NDArray[np.integer]], count: Ints) -> None:
        """Add counts of the cells that the columns are the coordinates of, in any order."""
        cells = np.ravel_multi_index(
            tuple(column.astype(np.int64) for column in columns), self._shape
        )
        self._sorted.append(_added(cells, count))
        while len(self._sorted) > 1 and len(self._sorted[-2][0]) < 2 * len(self._sorted[-1][0]):
            self._merge()

    def rows(self) -> tuple[list[NDArray[np.integer]], Ints]:
        """Return the coordinates of the cells that aren't 0, sorted, and their counts.

        Coordinates are as narrow as their axis allows. What was added is given up.
        """
        while len(self._sorted) > 1:
            self._merge()
        empty = np.zeros(0, dtype=np.int64)
        cells, count = self._sorted.pop() if self._sorted else (empty, empty)
        columns = [np.empty(len(cells), dtype=np.min_scalar_type(-n)) for n in self._shape]
        for start in range(0, len(cells), _BLOCK):
            part = slice(start, start + _BLOCK)
            for column, found in zip(
                columns, np.unravel_index(cells[part], self._shape), strict=True
            ):
                column[part] = found
        return columns, count

    def _merge(self) -> None:
        (cells, count), (before, earlier) = self._sorted.pop(), self._sorted.pop()
        at = int(np.searchsorted(before, cells[0])) if len(cells) else len(before)
        mixed = _added(
            np.concatenate([before[at:], cells]), np.concatenate([earlier[at:], count])
        )  # what comes before the first of the later cells stays as it is
        self._sorted.append(
            (np.concatenate([before[:at], mixed[0]]), np.concatenate([earlier[:at], mixed[1]]))
        )


def _added(cells: Ints, count: Ints) -> tuple[Ints, Ints]:
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
