"""`OctetBalls`: stretches of a curve, of corners as octets say them, each within a ball."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.octets.octets import CORNERS, Octets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry

    Float64 = NDArray[np.float64]

TILES = 2
"""Of corners, in a stretch."""
_EACH = TILES * CORNERS
_WIDER = 1 + 1e-6  # than float32 may make a radius less


class OctetBalls(NamedTuple):
    """Around every `TILES` tiles of corners and the segments that end there; shared by threads.

    Attributes
    ----------
    centres
        In tiles, as corners are (n_balls in all).
    radii
        Of the balls around what octets say, in units of scaled lengths (n_balls,).
    """

    centres: Octets
    radii: NDArray[np.float32]

    @classmethod
    def none(cls, octets: Octets) -> OctetBalls:
        """Return what makes a search look at all corners."""
        return cls(octets, np.empty(0, np.float32))

    @classmethod
    def of(cls, octets: Octets, geometry: Geometry) -> OctetBalls:
        """Return the balls of a codebook."""
        near = octets.said(len(geometry.corners))
        lowest, highest = near[::_EACH].copy(), near[::_EACH].copy()
        for corners in _one_by_one(near):
            np.minimum(lowest, corners, out=lowest)
            np.maximum(highest, corners, out=highest)
        middles = (lowest + highest) / 2
        centres = Octets.near(middles[:, : geometry.corners.shape[1]], geometry)
        middles = centres.said(len(middles))
        squares = np.zeros(len(middles))
        for corners in _one_by_one(near):
            np.maximum(squares, ((corners - middles) ** 2).sum(axis=1), out=squares)
        return cls(centres, (np.sqrt(squares) * _WIDER).astype(np.float32))


def _one_by_one(near: Float64) -> Iterator[Float64]:
    """Yield a corner of each stretch: the one before it, the first and so on to the last."""
    first = np.arange(0, len(near), _EACH)
    for k in range(-1, _EACH):
        yield near[np.clip(first + k, 0, len(near) - 1)]
