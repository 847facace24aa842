"""`Balls`, `Clusters`, `Stretches`: a curve of few dimensions in pieces that lie together.

Every `STRETCH` segments lie within a ball, and every `CLUSTER` of those within a larger one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.geometry import SHORTEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]

STRETCH, CLUSTER = 8, 8
_FAR = 1e150  # of which the square is a number yet


class Balls(NamedTuple):
    """Around so many corners and the segments that start there: centres (n, 4), radii (n,)."""

    centres: Float64
    radii: Float64

    @classmethod
    def of(cls, corners: Float64, each: int = STRETCH) -> Balls:
        """Return the balls of corners (K, 4)."""
        first = np.arange(0, len(corners), each)
        within = np.minimum(first[:, None] + np.arange(each + 1), len(corners) - 1)
        parts = corners[within]  # the last one may hold the last corner several times
        centres = (parts.min(axis=1) + parts.max(axis=1)) / 2
        apart = ((parts - centres[:, None]) ** 2).sum(axis=2)
        return cls(centres, np.sqrt(apart.max(axis=1)))


class Clusters(NamedTuple):
    """Larger balls, and those within each: four coordinates and a radius (n, 5, `CLUSTER`).

    The last cluster is filled up with balls that are far away.
    """

    around: Balls
    within: Float64

    @classmethod
    def of(cls, corners: Float64) -> Clusters:
        """Return the clusters of corners (K, 4)."""
        balls, around = Balls.of(corners), Balls.of(corners, STRETCH * CLUSTER)
        columns = np.zeros((5, len(around.radii) * CLUSTER))
        columns[:4] = _FAR
        columns[:4, : len(balls.radii)], columns[4, : len(balls.radii)] = (
            balls.centres.T,
            balls.radii,
        )
        parts = columns.reshape(5, -1, CLUSTER).transpose(1, 0, 2)
        return cls(around, np.ascontiguousarray(parts))


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
