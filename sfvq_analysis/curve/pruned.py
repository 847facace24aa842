"""Frames of few dimensions and many corners: only stretches of the curve that may be nearest.

Every `STRETCH` segments lie within a ball. The stretch whose ball is nearest by its centre is
looked into first; what was found says which balls can hold anything nearer. Everything is in
float64 as in `sfvq_analysis.curve.direct`, and the codes are the same. This module imports numba;
import it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.compiled import compiled
from sfvq_analysis.curve.direct import SHORTEST, place
from sfvq_analysis.curve.geometry import TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]
    Int32 = NDArray[np.int32]

STRETCH = 8
_LANES = 32
_WIDER = 1 + 1e-5  # than any round-off of a bound


class Balls(NamedTuple):
    """Around every `STRETCH` segments and all their corners: centres (n, 4) and radii (n,)."""

    centres: Float64
    radii: Float64

    @classmethod
    def of(cls, corners: Float64) -> Balls:
        """Return the balls of corners (K, 4)."""
        first = np.arange(0, max(len(corners) - 1, 1), STRETCH)
        within = np.minimum(first[:, None] + np.arange(STRETCH + 1), len(corners) - 1)
        parts = corners[within]  # the last one may hold the last corner several times
        centres = (parts.min(axis=1) + parts.max(axis=1)) / 2
        apart = ((parts - centres[:, None]) ** 2).sum(axis=2)
        return cls(centres, np.sqrt(apart.max(axis=1)))


class Columns(NamedTuple):
    """A curve, a row a coordinate: starts and steps of segments (4, K-1), then (K-1,) each.

    `inverses` of squared lengths, 0 for none, and `ties`, differences that don't count.
    """

    starts: Float64
    steps: Float64
    inverses: Float64
    ties: Float64

    @classmethod
    def of(cls, corners: Float64, steps: Float64) -> Columns:
        """Return the columns of corners (K, 4) and steps (K-1, 4), or of none of them (0, 4)."""
        lengths = (steps**2).sum(axis=1)
        inverses = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > SHORTEST)
        starts = corners[: len(steps)].T
        return cls(
            np.ascontiguousarray(starts), np.ascontiguousarray(steps.T), inverses, TIE * lengths
        )


class Nearest(NamedTuple):
    """Of each of B frames: segment, its squared distance, corner and its, (B,) each."""

    segment: Int32
    squared: Float64
    corner: Int32
    square: Float64

    @classmethod
    def empty(cls, size: int) -> Nearest:
        """Return room for a block."""
        return cls(
            np.empty(size, np.int32), np.empty(size), np.empty(size, np.int32), np.empty(size)
        )

    def first(self, size: int) -> Nearest:
        """Return the room of the first frames, as views."""
        return Nearest._make(array[:size] for array in self)


class Lists(NamedTuple):
    """Squared distances to the centres of balls (n, B), the least of them, and what to look into.

    `least`, `ball` and `within`, how near a segment must be to count, are (B,); `frame` and
    `stretch` (2 B,).
    """

    apart: Float32
    least: Float32
    within: Float32
    ball: Int32
    frame: Int32
    stretch: Int32

    @classmethod
    def empty(cls, n_balls: int, size: int) -> Lists:
        """Return room for a block."""
        whole = np.empty((2, 2 * size), np.int32)
        return cls(
            np.empty((n_balls, size), np.float32),
            np.empty(size, np.float32),
            np.empty(size, np.float32),
            np.empty(size, np.int32),
            whole[0],
            whole[1],
        )

    def first(self, size: int) -> Lists:
        """Return the room of the first frames, as views."""
        least, ball, within = self.least[:size], self.ball[:size], self.within[:size]
        return self._replace(apart=self.apart[:, :size], least=least, ball=ball, within=within)


@compiled
def search_pruned(
    rows: Float64,
    corners: Float64,
    columns: Columns,
    balls: Balls,
    lists: Lists,
    nearest: Nearest,
) -> None:
    """Fill in nearest segments and corners of rows (4, B), of equals the first; corners are (K, 4).

    Where there are no segments, corners only.
    """
    size, n_balls = rows.shape[1], balls.radii.shape[0]
    _measure_balls(rows, balls, lists)
    _forget(nearest)
    for i in range(size):
        lists.frame[i], lists.stretch[i] = i, lists.ball[i]
        lists.within[i] = np.inf
    _look_into(rows, corners, columns, balls, lists, size, nearest)
    for i in range(size):  # how near a corner is: no segment that counts is farther
        lists.least[i] = np.float32(np.sqrt(nearest.square[i])) * np.float32(_WIDER)
        lists.within[i] = np.float32(np.sqrt(nearest.squared[i])) * np.float32(_WIDER)
    _forget(nearest)  # all stretches in order from here, so that the first of equals wins
    count = 0
    for ball in range(n_balls):
        count = _list_ball(balls, ball, lists, count)
        if count >= size or ball == n_balls - 1:
            _look_into(rows, corners, columns, balls, lists, count, nearest)
            count = 0


@compiled
def _measure_balls(rows: Float64, balls: Balls, lists: Lists) -> None:
    """Fill in how far centres are, and the nearest."""
    apart, least, ball = lists.apart, lists.least, lists.ball
    for i in range(rows.shape[1]):
        least[i], ball[i] = np.inf, 0
    for n in range(balls.radii.shape[0]):
        index = np.int32(n)
        c0, c1 = balls.centres[n, 0], balls.centres[n, 1]
        c2, c3 = balls.centres[n, 2], balls.centres[n, 3]
        for i in range(rows.shape[1]):
            x0, x1, x2, x3 = rows[0, i] - c0, rows[1, i] - c1, rows[2, i] - c2, rows[3, i] - c3
            found = np.float32(x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3)
            apart[n, i] = found
            nearer = found < least[i]
            ball[i] = index if nearer else ball[i]
            least[i] = found if nearer else least[i]


@compiled
def _list_ball(balls: Balls, ball: int, lists: Lists, count: int) -> int:
    """Add the frames of which a ball may hold what is nearest; return their number."""
    radius = np.float32(balls.radii[ball] * _WIDER)
    for first in range(0, lists.least.shape[0], _LANES):
        apart = lists.apart[ball, first : first + _LANES]
        reach = lists.least[first : first + _LANES]
        some = 0
        for i in range(apart.shape[0]):
            both = (reach[i] + radius) * np.float32(_WIDER)
            some += 1 if apart[i] <= both * both else 0
        if some > 0:
            for i in range(apart.shape[0]):
                both = (reach[i] + radius) * np.float32(_WIDER)
                lists.frame[count], lists.stretch[count] = first + i, ball
                count += 1 if apart[i] <= both * both else 0
    return count


@compiled
def _forget(nearest: Nearest) -> None:
    for i in range(nearest.segment.shape[0]):
        nearest.segment[i], nearest.squared[i] = 0, np.inf
        nearest.corner[i], nearest.square[i] = 0, np.inf


@compiled
def _look_into(
    rows: Float64,
    corners: Float64,
    columns: Columns,
    balls: Balls,
    lists: Lists,
    count: int,
    nearest: Nearest,
) -> None:
    """Keep what is nearest in listed stretches, in order."""
    n_segments, n_corners = columns.ties.shape[0], corners.shape[0]
    found = np.empty(STRETCH)
    for m in range(count):
        i, first = lists.frame[m], lists.stretch[m] * STRETCH
        x = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
        stop = min(first + STRETCH, n_segments)
        both = (lists.within[i] + np.float32(balls.radii[lists.stretch[m]])) * np.float32(_WIDER)
        if lists.apart[lists.stretch[m], i] > both * both:
            stop = first
        if stop > first:
            _measure_stretch(x, columns, first, stop, found)
        least = nearest.squared[i]
        for k in range(first, stop):
            if found[k - first] < least * (1.0 - TIE) - columns.ties[k]:
                least = found[k - first]
                nearest.segment[i] = k
        nearest.squared[i] = least
        corner, square = nearest.corner[i], nearest.square[i]
        for k in range(first, min(first + STRETCH + 1, n_corners)):
            x0, x1 = x[0] - corners[k, 0], x[1] - corners[k, 1]
            x2, x3 = x[2] - corners[k, 2], x[3] - corners[k, 3]
            here = x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3
            nearer = here < square
            corner = k if nearer else corner
            square = here if nearer else square
        nearest.corner[i], nearest.square[i] = corner, square


@compiled
def _measure_stretch(
    x: tuple[float, float, float, float],
    columns: Columns,
    first: int,
    stop: int,
    found: Float64,
) -> None:
    """Fill in the squared distances of a point to segments `first` to `stop`."""
    starts, steps = columns.starts[:, first:stop], columns.steps[:, first:stop]
    inverses = columns.inverses[first:stop]
    for k in range(inverses.shape[0]):
        c = starts[0, k], starts[1, k], starts[2, k], starts[3, k]
        d = steps[0, k], steps[1, k], steps[2, k], steps[3, k]
        found[k] = place(x, c, d, inverses[k])[1]
