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
from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.offsets import square_of
from sfvq_analysis.curve.tiles.looking import FRAMES, terms_of
from sfvq_analysis.curve.tiles.sweeping import (
    CORNERS,
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
_ZERO, _HALF = np.float32(0), np.float32(0.5)
_UNUSABLE, _INFINITE = np.float32(-1), np.float32(np.inf)


class Packed(NamedTuple):
    """Corners as `sweep_curve` takes them; shared by threads."""

    corners: Float32
    terms: Float32
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
        return cls(np.ascontiguousarray(tiles), terms_of(geometry, CORNERS), *geometry.narrow())


class Room(NamedTuple):
    """What tiles of frames are worked out in, by one thread; and which frames are in doubt.

    `slack` is the round-off of each frame of a tile.
    """

    rows: Float32
    squares: Float32
    slack: Float32
    panel: Float32
    found: Float32
    doubtful: Int32
    projected: NDArray[np.float64]

    @classmethod
    def of(cls, dim: int, n_frames: int) -> Room:
        """Return room for tiles of so many dimensions, of blocks of up to so many frames."""
        wide = _up_to(dim, max(LANES, UNROLLED))
        of_tile = (FRAMES, wide), FRAMES, FRAMES, (wide, FRAMES), (6, FRAMES)
        wanted = *((shape, np.float32) for shape in of_tile), (n_frames, np.int32)
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
        coming = frames[stop : stop + FRAMES]
        sweep_curve(room.panel, packed.corners, packed.terms, found, _HALF * slack, coming)
        codeword, segment = codes.codeword[first:stop], codes.segment[first:stop]
        for at in range(stop - first):
            codeword[at] = min(np.int32(found[2, at]), last + 1)
        for at in range(stop - first):
            segment[at] = min(np.int32(found[5, at]) - 1, last)
        for at in range(stop - first):
            room.doubtful[n_doubtful] = first + at
            near = room.slack[at]
            settled = (found[0, at] - found[1, at] > _HALF * near) & (
                found[3, at] - found[4, at] > near
            )
            n_doubtful += not settled
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
        sweep_corners(room.panel, packed.corners, packed.terms, found, coming)
        codeword = codes.codeword[first:stop]
        for at in range(stop - first):
            codeword[at] = min(np.int32(found[2, at]), last)
        for at in range(stop - first):
            room.doubtful[n_doubtful] = first + at
            n_doubtful += not found[0, at] - found[1, at] > _HALF * room.slack[at]
        for i in range(first, stop):
            codes.codeword_distortion[i] = square_of(frames, i, geometry.corners, codes.codeword[i])
    return n_doubtful


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
    Return the largest, -1 if a frame isn't usable. A tile that isn't full keeps what was there.
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
        largest = max(largest, slack[at])
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
