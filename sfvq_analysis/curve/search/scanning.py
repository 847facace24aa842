"""The inner loops that screen a block of frames in float32; import them inside functions.

With centred corners c~ and frames x~, the products ``-2 c~_k·x~`` (K, B) are there already, so that
the innermost loops run over frames, which lie side by side in memory. With e_k = |x~ - c~_k|² -
|x~|² = |c~_k|² - 2 c~_k·x~ and s = |c_{k+1} - c_k|², the law of cosines gives the nearest point of
segment k from the values at its two ends: t = clamp((e_k - e_{k+1}) / 2s + 1/2, 0, 1), with value
e_k + t (s (t - 1) - (e_k - e_{k+1})). Only the least value of every `CHUNK` segments is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_within
from sfvq_analysis.curve.deciding import PROJECTED
from sfvq_analysis.curve.lines import on_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry

    Float32 = NDArray[np.float32]
    Int32 = NDArray[np.int32]

CHUNK = 8
_ZERO, _HALF, _ONE, _INFINITE = (np.float32(value) for value in (0, 0.5, 1, np.inf))


class Least(NamedTuple):
    """For each of B frames: the least of some chunks' values, the next least, the least's chunk."""

    value: Float32
    rival: Float32
    chunk: Int32


class Scratch(NamedTuple):
    """What the search of a block of B frames is worked out in.

    The least of chunks are (chunks, B); projections are those of `sfvq_analysis.curve.deciding`.
    """

    of_segments: Float32
    of_corners: Float32
    segment: Least
    corner: Least
    projected: NDArray[np.float64]

    @classmethod
    def of(cls, n_corners: int, n_frames: int) -> Scratch:
        """Return what blocks of so many frames are worked out in."""
        chunks, real = -(-n_corners // CHUNK), np.float32
        each = ((chunks, n_frames), real), (n_frames, real), (n_frames, real), (n_frames, np.int32)
        of_segments, *segment = on_lines(*each)
        of_corners, *corner = on_lines(*each)
        (projected,) = on_lines((PROJECTED, np.float64))
        return cls(of_segments, of_corners, Least(*segment), Least(*corner), projected)


@compiled_within
def point_on(here: Any, there: Any, span: Any, half_inverse: Any) -> Any:
    """Return the value of the nearest point between two corners of values e_k and e_{k+1}."""
    fall = here - there
    t = fall * half_inverse + _HALF
    t = max(_ZERO, t)
    t = min(_ONE, t)
    return here + t * (span * (t - _ONE) - fall)


@compiled
def scan_curve(
    geometry: Geometry, products: Float32, of_segments: Float32, of_corners: Float32
) -> None:
    """Fill in the least value of every chunk of segments and of corners, both (chunks, B)."""
    n_segments = products.shape[0] - 1
    squares, spans, half_inverses = geometry.squares, geometry.spans, geometry.half_inverses
    for chunk in range(of_corners.shape[0]):
        first = chunk * CHUNK
        if first + CHUNK <= n_segments:
            _scan_chunk(
                products[first : first + CHUNK + 1],
                squares[first : first + CHUNK + 1],
                spans[first : first + CHUNK],
                half_inverses[first : first + CHUNK],
                of_segments[chunk],
                of_corners[chunk],
            )
            continue
        scan_corners(products[first:], squares[first:], of_corners[chunk])
        for i in range(products.shape[1]):
            of_segments[chunk, i] = _INFINITE
        for k in range(first, n_segments):
            for i in range(products.shape[1]):
                here, there = squares[k] + products[k, i], squares[k + 1] + products[k + 1, i]
                value = point_on(here, there, spans[k], half_inverses[k])
                least = of_segments[chunk, i]
                of_segments[chunk, i] = min(least, value)


@compiled_within
def _scan_chunk(
    products: Float32,
    squares: Float32,
    spans: Float32,
    half_inverses: Float32,
    of_segments: Float32,
    of_corners: Float32,
) -> None:
    """Fill in the least value of `CHUNK` segments and of the corners at their starts."""
    for i in range(products.shape[1]):
        here = squares[0] + products[0, i]
        segment, corner = _INFINITE, _INFINITE
        for k in range(CHUNK):
            there = squares[k + 1] + products[k + 1, i]
            value = point_on(here, there, spans[k], half_inverses[k])
            segment = min(segment, value)
            corner = min(corner, here)
            here = there
        of_segments[i] = segment
        of_corners[i] = corner


@compiled_within
def scan_corners(products: Float32, squares: Float32, of_corners: Float32) -> None:
    """Fill in the least value of up to `CHUNK` corners."""
    if products.shape[0] == CHUNK:
        for i in range(products.shape[1]):
            least = _INFINITE
            for k in range(CHUNK):  # a constant number, so that it is unrolled
                value = squares[k] + products[k, i]
                least = value if value < least else least
            of_corners[i] = least
        return
    for i in range(products.shape[1]):
        of_corners[i] = _INFINITE
    for k in range(products.shape[0]):
        for i in range(products.shape[1]):
            value = squares[k] + products[k, i]
            of_corners[i] = value if value < of_corners[i] else of_corners[i]


@compiled
def least_chunks(values: Float32, least: Least) -> None:
    """Fill in the least of values (chunks, B), over chunks."""
    for i in range(values.shape[1]):
        least.value[i], least.rival[i], least.chunk[i] = values[0, i], _INFINITE, 0
    for chunk in range(1, values.shape[0]):
        index = np.int32(chunk)
        for i in range(values.shape[1]):
            value, best = values[chunk, i], least.value[i]
            loser = value if value > best else best
            least.rival[i] = loser if loser < least.rival[i] else least.rival[i]
            least.chunk[i] = index if value < best else least.chunk[i]
            least.value[i] = value if value < best else best
