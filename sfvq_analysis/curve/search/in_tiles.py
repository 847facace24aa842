"""Search in tiles of float32, then once more for frames in doubt; import it inside functions.

Frames in doubt are put together until they fill a tile. It is multiplied as others are, but here
products are kept, to be looked at as those of a library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.compiled import compiled
from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.search.kernels import centre_frames, search_codebook, search_curve
from sfvq_analysis.curve.search.scanning import Scratch
from sfvq_analysis.curve.search.taking import take
from sfvq_analysis.curve.tiles.fused import settle_codebook, settle_curve
from sfvq_analysis.curve.tiles.sweeping import FRAMES, multiply, turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.tiles import fused
    from sfvq_analysis.curve.tiles.fused import Packed

    Frames = NDArray[np.floating[Any]]
    Float32 = NDArray[np.float32]
    Int64 = NDArray[np.int64]


class Room(NamedTuple):
    """What a tile of frames in doubt is worked out in, by one thread, besides room for any tile.

    The `numbers` of such frames wait there for a tile to be full.
    """

    products: Float32
    slack: Float32
    numbers: Int64
    scratch: Scratch
    codes: Codes

    @classmethod
    def of(cls, packed: Packed, n_frames: int) -> Room:
        """Return room for a codebook's size, and so many frames that may be in doubt at a time."""
        n_tiles, _, n_corners = packed.corners.shape
        products, slack, numbers = on_lines(
            ((n_tiles * n_corners, FRAMES), np.float32),
            (FRAMES, np.float32),
            (n_frames + FRAMES, np.int64),
        )
        scratch = Scratch.of(len(products), FRAMES)
        return cls(products, slack, numbers, scratch, Codes.empty(FRAMES))


@compiled
def search_in_tiles(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    taken: Int64,
    step: int,
    geometry: Geometry,
    packed: Packed,
    round_off: float,
    tiles: fused.Room,
    room: Room,
    codes: Codes,
    on_curve: bool,
) -> bool:
    """Fill in the codes of frames (n, dim), `step` of them at a time, of those not `taken`.

    If not on the curve, codeword and its distortion only. False if a frame isn't usable.
    """
    numbers, n_kept = room.numbers, 0
    first = take(taken, step)
    while first < frames.shape[0]:
        part = slice(first, min(first + step, frames.shape[0]))
        some = Codes(
            codes.codeword[part],
            codes.segment[part],
            codes.t[part],
            codes.distortion[part],
            codes.codeword_distortion[part],
        )
        if on_curve:
            n_doubtful = settle_curve(frames[part], geometry, packed, round_off, tiles, some)
        else:
            n_doubtful = settle_codebook(frames[part], geometry, packed, round_off, tiles, some)
        if n_doubtful < 0:
            return False
        for one in range(n_doubtful):
            numbers[n_kept + one] = first + tiles.doubtful[one]
        n_kept += n_doubtful
        n_full = n_kept - n_kept % FRAMES
        full = numbers[:n_full]
        if not search_doubtful(
            frames, full, geometry, packed, round_off, tiles, room, codes, on_curve
        ):
            return False
        n_kept -= n_full
        numbers[:n_kept] = numbers[n_full : n_full + n_kept]
        first = take(taken, step)
    usable: bool = search_doubtful(
        frames, numbers[:n_kept], geometry, packed, round_off, tiles, room, codes, on_curve
    )
    return usable


@compiled
def search_doubtful(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames,
    numbers: Int64,
    geometry: Geometry,
    packed: Packed,
    round_off: float,
    tiles: fused.Room,
    room: Room,
    codes: Codes,
    on_curve: bool,
) -> bool:
    """Fill in the codes of some of the frames, by their numbers; as `search_in_tiles`."""
    found, products = room.codes, room.products[: geometry.squares.shape[0]]
    some = np.empty((FRAMES, frames.shape[1]), frames.dtype)
    for first in range(0, numbers.shape[0], FRAMES):
        chosen = numbers[first : first + FRAMES]
        rows = some[: chosen.shape[0]]
        for at in range(chosen.shape[0]):
            for j in range(frames.shape[1]):
                rows[at, j] = frames[chosen[at], j]
        if not centre_frames(rows, geometry, round_off, tiles.rows, room.slack):
            return False
        turn(tiles.rows, tiles.panel)
        multiply(tiles.panel, packed.corners, room.products)
        if on_curve:
            search_curve(rows, geometry, products, room.slack, room.scratch, found)
        else:
            search_codebook(rows, geometry, products, room.slack, room.scratch, found)
        for at in range(chosen.shape[0]):
            i = chosen[at]
            codes.codeword[i] = found.codeword[at]
            codes.codeword_distortion[i] = found.codeword_distortion[at]
            if on_curve:
                codes.segment[i], codes.t[i] = found.segment[at], found.t[at]
                codes.distortion[i] = found.distortion[at]
    return True
