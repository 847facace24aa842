"""`round_frames`: frames less the centre in octets, and what is lost by that.

A frame's coordinates become whole numbers of its unit, a `LEVELS`th of its largest coordinate:
x^_j = unit (u_j - ZERO), u_j from 1 to 255. What is lost, |x~ - x^|², is summed up on the way.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.octets.octets import LEVELS, ZERO
from sfvq_analysis.curve.tiles.vectors import LANES, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOGETHER = 4  # frames at a time: each waits for its own sums
_SMALLEST = 1e-30  # unit with an inverse; of a frame with less, all is lost
_FLOAT, _DOUBLE, _CONTRACT = ir.FloatType(), ir.DoubleType(), ("contract",)


def _rounded(on: Vectors, values: Sequence[Any]) -> None:
    frames, centre, scale, rows, octets, units, norms, lost, squares, n_frames, dim, wide = values
    to, last = on.builder, on.builder.sub(n_frames, on.size(1))
    groups = to.udiv(to.add(last, on.size(_TOGETHER)), on.size(_TOGETHER))
    with cgutils.for_range(to, groups) as group:
        numbers = [to.add(on.place(group.index, _TOGETHER), on.size(i)) for i in range(_TOGETHER)]
        # where there are no more, the last is done again
        numbers = [to.select(to.icmp_unsigned("<", one, last), one, last) for one in numbers]
        given = [on.after(frames, on.place(one, dim)) for one in numbers]
        centred = [on.after(rows, on.place(one, wide)) for one in numbers]
        written = [on.after(octets, on.place(one, wide)) for one in numbers]
        square, largest = _centre(on, given, centre, scale, centred, dim)
        here = []
        for number, total, top in zip(numbers, square, largest, strict=True):
            found = on.sum(to.load(total))
            found = found if found.type == _FLOAT else to.fptrunc(found, _FLOAT)
            to.store(found, on.after(squares, number))
            unit = to.fmul(on.largest(to.load(top)), _FLOAT(1 / LEVELS))
            to.store(unit, on.after(units, number))
            here.append(unit)
        norm, apart = _round(on, centred, here, written, dim)
        for i, number in enumerate(numbers):
            to.store(on.sum(to.load(norm[i])), on.after(norms, number))
            to.store(on.sum(to.load(apart[i])), on.after(lost, number))


def _centre(
    on: Vectors, given: list[Any], centre: Any, scale: Any, centred: list[Any], dim: Any
) -> tuple[list[Any], list[Any]]:
    """Write frames less the centre, scaled; return their squares' sums and largest coordinates.

    What is left of the dimensions after whole vectors is in its place already, and only looked at.
    """
    to, several = on.builder, range(len(given))
    wide = _DOUBLE in (centre.type.pointee, given[0].type.pointee)
    kind = ir.VectorType(_DOUBLE if wide else _FLOAT, LANES)
    square = [on.variable(ir.Constant(kind, None)) for _ in several]
    largest = [on.variable(on.constant(0.0)) for _ in several]
    whole = to.and_(dim, on.size(-LANES))
    times = on.spread(scale)
    times = times if times.type == kind else to.fpext(times, kind)
    with cgutils.for_range_slice(to, on.size(0), whole, on.size(LANES)) as (at, _):
        middle = on.load(on.after(centre, at))
        for i in several:
            value = on.load(on.after(given[i], at))
            value, off = (
                one if one.type == kind else to.fpext(one, kind) for one in (value, middle)
            )
            value = to.fsub(value, off)
            product = to.fmul(value, value, flags=_CONTRACT)
            to.store(to.fadd(product, to.load(square[i]), flags=_CONTRACT), square[i])
            value = to.fmul(value, times)
            value = to.fptrunc(value, on.constant(0.0).type) if wide else value
            on.store(value, on.after(centred[i], at))
            to.store(on.larger(on.absolute(value), to.load(largest[i])), largest[i])
    with to.if_then(to.icmp_unsigned("<", whole, dim)):
        for i in several:
            value = on.absolute(on.load(on.after(centred[i], whole)))
            to.store(on.larger(value, to.load(largest[i])), largest[i])
    return square, largest


def _round(
    on: Vectors, centred: list[Any], units: list[Any], written: list[Any], dim: Any
) -> tuple[list[Any], list[Any]]:
    """Write octets; return the sums of |x^|² in units, and of what is lost."""
    to, several = on.builder, range(len(centred))
    norm, apart = ([on.variable(on.constant(0.0)) for _ in several] for _ in range(2))
    inverse, minus = [], []
    for unit in units:
        held = to.fcmp_ordered(">", unit, _FLOAT(_SMALLEST))
        inverse.append(on.spread(to.select(held, to.fdiv(_FLOAT(1.0), unit), _FLOAT(0.0))))
        minus.append(on.spread(to.fneg(unit)))
    stop = to.and_(to.add(dim, on.size(LANES - 1)), on.size(-LANES))
    with cgutils.for_range_slice(to, on.size(0), stop, on.size(LANES)) as (at, _):
        for i in several:
            value = on.load(on.after(centred[i], at))
            octet = on.as_whole(on.multiply_add(value, inverse[i], on.constant(ZERO + 0.5)))
            on.store(on.as_octets(octet), on.after(written[i], at))
            said = to.fsub(on.as_floats(octet), on.constant(ZERO))
            off = on.multiply_add(said, minus[i], value)
            to.store(on.multiply_add(said, said, to.load(norm[i])), norm[i])
            to.store(on.multiply_add(off, off, to.load(apart[i])), apart[i])
    return norm, apart


def _round_frames(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on = Vectors(builder)
    values, shapes = [], []
    for kind, one in zip(signature.args, args, strict=True):
        if isinstance(kind, types.Array):
            start, shape = on.begin(context, kind, one)
            values.append(start)
            shapes.append(shape)
        else:
            values.append(one)
    (n_frames, dim), (_, wide) = shapes[0], shapes[2]
    on.call("round_frames", [*values, n_frames, dim, wide], _rounded)
    return context.get_dummy_value()


def _kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
    typing: Any,
    frames: Any,
    centre: Any,
    scale: Any,
    rows: Any,
    octets: Any,
    units: Any,
    norms: Any,
    lost: Any,
    squares: Any,
) -> Any:
    del typing
    kinds = frames, centre, scale, rows, octets, units, norms, lost, squares
    return types.void(*kinds), _round_frames


round_frames: Any = intrinsic(_kinds)
"""Fill in rows (FRAMES, wide) and octets of frames (n, dim); then, of each frame, its unit, |x^|²
in units, |x~ - x^|² and |x - centre|².

Dimensions after the last whole vector are in the rows before, scaled, with zeros up to a whole
vector; they aren't counted in the last.
"""
