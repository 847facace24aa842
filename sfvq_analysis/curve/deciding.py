"""The last step of a search, in float64: a frame on one segment, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_as_written, compiled_in_place
from sfvq_analysis.curve.geometry import TIE
from sfvq_analysis.curve.offsets import along_and_square, square_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

    Frames = NDArray[np.floating[Any]]
    Float64 = NDArray[np.float64]

_ONE = np.float32(1)
_TINY_SHARE = 1e-6  # a remainder below it has lost digits, and is computed anew


@compiled
def project_each(
    frames: Frames, first: int, stop: int, geometry: Geometry, codes: Codes, projected: Float64
) -> None:
    """Fill in `project_one` of frames first … stop - 1 on their segments, from row 0 on."""
    corners, lengths = geometry.corners, geometry.lengths
    segment = codes.segment
    for i in range(first, stop):
        t, squared, along, square = project_one(frames, i, corners, lengths, segment[i])
        projected[i - first, 0], projected[i - first, 1] = t, squared
        projected[i - first, 2], projected[i - first, 3] = along, square


@compiled
def write_codes(
    frames: Frames, first: int, stop: int, geometry: Geometry, codes: Codes, projected: Float64
) -> None:
    """Complete the codes of frames first … stop - 1, whose nearest segment and corner are there.

    Their projections onto those segments are the first of `projected`. A point that is a corner, or
    as near as that, is the start of the segment that begins there, on whichever of the two it was
    found.
    """
    corners, lengths = geometry.corners, geometry.lengths
    codeword, segment, last = codes.codeword, codes.segment, lengths.shape[0] - 1
    for i in range(first, stop):
        k, corner, at = segment[i], codeword[i], i - first
        t, squared = projected[at, 0], projected[at, 1]
        along, square = projected[at, 2], projected[at, 3]
        tie = TIE * (squared + max(lengths[k], lengths[max(k - 1, 0)]))
        nearer = t * (along + along - t * lengths[k])  # than the corner where the segment starts
        if (k > 0) & (t > 0.0) & (nearer <= tie):  # seldom, and one branch
            t, squared = 0.0, square
        at_next = np.float32(t) == _ONE and k < last
        if at_next:  # as if it had been found there
            k, t = k + 1, 0.0
            squared = square = square_of(frames, i, corners, k)
        segment[i], codes.t[i], codes.distortion[i] = k, t, squared
        at_end = corner == k + 1 and not at_next
        nearest = square - along - along + lengths[k] if at_end else square
        if nearest < _TINY_SHARE * square or not (at_end or corner == k):
            nearest = square_of(frames, i, corners, corner)
        codes.codeword_distortion[i] = nearest


@compiled_in_place
def project_one(
    frames: Frames, i: int, corners: Float64, lengths: Float64, k: int
) -> tuple[float, float, float, float]:
    """Return t and squared distance of frame i's nearest point on segment k, in float64.

    Then (x - c_k)·d_k and |x - c_k|². Rows are named by number: one that is taken out of its array
    is counted as a reference, which takes longer than what is computed here.
    """
    along, square = along_and_square(frames, i, corners, k)
    length = lengths[k]
    t = along / length if length > 0.0 else 0.0
    t = max(0.0, t)
    t = min(1.0, t)
    squared = square - t * (along + along - t * length)
    if squared < _TINY_SHARE * square:
        squared = _remainder(frames, i, corners, k, t)
    return t, squared, along, square


@compiled_as_written
def _remainder(frames: Frames, i: int, corners: Float64, k: int, t: float) -> float:
    """Return the squared distance from a point of a segment; reordered it would lose digits."""
    squared = 0.0
    for j in range(frames.shape[1]):
        apart = (frames[i, j] - corners[k, j]) - t * (corners[k + 1, j] - corners[k, j])
        squared += apart * apart
    return squared
