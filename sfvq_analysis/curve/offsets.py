"""`along_and_square`, `square_of`: sums over a frame's offset from a corner, in float64.

Of a loop whose order of additions is left open LLVM makes long vectors, and much ado before and
after: for 64 dimensions, as long again as the sums take. Here they are added eight at a time.
Where nothing is compiled, they are loops.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

try:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils, config
    from numba.core.types.containers import UniTuple
    from numba.extending import intrinsic
except ImportError:  # then nothing is compiled
    intrinsic: Any = None  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Frames = NDArray[np.floating[Any]]
    Float64 = NDArray[np.float64]

_LANES = 8
_CONTRACT = ("contract",)  # a product needn't be rounded before it is added


def _summed(context: Any, builder: Any, signature: Any, args: Any, *, along: bool) -> Any:
    """Write the sums of the offset times the step to the next corner, and times itself."""
    frames, i, corners, k = zip(signature.args, args, strict=True)
    i, k = (context.cast(builder, one, kind, types.intp) for kind, one in (i, k))
    made = [context.make_array(kind)(context, builder, one) for kind, one in (frames, corners)]
    dim = cgutils.unpack_tuple(builder, made[0].shape)[1]
    numbers = (i, k, builder.add(k, k.type(1)))[: 3 if along else 2]
    arrays = (made[0], made[1], made[1])
    rows = [
        builder.gep(one.data, [builder.mul(number, dim)])
        for one, number in zip(arrays, numbers, strict=False)
    ]
    size, others = dim.type, rows[1:]

    sums = [[_zero(builder, _WIDE) for _ in others] for _ in range(2)]
    with cgutils.for_range(builder, builder.udiv(dim, size(2 * _LANES))) as loop:
        first = builder.mul(loop.index, size(2 * _LANES))
        _add(builder, rows, first, sums[0])
        _add(builder, rows, builder.add(first, size(_LANES)), sums[1])
    with builder.if_then(builder.trunc(builder.udiv(dim, size(_LANES)), _BIT)):
        _add(builder, rows, builder.and_(dim, size(-2 * _LANES)), sums[0])
    rest = [_zero(builder, _DOUBLE) for _ in others]
    after = builder.and_(dim, size(-_LANES))
    with cgutils.for_range_slice(builder, after, dim, size(1)) as (place, _):
        _add(builder, rows, place, rest)
    totals = [_total(builder, *three) for three in zip(*sums, rest, strict=True)]
    if len(totals) == 1:
        return totals[0]
    return context.make_tuple(builder, signature.return_type, totals)


def _total(builder: Any, *sums: Any) -> Any:
    """Return the sum of two vectors and a number."""
    one, other, last = (builder.load(each) for each in sums)
    kind, name = ir.FunctionType(_DOUBLE, [_DOUBLE, _WIDE]), f"llvm.vector.reduce.fadd.v{_LANES}f64"
    lanes = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(lanes, [last, builder.fadd(one, other)], fastmath=("reassoc",))


def _zero(builder: Any, kind: Any) -> Any:
    return cgutils.alloca_once_value(builder, ir.Constant(kind, None))


def _add(builder: Any, rows: Sequence[Any], at: Any, sums: Sequence[Any]) -> None:
    """Add the products of the dimensions that begin at a place, as many as a sum holds."""
    kind = builder.load(sums[0]).type
    frame, corner, *after = (_values(builder, row, at, kind) for row in rows)
    offset = builder.fsub(frame, corner)
    steps = [builder.fsub(one, corner) for one in after]
    for total, other in zip(sums, (*steps, offset), strict=True):
        product = builder.fmul(offset, other, flags=_CONTRACT)
        builder.store(builder.fadd(product, builder.load(total), flags=_CONTRACT), total)


def _values(builder: Any, row: Any, at: Any, kind: Any) -> Any:
    """Return what is in a row from a place on, in float64."""
    place, stored = builder.gep(row, [at]), row.type.pointee
    if kind != _DOUBLE:
        stored = ir.VectorType(stored, _LANES)
        place = builder.bitcast(place, stored.as_pointer())
    found = builder.load(place)
    found.align = 4
    return found if stored == kind else builder.fpext(found, kind)


def _sums_kinds(typing: Any, frames: Any, i: Any, corners: Any, k: Any) -> Any:
    del typing
    both = UniTuple(types.float64, 2)
    return both(frames, i, corners, k), functools.partial(_summed, along=True)


def _square_kinds(typing: Any, frames: Any, i: Any, corners: Any, k: Any) -> Any:
    del typing
    return types.float64(frames, i, corners, k), functools.partial(_summed, along=False)


def along_and_square_by_loop(
    frames: Frames, i: int, corners: Float64, k: int
) -> tuple[float, float]:
    """Return what `along_and_square` does."""
    along = square = 0.0
    for j in range(frames.shape[1]):
        offset = frames[i, j] - corners[k, j]
        along += offset * (corners[k + 1, j] - corners[k, j])
        square += offset * offset
    return along, square


def square_of_by_loop(frames: Frames, i: int, corners: Float64, k: int) -> float:
    """Return what `square_of` does."""
    square = 0.0
    for j in range(frames.shape[1]):
        offset = frames[i, j] - corners[k, j]
        square += offset * offset
    return square


along_and_square: Any = along_and_square_by_loop
"""Return (x_i - c_k)·(c_{k+1} - c_k) and |x_i - c_k|²; frames and corners are in C order."""
square_of: Any = square_of_by_loop
"""Return |x_i - c_k|²; frames and corners are in C order."""
if intrinsic is not None:
    _DOUBLE, _BIT = ir.DoubleType(), ir.IntType(1)
    _WIDE = ir.VectorType(_DOUBLE, _LANES)
    if not config.DISABLE_JIT:
        along_and_square, square_of = intrinsic(_sums_kinds), intrinsic(_square_kinds)
