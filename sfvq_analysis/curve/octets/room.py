"""`Room` and its parts: what `sfvq_analysis.curve.octets.coarse` works a tile of frames out in.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.deciding import PROJECTED
from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.octets.octets import CORNERS, FOUR, ZERO
from sfvq_analysis.curve.octets.picking import Picking
from sfvq_analysis.curve.octets.sweeping import KINDS, VECTORS
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]
    Int32 = NDArray[np.int32]
    Int64 = NDArray[np.int64]

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


class Listed(NamedTuple):
    """What may be nearest to a tile's frames, of each kind (KINDS, n): a frame's are in order.

    `at` is the frame's place in the tile, `number` the corner's or segment's, and `value` what
    octets say of it: the first `n_listed` of each kind. `of_frame` counts each frame's, those
    without room included.
    """

    n_listed: Int64
    at: Int64
    number: Int64
    value: Float32
    of_frame: Int64

    @classmethod
    def empty(cls, n_frames: int, most: int) -> Listed:
        """Return room for so many a frame, and one that doesn't count."""
        at, number = np.empty((2, KINDS, n_frames * most + 1), np.int64)
        value = np.empty((KINDS, n_frames * most + 1), np.float32)
        return cls(
            np.zeros(KINDS, np.int64), at, number, value, np.zeros((KINDS, n_frames), np.int64)
        )


class Likeliest(NamedTuple):
    """Of each frame of a tile: the likeliest of what is listed, and what is known by it.

    Its `number`, of each kind (KINDS, n), of corners the nearest one's in the end; the `limit` of
    values below which nothing is as near; and the square of the distance to the nearest so far,
    `least`. `pair` is the nearest of the frame's pairs, or -1.
    """

    number: Int64
    least: Float64
    limit: Float32
    pair: Int64

    @classmethod
    def empty(cls, n_frames: int) -> Likeliest:
        """Return room for so many frames."""
        number, limit = np.zeros((KINDS, n_frames), np.int64), np.empty(n_frames, np.float32)
        return cls(number, np.empty(n_frames), limit, np.zeros(n_frames, np.int64))


class Pairs(NamedTuple):
    """Frames with corners or segments that may be nearest even so; those of a frame in order.

    `at` and `number` as in `Listed`, `value` what float32 says; (x - c_k)·d_k is `along` a segment,
    `square` |x - c_k|², `length` |d_k|² and `squared` the distance's square. Sums of those in
    `todo` are to be taken.
    """

    at: Int64
    number: Int64
    value: Float32
    along: Float64
    square: Float64
    length: Float64
    squared: Float64
    todo: Int64

    @classmethod
    def empty(cls, n_frames: int, most: int) -> Pairs:
        """Return room for so many a frame."""
        at, number, todo = np.empty((3, n_frames * most), np.int64)
        along, square, length, squared = np.empty((4, n_frames * most))
        value = np.empty(n_frames * most, np.float32)
        return cls(at, number, value, along, square, length, squared, todo)


class Room(NamedTuple):
    """What tiles of frames are worked out in, by one thread; and which frames are in doubt.

    For names not explained here see `sfvq_analysis.curve.octets.sweeping`; `every` lists all tiles.
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
    places: Int64
    masks: NDArray[np.uint16]
    words: NDArray[np.uint64]
    likely: Float32
    every: Int64
    picking: Picking
    listed: Listed
    likeliest: Likeliest
    pairs: Pairs
    projected: Float64
    doubtful: Int32

    @classmethod
    def of(cls, n_corners: int, dim: int, n_frames: int) -> Room:
        """Return room for a codebook's size, and blocks of up to so many frames."""
        n_tiles, wide = -(-n_corners // CORNERS), -(-dim // (FOUR * LANES)) * FOUR * LANES
        n_places, real = n_tiles * VECTORS, np.float32
        octets, panel, masks = on_lines(
            ((FRAMES, wide), np.uint8),
            ((wide // FOUR, FRAMES), np.int32),
            ((n_places, KINDS, CORNERS), np.uint16),
        )
        octets[:] = ZERO
        of_tile = (FRAMES, wide), (6, FRAMES), (KINDS, FRAMES), (KINDS, FRAMES)
        of_codebook = (n_tiles, CORNERS, FRAMES), (n_tiles, KINDS, FRAMES)
        of_places = (n_places, KINDS, CORNERS, LANES)
        rows, measures, best, limits, values, tops, likely = on_lines(
            *((shape, real) for shape in (*of_tile, *of_codebook, of_places))
        )
        return cls(
            rows=rows,
            octets=octets,
            fours=octets.view(np.int32),
            panel=panel,
            measures=Measures(*measures),
            values=values,
            tops=tops,
            best=best,
            limits=limits,
            places=np.empty(1 + n_places, np.int64),
            masks=masks,
            words=masks.view(np.uint64),
            likely=likely,
            every=np.arange(n_tiles),
            picking=Picking.of(n_tiles, n_frames),
            listed=Listed.empty(FRAMES, MOST),
            likeliest=Likeliest.empty(FRAMES),
            pairs=Pairs.empty(FRAMES, MOST),
            projected=np.zeros(PROJECTED),
            doubtful=np.empty(n_frames, np.int32),
        )
