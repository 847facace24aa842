"""Search in tiles, and then for frames in doubt; import it inside functions.

Tiles of frames in doubt are multiplied as others are, but here products are kept, to be looked at
as those of a library. For what isn't asked for, `on_curve` is None, so that it isn't compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.compiled import compiled
from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.search.kernels import centre_frames, search_codebook, search_curve
from sfvq_analysis.curve.search.scanning import Scratch
from sfvq_analysis.curve.search.taking import take
from sfvq_analysis.curve.tiles.fused import settle_codebook, settle_curve
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.sweeping import multiply, turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.tiles import fused
    from sfvq_analysis.curve.tiles.fused import Packed

    Frames = NDArray[np.floating[Any]]
    Float32 = NDArray[np.float32]
    Int64 = NDArray[np.int64]


class Room(NamedTuple):
    """What a tile of frames in doubt is worked out in, by one thread, besides room for any tile."""

    products: Float32
    slack: Float32
    scratch: Scratch
    codes: Codes

    @classmethod
    def of(cls, packed: Packed) -> Room:
        """Return room for a codebook's size."""
        n_tiles, _, n_corners = packed.corners.shape
        shapes = (n_tiles * n_corners, FRAMES), FRAMES
        products, slack = on_lines(*((shape, np.float32) for shape in shapes))
        return cls(products, slack, Scratch.of(len(products), FRAMES), Codes.empty(FRAMES))


@compiled
def search_in_tiles(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    taken: Int64,
    step: int,
    geometry: Geometry,
    packed: Packed,
    round_off: float,
    room: fused.Room,
    doubtful: Int64,
    codes: Codes,
    on_curve: Literal[True] | None,
) -> int:
    """Fill in the codes of frames (n, dim), `step` of them at a time, of those not `taken`.

    If not on the curve, codeword and its distortion only. Return how many are in doubt, whose
    numbers are the first of `doubtful`; -1 if one isn't usable. It ends before there is no room for
    those of another step; then some are not taken.
    """
    n_doubtful = 0
    while n_doubtful + step <= doubtful.shape[0]:
        first = take(taken, step)
        if first >= frames.shape[0]:
            break
        part = slice(first, min(first + step, frames.shape[0]))
        some = Codes(
            codes.codeword[part],
            codes.segment[part],
            codes.t[part],
            codes.distortion[part],
            codes.codeword_distortion[part],
        )
        if on_curve is None:
            n_more = settle_codebook(frames[part], geometry, packed, round_off, room, some)
        else:
            n_more = settle_curve(frames[part], geometry, packed, round_off, room, some)
        if n_more < 0:
            return -1
        for one in range(n_more):
            doubtful[n_doubtful + one] = first + room.doubtful[one]
        n_doubtful += n_more
    return n_doubtful


@compiled
def search_doubtful(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    doubtful: Int64,
    geometry: Geometry,
    tiled: Float32,
    round_off: float,
    tiles: fused.Room,
    room: Room,
    codes: Codes,
    on_curve: Literal[True] | None,
) -> bool:
    """Fill in the codes of the frames with these numbers; False if one isn't usable.

    `tiled` are corners as in `Packed`.
    """
    found, products = room.codes, room.products[: geometry.squares.shape[0]]
    some = np.empty((FRAMES, frames.shape[1]), frames.dtype)
    for first in range(0, doubtful.shape[0], FRAMES):
        numbers = doubtful[first : first + FRAMES]
        rows = some[: numbers.shape[0]]
        for at in range(numbers.shape[0]):
            for j in range(frames.shape[1]):
                rows[at, j] = frames[numbers[at], j]
        if not centre_frames(rows, geometry, round_off, tiles.rows, room.slack):
            return False
        turn(tiles.rows, tiles.panel)
        multiply(tiles.panel, tiled, room.products)
        if on_curve is None:
            search_codebook(rows, geometry, products, room.slack, room.scratch, found)
        else:
            search_curve(rows, geometry, products, room.slack, room.scratch, found)
        for at in range(numbers.shape[0]):
            i = numbers[at]
            codes.codeword[i] = found.codeword[at]
            codes.codeword_distortion[i] = found.codeword_distortion[at]
            if on_curve is not None:
                codes.segment[i], codes.t[i] = found.segment[at], found.t[at]
                codes.distortion[i] = found.distortion[at]
    return True
