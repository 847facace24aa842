"""Frames of up to four dimensions: the nearest point from the coordinates, without products.

Everything is in float64, so that nothing is left in doubt. This module imports numba; import it
inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_within
from sfvq_analysis.curve.geometry import FARTHEST, SHORTEST, TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes

    Frames = NDArray[np.floating[Any]]
    Float64 = NDArray[np.float64]


def of_fewer(array: NDArray[Any], n_columns: int) -> NDArray[Any]:
    """Return room in a contiguous array (n, B) for fewer columns, contiguous too.

    A slice isn't, and loops are compiled once more for what isn't.
    """
    return array.reshape(-1)[: len(array) * n_columns].reshape(len(array), n_columns)


@compiled
def spread(frames: Frames, centre: Float64, rows: Float64) -> bool:
    """Fill in coordinates (4, B), zero beyond those of frames (B, dim); tell if all are usable."""
    usable = True
    rows[:] = 0.0
    for i in range(frames.shape[0]):
        for j in range(frames.shape[1]):
            rows[j, i] = frames[i, j]
            usable &= abs(frames[i, j] - centre[j]) <= FARTHEST  # False for NaN, too
    return usable


@compiled_within
def place(x: Any, c: Any, d: Any, inverse: float) -> tuple[float, float]:
    """Return t and squared distance of the nearest point of a segment, four coordinates each."""
    x0, x1, x2, x3 = x[0] - c[0], x[1] - c[1], x[2] - c[2], x[3] - c[3]
    t = (x0 * d[0] + x1 * d[1] + x2 * d[2] + x3 * d[3]) * inverse
    t = t if t > 0.0 else 0.0
    t = t if t < 1.0 else 1.0
    x0, x1, x2, x3 = x0 - t * d[0], x1 - t * d[1], x2 - t * d[2], x3 - t * d[3]
    return t, x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3


@compiled_within
def inverse_of(length: float) -> float:
    """Return 1 / length, 0 for none."""
    return 1.0 / length if length > SHORTEST else 0.0


@compiled_within
def _square_of(steps: Float64, k: int) -> Any:
    return steps[k, 0] ** 2 + steps[k, 1] ** 2 + steps[k, 2] ** 2 + steps[k, 3] ** 2


@compiled
def project_directly(
    rows: Float64, corners: Float64, steps: Float64, tie: float, squared: Float64, codes: Codes
) -> None:
    """Fill in segment, t and distortion of rows (4, B); corners and steps have four columns, too.

    `squared` (B,) is scratch. Squared distances that differ by `tie` or less are equal.
    """
    last, segment = steps.shape[0] - 1, codes.segment
    for i in range(rows.shape[1]):
        segment[i], squared[i] = 0, np.inf
    for k in range(last + 1):
        index = np.int32(k)
        c = corners[k, 0], corners[k, 1], corners[k, 2], corners[k, 3]
        d = steps[k, 0], steps[k, 1], steps[k, 2], steps[k, 3]
        inverse = inverse_of(_square_of(steps, k))
        for i in range(rows.shape[1]):
            x = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
            found = place(x, c, d, inverse)[1]
            nearer = found < squared[i] * (1.0 - TIE) - tie
            segment[i] = index if nearer else segment[i]
            squared[i] = found if nearer else squared[i]
    write_segments(rows, corners, steps, codes)


@compiled
def write_segments(rows: Float64, corners: Float64, steps: Float64, codes: Codes) -> None:
    """Fill in t and distortion of known segments; a corner is the start of its segment."""
    last, segment = steps.shape[0] - 1, codes.segment
    for i in range(rows.shape[1]):
        c, d = corners[segment[i]], steps[segment[i]]
        inverse = inverse_of(_square_of(steps, segment[i]))
        t, codes.distortion[i] = place(rows[:, i], c, d, inverse)
        codes.t[i] = t
        if codes.t[i] == 1.0 and segment[i] < last:
            segment[i], codes.t[i] = segment[i] + 1, 0.0


@compiled
def nearest_directly(rows: Float64, corners: Float64, squared: Float64, codes: Codes) -> None:
    """Fill in codeword and its distortion of rows (4, B); `squared` (B,) is scratch."""
    codeword, nothing = codes.codeword, (0.0, 0.0, 0.0, 0.0)
    for i in range(rows.shape[1]):
        codeword[i], squared[i] = 0, np.inf
    for k in range(corners.shape[0]):
        index = np.int32(k)
        c = corners[k, 0], corners[k, 1], corners[k, 2], corners[k, 3]
        for i in range(rows.shape[1]):
            x = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
            found = place(x, c, nothing, 0.0)[1]
            nearer = found < squared[i]
            codeword[i] = index if nearer else codeword[i]
            squared[i] = found if nearer else squared[i]
    for i in range(rows.shape[1]):
        codes.codeword_distortion[i] = squared[i]
