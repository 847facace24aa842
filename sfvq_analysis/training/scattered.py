"""`ScatteredFrames`: frames that other processes hold, which pass over them in our place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.curve import CurveStatistics, Grid
    from sfvq_analysis.encoders import EncoderConfig
    from sfvq_analysis.training.moments import Moments


class Sweep(NamedTuple):
    """One sweep of dithered least squares.

    Attributes
    ----------
    corners
        Where the curve is, shape (K, dim).
    seed, number
        Of the dither.
    grid
        Units that sums of blocks are rounded to.
    """

    corners: NDArray[np.float64]
    seed: int
    number: int
    grid: Grid


class ScatteredFrames(ABC):
    """Frames in a fixed order, of which this process asks only for what a fit needs of them all.

    What it gets must be the same bytes as from `FittingFrames` of the same frames in this process;
    `sfvq_analysis.training.moments` and `sfvq_analysis.training.settling.summed` give those for any
    run of whole blocks.

    Attributes
    ----------
    n_frames, dim
        Their shape.
    encoder
        Configuration of the encoder that made them; empty if unknown.
    lengths
        Of stretches of time, as in `Features`; empty if unknown.
    """

    n_frames: int
    dim: int
    encoder: EncoderConfig
    lengths: tuple[int, ...]

    @abstractmethod
    def moments(self) -> Moments:
        """Return what is known of all frames after one pass."""

    @abstractmethod
    def rows(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the frames at rising places, shape (n, dim)."""

    @abstractmethod
    def statistics(self, sweep: Sweep, block_size: int) -> CurveStatistics:
        """Return the sums of one sweep over all frames, in blocks of that size."""
