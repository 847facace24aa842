"""Frames of few dimensions and many corners: only stretches of the curve that may be nearest.

Stretches lie within balls, and those within clusters (`sfvq_analysis.curve.search.balls`). The
nearest ball of the nearest cluster, by their centres, is looked into first; what was found says
which clusters, and then which of their balls, can hold anything nearer. Everything is in float64 as
in `sfvq_analysis.curve.search.direct`, and the codes are the same. This module imports numba;
import it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.compiled import compiled, compiled_within
from sfvq_analysis.curve.geometry import TIE
from sfvq_analysis.curve.search.balls import CLUSTER, STRETCH
from sfvq_analysis.curve.search.direct import of_fewer, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.search.balls import Balls, Clusters, Stretches

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]
    Int32 = NDArray[np.int32]

_WIDER = 1 + 2e-5  # than any round-off of a bound
_TIES = 3.0  # so many ties lie between the nearest and what can still be the first of equals
_CLOSE = 1 + 1e-9  # than what ties with the nearest


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
    """Squared distances to the centres of clusters (n, B), and what to look into.

    `cluster` is the nearest and `least` how far its centre is, squared, then how near a corner is
    for sure (B,); what is farther than `enough` (2, B), a segment and a corner, squared, doesn't
    count. Pairs of a frame and of a cluster that may hold the nearest are `pairs`, of a frame and a
    stretch `places` (2, 2 B). `may` (B or a few more) says of which frames a cluster may hold it.
    """

    apart: Float32
    least: Float32
    enough: Float64
    cluster: Int32
    pairs: Int32
    places: Int32
    may: NDArray[np.bool_]

    @classmethod
    def empty(cls, n_clusters: int, size: int) -> Lists:
        """Return room for a block."""
        return cls(
            np.empty((n_clusters, size), np.float32),
            np.empty(size, np.float32),
            np.empty((2, size)),
            np.empty(size, np.int32),
            np.empty((2, 2 * size), np.int32),
            np.empty((2, size + 2 * CLUSTER), np.int32),
            np.zeros(-(-size // 8) * 8, np.bool_),
        )

    def first(self, size: int) -> Lists:
        """Return the room of the first frames, as views."""
        apart, enough = of_fewer(self.apart, size), of_fewer(self.enough, size)
        least, cluster = self.least[:size], self.cluster[:size]
        return self._replace(apart=apart, least=least, cluster=cluster, enough=enough)


@compiled
def search_pruned(
    rows: Float64, stretches: Stretches, clusters: Clusters, lists: Lists, nearest: Nearest
) -> None:
    """Fill in nearest segments and corners of rows (4, B), of equals the first.

    Where there are no segments, corners only.
    """
    size, n_clusters = rows.shape[1], clusters.within.shape[0]
    lists.may[size:] = False
    _measure_clusters(rows, clusters.around, lists)
    _look_first(rows, stretches, clusters.within, lists)
    for i in range(size):
        nearest.segment[i], nearest.squared[i] = 0, np.inf
        nearest.corner[i], nearest.square[i] = 0, np.inf
    count = 0
    for cluster in range(n_clusters):  # in order, so that the first of equals wins
        count = _list_cluster(clusters.around, cluster, lists, count)
        if count >= size or cluster == n_clusters - 1:
            _look_around(rows, stretches, clusters.within, lists, count, nearest)
            count = 0


@compiled_within
def _measure_clusters(rows: Float64, around: Balls, lists: Lists) -> None:
    """Fill in how far centres are, and the nearest."""
    apart, least, cluster = lists.apart, lists.least, lists.cluster
    for i in range(rows.shape[1]):
        least[i], cluster[i] = np.inf, 0
    for n in range(around.radii.shape[0]):
        index = np.int32(n)
        c0, c1 = around.centres[n, 0], around.centres[n, 1]
        c2, c3 = around.centres[n, 2], around.centres[n, 3]
        for i in range(rows.shape[1]):
            x0, x1, x2, x3 = rows[0, i] - c0, rows[1, i] - c1, rows[2, i] - c2, rows[3, i] - c3
            found = np.float32(x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3)
            apart[n, i] = found
            nearer = found < least[i]
            cluster[i] = index if nearer else cluster[i]
            least[i] = found if nearer else least[i]


@compiled_within
def _list_cluster(around: Balls, cluster: int, lists: Lists, count: int) -> int:
    """Add the frames of which a cluster may hold what is nearest; return their number."""
    radius, apart = np.float32(around.radii[cluster] * _WIDER), lists.apart
    least, may, frame, place = lists.least, lists.may, lists.pairs[0], lists.pairs[1]
    for i in range(least.shape[0]):
        both = least[i] + radius
        may[i] = apart[cluster, i] <= both * both
    eights = may.view(np.uint64)
    for n in range(eights.shape[0]):
        if eights[n] != 0:
            for i in range(8 * n, 8 * n + 8):
                frame[count], place[count] = i, cluster
                count += may[i]
    return count


@compiled_within
def _look_around(
    rows: Float64, stretches: Stretches, within: Float64, lists: Lists, count: int, nearest: Nearest
) -> None:
    """Look into those balls of listed clusters that may hold what is nearest, in order."""
    frame, cluster, enough = lists.pairs[0], lists.pairs[1], lists.enough
    places, last = lists.places, lists.places.shape[1] - CLUSTER
    width, found, n_places = within.shape[2], np.empty(CLUSTER, np.bool_), 0
    for m in range(count):
        i, n = frame[m], np.uintp(cluster[m])  # without a sign, so that vectors can be loaded
        x0, x1, x2, x3 = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
        near = np.sqrt(max(enough[0, i], enough[1, i]))
        for j in range(width):
            y0, y1 = x0 - within[n, 0, j], x1 - within[n, 1, j]
            y2, y3 = x2 - within[n, 2, j], x3 - within[n, 3, j]
            both = (near + within[n, 4, j]) * _WIDER
            found[j] = y0 * y0 + y1 * y1 + y2 * y2 + y3 * y3 <= both * both
        for j in range(CLUSTER):
            places[0, n_places], places[1, n_places] = i, np.int32(n) * CLUSTER + j
            n_places += found[j]
        if n_places > last or m == count - 1:
            _look_into(rows, stretches, lists, n_places, nearest)
            n_places = 0


@compiled_within
def _look_first(rows: Float64, stretches: Stretches, within: Float64, lists: Lists) -> None:
    """Fill in what is enough, from the stretch whose ball is nearest by its centre."""
    parts, margin, width = stretches.parts, _TIES * stretches.tie, within.shape[2]
    apart, at_corner = np.empty(CLUSTER), np.empty(CLUSTER)
    for i in range(rows.shape[1]):
        n, x = np.uintp(lists.cluster[i]), (rows[0, i], rows[1, i], rows[2, i], rows[3, i])
        for j in range(width):  # a constant number would be unrolled, and not be vectorised
            x0, x1 = x[0] - within[n, 0, j], x[1] - within[n, 1, j]
            x2, x3 = x[2] - within[n, 2, j], x[3] - within[n, 3, j]
            apart[j] = x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3
        ball, least = 0, apart[0]
        for j in range(1, CLUSTER):
            ball = j if apart[j] < least else ball
            least = apart[j] if apart[j] < least else least
        n = n * np.uintp(CLUSTER) + np.uintp(ball)
        for j in range(width):
            apart[j], at_corner[j] = _measured(parts, n, j, x)
        squared, square = apart[0], at_corner[0]
        for j in range(1, STRETCH):
            squared = apart[j] if apart[j] < squared else squared
            square = at_corner[j] if at_corner[j] < square else square
        lists.enough[0, i], lists.enough[1, i] = squared * _CLOSE + margin, square * _CLOSE
        lists.least[i] = np.float32(np.sqrt(max(lists.enough[0, i], square)) * _WIDER)


@compiled_within
def _look_into(
    rows: Float64, stretches: Stretches, lists: Lists, count: int, nearest: Nearest
) -> None:
    """Keep what is nearest in listed stretches, in order."""
    parts, frame, stretch = stretches.parts, lists.places[0], lists.places[1]
    enough, margin, width = lists.enough, _TIES * stretches.tie, parts.shape[2]
    found, at_corner = np.empty(STRETCH), np.empty(STRETCH)
    for m in range(count):
        i, n = frame[m], np.uintp(stretch[m])  # without a sign, so that vectors can be loaded
        x = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
        most, most_to_corner = enough[0, i], enough[1, i]
        segments, corners = 0, 0
        for j in range(width):
            found[j], at_corner[j] = _measured(parts, n, j, x)
            segments += 1 if found[j] <= most else 0
            corners += 1 if at_corner[j] <= most_to_corner else 0
        first = np.int32(n) * STRETCH
        if segments > 0:
            segment, least = nearest.segment[i], nearest.squared[i]
            for j in range(STRETCH):
                better = found[j] < least * (1.0 - TIE) - parts[n, 9, j]
                segment = first + j if better else segment
                least = found[j] if better else least
            nearest.segment[i], nearest.squared[i] = segment, least
            enough[0, i] = min(enough[0, i], least * _CLOSE + margin)
        if corners > 0:
            corner, least = nearest.corner[i], nearest.square[i]
            for j in range(STRETCH):
                better = at_corner[j] < least
                corner = first + j if better else corner
                least = at_corner[j] if better else least
            nearest.corner[i], nearest.square[i] = corner, least
            enough[1, i] = min(enough[1, i], least * _CLOSE)


@compiled_within
def _measured(parts: Float64, n: int, j: int, x: Any) -> tuple[float, float]:
    """Return the squared distances of a point to a segment and to the corner where it starts."""
    c = parts[n, 0, j], parts[n, 1, j], parts[n, 2, j], parts[n, 3, j]
    d = parts[n, 4, j], parts[n, 5, j], parts[n, 6, j], parts[n, 7, j]
    x0, x1, x2, x3 = x[0] - c[0], x[1] - c[1], x[2] - c[2], x[3] - c[3]
    return place(x, c, d, parts[n, 8, j])[1], x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3
