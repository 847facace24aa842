"""`Look`: what is seen of products with one corner after the other, to be compiled by numba.

With q_k = x~·c~_k - |c~_k|²/2, which is largest at the nearest corner, w = q_{k+1} - q_k and the
span s = |c_{k+1} - c_k|², the nearest point on segment k has t = clamp(w / s + 1/2, 0, 1), and q is
q_k + t² s/2 there. A corner is on two segments, and would be its own rival: one that is beyond all
round-off nearest at its far end (w > s/2) counts as its near end only, since the far one is the
start of the next; and the start of a segment that is nearest there (w < -s/2) doesn't count where
the segment before holds it. (If that one's own start didn't count, it is farther ahead than this.)

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.geometry import LOWEST
from sfvq_analysis.curve.tiles.vectors import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.tiles.vectors import Vectors

    Float32 = NDArray[np.float32]

VECTORS = 3
FRAMES = VECTORS * LANES
"""Frames of a tile."""
TERMS = 4
"""Numbers of a corner besides its coordinates: -|c~|²/2, of the span of the segment that ends there
the inverse and half, and the corner's number."""


class _Tracked(NamedTuple):
    """Variables: the largest so far of each lane, the second largest, the number of the largest."""

    best: Any
    second: Any
    number: Any

    @classmethod
    def new(cls, on: Vectors) -> _Tracked:
        lowest = on.constant(LOWEST)
        return cls(on.variable(lowest), on.variable(lowest), on.variable(on.constant(0.0)))

    def update(self, on: Vectors, value: Any, number: Any) -> None:
        """Take another value into account, which has the given number."""
        to = on.builder
        best, second = to.load(self.best), to.load(self.second)
        better = on.exceeds(value, best)
        to.store(on.larger(second, on.smaller(value, best)), self.second)
        to.store(to.select(better, number, to.load(self.number)), self.number)
        to.store(to.select(better, value, best), self.best)

    def write(self, on: Vectors, row: int, vector: int, found: Any) -> None:
        """Write all three to as many rows."""
        for at, variable in enumerate(self):
            place = (row + at) * FRAMES + vector * LANES
            on.store(on.builder.load(variable), on.after(found, place))


def terms_of(geometry: Geometry, n_rows: int) -> Float32:
    """Return the terms of a codebook's corners, (tiles, n_rows, TERMS).

    Those that fill up the last tile are never the best.
    """
    n_corners = len(geometry.squares)
    n_tiles = -(-n_corners // n_rows)
    terms = np.zeros((n_tiles * n_rows, TERMS), np.float32)
    terms[:, 0] = LOWEST
    terms[:n_corners, 0] = -0.5 * geometry.squares
    terms[1:n_corners, 1] = 2 * geometry.half_inverses
    terms[1:n_corners, 2] = 0.5 * geometry.spans
    terms[:, 3] = np.arange(len(terms))
    return terms.reshape(n_tiles, n_rows, TERMS)


class Look:
    """Looks at q of a tile's frames, corner by corner; at segments, too, with a margin."""

    def __init__(self, on: Vectors, margin: Any = None) -> None:
        self._on, self._margin = on, margin
        lowest = on.constant(LOWEST)
        self._corner = [_Tracked.new(on) for _ in range(VECTORS)]
        self._segment = [_Tracked.new(on) for _ in range(VECTORS)]
        # q of the corner before, and whether it isn't on the segment that ends there, as far as
        # counts
        self._before = [(on.variable(lowest), on.variable(on.everywhere())) for _ in range(VECTORS)]

    def at(self, v: int, q: Any, terms: Any) -> None:
        """Look at q of one vector of frames with the corner after the last one, by its terms."""
        on, to = self._on, self._on.builder
        _, inverse, half, number = (to.load(on.after(terms, term)) for term in range(TERMS))
        number = on.spread(number)
        if self._margin is not None:
            value = _on_segment(on, self._before[v], q, (inverse, half), self._margin)
            self._segment[v].update(on, value, number)
        self._corner[v].update(on, q, number)

    def write(self, found: Any, n_corners: Any) -> None:
        """Write what was found, of corners as they are filled up."""
        on, to = self._on, self._on.builder
        for v in range(VECTORS):
            self._corner[v].write(on, 0, v, found)
        if self._margin is None:
            return
        beyond = on.spread(to.uitofp(n_corners, self._margin.type))
        for v in range(VECTORS):  # the last corner has no segment of its own, and may be nearest
            near, apart = (to.load(one) for one in self._before[v])
            last = to.select(apart, near, on.constant(LOWEST))
            self._segment[v].update(on, last, beyond)
            self._segment[v].write(on, 3, v, found)


def _on_segment(on: Vectors, before: Any, far: Any, terms: tuple[Any, Any], margin: Any) -> Any:
    """Return q of the nearest point of a segment; what is `before` becomes that of the next."""
    to, (inverse, half) = on.builder, terms
    near, free = (to.load(one) for one in before)
    apart, zero = to.fsub(far, near), on.constant(0.0)
    t = on.multiply_add(apart, on.spread(inverse), on.constant(0.5))
    t = on.smaller(on.larger(t, zero), on.constant(1.0))
    limit = to.fadd(half, margin)
    beyond = on.exceeds(apart, on.spread(limit))
    t = to.select(beyond, zero, t)
    at_start = on.exceeds(on.spread(to.fneg(limit)), apart)
    counts = to.or_(free, to.not_(at_start))
    start = to.select(counts, near, on.constant(LOWEST))
    to.store(far, before[0])
    to.store(beyond, before[1])
    return on.multiply_add(to.fmul(t, t), on.spread(half), start)
