"""`sweep_curve`, `sweep_corners`: products of a tile of frames, looked at where they are computed.

A product of all frames with all corners is written to memory and read again by whoever looks at
it, which takes as long as the product itself. Here the products of `FRAMES` frames with `CORNERS`
corners are summed up in registers, and all that leaves them is each frame's best and second best.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.tiles.coming import Coming
from sfvq_analysis.curve.tiles.looking import CORNERS, FRAMES, VECTORS, Look
from sfvq_analysis.curve.tiles.segments import TERMS
from sfvq_analysis.curve.tiles.vectors import LANES, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

UNROLLED = 4
"""Dimensions come in so many at a time."""


def _swept(on: Vectors, values: Sequence[Any]) -> None:
    """Write the sweep over all corners, and over segments if their terms are given."""
    panel, packed, starts, *segments, found, start, n_lines, n_tiles, dim = values
    coming, look = Coming(start, n_lines), Look(on, on_curve=bool(segments))
    to, lowest = on.builder, on.constant(LOWEST)
    n_corners, n_steps = on.place(n_tiles, CORNERS), to.udiv(dim, on.size(UNROLLED))
    n_steps_in_all = to.mul(n_tiles, n_steps)
    rows = [on.after(one, on.place(n_corners, row)) for one in segments for row in range(TERMS)]
    sums = [[on.variable(lowest) for _ in range(VECTORS)] for _ in range(CORNERS)]
    with cgutils.for_range(to, n_tiles) as tiles:
        first = on.place(tiles.index, CORNERS)
        corners = on.after(packed, on.place(first, dim))
        for k in range(CORNERS):
            start = on.spread(to.load(on.after(starts, first, k)))
            for v in range(VECTORS):
                to.store(start, sums[k][v])
        with cgutils.for_range(to, n_steps) as some:
            coming.ask(on, to.add(to.mul(tiles.index, n_steps), some.index), n_steps_in_all)
            for step in range(UNROLLED):
                j = to.add(on.place(some.index, UNROLLED), on.size(step))
                _add_products(on, on.after(panel, on.place(j, FRAMES)), corners, j, sums)
        number, terms = on.as_float(first), [on.after(row, first) for row in rows]
        for v in range(VECTORS):  # one after the other: there are no registers for more
            look.at(v, [to.load(row[v]) for row in sums], number, terms)
    look.write(found, on.as_float(n_corners))


def _multiplied(on: Vectors, values: Sequence[Any]) -> None:
    """Write products of all corners."""
    panel, packed, products, n_tiles, dim = values
    to, zero, times = on.builder, on.constant(0.0), on.constant(-2.0)
    sums = [[on.variable(zero) for _ in range(VECTORS)] for _ in range(CORNERS)]
    with cgutils.for_range(to, n_tiles) as tiles:
        corners = on.after(packed, on.place(tiles.index, dim, CORNERS))
        for one in (one for row in sums for one in row):
            to.store(zero, one)
        with cgutils.for_range(to, dim) as dimensions:
            j = dimensions.index
            _add_products(on, on.after(panel, on.place(j, FRAMES)), corners, j, sums)
        for k in range(CORNERS):
            row = on.after(products, on.place(tiles.index, CORNERS * FRAMES), k * FRAMES)
            for v in range(VECTORS):
                on.store(to.fmul(to.load(sums[k][v]), times), on.after(row, v * LANES))


def _add_products(on: Vectors, frames: Any, corners: Any, j: Any, sums: list[list[Any]]) -> None:
    """Add those of one dimension."""
    to = on.builder
    values = [on.load(on.after(frames, v * LANES)) for v in range(VECTORS)]
    for k in range(CORNERS):
        coordinate = on.spread(to.load(on.after(corners, on.place(j, CORNERS), k)))
        for v in range(VECTORS):
            to.store(on.multiply_add(values[v], coordinate, to.load(sums[k][v])), sums[k][v])


def _sweep(name: str, context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on = Vectors(builder)
    *given, coming = zip(signature.args, args, strict=True)
    arrays = [on.begin(context, kind, one) for kind, one in given]
    (_, (n_tiles, dim, _)) = arrays[1]
    starts = [start for start, _ in arrays]
    values = [*starts, *Coming.begin(on, context, *coming), n_tiles, dim]
    on.call(name, values, _swept)
    return context.get_dummy_value()


def _multiply(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on = Vectors(builder)
    given = zip(signature.args, args, strict=True)
    (panel, _), (packed, (n_tiles, dim, _)), (products, _) = (
        on.begin(context, kind, one) for kind, one in given
    )
    on.call("multiply_tiles", [panel, packed, products, n_tiles, dim], _multiplied)
    return context.get_dummy_value()


def _turn(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on = Vectors(builder)
    (rows, shape), (panel, _) = (
        on.begin(context, kind, one) for kind, one in zip(signature.args, args, strict=True)
    )
    dim, lanes = shape[1], on.size(LANES)
    with cgutils.for_range(builder, builder.udiv(dim, lanes)) as some:
        first = builder.mul(some.index, lanes)
        for v in range(VECTORS):
            places = [on.after(rows, on.place(dim, v * LANES + i), first) for i in range(LANES)]
            for i, column in enumerate(_turned(on, [on.load(one) for one in places])):
                on.store(column, on.after(panel, on.place(first, FRAMES), i * FRAMES + v * LANES))
    return context.get_dummy_value()


def _turned_frames(on: Vectors, values: Sequence[Any]) -> None:
    """Write columns of frames less the centre, scaled, and the sums of squares before that."""
    frames, centre, scale, panel, squares, dim = values
    to, times = on.builder, on.spread(scale)
    sums = [on.variable(on.constant(0.0)) for _ in range(VECTORS)]
    with cgutils.for_range_slice(to, on.size(0), dim, on.size(LANES)) as (first, _):
        middle = on.load(on.after(centre, first))
        for v in range(VECTORS):
            places = [on.place(dim, v * LANES + i) for i in range(LANES)]
            rows = [to.fsub(on.load(on.after(frames, one, first)), middle) for one in places]
            total = to.load(sums[v])
            for i, column in enumerate(_turned(on, rows)):
                place = on.after(panel, on.place(first, FRAMES), i * FRAMES + v * LANES)
                on.store(to.fmul(column, times), place)
                total = on.multiply_add(column, column, total)
            to.store(total, sums[v])
    for v in range(VECTORS):
        on.store(to.load(sums[v]), on.after(squares, v * LANES))


def _turn_frames(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    if {getattr(kind, "dtype", kind) for kind in signature.args} != {types.float32, types.intp}:
        return cgutils.false_bit
    on, (_, first, _, scale, _, _) = Vectors(builder), args
    given = zip(signature.args, args, strict=True)
    arrays = [on.begin(context, kind, one) for kind, one in given if isinstance(kind, types.Array)]
    (frames, (_, dim)), (centre, _), (panel, _), (squares, _) = arrays
    start = on.after(frames, builder.mul(first, dim))
    on.call("turn_frames", [start, centre, scale, panel, squares, dim], _turned_frames)
    return cgutils.true_bit


def _turned(on: Vectors, rows: list[Any]) -> list[Any]:
    """Return the columns of a square: quarters change places, then quarters of quarters."""
    width = LANES // 2
    while width:
        upper = [LANES + i - width if i & width else i for i in range(LANES)]
        lower = [LANES + i if i & width else i + width for i in range(LANES)]
        for i in range(LANES):
            if not i & width:
                pair = rows[i], rows[i + width]
                rows[i], rows[i + width] = on.picked(*pair, upper), on.picked(*pair, lower)
        width //= 2
    return rows


def _sweep_curve_kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
    typing: Any, panel: Any, packed: Any, starts: Any, segments: Any, found: Any, coming: Any
) -> Any:
    del typing
    given = panel, packed, starts, segments, found, coming
    return types.void(*given), functools.partial(_sweep, "sweep_curve")


def _sweep_corners_kinds(
    typing: Any, panel: Any, packed: Any, starts: Any, found: Any, coming: Any
) -> Any:
    del typing
    given = panel, packed, starts, found, coming
    return types.void(*given), functools.partial(_sweep, "sweep_corners")


def _multiply_kinds(typing: Any, panel: Any, packed: Any, products: Any) -> Any:
    del typing
    return types.void(panel, packed, products), _multiply


def _turn_kinds(typing: Any, rows: Any, panel: Any) -> Any:
    del typing
    return types.void(rows, panel), _turn


def _turn_frames_kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
    typing: Any, frames: Any, first: Any, centre: Any, scale: Any, panel: Any, squares: Any
) -> Any:
    del typing, first
    return types.boolean(frames, types.intp, centre, scale, panel, squares), _turn_frames


sweep_curve: Any = intrinsic(_sweep_curve_kinds)
"""Fill in q of the best corner, of the second best and the best's number, for a tile of frames.

Then the same of segments, of which each has the number of the corner where it ends: ``(panel (dim,
FRAMES), packed (tiles, dim, CORNERS), starts (tiles · CORNERS,), segments (TERMS, tiles · CORNERS),
found (6, FRAMES), coming (n, dim))``. A sum begins with its start, -|c~|²/2; a segment's terms have
its number, too. The frames that are coming are asked for from memory meanwhile.
"""
sweep_corners: Any = intrinsic(_sweep_corners_kinds)
"""Fill in the first three rows alone, as `sweep_curve`, without segments."""
multiply: Any = intrinsic(_multiply_kinds)
"""Fill in -2 x~·c~ of a tile of frames and all corners: ``(panel (dim, FRAMES), packed (tiles, dim,
CORNERS), products (tiles · CORNERS, FRAMES))``."""
turn: Any = intrinsic(_turn_kinds)
"""Write rows (FRAMES, dim) as columns (dim, FRAMES), `LANES` by `LANES`, which divides dim."""
turn_frames: Any = intrinsic(_turn_frames_kinds)
"""Write `FRAMES` of the frames (n, dim) from a first one on, less the centre (dim,) and scaled, as
columns of the panel (dim, FRAMES), and |x - centre|²; `LANES` divides dim.

Only if all are float32, scale included; False for others, and nothing is written.
"""
