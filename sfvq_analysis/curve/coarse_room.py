"""`Room`, `Measures`: what a tile of frames is worked out in by `sfvq_analysis.curve.coarse`.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.deciding import PROJECTED
from sfvq_analysis.curve.octet_sweeping import KINDS, VECTORS
from sfvq_analysis.curve.octets import CORNERS, FOUR, ZERO
from sfvq_analysis.curve.sweeping import FRAMES
from sfvq_analysis.curve.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]
    Int32 = NDArray[np.int32]

MOST = 256
"""Corners or segments a frame that are looked at; with more it is in doubt."""


class Measures(NamedTuple):
    """What is known of each frame of a tile; lengths are scaled.

    `unit` of its octets and `scale` of its products, |x^|² and |x - centre|² (not scaled) as `norm`
    and `square`, the most that a distance changes as `moved`, and values' round-off as `loose`.
    """

    unit: Float32
    scale: Float32
    norm: Float32
    square: Float32
    moved: Float32
    loose: Float32


class Room(NamedTuple):
    """What tiles of frames are worked out in, by one thread; and which frames are in doubt.

    For names not explained here see `sfvq_analysis.curve.octet_sweeping`. What may be nearest is
    `listed` with its number and its value, in order (KINDS, FRAMES, MOST), `n_listed` of them.
    """

    rows: Float32
    octets: NDArray[np.uint8]
    fours: Int32
    panel: Int32
    measures: Measures
    values: Float32
    tops: Float32
    best: Float32
    limits: Float32
    places: NDArray[np.int64]
    masks: NDArray[np.uint16]
    words: NDArray[np.uint64]
    likely: Float32
    listed: Int32
    listed_values: Float32
    n_listed: Int32
    projected: NDArray[np.float64]
    doubtful: Int32

    @classmethod
    def of(cls, n_corners: int, dim: int, n_frames: int) -> Room:
        """Return room for a codebook's size, and blocks of up to so many frames."""
        n_tiles, wide = -(-n_corners // CORNERS), -(-dim // (FOUR * LANES)) * FOUR * LANES
        octets = np.full((FRAMES, wide), ZERO, np.uint8)
        masks = np.zeros((n_tiles * VECTORS, KINDS, CORNERS), np.uint16)
        real = np.float32
        return cls(
            rows=np.zeros((FRAMES, wide), real),
            octets=octets,
            fours=octets.view(np.int32),
            panel=np.empty((wide // FOUR, FRAMES), np.int32),
            measures=Measures(*np.zeros((6, FRAMES), real)),
            values=np.empty((n_tiles, CORNERS, FRAMES), real),
            tops=np.empty((n_tiles, KINDS, FRAMES), real),
            best=np.zeros((KINDS, FRAMES), real),
            limits=np.empty((KINDS, FRAMES), real),
            places=np.empty(1 + n_tiles * VECTORS, np.int64),
            masks=masks,
            words=masks.view(np.uint64),
            likely=np.empty((n_tiles * VECTORS, KINDS, CORNERS, LANES), real),
            listed=np.zeros((KINDS, FRAMES, MOST), np.int32),
            listed_values=np.empty((KINDS, FRAMES, MOST), real),
            n_listed=np.zeros((KINDS, FRAMES), np.int32),
            projected=np.empty((PROJECTED, FRAMES)),
            doubtful=np.empty(n_frames, np.int32),
        )
