"""`Fused`, `Coarse`, `Picked`: search in blocks of frames, by tiles of frames and of corners.

Products are looked at in registers, where they are computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import round_off

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.octets.balls import OctetBalls
    from sfvq_analysis.curve.prepared import Prepared

    Frames = NDArray[np.floating[Any]]
    Doubtful = NDArray[np.integer[Any]]

_MOST_PICKED = 0.6  # of all corners; with more it takes longer than to look at all


class Fused:
    """Screens in float32."""

    def __init__(self, codebook: Prepared, size: int) -> None:
        from sfvq_analysis.curve.tiles.fused import Room

        dim = codebook.geometry.corners.shape[1]
        self._codebook, self._round_off = codebook, round_off(dim)
        self._room = Room.of(dim, size)

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> Doubtful | None:
        """Fill in the codes of a block; return those in doubt, None if a frame isn't usable."""
        from sfvq_analysis.curve.tiles import fused

        settle = fused.settle_curve if on_curve else fused.settle_codebook
        geometry, packed, room = self._codebook.geometry, self._codebook.packed, self._room
        n_doubtful = settle(frames, geometry, packed, self._round_off, room, codes)
        return None if n_doubtful < 0 else room.doubtful[:n_doubtful]


class Coarse:
    """Screens in octets; in float32 all that is left once octets tell too little apart."""

    def __init__(self, codebook: Prepared, size: int) -> None:
        from sfvq_analysis.curve.octets.balls import OctetBalls
        from sfvq_analysis.curve.octets.room import Room

        n_corners, dim = codebook.geometry.corners.shape
        self._codebook, self._round_off = codebook, round_off(dim)
        self._room, self._size = Room.of(n_corners, dim, size), size
        self._everywhere = OctetBalls.none(codebook.octets)
        self._instead: Fused | None = None

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> Doubtful | None:
        """Fill in the codes of a block; return those in doubt, None if a frame isn't usable."""
        return self._settle(frames, codes, self._everywhere, on_curve=on_curve)

    def _settle(
        self, frames: Frames, codes: Codes, balls: OctetBalls, *, on_curve: bool
    ) -> Doubtful | None:
        if self._instead is not None:
            return self._instead.search(frames, codes, on_curve=on_curve)
        from sfvq_analysis.curve.octets import coarse

        geometry, octets, room = self._codebook.geometry, self._codebook.octets, self._room
        n_done, n_doubtful = coarse.settle(
            frames, geometry, octets, balls, self._round_off, room, codes, on_curve
        )
        if n_done < 0:
            return None
        doubtful = room.doubtful[:n_doubtful]
        if n_done == len(frames):
            return doubtful
        self._instead = Fused(self._codebook, self._size)
        rest = slice(n_done, None)
        found = self._instead.search(frames[rest], codes.rows(rest), on_curve=on_curve)
        return None if found is None else np.concatenate([doubtful, n_done + found])


class Picked(Coarse):
    """Screens in octets the stretches of the curve that may hold what is nearest to some of a tile.

    Frames that lie together are put together first. Where that spares too little, all corners are
    looked at, from the next block on, and in all searches of this codebook.
    """

    def __init__(self, codebook: Prepared, size: int) -> None:
        super().__init__(codebook, size)
        self._balls = codebook.balls

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> Doubtful | None:
        """Fill in the codes of a block; return those in doubt, None if a frame isn't usable."""
        if self._instead is not None or not self._codebook.picking_pays:
            return super().search(frames, codes, on_curve=on_curve)
        from sfvq_analysis.curve.octets.coarse import put_together

        geometry, octets, balls = self._codebook.geometry, self._codebook.octets, self._balls
        order, room = np.empty(len(frames), np.int64), self._room
        if not put_together(frames, geometry, octets, balls, self._round_off, room, order):
            return None
        found = Codes.empty(len(frames))
        doubtful = self._settle(frames[order], found, balls, on_curve=on_curve)
        if doubtful is None:
            return None
        if room.picking.share() > _MOST_PICKED:
            self._codebook.picking_pays = False
        codes.put(order, found)
        return order[doubtful]
