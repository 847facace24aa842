"""Search by products of octets, then in float64 among what they leave; import it inside functions.

Frames x~ and corners c~ are taken for what octets can say, x^ and c^, and how far they are moved by
that is known: together m. A distance to a corner, or to a segment, changes by no more. So what is
farther from x^ than the nearest to x^, and 2m, isn't nearest to x~; and once the likeliest has been
looked at in float64, what is farther from x^ than that one is from x~, and m. Of the few that are
left the nearest is found in float64; where they aren't few, float32 sorts them out first
(`sfvq_analysis.curve.octets.closer`). Of large codebooks not all corners are looked at
(`sfvq_analysis.curve.octets.picking`).

Where many are left, because some coordinates are far larger than all others, the search gives up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_within
from sfvq_analysis.curve.deciding import write_codes
from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.octets.closer import ROUNDED
from sfvq_analysis.curve.octets.listed import (
    OF_CORNERS,
    OF_SEGMENTS,
    list_all,
    nearest_corners,
    nearest_segments,
)
from sfvq_analysis.curve.octets.picking import (
    find_likeliest,
    list_picked,
    list_together,
    note_likeliest,
    pick_likeliest,
    pick_rest,
)
from sfvq_analysis.curve.octets.room import MOST
from sfvq_analysis.curve.octets.rounding import round_frames
from sfvq_analysis.curve.octets.sweeping import (
    KINDS,
    mark,
    mark_corners,
    sweep_octet_corners,
    sweep_octets,
)
from sfvq_analysis.curve.offsets import square_of
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.sweeping import turn
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.octets.balls import OctetBalls
    from sfvq_analysis.curve.octets.octets import Octets
    from sfvq_analysis.curve.octets.room import Room

    Frames = NDArray[np.floating[Any]]
    Int64 = NDArray[np.int64]

_WORTH = 1 / 40  # of all corners, that may be looked at in float64 before float32 is faster
_AGAIN = 4  # times as much it costs to search for a frame once more
_TILES = 4  # of frames before that is judged
_MORE = 1 + 1e-4
_LONGEST = 1e18  # of scaled frames, whose squares float32 holds
_LEAST = 1e-36  # round-off of what float32 hardly holds
_ZERO, _HALF, _TWO = np.float32(0), np.float32(0.5), np.float32(2)


@compiled
def settle(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    geometry: Geometry,
    octets: Octets,
    balls: OctetBalls,
    round_off: float,
    room: Room,
    codes: Codes,
    on_curve: bool,
) -> tuple[int, int]:
    """Fill in the codes of frames (B, dim); return how many are done, and how many in doubt.

    If not on the curve, codeword and its distortion only. -1 are done if some isn't usable. The
    rest wants another search, and so do those in doubt, the first of the room's `doubtful`.
    """
    n_doubtful, n_looked, n_frames = 0, 0, frames.shape[0]
    most = _WORTH * geometry.squares.shape[0]
    for first in range(0, n_frames, FRAMES):
        stop = min(first + FRAMES, n_frames)
        if not _fill(frames, first, stop, geometry, octets, round_off, room):
            return -1, 0
        _screen(octets, balls, room, frames[stop : stop + FRAMES], on_curve)
        list_all(stop - first, geometry.squares.shape[0], room)
        n_looked += nearest_corners(frames, first, geometry, room)
        for i in range(first, stop):
            codes.codeword[i] = room.likeliest.number[OF_CORNERS, i - first]
        if on_curve:
            n_looked += nearest_segments(frames, first, stop, geometry, room, codes)
            write_codes(frames, first, stop, geometry, codes, room.projected)
        else:
            for i in range(first, stop):
                square = square_of(frames, i, geometry.corners, codes.codeword[i])
                codes.codeword_distortion[i] = square
        n_doubtful = _doubt(first, stop, room, n_doubtful)
        if n_looked + most * _AGAIN * n_doubtful > most * (stop + _TILES * FRAMES):
            return stop, n_doubtful
    return n_frames, n_doubtful


@compiled
def put_together(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    geometry: Geometry,
    octets: Octets,
    balls: OctetBalls,
    round_off: float,
    room: Room,
    order: Int64,
) -> bool:
    """Fill in the order in which frames (B, dim) that are near the same ball are side by side.

    False if some isn't usable.
    """
    n_frames = frames.shape[0]
    for first in range(0, n_frames, FRAMES):
        stop = min(first + FRAMES, n_frames)
        if not _fill(frames, first, stop, geometry, octets, round_off, room):
            return False
        find_likeliest(balls, room)
        note_likeliest(first, room)
    list_together(n_frames, order, room)
    return True


@compiled_within
def _screen(octets: Octets, balls: OctetBalls, room: Room, coming: Frames, on_curve: bool) -> None:
    """Mark all that may be nearest to the frames of a tile, while others are coming."""
    room.best[:] = LOWEST
    tiles = room.every
    if balls.radii.shape[0] > 0:
        find_likeliest(balls, room)
        n_likeliest = pick_likeliest(room)
        _sweep(octets, room, room.picking.tiles[:n_likeliest], coming[:0], on_curve)
        _limit(room)
        tiles = room.picking.tiles[: pick_rest(balls, room)]
    _sweep(octets, room, tiles, coming, on_curve)
    if balls.radii.shape[0] > 0:
        tiles = room.picking.tiles[: list_picked(room)]
    _limit(room)
    terms, values, tops, limits = octets.terms, room.values, room.tops, room.limits
    places, masks, likely = room.places, room.masks, room.likely
    if on_curve:
        mark(terms, values, tops, limits, places, masks, likely, tiles)
    else:
        mark_corners(terms, values, tops, limits, places, masks, likely, tiles)


@compiled_within
def _sweep(octets: Octets, room: Room, tiles: Int64, coming: Frames, on_curve: bool) -> None:
    """Find values of listed tiles."""
    fours, starts, terms = octets.fours, octets.starts, octets.terms
    panel, scale, values, tops = room.panel, room.measures.scale, room.values, room.tops
    if on_curve:
        sweep_octets(panel, fours, starts, terms, scale, values, tops, room.best, tiles, coming)
    else:
        sweep_octet_corners(
            panel, fours, starts, terms, scale, values, tops, room.best, tiles, coming
        )


@compiled_within
def _fill(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    first: int,
    stop: int,
    geometry: Geometry,
    octets: Octets,
    round_off: float,
    room: Room,
) -> bool:
    """Fill in a tile's octets and measures; tell if all frames are usable.

    A tile that isn't full keeps what was there.
    """
    rows, centre, scale, dim = room.rows, octets.centre, octets.scale, frames.shape[1]
    unit, norm, lost = room.measures.unit, room.measures.norm, room.measures.moved
    square, loose = room.measures.square, room.measures.loose
    rest = loose  # until that is known
    for i in range(first, stop):
        total = _ZERO
        for j in range(dim - dim % LANES, dim):
            value = frames[i, j] - centre[j]
            rows[i - first, j] = value * scale
            total += np.float32(value * value)
        rest[i - first] = total
    tile = frames[first:stop]
    round_frames(tile, centre, scale, rows, room.octets, unit, norm, lost, square)
    turn(room.fours, room.panel)
    usable = True
    for at in range(stop - first):
        square[at] += rest[at]
        usable &= square[at] <= (geometry.farthest * _MORE) ** 2  # False for NaN, too
        room.measures.scale[at] = unit[at] * octets.unit
        norm[at] *= unit[at] * unit[at]
        apart = np.sqrt(lost[at]) * _MORE
        length = np.sqrt(norm[at]) + apart
        lost[at] = apart + ROUNDED * length + octets.lost
        loose[at] = round_off * (length + geometry.reach) ** 2 + _LEAST
        if not (length < _LONGEST and square[at] * _MORE**2 <= geometry.farthest**2):
            loose[at] = np.inf  # another search decides, at the border of what can be used, too
    return usable


@compiled_within
def _limit(room: Room) -> None:
    """Fill in the least value of what may be nearest: farther than the nearest by 2m."""
    norm, moved, loose = room.measures.norm, room.measures.moved, room.measures.loose
    best, limits = room.best, room.limits
    for kind in range(KINDS):
        for at in range(FRAMES):
            square = max(norm[at] - _TWO * best[kind, at], _ZERO) + _TWO * loose[at]
            farthest = np.sqrt(square) + _TWO * moved[at]
            limits[kind, at] = _HALF * (norm[at] - farthest * farthest) - loose[at]


@compiled_within
def _doubt(first: int, stop: int, room: Room, n_doubtful: int) -> int:
    """Note frames with more listed than there is room for, or too far away; count them."""
    of_frame, loose = room.listed.of_frame, room.measures.loose
    for i in range(first, stop):
        at = i - first
        if max(of_frame[OF_CORNERS, at], of_frame[OF_SEGMENTS, at]) > MOST or loose[at] == np.inf:
            room.doubtful[n_doubtful] = i
            n_doubtful += 1
    return n_doubtful
