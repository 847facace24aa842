"""Frames of few dimensions and many corners: only stretches of the curve that may be nearest.

Every `STRETCH` segments lie within a ball. The stretch whose ball is nearest by its centre is
looked into first; what was found says which balls can hold anything nearer. Everything is in
float64 as in `sfvq_analysis.curve.direct`, and the codes are the same. This module imports numba;
import it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
_WIDER = 1 + 2e-5  # than any round-off of a bound
_TIES = 3.0  # so many ties lie between the nearest and what can still be the first of equals
_CLOSE = 1 + 1e-9  # than what ties with the nearest
_FAR = 1e150  # of which the square is a number yet


class Balls(NamedTuple):
    """Around `STRETCH` corners and the segments that start there: centres (n, 4), radii (n,)."""

    centres: Float64
    radii: Float64

    @classmethod
    def of(cls, corners: Float64) -> Balls:
        """Return the balls of corners (K, 4)."""
        first = np.arange(0, len(corners), STRETCH)
        within = np.minimum(first[:, None] + np.arange(STRETCH + 1), len(corners) - 1)
        parts = corners[within]  # the last one may hold the last corner several times
        centres = (parts.min(axis=1) + parts.max(axis=1)) / 2
        apart = ((parts - centres[:, None]) ** 2).sum(axis=2)
        return cls(centres, np.sqrt(apart.max(axis=1)))


class Stretches(NamedTuple):
    """What is in each ball: `parts` (n, 10, `STRETCH`); what is beyond the last corner is far away.

    Four coordinates of corners, four of the steps of the segments that start there, the inverses
    of their squared lengths (0 for none) and the difference that doesn't count (infinity where no
    segment starts), which is `tie`; that is -infinity without segments.
    """

    parts: Float64
    tie: float

    @classmethod
    def of(cls, corners: Float64, steps: Float64, tie: float) -> Stretches:
        """Return the stretches of corners (K, 4) and steps (K-1, 4), or of none of them (0, 4)."""
        n_corners, n_segments = len(corners), len(steps)
        n_balls = -(-n_corners // STRETCH)
        columns = np.zeros((10, n_balls * STRETCH))
        columns[:4], columns[9] = _FAR, np.inf
        columns[:4, :n_corners], columns[4:8, :n_segments] = corners.T, steps.T
        lengths = (steps**2).sum(axis=1)
        np.divide(1.0, lengths, out=columns[8, :n_segments], where=lengths > SHORTEST)
        columns[9, :n_segments] = tie
        parts = columns.reshape(10, n_balls, STRETCH).transpose(1, 0, 2)
        return cls(np.ascontiguousarray(parts), tie if n_segments else -np.inf)


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

    `least` and `ball` are (B,), `frame` and `stretch` (2 B,). What is farther than `enough` (2, B),
    a segment and a corner, squared, doesn't count. `may` (B or a few more) says of which frames a
    ball may hold the nearest; `least` then says how near a corner is.
    """

    apart: Float32
    least: Float32
    enough: Float64
    ball: Int32
    frame: Int32
    stretch: Int32
    may: NDArray[np.bool_]

    @classmethod
    def empty(cls, n_balls: int, size: int) -> Lists:
        """Return room for a block."""
        whole = np.empty((2, 2 * size), np.int32)
        return cls(
            np.empty((n_balls, size), np.float32),
            np.empty(size, np.float32),
            np.empty((2, size)),
            np.empty(size, np.int32),
            whole[0],
            whole[1],
            np.zeros(-(-size // 8) * 8, np.bool_),
        )

    def first(self, size: int) -> Lists:
        """Return the room of the first frames, as views."""
        least, ball, enough = self.least[:size], self.ball[:size], self.enough[:, :size]
        return self._replace(apart=self.apart[:, :size], least=least, ball=ball, enough=enough)


@compiled
def search_pruned(
    rows: Float64, stretches: Stretches, balls: Balls, lists: Lists, nearest: Nearest
) -> None:
    """Fill in nearest segments and corners of rows (4, B), of equals the first.

    Where there are no segments, corners only.
    """
    size, n_balls = rows.shape[1], balls.radii.shape[0]
    lists.may[size:] = False
    _measure_balls(rows, balls, lists)
    _look_first(rows, stretches, lists)
    for i in range(size):
        nearest.segment[i], nearest.squared[i] = 0, np.inf
        nearest.corner[i], nearest.square[i] = 0, np.inf
    count = 0
    for ball in range(n_balls):  # in order, so that the first of equals wins
        count = _list_ball(balls, ball, lists, count)
        if count >= size or ball == n_balls - 1:
            _look_into(rows, stretches, lists, count, nearest)
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
    radius, apart = np.float32(balls.radii[ball] * _WIDER), lists.apart
    least, may, frame, stretch = lists.least, lists.may, lists.frame, lists.stretch
    for i in range(least.shape[0]):
        both = least[i] + radius
        may[i] = apart[ball, i] <= both * both
    eights = may.view(np.uint64)
    for n in range(eights.shape[0]):
        if eights[n] != 0:
            for i in range(8 * n, 8 * n + 8):
                frame[count], stretch[count] = i, ball
                count += may[i]
    return count


@compiled
def _look_first(rows: Float64, stretches: Stretches, lists: Lists) -> None:
    """Fill in what is enough, from the stretch whose ball is nearest by its centre."""
    parts, margin = stretches.parts, _TIES * stretches.tie
    for i in range(rows.shape[1]):
        n, x = np.uintp(lists.ball[i]), (rows[0, i], rows[1, i], rows[2, i], rows[3, i])
        squared, square = np.inf, np.inf
        for j in range(STRETCH):
            found, at_corner = _measured(parts, n, j, x)
            squared = found if found < squared else squared
            square = at_corner if at_corner < square else square
        lists.enough[0, i], lists.enough[1, i] = squared * _CLOSE + margin, square * _CLOSE
        lists.least[i] = np.float32(np.sqrt(max(lists.enough[0, i], square)) * _WIDER)


@compiled
def _look_into(
    rows: Float64, stretches: Stretches, lists: Lists, count: int, nearest: Nearest
) -> None:
    """Keep what is nearest in listed stretches, in order."""
    parts, frame, stretch, enough = stretches.parts, lists.frame, lists.stretch, lists.enough
    margin = _TIES * stretches.tie
    width = parts.shape[2]  # STRETCH; a constant number would be unrolled, and not be vectorised
    for m in range(count):
        i, n = frame[m], np.uintp(stretch[m])  # without a sign, so that vectors can be loaded
        x = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
        most, most_to_corner = enough[0, i], enough[1, i]
        segments, corners = 0, 0
        for j in range(width):
            found, at_corner = _measured(parts, n, j, x)
            segments += 1 if found <= most else 0
            corners += 1 if at_corner <= most_to_corner else 0
        first = np.int32(n) * STRETCH
        if segments > 0:
            segment, least = nearest.segment[i], nearest.squared[i]
            for j in range(STRETCH):
                found = _measured(parts, n, j, x)[0]
                better = found < least * (1.0 - TIE) - parts[n, 9, j]
                segment = first + j if better else segment
                least = found if better else least
            nearest.segment[i], nearest.squared[i] = segment, least
            enough[0, i] = min(enough[0, i], least * _CLOSE + margin)
        if corners > 0:
            corner, least = nearest.corner[i], nearest.square[i]
            for j in range(STRETCH):
                at_corner = _measured(parts, n, j, x)[1]
                better = at_corner < least
                corner = first + j if better else corner
                least = at_corner if better else least
            nearest.corner[i], nearest.square[i] = corner, least
            enough[1, i] = min(enough[1, i], least * _CLOSE)


@compiled
def _measured(parts: Float64, n: int, j: int, x: Any) -> tuple[float, float]:
    """Return the squared distances of a point to a segment and to the corner where it starts."""
    c = parts[n, 0, j], parts[n, 1, j], parts[n, 2, j], parts[n, 3, j]
    d = parts[n, 4, j], parts[n, 5, j], parts[n, 6, j], parts[n, 7, j]
    x0, x1, x2, x3 = x[0] - c[0], x[1] - c[1], x[2] - c[2], x[3] - c[3]
    return place(x, c, d, parts[n, 8, j])[1], x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3
