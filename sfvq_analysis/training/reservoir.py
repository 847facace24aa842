"""`Reservoir`: a uniform sample of rows that pass by once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.checks import blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_A_TIME = 1 << 18


class Reservoir:
    """A uniform sample of rows that arrive in blocks (Li's algorithm R, a block at a time)."""

    def __init__(self, size: int | None, seed: int) -> None:
        self.size = size
        self.rng = np.random.default_rng(seed)
        self.n_seen = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._rows: NDArray[np.float32] | None = None
        self._arrival: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in rows, shape (n, dim)."""
        if self.size is None:
            self._blocks.append(block)
        else:
            self._add_sampled(block, self.size)
        self.n_seen += len(block)

    def _add_sampled(self, block: NDArray[np.float32], size: int) -> None:
        if self._rows is None:
            self._rows = np.empty((size, block.shape[1]), dtype=np.float32)
            self._arrival = np.full(size, -1, dtype=np.int64)
        number = self.n_seen + np.arange(len(block))
        slot = np.where(number < size, number, self.rng.integers(0, number + 1))
        taken = np.flatnonzero(slot < size)  # a later row takes the slot of an earlier one
        self._rows[slot[taken]] = block[taken]
        self._arrival[slot[taken]] = number[taken]

    def values(self) -> NDArray[np.float32]:
        """Return the rows kept, in the order of their arrival."""
        if self._rows is None:
            return np.concatenate(self._blocks)
        kept = np.flatnonzero(self._arrival >= 0)
        return self._rows[kept[np.argsort(self._arrival[kept])]]

    def numbers(self) -> NDArray[np.int64]:
        """Return which rows are kept, counted from 0 as they arrived, rising."""
        if self.size is None:
            return np.arange(self.n_seen)
        return np.sort(self._arrival[self._arrival >= 0])


def kept_numbers(n_rows: int, size: int | None, seed: int) -> NDArray[np.int64]:
    """Return which of so many rows a `Reservoir` keeps, without the rows.

    It depends on nothing else: neither on the rows nor on the blocks that they arrive in.

    Examples
    --------
    >>> kept_numbers(1000, 4, seed=0).tolist()
    [511, 540, 555, 808]
    """
    reservoir = Reservoir(size, seed)
    for part in blocks(n_rows, _AT_A_TIME):
        reservoir.add(np.empty((part.stop - part.start, 0), dtype=np.float32))
    return reservoir.numbers()
