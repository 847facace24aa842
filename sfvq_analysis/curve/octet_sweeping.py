"""`sweep_octets`, `mark`: all corners for a tile of frames, in octets, and what may be nearest.

An instruction adds four products of octets where it adds one of float32, and what it finds is
exact: the product of a frame x^ and a corner c^ that octets can say. A corner's value is q = x^·c^
- |c^|²/2, which is largest at the nearest; a segment's that of its nearest point: with w the far
end's value less the near one's, s the span and t = clamp(w / s + 1/2, 0, 1), q_near + t² s/2, or
the far end's value if that is larger. As many frames as `FRAMES` are worked on together.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.coming import Coming
from sfvq_analysis.curve.octets import CORNERS, LOWEST, TERMS, UNROLLED
from sfvq_analysis.curve.sweeping import FRAMES
from sfvq_analysis.curve.vectors import LANES, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

VECTORS = FRAMES // LANES
"""Vectors of a tile of frames, one value a frame."""
_INT = ir.IntType(32)
KINDS = 2
"""Corners, and segments; a segment has the number of the corner where it ends."""


def _swept(on: Vectors, values: Sequence[Any], n_kinds: int) -> None:
    panel, packed, starts, terms, scales, found, tops, best, *rest = values
    start, n_lines, n_tiles, n_fours = rest
    coming, shape = Coming(start, n_lines), (n_tiles, n_fours)
    to, lowest = on.builder, on.constant(LOWEST)
    sums = [[on.variable(on.spread(_INT(0))) for _ in range(VECTORS)] for _ in range(CORNERS)]
    before = [on.variable(lowest) for _ in range(VECTORS)]
    leading = [[on.variable(lowest) for _ in range(VECTORS)] for _ in range(n_kinds)]
    with cgutils.for_range(to, n_tiles) as tiles:
        _multiply(on, (panel, packed, starts), shape, tiles.index, sums, coming)
        of_tile = on.after(terms, on.place(tiles.index, TERMS * CORNERS))
        place = on.after(found, on.place(tiles.index, CORNERS * FRAMES))
        top = on.after(tops, on.place(tiles.index, KINDS * FRAMES))
        for v in range(VECTORS):  # one after the other: there are no registers for more
            scale = on.load(on.after(scales, v * LANES))
            largest = [lowest] * n_kinds
            for k in range(CORNERS):
                start, *of_segment = _terms(on, of_tile, k)
                q = on.multiply_add(on.as_floats(to.load(sums[k][v])), scale, start)
                on.store(q, on.after(place, k * FRAMES + v * LANES))
                largest[0] = on.larger(q, largest[0])
                if n_kinds == KINDS:
                    value = _inside(on, to.load(before[v]), q, *of_segment)
                    largest[1] = on.larger(value, largest[1])
                    to.store(q, before[v])
            if n_kinds == KINDS:  # each corner is the far end of a segment
                largest[1] = on.larger(*largest)
            for kind, variable in enumerate(row[v] for row in leading):
                on.store(largest[kind], on.after(top, kind * FRAMES + v * LANES))
                to.store(on.larger(largest[kind], to.load(variable)), variable)
    for kind in range(n_kinds):
        for v in range(VECTORS):
            on.store(to.load(leading[kind][v]), on.after(best, kind * FRAMES + v * LANES))


def _multiply(
    on: Vectors,
    given: tuple[Any, ...],
    shape: tuple[Any, Any],
    tile: Any,
    sums: list[list[Any]],
    coming: Coming,
) -> None:
    """Sum up the products of a tile of corners; ask for what is coming meanwhile."""
    to, (panel, packed, starts), (n_tiles, n_fours) = on.builder, given, shape
    n_steps = to.udiv(n_fours, on.size(UNROLLED))
    corners = on.after(packed, on.place(tile, n_fours, CORNERS))
    for k in range(CORNERS):
        start = on.spread(to.load(on.after(starts, on.place(tile, CORNERS), k)))
        for v in range(VECTORS):
            to.store(start, sums[k][v])
    with cgutils.for_range(to, n_steps) as some:
        coming.ask(on, to.add(to.mul(tile, n_steps), some.index), to.mul(n_tiles, n_steps))
        for step in range(UNROLLED):
            j = to.add(on.place(some.index, UNROLLED), on.size(step))
            frames = on.after(panel, on.place(j, FRAMES))
            values = [on.load(on.after(frames, v * LANES)) for v in range(VECTORS)]
            for k in range(CORNERS):
                four = on.spread(to.load(on.after(corners, on.place(j, CORNERS), k)))
                for v in range(VECTORS):
                    to.store(on.add_fours(to.load(sums[k][v]), values[v], four), sums[k][v])


def _terms(on: Vectors, of_tile: Any, k: int) -> list[Any]:
    places = (on.after(of_tile, TERMS * k + term) for term in range(TERMS))
    return [on.spread(on.builder.load(place)) for place in places]


def _inside(on: Vectors, near: Any, far: Any, inverse: Any, half: Any) -> Any:
    """Return a segment's value unless its far end is nearest."""
    t = on.multiply_add(on.builder.fsub(far, near), inverse, on.constant(0.5))
    t = on.smaller(on.larger(t, on.constant(0.0)), on.constant(1.0))
    return on.multiply_add(on.builder.fmul(t, t), half, near)


def _marked(on: Vectors, values: Sequence[Any], n_kinds: int) -> None:
    terms, found, tops, limits, places, masks, likely, n_tiles = values
    to = on.builder
    count = cgutils.alloca_once_value(to, on.size(0))
    with cgutils.for_range(to, n_tiles) as tiles:
        top = on.after(tops, on.place(tiles.index, KINDS * FRAMES))
        for v in range(VECTORS):
            of_kind = [kind * FRAMES + v * LANES for kind in range(n_kinds)]
            limit = [on.load(on.after(limits, at)) for at in of_kind]
            reached = [
                _reaches(on, on.load(on.after(top, at)), one)
                for at, one in zip(of_kind, limit, strict=True)
            ]
            some = on.bits(reached[0] if n_kinds == 1 else to.or_(*reached))
            with to.if_then(to.icmp_unsigned("!=", some, some.type(0))):
                at = to.load(count)
                to.store(to.add(at, on.size(1)), count)
                number = to.add(on.place(tiles.index, VECTORS), on.size(v))
                to.store(number, on.after(places, to.add(at, on.size(1))))
                mask = on.after(masks, on.place(at, KINDS * CORNERS))
                value = on.after(likely, on.place(at, KINDS * CORNERS * LANES))
                for k, ends in enumerate(_values(on, terms, found, (tiles.index, v), n_kinds)):
                    for kind, one in enumerate(ends):
                        row = kind * CORNERS + k
                        on.store(one, on.after(value, row * LANES))
                        to.store(on.bits(_reaches(on, one, limit[kind])), on.after(mask, row))
    to.store(to.load(count), places)


def _values(
    on: Vectors, terms: Any, found: Any, at: tuple[Any, int], n_kinds: int
) -> list[list[Any]]:
    """Return, of each corner of a tile, its value and that of the segment that ends there."""
    to, (tile, v) = on.builder, at
    place = on.after(found, on.place(tile, CORNERS * FRAMES), v * LANES)
    ends = [on.load(on.after(place, k * FRAMES)) for k in range(CORNERS)]
    if n_kinds == 1:
        return [[end] for end in ends]
    first = to.icmp_unsigned("==", tile, on.size(0))  # before it there is nothing to be read
    back = to.select(first, on.size(0), on.size(-FRAMES))
    near = to.select(on.spread(first), on.constant(LOWEST), on.load(on.after(place, back)))
    of_tile, both = on.after(terms, on.place(tile, TERMS * CORNERS)), []
    for k, far in enumerate(ends):
        value = _inside(on, near, far, *_terms(on, of_tile, k)[1:])
        both.append([far, on.larger(value, far)])
        near = far
    return both


def _reaches(on: Vectors, value: Any, limit: Any) -> Any:
    """Tell where a value isn't below the limit, as it isn't if one is NaN."""
    return on.builder.not_(on.exceeds(limit, value))


def _written(
    name: str, write: Any, n_kinds: int, *, shaping: int, n_numbers: int, n_coming: int = 0
) -> Any:
    """Return what writes a function of arrays, and of the first numbers of one array's shape.

    The last `n_coming` arrays are what is only asked for.
    """

    def inside(there: Vectors, values: Sequence[Any]) -> None:
        write(there, values, n_kinds)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        on, given = Vectors(builder), list(zip(signature.args, args, strict=True))
        n_begun = len(given) - n_coming
        begun = [on.begin(context, kind, one) for kind, one in given[:n_begun]]
        values = [start for start, _ in begun]
        for kind, one in given[n_begun:]:
            values += Coming.begin(on, context, kind, one)
        values += begun[shaping][1][:n_numbers]
        on.call(f"{name}_{n_kinds}", values, inside)
        return context.get_dummy_value()

    return generate


def _sweep(n_kinds: int) -> Any:
    write = _written("sweep_octets", _swept, n_kinds, shaping=1, n_numbers=2, n_coming=1)

    def kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
        typing: Any,
        panel: Any,
        fours: Any,
        starts: Any,
        terms: Any,
        scales: Any,
        values: Any,
        tops: Any,
        best: Any,
        coming: Any,
    ) -> Any:
        del typing
        given = panel, fours, starts, terms, scales, values, tops, best, coming
        return types.void(*given), write

    return intrinsic(kinds)


def _mark(n_kinds: int) -> Any:
    write = _written("mark", _marked, n_kinds, shaping=0, n_numbers=1)

    def kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
        typing: Any,
        terms: Any,
        values: Any,
        tops: Any,
        limits: Any,
        places: Any,
        masks: Any,
        likely: Any,
    ) -> Any:
        del typing
        return types.void(terms, values, tops, limits, places, masks, likely), write

    return intrinsic(kinds)


def _lowest_kinds(typing: Any, mask: Any) -> Any:
    del typing

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        del context, signature
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), ir.IntType(64))

    return types.int64(mask), generate


sweep_octets: Any = _sweep(KINDS)
"""Fill in values of corners (tiles, CORNERS, FRAMES), the largest of each tile's corners and
segments (tiles, KINDS, FRAMES), and the largest of all (KINDS, FRAMES).

Of frames' octets, four to a number (fours, FRAMES), the corners of `Octets`, and the scale of each
frame's products (FRAMES,). The frames that are coming, last, are asked for from memory meanwhile.
"""
sweep_octet_corners: Any = _sweep(1)
"""Fill in the same of corners alone; what is for segments is left as it was."""
mark: Any = _mark(KINDS)
"""List the vectors of values in which some reach the limits (KINDS, FRAMES), by `tops`.

``places`` begins with their number; each is a tile's number times `VECTORS` and its vector. Then
those values (places, KINDS, CORNERS, LANES), and bits that tell which of them reach the limit
(places, KINDS, CORNERS). What isn't a number does.
"""
mark_corners: Any = _mark(1)
"""List the same of corners alone."""
lowest: Any = intrinsic(_lowest_kinds)
"""Return the place of a number's lowest bit that is set; one is."""
