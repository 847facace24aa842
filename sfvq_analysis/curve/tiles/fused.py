"""Search in tiles of frames; import it inside functions.

Products stay in registers. A frame is settled where its nearest point and corner are ahead of all
others by more than float32's round-off. The others are listed, to be searched once more, in float64
at last (`sfvq_analysis.curve.search.in_tiles`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_in_place, compiled_within
from sfvq_analysis.curve.deciding import PROJECTED, project_each, write_codes
from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.offsets import square_of
from sfvq_analysis.curve.tiles.looking import CORNERS, FRAMES, KEPT
from sfvq_analysis.curve.tiles.segments import ALLOWED, TERMS, fit_segments
from sfvq_analysis.curve.tiles.sweeping import (
    UNROLLED,
    sweep_corners,
    sweep_curve,
    turn,
    turn_frames,
)
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

    Frames = NDArray[np.floating[Any]]
    Float32 = NDArray[np.float32]
    Int32 = NDArray[np.int32]

_MORE = 1 + 1e-4
_KEPT = np.float32(KEPT * _MORE)
_LEAST = np.float32(1e-36)  # more than any number that a tile's corners have as bits of a key
_ZERO, _HALF = np.float32(0), np.float32(0.5)
_UNUSABLE, _INFINITE = np.float32(-1), np.float32(np.inf)


class Packed(NamedTuple):
    """Corners as `sweep_curve` takes them, and spans of segments by the corner where they end.

    Shared by threads.
    """

    corners: Float32
    starts: Float32
    spans: Float32
    centre: NDArray[np.floating[Any]]
    scale: np.floating[Any]

    @classmethod
    def of(cls, geometry: Geometry) -> Packed:
        """Return the corners of a codebook in tiles; dimensions are filled up with zeros."""
        n_corners, dim = geometry.minus_two.shape
        n_tiles, wide = -(-n_corners // CORNERS), _up_to(dim, UNROLLED)
        corners = np.zeros((n_tiles * CORNERS, wide), np.float32)
        corners[:n_corners, :dim] = -0.5 * geometry.minus_two
        tiles = corners.reshape(n_tiles, CORNERS, wide).transpose(0, 2, 1)
        starts = np.full(len(corners), LOWEST, np.float32)  # what fills up is never the best
        starts[:n_corners] = -0.5 * geometry.squares
        spans = np.ones(len(corners), np.float32)  # where none ends, one that isn't short
        spans[1:n_corners] = geometry.spans
        return cls(np.ascontiguousarray(tiles), starts, spans, *geometry.narrow())


class Room(NamedTuple):
    """What tiles of frames are worked out in, by one thread; and which frames are in doubt.

    `slack` is the round-off of each frame of a tile; `segments` are terms, and `allowed` is what is
    known of them (`sfvq_analysis.curve.tiles.segments`).
    """

    rows: Float32
    squares: Float32
    slack: Float32
    panel: Float32
    found: Float32
    segments: Float32
    allowed: Float32
    doubtful: Int32
    projected: NDArray[np.float64]

    @classmethod
    def of(cls, packed: Packed, n_frames: int) -> Room:
        """Return room for a codebook and blocks of up to so many frames."""
        wide = _up_to(packed.corners.shape[1], max(LANES, UNROLLED))
        of_tile = (FRAMES, wide), FRAMES, FRAMES, (wide, FRAMES), (6, FRAMES)
        shapes = *of_tile, (TERMS, len(packed.spans)), ALLOWED
        wanted = *((shape, np.float32) for shape in shapes), (n_frames, np.int32)
        return cls(*on_lines(*wanted, (PROJECTED, np.float64)))


@compiled
def settle_curve(
    frames: Frames, geometry: Geometry, packed: Packed, round_off: float, room: Room, codes: Codes
) -> int:
    """Fill in all codes of frames (B, dim); return how many are in doubt, -1 if some isn't usable.

    The numbers of those in doubt are the first of the room's `doubtful`.
    """
    n_doubtful, n_frames, last = 0, frames.shape[0], geometry.spans.shape[0] - 1
    found = room.found
    for first in range(0, n_frames, FRAMES):
        stop = min(first + FRAMES, n_frames)
        slack = _fill(frames, first, stop, geometry, packed, round_off, room)
        if slack < 0:
            return -1
        more = fit_segments(packed.spans, _HALF * slack, room.segments, room.allowed)
        coming = frames[stop : stop + FRAMES]
        sweep_curve(room.panel, packed.corners, packed.starts, room.segments, found, coming)
        codeword, segment = codes.codeword[first:stop], codes.segment[first:stop]
        for at in range(stop - first):
            codeword[at] = min(np.int32(found[2, at]), last + 1)
        for at in range(stop - first):
            segment[at] = min(np.int32(found[5, at]) - 1, last)
        n_open = 0
        for at in range(stop - first):
            n_open += not _is_settled(found, at, room.slack[at], more)
        if n_open > 0:
            for at in range(stop - first):
                room.doubtful[n_doubtful] = first + at
                n_doubtful += not _is_settled(found, at, room.slack[at], more)
        project_each(frames, first, stop, geometry, codes, room.projected)
        write_codes(frames, first, stop, geometry, codes, room.projected)
    return n_doubtful


@compiled
def settle_codebook(
    frames: Frames, geometry: Geometry, packed: Packed, round_off: float, room: Room, codes: Codes
) -> int:
    """Fill in codeword and its distortion only, as `settle_curve`."""
    n_doubtful, n_frames, last = 0, frames.shape[0], geometry.squares.shape[0] - 1
    found = room.found
    for first in range(0, n_frames, FRAMES):
        stop = min(first + FRAMES, n_frames)
        slack = _fill(frames, first, stop, geometry, packed, round_off, room)
        if slack < 0:
            return -1
        coming = frames[stop : stop + FRAMES]
        sweep_corners(room.panel, packed.corners, packed.starts, found, coming)
        codeword = codes.codeword[first:stop]
        for at in range(stop - first):
            codeword[at] = min(np.int32(found[2, at]), last)
        for at in range(stop - first):
            room.doubtful[n_doubtful] = first + at
            n_doubtful += not _is_ahead(found, 0, at, _HALF * room.slack[at])
        for i in range(first, stop):
            codes.codeword_distortion[i] = square_of(frames, i, geometry.corners, codes.codeword[i])
    return n_doubtful


@compiled_in_place
def _is_settled(found: Float32, at: int, slack: Any, more: Any) -> bool:
    """Tell whether both the nearest corner and the nearest segment of a frame are known."""
    settled: bool = _is_ahead(found, 0, at, _HALF * slack)
    settled &= _is_ahead(found, 3, at, slack + more)
    return settled


@compiled_in_place
def _is_ahead(found: Float32, row: int, at: int, by: Any) -> bool:
    """Tell whether what is best of a frame is ahead of the second, of the rows from one on."""
    best, second = found[row, at], found[row + 1, at]
    ahead: bool = best - second > by + _KEPT * abs(best) + _LEAST
    return ahead


@compiled_within
def _fill(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    first: int,
    stop: int,
    geometry: Geometry,
    packed: Packed,
    round_off: float,
    room: Room,
) -> Any:
    """Fill in a tile's frames less the centre, scaled, and round-off as the room's `slack`.

    That is of a difference of values of 2 q (`geometry.round_off`), which is twice that of q.
    Return the largest that isn't infinite, -1 if a frame isn't usable. A tile that isn't full keeps
    what was there.
    """
    centre, scale, rows, dim = packed.centre, packed.scale, room.rows, frames.shape[1]
    slack, largest, usable = room.slack, np.float32(0), True
    whole = stop - first == FRAMES and dim % LANES == 0
    if whole and turn_frames(frames, first, centre, scale, room.panel, room.squares):
        for at in range(FRAMES):
            slack[at] = _slack_of(room.squares[at], geometry, scale, round_off)
    else:
        for i in range(first, stop):
            square = centre.dtype.type(0)
            for j in range(dim):
                value = frames[i, j] - centre[j]
                rows[i - first, j] = value * scale
                square += value * value
            slack[i - first] = _slack_of(square, geometry, scale, round_off)
        turn(rows, room.panel)
    for at in range(stop - first):
        usable &= slack[at] >= _ZERO
        largest = max(largest, slack[at] if slack[at] < _INFINITE else _ZERO)
    return largest if usable else _UNUSABLE


@compiled_in_place
def _slack_of(square: Any, geometry: Geometry, scale: Any, round_off: float) -> Any:
    """Return a frame's round-off from |x - centre|²; -1 if the frame isn't usable."""
    if not square <= (geometry.farthest * _MORE) ** 2:  # NaN, too
        return _UNUSABLE
    if square * _MORE**2 > geometry.farthest**2:  # at the border float64 decides, of all in doubt
        return _INFINITE
    return np.float32(round_off * (np.sqrt(square) * scale + geometry.reach) ** 2)


def _up_to(number: int, divisor: int) -> int:
    return -(-number // divisor) * divisor
