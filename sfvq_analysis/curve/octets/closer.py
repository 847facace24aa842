"""What float32 leaves of what octets leave, where that is much; import it inside functions.

Sums in float64 take several times as long as those in float32, which tell most of what octets can't
tell apart. Values are those of `sfvq_analysis.curve.octets.sweeping`, of frames and corners as they
are; they err by no more than a tile's `loose`, and so does what is known of a frame's length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled_in_place, compiled_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.octets.room import Room

    Float32 = NDArray[np.float32]

ROUNDED = 4e-7
"""Of its length, that a frame is moved by float32."""
_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)


@compiled_within
def close_corners(n_pairs: int, geometry: Geometry, room: Room) -> int:
    """Keep the pairs, of the first so many, whose corner may be nearest; return how many those are.

    The squares of the distances to the likeliest corners are `least`.
    """
    pairs, squares = room.pairs, geometry.squares
    for pair in range(n_pairs):
        k = pairs.number[pair]
        product = _product(room.rows, pairs.at[pair], geometry.minus_two, k)
        pairs.value[pair] = -_HALF * (product + squares[k])
    _limit(geometry, room)
    n_kept = 0
    for pair in range(n_pairs):
        at, k = pairs.at[pair], pairs.number[pair]
        pairs.at[n_kept], pairs.number[n_kept] = at, k
        n_kept += not pairs.value[pair] < room.likeliest.limit[at]
    return n_kept


@compiled_within
def close_segments(n_pairs: int, kind: int, geometry: Geometry, room: Room) -> int:
    """Keep the pairs whose segment may be nearest, and those of the likeliest of their kind."""
    pairs, likeliest, squares = room.pairs, room.likeliest, geometry.squares
    for pair in range(n_pairs):
        at, k = pairs.at[pair], pairs.number[pair]
        near, far = _products(room.rows, at, geometry.minus_two, k)
        start, end = -_HALF * (near + squares[k]), -_HALF * (far + squares[k + 1])
        t = (end - start) * _TWO * geometry.half_inverses[k] + _HALF
        t = min(_ONE, max(_ZERO, t))
        pairs.value[pair] = max(end, start + t * t * _HALF * geometry.spans[k])
    _limit(geometry, room)
    n_kept = 0
    for pair in range(n_pairs):
        at, k = pairs.at[pair], pairs.number[pair]
        pairs.at[n_kept], pairs.number[n_kept] = at, k
        is_left = not pairs.value[pair] < likeliest.limit[at]
        n_kept += is_left | (k == likeliest.number[kind, at])
    return n_kept


@compiled_in_place
def _product(rows: Float32, at: int, minus_two: Float32, k: int) -> Any:
    product = _ZERO
    for j in range(minus_two.shape[1]):
        product += rows[at, j] * minus_two[k, j]
    return product


@compiled_in_place
def _products(rows: Float32, at: int, minus_two: Float32, k: int) -> tuple[Any, Any]:
    near = far = _ZERO
    for j in range(minus_two.shape[1]):
        near += rows[at, j] * minus_two[k, j]
        far += rows[at, j] * minus_two[k + 1, j]
    return near, far


@compiled_in_place
def _limit(geometry: Geometry, room: Room) -> None:
    """Fill in the values in float32 below which nothing is as near as the likeliest is."""
    rows, measures = room.rows, room.measures
    limit, least = room.likeliest.limit, room.likeliest.least
    for at in range(limit.shape[0]):
        norm = _ZERO  # scaled before it is squared, which float32 may not hold otherwise
        for j in range(rows.shape[1]):
            norm += rows[at, j] * rows[at, j]
        moved = ROUNDED * (np.sqrt(norm) + geometry.reach)
        farthest = np.sqrt(least[at]) * geometry.scale + moved
        limit[at] = 0.5 * (norm - farthest * farthest) - 2.0 * measures.loose[at]
