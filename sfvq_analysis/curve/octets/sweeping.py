"""`sweep_octets`, `mark`: tiles of corners for a tile of frames, in octets; what may be nearest.

An instruction adds four products of octets where it adds one of float32, and what it finds is
exact: the product of a frame x^ and a corner c^ that octets can say. A corner's value is q = x^·c^
- |c^|²/2, which is largest at the nearest; a segment's that of its nearest point: with w the far
end's value less the near one's, s the span and t = clamp(w / s + 1/2, 0, 1), q_near + t² s/2, or
the far end's value if that is larger. As many frames as `FRAMES` are worked on together.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.octets.octets import CORNERS, TERMS, UNROLLED
from sfvq_analysis.curve.tiles.coming import Coming
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.vectors import LANES, Vectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VECTORS = FRAMES // LANES
"""Vectors of a tile of frames, one value a frame."""
_INT = ir.IntType(32)
KINDS = 2
"""Corners, and segments; a segment has the number of the corner where it ends."""


def _swept(on: Vectors, values: Sequence[Any], n_kinds: int) -> None:
    panel, packed, starts, terms, scales, found, tops, best, listed, *rest = values
    start, n_lines, n_fours, n_listed = rest
    given, to = (panel, packed, starts, n_fours), on.builder
    coming, n_steps = Coming(start, n_lines), to.udiv(n_fours, on.size(UNROLLED))
    lowest, n_steps_in_all = on.constant(LOWEST), to.mul(n_listed, n_steps)
    sums = [[on.variable(on.spread(_INT(0))) for _ in range(VECTORS)] for _ in range(CORNERS)]
    before = [on.variable(lowest) for _ in range(VECTORS)]
    row = [kind * FRAMES for kind in range(n_kinds)]
    leading = [
        [on.variable(on.load(on.after(best, at + v * LANES))) for v in range(VECTORS)] for at in row
    ]
    following = cgutils.alloca_once_value(to, on.size(0))
    with cgutils.for_range(to, n_listed) as some:
        tile = to.load(on.after(listed, some.index))
        if n_kinds == KINDS:
            follows = to.icmp_unsigned("==", tile, to.load(following))
            with to.if_then(to.not_(follows), likely=False):
                _look_back(on, given, tile, (terms, scales, found), sums, before)
            to.store(to.add(tile, on.size(1)), following)
        asked = to.mul(some.index, n_steps)
        with _multiplied(on, given, tile, sums) as step:
            coming.ask(on, to.add(asked, step), n_steps_in_all)
        of_tile = on.after(terms, on.place(tile, TERMS * CORNERS))
        place = on.after(found, on.place(tile, CORNERS * FRAMES))
        top = on.after(tops, on.place(tile, KINDS * FRAMES))
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
    for at, variables in zip(row, leading, strict=True):
        for v, variable in enumerate(variables):
            on.store(to.load(variable), on.after(best, at + v * LANES))


def _look_back(
    on: Vectors,
    given: tuple[Any, ...],
    tile: Any,
    rows: tuple[Any, Any, Any],
    sums: list[list[Any]],
    before: list[Any],
) -> None:
    """Find the values of the corner before a tile, where the one before isn't swept just now."""
    to, (terms, scales, found) = on.builder, rows
    tile, last = to.sub(tile, on.size(1)), CORNERS - 1
    with _multiplied(on, given, tile, sums[last:]):
        pass
    start = _terms(on, on.after(terms, on.place(tile, TERMS * CORNERS)), last)[0]
    place = on.after(found, on.place(tile, CORNERS * FRAMES), last * FRAMES)
    for v in range(VECTORS):
        scale = on.load(on.after(scales, v * LANES))
        q = on.multiply_add(on.as_floats(to.load(sums[last][v])), scale, start)
        on.store(q, on.after(place, v * LANES))
        to.store(q, before[v])


@contextmanager
def _multiplied(
    on: Vectors, given: tuple[Any, ...], tile: Any, sums: list[list[Any]]
) -> Iterator[Any]:
    """Sum up the products of a tile's last corners, one for each row of sums.

    What is written within is done at each step, of which the number is given.
    """
    to, (panel, packed, starts, n_fours) = on.builder, given
    corners = on.after(packed, on.place(tile, n_fours, CORNERS))
    here = list(enumerate(sums, CORNERS - len(sums)))
    for k, row in here:
        start = on.spread(to.load(on.after(starts, on.place(tile, CORNERS), k)))
        for v in range(VECTORS):
            to.store(start, row[v])
    with cgutils.for_range(to, to.udiv(n_fours, on.size(UNROLLED))) as some:
        yield some.index
        for step in range(UNROLLED):
            j = to.add(on.place(some.index, UNROLLED), on.size(step))
            frames = on.after(panel, on.place(j, FRAMES))
            values = [on.load(on.after(frames, v * LANES)) for v in range(VECTORS)]
            for k, row in here:
                four = on.spread(to.load(on.after(corners, on.place(j, CORNERS), k)))
                for v in range(VECTORS):
                    to.store(on.add_fours(to.load(row[v]), values[v], four), row[v])


def _terms(on: Vectors, of_tile: Any, k: int) -> list[Any]:
    places = (on.after(of_tile, TERMS * k + term) for term in range(TERMS))
    return [on.spread(on.builder.load(place)) for place in places]


def _inside(on: Vectors, near: Any, far: Any, inverse: Any, half: Any) -> Any:
    """Return a segment's value unless its far end is nearest."""
    t = on.multiply_add(on.builder.fsub(far, near), inverse, on.constant(0.5))
    t = on.smaller(on.larger(t, on.constant(0.0)), on.constant(1.0))
    return on.multiply_add(on.builder.fmul(t, t), half, near)


def _marked(on: Vectors, values: Sequence[Any], n_kinds: int) -> None:
    terms, found, tops, limits, places, masks, likely, listed, n_listed = values
    to = on.builder
    count = cgutils.alloca_once_value(to, on.size(0))
    with cgutils.for_range(to, n_listed) as some_tile:
        tile = to.load(on.after(listed, some_tile.index))
        top = on.after(tops, on.place(tile, KINDS * FRAMES))
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
                number = to.add(on.place(tile, VECTORS), on.size(v))
                to.store(number, on.after(places, to.add(at, on.size(1))))
                mask = on.after(masks, on.place(at, KINDS * CORNERS))
                value = on.after(likely, on.place(at, KINDS * CORNERS * LANES))
                for k, ends in enumerate(_values(on, terms, found, (tile, v), n_kinds)):
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


def _written(name: str, write: Any, n_kinds: int, *, shapes: dict[int, int], n_coming: int) -> Any:
    """Return what writes a function of arrays, and of some numbers of their shapes.

    Those are by the array's place: of which dimension. The last `n_coming` arrays are only asked
    for.
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
        values += [begun[place][1][dimension] for place, dimension in shapes.items()]
        on.call(f"{name}_{n_kinds}", values, inside)
        return context.get_dummy_value()

    return generate


def _sweep(n_kinds: int) -> Any:
    write = _written("sweep_octets", _swept, n_kinds, shapes={1: 1, 8: 0}, n_coming=1)

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
        tiles: Any,
        coming: Any,
    ) -> Any:
        del typing
        given = panel, fours, starts, terms, scales, values, tops, best, tiles, coming
        return types.void(*given), write

    return intrinsic(kinds)


def _mark(n_kinds: int) -> Any:
    write = _written("mark", _marked, n_kinds, shapes={7: 0}, n_coming=0)

    def kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
        typing: Any,
        terms: Any,
        values: Any,
        tops: Any,
        limits: Any,
        places: Any,
        masks: Any,
        likely: Any,
        tiles: Any,
    ) -> Any:
        del typing
        return types.void(terms, values, tops, limits, places, masks, likely, tiles), write

    return intrinsic(kinds)


def _lowest_kinds(typing: Any, mask: Any) -> Any:
    del typing

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        del context, signature
        return builder.zext(builder.cttz(args[0], ir.IntType(1)(1)), ir.IntType(64))

    return types.int64(mask), generate


sweep_octets: Any = _sweep(KINDS)
"""Fill in values of corners (tiles, CORNERS, FRAMES), the largest of each tile's corners and
segments (tiles, KINDS, FRAMES), and the largest of all and of what was there (KINDS, FRAMES).

Of frames' octets, four to a number (fours, FRAMES), the corners of `Octets`, the scale of each
frame's products (FRAMES,), and the listed tiles (n,), in order. The frames that are coming, last,
are asked for from memory meanwhile.
"""
sweep_octet_corners: Any = _sweep(1)
"""Fill in the same of corners alone; what is for segments is left as it was."""
mark: Any = _mark(KINDS)
"""List the vectors of listed tiles in which some values reach the limits (KINDS, FRAMES).

``places`` begins with their number; each is a tile's number times `VECTORS` and its vector. Then
those values (places, KINDS, CORNERS, LANES), and bits that tell which of them reach the limit
(places, KINDS, CORNERS). What isn't a number does.
"""
mark_corners: Any = _mark(1)
"""List the same of corners alone."""
lowest: Any = intrinsic(_lowest_kinds)
"""Return the place of a number's lowest bit that is set; one is."""
