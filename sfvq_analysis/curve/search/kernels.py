"""The inner loops of a search, in float32 and then in float64; import them inside functions.

A block of B frames is screened (`sfvq_analysis.curve.search.scanning`). A chunk is looked at again
where its least value is within round-off of the least of all, and what is left in doubt there is
decided in float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_within
from sfvq_analysis.curve.deciding import (
    TOGETHER,
    is_nearer,
    project_each,
    squared_to_segment,
    write_codes,
)
from sfvq_analysis.curve.offsets import along_and_square, square_of
from sfvq_analysis.curve.search.scanning import (
    CHUNK,
    least_chunks,
    point_on,
    scan_corners,
    scan_curve,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.search.scanning import Scratch

    Frames = NDArray[np.floating[Any]]
    Float32 = NDArray[np.float32]

_TWO, _INFINITE = np.float32(2), np.float32(np.inf)


@compiled
def centre_frames(
    frames: Frames, geometry: Geometry, round_off: float, centred: Float32, slack: Float32
) -> bool:
    """Fill in frames (B, dim) less the centre, scaled, and the round-off of their screened values.

    Tell if all frames are usable; the round-off is `round_off` (|x~| + max|c~|)².
    """
    usable = True
    centre, scale = geometry.centre, geometry.scale
    for i in range(frames.shape[0]):
        square = 0.0
        for j in range(frames.shape[1]):
            value = frames[i, j] - centre[j]
            centred[i, j] = value * scale
            square += value * value
        slack[i] = round_off * (np.sqrt(square) * scale + geometry.reach) ** 2
        usable &= square <= geometry.farthest**2  # False for NaN, too
    return usable


@compiled
def search_curve(
    frames: Frames,
    geometry: Geometry,
    products: Float32,
    slack: Float32,
    scratch: Scratch,
    codes: Codes,
) -> None:
    """Fill in all codes of frames (B, dim), decided in float64 where several are within `slack`."""
    scan_curve(geometry, products, scratch.of_segments, scratch.of_corners)
    least_chunks(scratch.of_segments, scratch.segment)
    least_chunks(scratch.of_corners, scratch.corner)
    least = scratch.segment
    squares, spans, half_inverses = geometry.squares, geometry.spans, geometry.half_inverses
    for i in range(frames.shape[0]):
        limit = least.value[i] + slack[i]
        first = least.chunk[i] * CHUNK
        k, alone = _only_segment(
            products[:, i], squares, spans, half_inverses, first, slack[i], limit
        )
        if not alone or least.rival[i] <= limit:
            k = _decide_segment(
                frames, i, geometry, products[:, i], scratch.of_segments[:, i], limit
            )
        first, rival = scratch.corner.chunk[i] * CHUNK, scratch.corner.rival[i]
        corner = _only_corner(products[:, i], squares, first, rival, slack[i])
        if corner < 0:
            limit = scratch.corner.value[i] + slack[i]
            corner = _decide_corner(
                frames, i, geometry, products[:, i], scratch.of_corners[:, i], limit
            )
        codes.segment[i], codes.codeword[i] = k, corner
    for first in range(0, frames.shape[0], TOGETHER):
        stop = min(first + TOGETHER, frames.shape[0])
        project_each(frames, first, stop, geometry, codes, scratch.projected)
        write_codes(frames, first, stop, geometry, codes, scratch.projected)


@compiled
def search_codebook(
    frames: Frames,
    geometry: Geometry,
    products: Float32,
    slack: Float32,
    scratch: Scratch,
    codes: Codes,
) -> None:
    """Fill in codeword and its distortion only, decided in float64 as in `search_curve`."""
    squares, corners = geometry.squares, geometry.corners
    for chunk in range(scratch.of_corners.shape[0]):
        first, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, products.shape[0])
        scan_corners(products[first:stop], squares[first:stop], scratch.of_corners[chunk])
    least_chunks(scratch.of_corners, scratch.corner)
    for i in range(frames.shape[0]):
        first, rival = scratch.corner.chunk[i] * CHUNK, scratch.corner.rival[i]
        corner = _only_corner(products[:, i], squares, first, rival, slack[i])
        if corner < 0:
            limit = scratch.corner.value[i] + slack[i]
            corner = _decide_corner(
                frames, i, geometry, products[:, i], scratch.of_corners[:, i], limit
            )
        codes.codeword[i] = corner
        codes.codeword_distortion[i] = square_of(frames, i, corners, corner)


@compiled_within
def _only_corner(products: Float32, squares: Float32, first: int, rival: Any, slack: Any) -> int:
    """Return the nearest corner of a chunk if neither another nor `rival` is close, else -1."""
    winner, best, second = first, _INFINITE, rival
    for k in range(first, min(first + CHUNK, squares.shape[0])):
        value = squares[k] + products[k]
        loser = value if value > best else best
        second = loser if loser < second else second
        winner = k if value < best else winner
        best = value if value < best else best
    return winner if second > best + slack else -1


@compiled_within
def _decide_corner(
    frames: Frames, i: int, geometry: Geometry, products: Float32, of_corners: Float32, limit: Any
) -> int:
    """Return the nearest corner, in float64 among what is within `limit`."""
    winner, nearest = -1, np.inf
    for chunk in range(of_corners.shape[0]):
        if of_corners[chunk] > limit:
            continue
        for k in range(chunk * CHUNK, min((chunk + 1) * CHUNK, products.shape[0])):
            if geometry.squares[k] + products[k] <= limit:
                square = square_of(frames, i, geometry.corners, k)
                if square < nearest:
                    winner, nearest = k, square
    return winner


@compiled_within
def _only_segment(
    products: Float32,
    squares: Float32,
    spans: Float32,
    half_inverses: Float32,
    first: int,
    slack: Any,
    limit: Any,
) -> tuple[int, bool]:
    """Return the segment of least value in a chunk, and whether it alone is within `limit`.

    A segment that is nearest at its far corner is passed over: the next one holds that corner, too.
    """
    last = spans.shape[0] - 1
    winner, best, second = first, _INFINITE, _INFINITE
    here = squares[first] + products[first]
    for k in range(first, min(first + CHUNK, last + 1)):
        there = squares[k + 1] + products[k + 1]
        value = point_on(here, there, spans[k], half_inverses[k])
        beyond = k < last and here - there > spans[k] + _TWO * slack
        value = _INFINITE if beyond else value
        loser = value if value > best else best
        second = loser if loser < second else second
        winner = k if value < best else winner
        best = value if value < best else best
        here = there
    return winner, best <= limit and second > limit


@compiled_within
def _decide_segment(
    frames: Frames, i: int, geometry: Geometry, products: Float32, of_segments: Float32, limit: Any
) -> int:
    """Return the nearest segment, the first of equals, in float64 among what is within `limit`."""
    corners, lengths = geometry.corners, geometry.lengths
    squares, last = geometry.squares, geometry.spans.shape[0] - 1
    winner, least = -1, np.inf
    for chunk in range(of_segments.shape[0]):
        if of_segments[chunk] > limit:
            continue
        for k in range(chunk * CHUNK, min((chunk + 1) * CHUNK, last + 1)):
            here, there = squares[k] + products[k], squares[k + 1] + products[k + 1]
            value = point_on(here, there, geometry.spans[k], geometry.half_inverses[k])
            if value > limit:
                continue
            along, square = along_and_square(frames, i, corners, k)
            squared = squared_to_segment(frames, i, corners, lengths, k, along, square)
            longer = max(lengths[k], lengths[max(winner, 0)])
            if winner < 0 or is_nearer(squared, least, longer):
                winner, least = k, squared
    return winner
