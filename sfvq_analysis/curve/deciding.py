"""The last step of a search, in float64: a frame on one segment, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled_as_written, compiled_in_place, compiled_within
from sfvq_analysis.curve.geometry import TIE
from sfvq_analysis.curve.offsets import along_and_square, square_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

    Frames = NDArray[np.floating[Any]]
    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]

TOGETHER = 48
"""Frames whose codes are written together, at most."""
PROJECTED = 10 * TOGETHER
"""Numbers that are known of them in the meantime: one after the other for all, then the next."""
ALONG, SQUARE, _LENGTH, _LONGER, _AHEAD, _END, _T, _SQUARED, _NEAREST, _SELDOM = range(
    0, PROJECTED, TOGETHER
)
"""Where those begin: (x - c_k)·d_k of frames on their segments k, |x - c_k|², what follows."""
_ONE = np.float32(1)
_TINY_SHARE = 1e-6  # a remainder below it has lost digits, and is computed anew


@compiled_in_place
def project_each(
    frames: Frames, first: int, stop: int, geometry: Geometry, codes: Codes, projected: Float64
) -> None:
    """Fill in (x - c_k)·d_k and |x - c_k|² of frames first … stop - 1 on their segments k.

    They are written from `ALONG` and from `SQUARE` on.
    """
    corners, segment = geometry.corners, codes.segment
    for at in range(stop - first):
        along, square = along_and_square(frames, first + at, corners, segment[first + at])
        projected[ALONG + at], projected[SQUARE + at] = along, square


@compiled_in_place
def write_codes(
    frames: Frames, first: int, stop: int, geometry: Geometry, codes: Codes, projected: Float64
) -> None:
    """Complete the codes of frames first … stop - 1, whose nearest segment and corner are there.

    So are their projections onto those segments, as `project_each` fills them in. A point that is a
    corner, or as near as that, is the start of the segment that begins there, on whichever of the
    two it was found. Most frames are written by vectors; few need a branch.
    """
    lengths = geometry.lengths
    segment, codeword = codes.segment[first:stop], codes.codeword[first:stop]
    for at in range(stop - first):
        k = segment[at]
        projected[_AHEAD + at] = codeword[at] - k
        projected[_END + at] = 1.0 if k < lengths.shape[0] - 1 else np.inf
    for at in range(stop - first):
        k = segment[at]
        length = lengths[k]
        projected[_LENGTH + at] = length
        projected[_LONGER + at] = max(length, lengths[k - 1]) if k > 0 else -np.inf
    _work_out(projected)
    _put(projected, _T, codes.t[first:stop])
    _put(projected, _SQUARED, codes.distortion[first:stop])
    _put(projected, _NEAREST, codes.codeword_distortion[first:stop])
    any_seldom = False
    for at in range(stop - first):
        any_seldom |= projected[_SELDOM + at] > 0.0
    if any_seldom:
        _write_seldom(frames, first, stop, geometry, codes, projected)


@compiled_in_place
def _put(projected: Float64, start: int, column: Float32) -> None:
    """Write what begins there to a column of codes."""
    for at in range(column.shape[0]):
        column[at] = projected[start + at]


@compiled_as_written
def _work_out(projected: Float64) -> None:
    """Fill in t and both distortions, and which frames are seldom ones.

    All operands are in one row of one kind, and as many as there is room for, so that LLVM needn't
    ask whether arrays overlap, and makes vectors of it.
    """
    for at in range(TOGETHER):
        along, square = projected[ALONG + at], projected[SQUARE + at]
        length, ahead = projected[_LENGTH + at], projected[_AHEAD + at]
        t, nearer = point_along(along, length)
        squared = square - nearer
        nearest = square - along - along + length if ahead == 1.0 else square
        seldom = (
            (squared < _TINY_SHARE * square)
            | (nearest < _TINY_SHARE * square)
            | (ahead < 0.0)
            | (ahead > 1.0)
            | (t > 0.0) & (nearer <= TIE * (squared + projected[_LONGER + at]))
            | (np.float32(t) >= projected[_END + at])
        )
        projected[_T + at], projected[_SQUARED + at] = t, squared
        projected[_NEAREST + at] = nearest
        projected[_SELDOM + at] = 1.0 if seldom else 0.0


@compiled_within
def _write_seldom(
    frames: Frames, first: int, stop: int, geometry: Geometry, codes: Codes, projected: Float64
) -> None:
    """Write the codes of the frames that are marked.

    Of those a remainder, a tie, the next segment or a corner elsewhere has to be looked at.
    """
    corners, lengths, last = geometry.corners, geometry.lengths, geometry.lengths.shape[0] - 1
    for i in range(first, stop):
        if not projected[_SELDOM + i - first] > 0.0:
            continue
        k, square = codes.segment[i], projected[SQUARE + i - first]
        t, nearer = point_along(projected[ALONG + i - first], lengths[k])
        squared = square - nearer
        if squared < _TINY_SHARE * square:
            squared = _remainder(frames, i, corners, k, t)
        if t > 0.0 and nearer <= TIE * (squared + projected[_LONGER + i - first]):
            t, squared = 0.0, square  # it is the corner where the segment starts
        if np.float32(t) == _ONE and k < last:  # as if it had been found there
            k, t = k + 1, 0.0
            squared = square_of(frames, i, corners, k)
        codes.segment[i], codes.t[i], codes.distortion[i] = k, t, squared
        codes.codeword_distortion[i] = square_of(frames, i, corners, codes.codeword[i])


@compiled_in_place
def squared_to_segment(  # noqa: PLR0913 (what is in place of objects in compiled code)
    frames: Frames, i: int, corners: Float64, lengths: Float64, k: int, along: float, square: float
) -> float:
    """Return the squared distance of frame i to segment k, from (x - c_k)·d_k and |x - c_k|².

    Rows are named by number: one that is taken out of its array is counted as a reference, which
    takes longer than what is computed here.
    """
    t, nearer = point_along(along, lengths[k])
    squared: float = square - nearer
    if squared < _TINY_SHARE * square:
        squared = _remainder(frames, i, corners, k, t)
    return squared


@compiled_as_written
def square_all(n: int, along: Float64, square: Float64, length: Float64, squared: Float64) -> bool:
    """Fill in the first squared distances to segments; tell if one has lost digits.

    Those are to be had by `squared_to_segment` instead.
    """
    any_lost = False
    for one in range(n):
        _, nearer = point_along(along[one], length[one])
        squared[one] = square[one] - nearer
        any_lost |= squared[one] < _TINY_SHARE * square[one]
    return any_lost


@compiled_in_place
def is_nearer(squared: float, least: float, longer: float) -> bool:
    """Tell whether a segment is nearer than one before it, by more than makes two equals.

    From the squares of their distances and the longer one's length's.
    """
    return squared < least - TIE * (least + longer)


@compiled_as_written
def point_along(along: float, length: float) -> tuple[float, float]:
    """Return t of a segment's nearest point, and how much nearer it is than the segment's start.

    By the square of the distance. Operations are rounded one by one, in vectors as elsewhere, so
    that whoever asks gets the same bytes.
    """
    t = along / length if length > 0.0 else 0.0
    t = min(1.0, max(0.0, t))
    return t, t * (along + along - t * length)


@compiled_as_written
def _remainder(frames: Frames, i: int, corners: Float64, k: int, t: float) -> float:
    """Return the squared distance from a point of a segment; reordered it would lose digits."""
    squared = 0.0
    for j in range(frames.shape[1]):
        apart = (frames[i, j] - corners[k, j]) - t * (corners[k + 1, j] - corners[k, j])
        squared += apart * apart
    return squared
