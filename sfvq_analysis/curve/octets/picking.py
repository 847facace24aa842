"""`pick_likeliest`, `pick_rest`: the stretches of a curve that may hold what is nearest to a tile.

Stretches lie within balls (`sfvq_analysis.curve.octets.balls`). Those whose centres are nearest to
a frame are swept first; what is found there says how near the others would have to come, and a
stretch whose ball is farther for all frames of the tile is never looked at. All is of frames and
corners as octets say them, so that what is left out is what `mark` would leave out. It pays if the
frames of a tile lie together: `list_together` says in which order they do.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.compiled import compiled_within
from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.octets.balls import TILES
from sfvq_analysis.curve.octets.octets import CORNERS
from sfvq_analysis.curve.octets.sweeping import (
    KINDS,
    VECTORS,
    lowest,
    mark_corners,
    sweep_octet_corners,
)
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.octets.balls import OctetBalls
    from sfvq_analysis.curve.octets.room import Room

    Float32 = NDArray[np.float32]
    Int64 = NDArray[np.int64]

_ANY, _FIRST, _REST = np.int8(0), np.int8(1), np.int8(2)
_HALF, _TWO, _ZERO = np.float32(0.5), np.float32(2), np.float32(0)


class Picking(NamedTuple):
    """What is worked out about balls for a tile of frames, and what is picked.

    For names not explained here see `sfvq_analysis.curve.octets.sweeping`; what they say of corners
    is here said of centres, of which `every` lists all tiles. Balls are `picked` (n_balls and up to
    a tile more), and `tiles` lists the tiles of corners in them; `n_swept` counts those that were
    swept, and all that there were, for all tiles of frames. What is farther from a frame than
    `farthest` isn't nearest; `least` is (FRAMES,) half its squared length, less round-off. `ball`
    is the number of its nearest centre, for each frame of a block.
    """

    scale: Float32
    values: Float32
    tops: Float32
    best: Float32
    places: Int64
    masks: NDArray[np.uint16]
    likely: Float32
    every: Int64
    picked: NDArray[np.int8]
    tiles: Int64
    n_swept: Int64
    farthest: Float32
    least: Float32
    ball: Int64

    @classmethod
    def of(cls, n_tiles: int, n_frames: int) -> Picking:
        """Return room for so many tiles of corners, and blocks of up to so many frames."""
        n_balls, real = -(-n_tiles // TILES), np.float32
        n_centres = -(-n_balls // CORNERS)
        return cls(
            scale=np.empty(FRAMES, real),
            values=np.empty((n_centres, CORNERS, FRAMES), real),
            tops=np.empty((n_centres, KINDS, FRAMES), real),
            best=np.empty((KINDS, FRAMES), real),
            places=np.empty(1 + n_centres * VECTORS, np.int64),
            masks=np.empty((n_centres * VECTORS, KINDS, CORNERS), np.uint16),
            likely=np.empty((n_centres * VECTORS, KINDS, CORNERS, LANES), real),
            every=np.arange(n_centres),
            picked=np.zeros(n_centres * CORNERS, np.int8),
            tiles=np.empty(n_tiles, np.int64),
            n_swept=np.zeros(2, np.int64),
            farthest=np.empty(FRAMES, real),
            least=np.empty(FRAMES, real),
            ball=np.zeros(n_frames + FRAMES, np.int64),
        )

    def share(self) -> float:
        """Return how many of all tiles were swept, of 1."""
        return float(self.n_swept[0] / self.n_swept[1])


@compiled_within
def find_likeliest(balls: OctetBalls, room: Room) -> None:
    """Mark the balls whose centres are nearest to a tile's frames."""
    centres, picking, unit = balls.centres, room.picking, room.measures.unit
    values, tops, best, every = picking.values, picking.tops, picking.best, picking.every
    for at in range(FRAMES):
        picking.scale[at] = unit[at] * centres.unit
    best[:] = LOWEST
    fours, starts, terms = centres.fours, centres.starts, centres.terms
    nothing = room.rows[:0]
    sweep_octet_corners(
        room.panel, fours, starts, terms, picking.scale, values, tops, best, every, nothing
    )
    mark_corners(terms, values, tops, best, picking.places, picking.masks, picking.likely, every)


@compiled_within
def note_likeliest(first: int, room: Room) -> None:
    """Note the ball of each of a tile's frames, which begin with the block's `first`."""
    places, masks, ball = room.picking.places, room.picking.masks, room.picking.ball
    for place in range(places[0]):
        tile, v = places[1 + place] // VECTORS, places[1 + place] % VECTORS
        for k in range(CORNERS):
            bits = masks[place, 0, k]
            while bits != 0:
                ball[first + v * LANES + lowest(bits)] = CORNERS * tile + k
                bits &= bits - masks.dtype.type(1)


@compiled_within
def list_together(n_frames: int, order: Int64, room: Room) -> None:
    """Fill in the order of a block's frames, those of a ball side by side."""
    ball = room.picking.ball
    start = np.zeros(room.picking.picked.shape[0] + 1, np.int64)
    for i in range(n_frames):
        start[ball[i] + 1] += 1
    for n in range(1, start.shape[0]):
        start[n] += start[n - 1]
    for i in range(n_frames):
        order[start[ball[i]]] = i
        start[ball[i]] += 1


@compiled_within
def pick_likeliest(room: Room) -> Any:
    """List the tiles of corners in marked balls; return their number."""
    places, masks, picked = room.picking.places, room.picking.masks, room.picking.picked
    picked[:] = 0
    for place in range(places[0]):
        tile = places[1 + place] // VECTORS
        for k in range(CORNERS):
            if masks[place, 0, k] != 0:
                picked[CORNERS * tile + k] = _FIRST
    return _list(_FIRST, room.picking)


@compiled_within
def pick_rest(balls: OctetBalls, room: Room) -> Any:
    """List the tiles in all other balls that reach the limits of corners; return their number.

    Those of segments reach no farther.
    """
    picking, measures, radii = room.picking, room.measures, balls.radii
    values, picked = picking.values, picking.picked
    farthest, least = picking.farthest, picking.least
    for at in range(FRAMES):
        norm, loose = measures.norm[at], _TWO * measures.loose[at]
        square = max(norm - _TWO * room.limits[0, at], _ZERO) + _TWO * loose
        farthest[at], least[at] = np.sqrt(square), _HALF * norm - loose
    for n in range(radii.shape[0]):
        tile, k, radius = n // CORNERS, n % CORNERS, radii[n]
        reached = np.int32(0)  # as wide as float32, so that vectors hold as many
        for at in range(FRAMES):
            both = farthest[at] + radius
            here = np.int32(not values[tile, k, at] + _HALF * both * both < least[at])
            reached = np.int32(reached | here)
        if reached != 0 and picked[n] == 0:
            picked[n] = _REST
    return _list(_REST, picking)


@compiled_within
def list_picked(room: Room) -> Any:
    """List the tiles in all balls that are picked; return their number."""
    n_listed = _list(_ANY, room.picking)
    room.picking.n_swept[0] += n_listed
    room.picking.n_swept[1] += room.picking.tiles.shape[0]
    return n_listed


@compiled_within
def _list(which: int, picking: Picking) -> int:
    """List the tiles of the balls that are picked as that, or as anything."""
    picked, tiles, n_listed = picking.picked, picking.tiles, 0
    for n in range(-(-tiles.shape[0] // TILES)):
        if picked[n] != 0 and (which == _ANY or picked[n] == which):
            for tile in range(TILES * n, min(TILES * n + TILES, tiles.shape[0])):
                tiles[n_listed] = tile
                n_listed += 1
    return n_listed
