"""`is_fused`, `is_coarse`: whether products are looked at where they are computed, and which.

That takes no room for products and no second look at them. It is timed and checked once a process:
compiled for a processor whose vectors are short, it could be the slower way. Products of octets
take a quarter of the time, and leave more to be looked at in float64; so they pay where there are
many; how many that is depends on the processor, too.
"""

from __future__ import annotations

import functools
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.curve.octets.balls import OctetBalls
from sfvq_analysis.curve.octets.octets import Octets
from sfvq_analysis.curve.products import least_seconds, one_thread_each, product, trial_matrices
from sfvq_analysis.curve.search.screened import Screened
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.curve.engine import Products
    from sfvq_analysis.curve.products import Matrix

_MAY_PAY = {True: 1 << 14, False: 1 << 13}
"""Coordinates of a codebook from which octets may pay, on the curve or not, by measurement."""
_PAYS_ANYWAY = {True: 9 << 12, False: 1 << 14}
"""From which on they do where float32 is the faster for 256 corners of 64 dimensions, too."""
_ROUND_OFF = 1e-5  # more than there is: what is settled must be right for sure


def is_fused(products: Products) -> bool:
    """Tell whether frames are searched in tiles, as `sfvq_analysis.curve.tiles.fused` does.

    Raises
    ------
    OptionError
        If that is asked for and can't be had.
    """
    if products == "fused" and not _has_tiles():
        raise OptionError(
            "products is 'fused', which isn't at hand", remedy="install numba, or use 'auto'"
        )
    return products == "fused" or (products == "auto" and _tiles_are_faster())


def is_coarse(products: Products, shape: tuple[int, ...], *, on_curve: bool) -> bool:
    """Tell whether they are products of octets, for a codebook of shape (K, dim).

    Raises
    ------
    OptionError
        If that is asked for and can't be had.
    """
    if products == "octets" and not _has_octets():
        raise OptionError(
            "products is 'octets', which isn't at hand",
            remedy="use 'auto': octets need numba and a processor with AVX-512 VNNI",
        )
    if products != "auto":
        return products == "octets"
    size = math.prod(shape)
    pays = size >= _MAY_PAY[on_curve] and _has_octets()
    return pays and (size >= _PAYS_ANYWAY[on_curve] or _octets_are_faster())


@functools.cache
def _has_tiles() -> bool:
    """Tell whether a search in tiles can be had, and finds what float64 does."""
    if not _is_compiled():
        return False
    corners, frames = trial_matrices()
    run, codes, room = _by_tiles(corners, frames)
    n_doubtful = _ran(run)
    return (
        n_doubtful is not None and n_doubtful >= 0 and _is_right(codes, room.doubtful[:n_doubtful])
    )


@functools.cache
def _tiles_are_faster() -> bool:
    """Tell whether it takes less time than by a library's product; as a rule it takes half."""
    if not _has_tiles():
        return False
    corners, frames = trial_matrices()
    geometry, codes = Geometry.of(corners.astype(np.float64)), Codes.empty(len(frames))
    with one_thread_each():
        screened = Screened(geometry, product("auto"), len(frames))
        by_product = partial(screened.search, frames, codes, on_curve=True)
        seconds = least_seconds(_by_tiles(corners, frames)[0], by_product)
    return seconds[0] < seconds[1]


@functools.cache
def _has_octets() -> bool:
    """Tell whether a search by octets can be had, and finds what float64 does."""
    if not _is_compiled():
        return False
    from sfvq_analysis.curve.tiles.vectors import ADDS_FOURS

    if not ADDS_FOURS:
        return False
    corners, frames = trial_matrices()
    run, codes, room = _by_octets(corners, frames)
    found = _ran(run)
    return (
        found is not None
        and found[0] == len(frames)
        and _is_right(codes, room.doubtful[: found[1]])
    )


@functools.cache
def _octets_are_faster() -> bool:
    """Tell whether octets take less time than float32, of frames around a curve like others."""
    rng = np.random.default_rng(0)
    steps, noise = trial_matrices()
    corners = steps.cumsum(axis=0)
    corners /= corners.std(axis=0)
    frames = corners[rng.integers(len(corners), size=len(noise))] + noise / np.float32(2)
    runs = [by(corners, frames)[0] for by in (_by_octets, _by_tiles)]
    found, doubtful = (_ran(run) for run in runs)
    if doubtful is None or found is None or found[0] < len(frames):
        return doubtful is None  # whichever can't be had is the slower
    by_octets, by_float32 = least_seconds(*runs)
    return by_octets < by_float32


def _by_tiles(corners: Matrix, frames: Matrix) -> tuple[Callable[[], Any], Codes, Any]:
    """Return a search in tiles of float32, the codes that it fills in, and its room."""
    from sfvq_analysis.curve.tiles.fused import Packed, Room, settle_curve

    geometry, codes = Geometry.of(corners.astype(np.float64)), Codes.empty(len(frames))
    packed = Packed.of(geometry)
    room = Room.of(packed, len(frames))
    return partial(settle_curve, frames, geometry, packed, _ROUND_OFF, room, codes), codes, room


def _by_octets(corners: Matrix, frames: Matrix) -> tuple[Callable[[], Any], Codes, Any]:
    """Return a search by octets of all corners, the codes that it fills in, and its room."""
    from sfvq_analysis.curve.octets.coarse import settle
    from sfvq_analysis.curve.octets.room import Room

    geometry, codes = Geometry.of(corners.astype(np.float64)), Codes.empty(len(frames))
    (n_corners, dim), octets, on_curve = corners.shape, Octets.of(geometry), True
    room, balls = Room.of(n_corners, dim, len(frames)), OctetBalls.none(octets)
    run = partial(settle, frames, geometry, octets, balls, _ROUND_OFF, room, codes, on_curve)
    return run, codes, room


def _ran(run: Callable[[], Any]) -> Any:
    """Return what a compiled function does, None if this LLVM can't compile it, or not for here."""
    from numba.core.errors import NumbaError

    try:
        return run()
    except (NumbaError, RuntimeError):
        return None


def _is_right(codes: Codes, doubtful: NDArray[np.int32]) -> bool:
    """Tell whether most of the trial's frames are settled, as float64 would."""
    corners, frames = trial_matrices()
    if len(doubtful) > len(frames) // 4:
        return False
    settled = np.delete(np.arange(len(frames)), doubtful)
    x, c = frames[settled].astype(np.float64), corners.astype(np.float64)
    to_corners = (x**2).sum(axis=1)[:, None] + (c**2).sum(axis=1) - 2 * x @ c.T
    spans = (np.diff(c, axis=0) ** 2).sum(axis=1)
    t = (0.5 - np.diff(to_corners, axis=1) / (2 * spans)).clip(0, 1)
    to_curve = (1 - t) * to_corners[:, :-1] + t * to_corners[:, 1:] - t * (1 - t) * spans
    same = np.array_equal(codes.codeword[settled], to_corners.argmin(axis=1))
    near = np.allclose(codes.distortion[settled], to_curve.min(axis=1), rtol=1e-5)
    return bool(same and near)


def _is_compiled() -> bool:
    from sfvq_analysis.curve import compiled

    if compiled.njit is None:  # type: ignore[attr-defined]
        return False
    from numba.core import config

    return not config.DISABLE_JIT
