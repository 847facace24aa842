"""`Look`: what is seen of products with one corner after the other, to be compiled by numba.

With q_k = x~·c~_k - |c~_k|²/2, which is largest at the nearest corner, w = q_{k+1} - q_k and the
span s = |c_{k+1} - c_k|², the nearest point on segment k has t = w / s + 1/2 where that is between
0 and 1, and q is q_k + v² there, v = w / √(2 s) + √(s / 8) (`sfvq_analysis.curve.tiles.segments`).
Elsewhere, |w| > s/2, beyond all round-off, the segment counts as its start. A corner is on two
segments, and would be its own rival: so a start doesn't count where the segment before holds its
nearest point, which is nearer than its end.

What is kept of a corner or segment is a key: q, of which the last bits are its number in the tile.
So the larger of two keys brings its number along, which takes no comparison of its own.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.tiles.segments import FACTOR, LIMIT, MIDDLE
from sfvq_analysis.curve.tiles.vectors import LANES, REGISTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfvq_analysis.curve.tiles.vectors import Vectors

VECTORS = 3
FRAMES = VECTORS * LANES
"""Frames of a tile."""
CORNERS = 8 if REGISTERS > 16 else 4
"""Corners of a tile; a power of two, whose numbers take so many bits."""
KEPT = 2 * CORNERS * 2.0**-23
"""Of the larger of two keys, that their difference errs by at most, since they lost those bits."""


class _Tracked(NamedTuple):
    """Variables: the largest key so far of each lane, the second largest, the largest's tile.

    The tile is told by the number of its first corner.
    """

    best: Any
    second: Any
    tile: Any

    @classmethod
    def new(cls, on: Vectors) -> _Tracked:
        lowest = on.constant(LOWEST)
        return cls(on.variable(lowest), on.variable(lowest), on.variable(on.constant(0.0)))

    def update(self, on: Vectors, value: Any, number: int, counts: Any = None) -> None:
        """Take another value into account, which has this number in its tile, where it counts."""
        to, key = on.builder, on.numbered(value, number, CORNERS)
        best, second = to.load(self.best), to.load(self.second)
        larger, next_largest = on.larger(best, key), on.larger(second, on.smaller(key, best))
        if counts is not None:
            larger = to.select(counts, larger, best)
            next_largest = to.select(counts, next_largest, second)
        to.store(larger, self.best)
        to.store(next_largest, self.second)

    def end(self, on: Vectors, before: Any, tile: Any) -> None:
        """Note the tile where the largest isn't the one `before` the tile."""
        to = on.builder
        found = to.fcmp_ordered("!=", before, to.load(self.best))
        to.store(to.select(found, tile, to.load(self.tile)), self.tile)

    def write(self, on: Vectors, row: int, vector: int, found: Any) -> None:
        """Write the largest, the second and the largest's number to as many rows."""
        to = on.builder
        best, second, tile = (to.load(variable) for variable in self)
        number = to.fadd(tile, on.as_floats(on.number_of(best, CORNERS)))
        for at, value in enumerate((best, second, number)):
            on.store(value, on.after(found, (row + at) * FRAMES + vector * LANES))


class Look:
    """Looks at q of a tile's frames, tile by tile of corners; at segments, too, if on the curve."""

    def __init__(self, on: Vectors, *, on_curve: bool) -> None:
        self._on, self._on_curve = on, on_curve
        lowest = on.constant(LOWEST)
        self._corner = [_Tracked.new(on) for _ in range(VECTORS)]
        self._segment = [_Tracked.new(on) for _ in range(VECTORS)] if on_curve else []
        # q of the corner before, and whether the segment that ends there counts as its start
        self._before = [(on.variable(lowest), on.variable(on.everywhere())) for _ in range(VECTORS)]

    def at(self, v: int, qs: Sequence[Any], number: Any, segments: Sequence[Any]) -> None:
        """Look at q of one vector of frames with the corners after the last ones.

        The first of them has that number, and so do the terms of the segment that ends there.
        """
        on, to = self._on, self._on.builder
        tracked = [self._corner[v], *self._segment[v : v + 1]]
        before = [to.load(one.best) for one in tracked]
        for k, q in enumerate(qs):
            if self._on_curve:
                terms = [on.spread(to.load(on.after(row, k))) for row in segments]
                value, counts = _on_segment(on, self._before[v], q, terms)
                self._segment[v].update(on, value, k, counts)
            self._corner[v].update(on, q, k)
        for one, best in zip(tracked, before, strict=True):
            one.end(on, best, on.spread(number))

    def write(self, found: Any, n_corners: Any) -> None:
        """Write what was found, of so many corners as they are filled up."""
        on, to = self._on, self._on.builder
        for v in range(VECTORS):
            self._corner[v].write(on, 0, v, found)
        for v, segment in enumerate(self._segment):
            # the last corner has no segment of its own, and may be nearest
            near, free = (to.load(one) for one in self._before[v])
            best = to.load(segment.best)
            segment.update(on, near, 0, free)
            segment.end(on, best, on.spread(n_corners))
            segment.write(on, len(segment), v, found)


def _on_segment(on: Vectors, before: Any, far: Any, terms: Sequence[Any]) -> tuple[Any, Any]:
    """Return q of a segment's nearest point, or of its start; and where that counts.

    What is `before` becomes that of the next.
    """
    to = on.builder
    near, free = (to.load(one) for one in before)
    apart = to.fsub(far, near)
    root = on.multiply_add(apart, terms[FACTOR], terms[MIDDLE])
    within = on.at_most(on.absolute(apart), terms[LIMIT])
    value = to.select(within, on.multiply_add(root, root, near), near)
    to.store(far, before[0])
    to.store(to.not_(within), before[1])
    return value, to.or_(free, within)
