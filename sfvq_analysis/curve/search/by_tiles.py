"""`Fused`, `Coarse`, `Picked`: search in blocks of frames, by tiles of frames and of corners.

Products are looked at in registers, where they are computed.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import in_float64, round_off

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.octets.balls import OctetBalls
    from sfvq_analysis.curve.octets.octets import Octets
    from sfvq_analysis.curve.prepared import Prepared

    Frames = NDArray[np.floating[Any]]
    Int64 = NDArray[np.int64]

FEWEST = 64
"""Frames that are searched together, at least."""
_WORTH_A_THREAD, _MOST_WORTH = 1 << 18, 1024  # products for which a thread is begun; frames at most
_TILE, _MOST_DOUBTFUL = 48, 4096  # frames: of a tile, or of two; and that wait, besides a step's
_MOST_PICKED = 0.6  # of all corners; with more it takes longer than to look at all


class Fused:
    """Screens in float32."""

    def __init__(self, codebook: Prepared) -> None:
        from sfvq_analysis.curve.search import in_tiles
        from sfvq_analysis.curve.tiles import fused

        geometry, packed = codebook.geometry, codebook.packed
        n_corners, dim = geometry.corners.shape
        self.codebook, self._step = codebook, step_of(n_corners)
        self._doubtful = np.empty(_MOST_DOUBTFUL + self._step, np.int64)
        self._room = fused.Room.of(packed, self._step)
        self._packed, self._round_off = (packed, in_float64(packed)), round_off(dim)
        self._again = self._room, in_tiles.Room.of(packed)

    @classmethod
    def here(cls, codebook: Prepared) -> Fused:
        """Return this thread's, which is kept until another codebook is asked for."""
        if _HERE.fused is None or _HERE.fused.codebook is not codebook:
            _HERE.fused = cls(codebook)
        return _HERE.fused

    def search(
        self, frames: Frames, codes: Codes, taken: Int64 | None = None, *, on_curve: bool
    ) -> bool:
        """Fill in the codes of frames that aren't taken yet; False if one isn't usable."""
        from sfvq_analysis.curve.search.in_tiles import search_in_tiles

        taken = np.zeros(1, np.int64) if taken is None else taken
        packed = self._packed[frames.dtype == np.float64]
        known = self.codebook.geometry, packed, self._round_off, self._room, self._doubtful
        while taken[0] < len(frames):
            n_doubtful = search_in_tiles(frames, taken, self._step, *known, codes, on_curve or None)
            doubtful = self._doubtful[: max(n_doubtful, 0)]
            if n_doubtful < 0 or not self.decide(frames, doubtful, codes, on_curve=on_curve):
                return False
        return True

    def decide(self, frames: Frames, doubtful: Int64, codes: Codes, *, on_curve: bool) -> bool:
        """Fill in the codes of the frames with these numbers; False if one isn't usable."""
        if not len(doubtful):
            return True
        from sfvq_analysis.curve.search.in_tiles import search_doubtful

        known = self.codebook.geometry, self._packed[0].corners, self._round_off, *self._again
        return bool(search_doubtful(frames, doubtful, *known, codes, on_curve or None))


class _Here(threading.local):
    """What a thread keeps for the next search: its memory is there, and in its cache."""

    fused: Fused | None = None


_HERE = _Here()


def worth_a_thread(n_corners: int) -> int:
    """Return how many frames a thread is begun for; fewer are searched in the meantime."""
    return min(max(_WORTH_A_THREAD // n_corners, FEWEST), _MOST_WORTH)


def step_of(n_corners: int) -> int:
    """Return how many frames a thread takes at a time, in whole tiles."""
    return -(-worth_a_thread(n_corners) // _TILE) * _TILE


class Coarse:
    """Screens in octets; in float32 all that is left once octets tell too little apart."""

    def __init__(self, codebook: Prepared, size: int) -> None:
        from sfvq_analysis.curve.octets.balls import OctetBalls
        from sfvq_analysis.curve.octets.room import Room

        n_corners, dim = codebook.geometry.corners.shape
        self._codebook, self._round_off = codebook, round_off(dim)
        self._room = Room.of(n_corners, dim, size)
        self._everywhere = OctetBalls.none(codebook.octets)
        self._tells_too_little = False

    @functools.cached_property
    def _fused(self) -> Fused:
        return Fused.here(self._codebook)

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> bool:
        """Fill in the codes of a block; False if a frame isn't usable."""
        return self._settle(frames, codes, self._everywhere, on_curve=on_curve)

    def _octets(self, frames: Frames) -> Octets:
        octets = self._codebook.octets
        return in_float64(octets) if frames.dtype == np.float64 else octets

    def _settle(self, frames: Frames, codes: Codes, balls: OctetBalls, *, on_curve: bool) -> bool:
        if self._tells_too_little:
            return self._fused.search(frames, codes, on_curve=on_curve)
        from sfvq_analysis.curve.octets import coarse

        geometry, octets, room = self._codebook.geometry, self._octets(frames), self._room
        n_done, n_doubtful = coarse.settle(
            frames, geometry, octets, balls, self._round_off, room, codes, on_curve
        )
        if n_done < 0:
            return False
        if n_doubtful:
            numbers = room.doubtful[:n_doubtful].astype(np.int64)
            if not self._fused.decide(frames, numbers, codes, on_curve=on_curve):
                return False
        if n_done == len(frames):
            return True
        self._tells_too_little = True
        rest = slice(n_done, None)
        return self._fused.search(frames[rest], codes.rows(rest), on_curve=on_curve)


class Picked(Coarse):
    """Screens in octets the stretches of the curve that may hold what is nearest to some of a tile.

    Frames that lie together are put together first. Where that spares too little, all corners are
    looked at, from the next block on, and in all searches of this codebook.
    """

    def __init__(self, codebook: Prepared, size: int) -> None:
        super().__init__(codebook, size)
        self._balls = codebook.balls

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> bool:
        """Fill in the codes of a block; False if a frame isn't usable."""
        if self._tells_too_little or not self._codebook.picking_pays:
            return super().search(frames, codes, on_curve=on_curve)
        from sfvq_analysis.curve.octets.coarse import put_together

        geometry, octets, balls = self._codebook.geometry, self._octets(frames), self._balls
        order, room = np.empty(len(frames), np.int64), self._room
        if not put_together(frames, geometry, octets, balls, self._round_off, room, order):
            return False
        found = Codes.empty(len(frames))
        if not self._settle(frames[order], found, balls, on_curve=on_curve):
            return False
        if room.picking.share() > _MOST_PICKED:
            self._codebook.picking_pays = False
        codes.put(order, found)
        return True
