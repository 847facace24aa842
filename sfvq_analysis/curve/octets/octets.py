"""`Octets`: corners in octets, for products of which a processor adds four at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve.geometry import LOWEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]
    Int32 = NDArray[np.int32]

LEVELS = 127
"""An octet's whole numbers go from minus this to this."""
ZERO = 128
"""What stands for 0 in a frame's octets, which have no sign."""
FOUR = 4
"""Octets of a sum."""
CORNERS = 8
"""Corners of a tile."""
TERMS = 3
"""Numbers of a corner besides its coordinates and its sum's start."""
UNROLLED = 2
"""Fours of dimensions come in so many at a time."""


class Octets(NamedTuple):
    """Corners c^ near the corners c~, as `sweep_octets` takes them; shared by threads.

    Attributes
    ----------
    fours
        Coordinates in units of `unit`, four to a number (tiles, fours, CORNERS).
    starts
        Where the sums of products begin, since a frame's octets are too large by `ZERO` (tiles,
        CORNERS).
    terms
        -|c^|²/2, the inverse of the span of the segment that ends there, and half of the span
        (tiles, CORNERS, TERMS).
    unit
        Of all corners.
    lost
        The most that a corner moved, |c~ - c^|.
    centre, scale
        Of the geometry, in float32 where that holds them.
    """

    fours: Int32
    starts: Int32
    terms: Float32
    unit: float
    lost: float
    centre: NDArray[np.floating[Any]]
    scale: np.floating[Any]

    @classmethod
    def of(cls, geometry: Geometry) -> Octets:
        """Return the corners of a codebook in tiles."""
        return cls.near((geometry.corners - geometry.centre) * geometry.scale, geometry)

    @classmethod
    def near(cls, points: Float64, geometry: Geometry) -> Octets:
        """Return points c~ (n, dim) as corners in tiles; dimensions are filled up with zeros."""
        n_corners, dim = points.shape
        n_tiles = -(-n_corners // CORNERS)
        unit = float(np.abs(points).max() / LEVELS) or 1.0
        whole = np.rint(points / unit)
        n_fours = -(-dim // (FOUR * UNROLLED)) * UNROLLED
        octets = np.zeros((n_tiles * CORNERS, n_fours * FOUR), np.int8)
        octets[:n_corners, :dim] = whole
        starts = np.zeros(n_tiles * CORNERS, np.int32)
        starts[:n_corners] = -ZERO * whole.sum(axis=1)
        near = whole * unit
        spans = (np.diff(near, axis=0) ** 2).sum(axis=1)
        terms = np.zeros((n_tiles * CORNERS, TERMS), np.float32)
        terms[:, 0] = LOWEST
        terms[:n_corners, 0] = -0.5 * (near**2).sum(axis=1)
        terms[1:n_corners, 1] = np.divide(1.0, spans, out=np.zeros_like(spans), where=spans > 0)
        terms[1:n_corners, 2] = 0.5 * spans
        tiles = octets.view(np.int32).reshape(n_tiles, CORNERS, n_fours).transpose(0, 2, 1)
        return cls(
            np.ascontiguousarray(tiles),
            starts.reshape(n_tiles, CORNERS),
            terms.reshape(n_tiles, CORNERS, TERMS),
            unit,
            float(np.sqrt(((points - near) ** 2).sum(axis=1).max())),
            *geometry.narrow(),
        )

    def said(self, n_corners: int) -> Float64:
        """Return the first corners c^, (n_corners, dim), dim filled up."""
        n_tiles, n_fours, _ = self.fours.shape
        rows = np.ascontiguousarray(self.fours.transpose(0, 2, 1)).view(np.int8)
        whole = rows.reshape(n_tiles * CORNERS, FOUR * n_fours)[:n_corners]
        said: Float64 = whole * np.float64(self.unit)
        return said
