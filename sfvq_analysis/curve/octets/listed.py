"""The nearest of what octets leave, in float64; import it inside functions.

All of a tile is listed in a row, and every loop goes over the row, whichever frame is whose: what a
comparison says would otherwise be waited for, or guessed wrong, before the next sum is begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled_in_place, compiled_within
from sfvq_analysis.curve.deciding import (
    ALONG,
    SQUARE,
    is_nearer,
    square_all,
    squared_to_segment,
)
from sfvq_analysis.curve.octets.closer import close_corners, close_segments
from sfvq_analysis.curve.octets.octets import CORNERS
from sfvq_analysis.curve.octets.room import MOST
from sfvq_analysis.curve.octets.sweeping import KINDS, VECTORS, lowest
from sfvq_analysis.curve.offsets import along_and_square, square_of
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.octets.room import Room

    Frames = NDArray[np.floating[Any]]

OF_CORNERS, OF_SEGMENTS = range(KINDS)
"""The kinds of what is listed."""
_MANY = 4  # pairs a frame, from which on float32 sorts them out first
_WORD = 4  # corners of a word of bits
_LANE_BITS = 4  # of a place in a word, that are the lane


@compiled_within
def list_all(n_frames: int, n_corners: int, room: Room) -> None:
    """List what may be nearest to each of a tile's first frames, as it is marked.

    The likeliest is 0 where nothing is listed.
    """
    words, places, likely, best = room.words, room.places, room.likely, room.best
    listed, likeliest = room.listed, room.likeliest.number
    likeliest[:] = 0
    listed.n_listed[:] = 0
    listed.of_frame[:] = 0
    for place in range(places[0]):
        tile, v = places[1 + place] // VECTORS, places[1 + place] % VECTORS
        for kind in range(KINDS):
            for word in range(CORNERS // _WORD):
                bits = words[place, kind, word]
                while bits != 0:
                    bit = lowest(bits)
                    bits &= bits - np.uint64(1)
                    k, lane = _WORD * word + (bit >> _LANE_BITS), bit & ((1 << _LANE_BITS) - 1)
                    number = CORNERS * tile + k - kind  # a segment's end is one on
                    at, here = v * LANES + lane, listed.n_listed[kind]
                    if number < 0 or number >= n_corners - kind or at >= n_frames:
                        continue
                    listed.at[kind, here], listed.number[kind, here] = at, number
                    value, before = likely[place, kind, k, lane], likeliest[kind, at]
                    listed.value[kind, here] = value
                    n_before = listed.of_frame[kind, at]
                    leads = (value == best[kind, at]) | (n_before == 0)
                    likeliest[kind, at] = number if leads else before
                    listed.n_listed[kind] += n_before < MOST
                    listed.of_frame[kind, at] = n_before + 1


@compiled_within
def nearest_corners(frames: Frames, first: int, geometry: Geometry, room: Room) -> int:
    """Make the likeliest corner of each of a tile's frames the nearest one.

    Return how many more than one a frame were looked at.
    """
    corners, listed, likeliest, pairs = geometry.corners, room.listed, room.likeliest, room.pairs
    of_frame, number = listed.of_frame[OF_CORNERS], likeliest.number[OF_CORNERS]
    limit, least = likeliest.limit, likeliest.least
    limit[:] = np.inf  # where one is listed no other is looked at
    n_several = 0
    for at in range(of_frame.shape[0]):
        pairs.todo[n_several] = at
        n_several += of_frame[at] > 1
    for one in range(n_several):
        at = pairs.todo[one]
        least[at] = square_of(frames, first + at, corners, number[at])
    for one in range(n_several):
        at = pairs.todo[one]
        limit[at] = _limit(geometry, room, at, least[at])
    n_pairs = 0
    for one in range(listed.n_listed[OF_CORNERS]):
        at, k = listed.at[OF_CORNERS, one], listed.number[OF_CORNERS, one]
        pairs.at[n_pairs], pairs.number[n_pairs] = at, k
        left = not listed.value[OF_CORNERS, one] < limit[at]
        n_pairs += left & (k != number[at])
    n_looked = n_pairs
    if n_pairs > _MANY * of_frame.shape[0]:
        n_pairs = close_corners(n_pairs, geometry, room)
    for pair in range(n_pairs):
        i = first + pairs.at[pair]
        pairs.square[pair] = square_of(frames, i, corners, pairs.number[pair])
    for pair in range(n_pairs):
        at, k, square = pairs.at[pair], pairs.number[pair], pairs.square[pair]
        before, nearest = number[at], least[at]
        nearer = (square < nearest) | (square == nearest) & (k < before)
        number[at] = k if nearer else before
        least[at] = square if nearer else nearest
    return n_looked


@compiled_within
def nearest_segments(
    frames: Frames, first: int, stop: int, geometry: Geometry, room: Room, codes: Codes
) -> int:
    """Fill in each frame's nearest segment, the first of equals, and its projection onto it.

    Return how many more than one a frame were looked at.
    """
    corners, lengths, projected = geometry.corners, geometry.lengths, room.projected
    listed, likeliest, pairs = room.listed, room.likeliest, room.pairs
    number = likeliest.number[OF_SEGMENTS]
    for at in range(stop - first):
        along, square = along_and_square(frames, first + at, corners, number[at])
        projected[ALONG + at], projected[SQUARE + at] = along, square
    for at in range(stop - first):
        k, along, square = number[at], projected[ALONG + at], projected[SQUARE + at]
        squared = squared_to_segment(frames, first + at, corners, lengths, k, along, square)
        likeliest.least[at] = squared
        likeliest.limit[at] = _limit(geometry, room, at, squared)
    n_pairs = n_todo = 0
    for one in range(listed.n_listed[OF_SEGMENTS]):
        at, k = listed.at[OF_SEGMENTS, one], listed.number[OF_SEGMENTS, one]
        pairs.at[n_pairs], pairs.number[n_pairs] = at, k
        n_pairs += not listed.value[OF_SEGMENTS, one] < likeliest.limit[at]
    n_looked = n_pairs
    if n_pairs > _MANY * (stop - first):
        n_pairs = close_segments(n_pairs, OF_SEGMENTS, geometry, room)
    for pair in range(n_pairs):
        at, k = pairs.at[pair], pairs.number[pair]
        pairs.length[pair] = lengths[k]
        pairs.along[pair], pairs.square[pair] = projected[ALONG + at], projected[SQUARE + at]
        pairs.todo[n_todo] = pair
        n_todo += k != number[at]
    for one in range(n_todo):
        pair = pairs.todo[one]
        i = first + pairs.at[pair]
        along, square = along_and_square(frames, i, corners, pairs.number[pair])
        pairs.along[pair], pairs.square[pair] = along, square
    _choose(frames, first, n_pairs, geometry, room)
    for at in range(stop - first):
        pair = likeliest.pair[at]
        codes.segment[first + at] = number[at] if pair < 0 else pairs.number[pair]
        if pair >= 0:
            projected[ALONG + at], projected[SQUARE + at] = pairs.along[pair], pairs.square[pair]
    return n_looked - (stop - first)


@compiled_in_place
def _choose(frames: Frames, first: int, n_pairs: int, geometry: Geometry, room: Room) -> None:
    """Find the nearest pair of each frame, the first of equals; -1 where there is none."""
    corners, lengths, pairs = geometry.corners, geometry.lengths, room.pairs
    chosen, least = room.likeliest.pair, room.likeliest.least
    if square_all(n_pairs, pairs.along, pairs.square, pairs.length, pairs.squared):
        for pair in range(n_pairs):
            k, along, square = pairs.number[pair], pairs.along[pair], pairs.square[pair]
            i = first + pairs.at[pair]
            squared = squared_to_segment(frames, i, corners, lengths, k, along, square)
            pairs.squared[pair] = squared
    chosen[:] = -1
    for pair in range(n_pairs):
        at, squared = pairs.at[pair], pairs.squared[pair]
        before, nearest = chosen[at], least[at]
        longer = max(pairs.length[pair], pairs.length[max(before, 0)])
        nearer = (before < 0) | is_nearer(squared, nearest, longer)
        chosen[at] = pair if nearer else before
        least[at] = squared if nearer else nearest


@compiled_in_place
def _limit(geometry: Geometry, room: Room, at: int, squared: float) -> Any:
    """Return the value below which nothing is as near to a frame as that square of a distance."""
    measures = room.measures
    farthest = np.sqrt(squared) * geometry.scale + measures.moved[at]
    return np.float32(0.5 * (measures.norm[at] - farthest * farthest) - measures.loose[at])
