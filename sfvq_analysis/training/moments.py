"""What is known of frames after one pass: how many, how far spread, and whether all are finite.

The sums of every block of `MEASURED` frames begin at zero and are added in the order of the blocks,
so that processes which each measure some whole blocks give the same bytes as one that measures all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]

MEASURED = 1 << 12
"""Frames in a block; every size of block that sums are made of divides it."""


class BlockMoments(NamedTuple):
    """What is known of neighbouring blocks, each of `MEASURED` frames but the last of all.

    Attributes
    ----------
    n_frames
        How many frames they have.
    sums
        Of the frames less a shift, and of the squares of that, for every block; shape
        (n_blocks, 2, dim).
    largest, farthest
        Those of `Grid.of`.
    n_bad, first_bad
        How many frames aren't finite, and which is the first, counted from 0; -1 without.
    """

    n_frames: int
    sums: NDArray[np.float64]
    largest: float
    farthest: float
    n_bad: int
    first_bad: int


def block_moments(blocks: Iterable[Float32], shift: NDArray[np.float64]) -> BlockMoments:
    """Return what is known of neighbouring blocks.

    Parameters
    ----------
    blocks
        At least one, each of shape (n, dim), C-contiguous.
    shift
        The first frame of all, shape (dim,).
    """
    from sfvq_analysis.curve.sums import add_moments

    n_frames, n_bad, first_bad = 0, 0, -1
    largest = farthest = 0.0
    found = []
    for block in blocks:
        sums = np.zeros((2, len(shift)))
        size, distance = add_moments(block, shift, sums)
        if size == np.inf:
            bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
            first_bad = n_frames + int(bad[0]) if n_bad == 0 else first_bad
            n_bad += len(bad)
        largest, farthest = max(largest, float(size)), max(farthest, float(distance))
        n_frames += len(block)
        found.append(sums)
    return BlockMoments(n_frames, np.stack(found), largest, farthest, n_bad, first_bad)


class Moments:
    """What is known of frames after one pass, added up in their order.

    `largest` and `farthest` are those of `Grid.of`.
    """

    def __init__(self) -> None:
        self.n_frames = 0
        self.largest = self.farthest = 0.0
        self._n_bad, self._first_bad = 0, -1
        self._sums: NDArray[np.float64] | None = None

    def add(self, following: BlockMoments) -> None:
        """Add those of the blocks that follow."""
        if self._sums is None:
            self._sums = np.zeros(following.sums.shape[1:])
        for sums in following.sums:
            self._sums += sums
        if following.n_bad and not self._n_bad:
            self._first_bad = self.n_frames + following.first_bad
        self._n_bad += following.n_bad
        self.largest = max(self.largest, following.largest)
        self.farthest = max(self.farthest, following.farthest)
        self.n_frames += following.n_frames

    @property
    def dim(self) -> int:
        """Of the frames; 0 if there is none."""
        return 0 if self._sums is None else self._sums.shape[1]

    @property
    def variance(self) -> float:
        """Total variance of the frames."""
        if self._sums is None:
            return 0.0
        mean, mean_square = self._sums / max(self.n_frames, 1)
        return max(float((mean_square - mean**2).sum()), 0.0)

    def refuse_bad(self) -> None:
        """Raise a QuantizerError if frames weren't finite, naming the first."""
        if self._n_bad:
            raise QuantizerError(
                f"{self._n_bad} of {self.n_frames} frames hold NaN or infinity, the first is "
                f"row {self._first_bad}",
                remedy="mend the latents",
            )
