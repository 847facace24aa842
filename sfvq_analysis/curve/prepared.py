"""`prepared`: a codebook as searches need it, kept for the next call with the same corners.

To prepare 256 corners takes as long as to find where 500 frames are on them, and utterances come
one by one. What is kept is found by its corners' values, so that nobody has to hold on to it, or to
say that a codebook has changed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.geometry import Geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from sfvq_analysis.curve.devices.swept_geometry import SweptGeometry
    from sfvq_analysis.curve.octets.balls import OctetBalls
    from sfvq_analysis.curve.octets.octets import Octets
    from sfvq_analysis.curve.tiles.fused import Packed

    Float64 = NDArray[np.float64]

_MOST, _MOST_COORDINATES = 12, 1 << 22
"""Codebooks that are kept, and coordinates of them all: a fit has a new one at every step."""


class Prepared:
    """The geometry of a codebook (K, dim), and its corners as products take them, once asked for.

    The corners are copied: whoever has given them may change them.

    Raises
    ------
    QuantizerError
        As `Geometry.of`.
    """

    def __init__(self, corners: Float64) -> None:
        self.geometry = Geometry.of(corners)
        self.picking_pays = True  # until it is tried in vain
        self._swept: dict[object, SweptGeometry] = {}

    @functools.cached_property
    def packed(self) -> Packed:
        """In tiles of float32."""
        from sfvq_analysis.curve.tiles.fused import Packed

        return Packed.of(self.geometry)

    @functools.cached_property
    def octets(self) -> Octets:
        """In tiles of octets."""
        from sfvq_analysis.curve.octets.octets import Octets

        return Octets.of(self.geometry)

    @functools.cached_property
    def balls(self) -> OctetBalls:
        """Octets by stretches of the curve."""
        from sfvq_analysis.curve.octets.balls import OctetBalls

        return OctetBalls.of(self.octets, self.geometry)

    def swept(self, frames: Tensor) -> SweptGeometry:
        """As kernels of a GPU take it, where these frames are and for their type."""
        from sfvq_analysis.curve.devices.swept_geometry import SweptGeometry

        key = frames.device, frames.dtype
        if key not in self._swept:
            self._swept[key] = SweptGeometry.of(self.geometry, frames)
        return self._swept[key]

    def has(self, corners: Float64) -> bool:
        """Tell whether these are its corners; most others are told by their last number."""
        mine = self.geometry.corners
        return (
            mine.shape == corners.shape
            and bool(mine[-1, -1] == corners[-1, -1])
            and np.array_equal(mine, corners)
        )


class _Shelf:
    """What is kept, the oldest first; it is replaced whole, so that threads need no lock."""

    kept: tuple[Prepared, ...] = ()

    def put(self, made: Prepared) -> None:
        kept = (*self.kept, made)[-_MOST:]
        while sum(one.geometry.corners.size for one in kept) > _MOST_COORDINATES:
            kept = kept[1:]
        self.kept = kept


_SHELF = _Shelf()


def prepared(corners: Float64) -> Prepared:
    """Return a codebook as searches need it.

    Raises
    ------
    QuantizerError
        As `Geometry.of`.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    >>> first = prepared(corners)
    >>> prepared(corners.copy()) is first
    True
    >>> corners[0, 0] = 9
    >>> prepared(corners) is first
    False
    """
    for one in _SHELF.kept:
        if one.has(corners):
            return one
    made = Prepared(corners)
    _SHELF.put(made)
    return made
