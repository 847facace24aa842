"""`is_fused`: whether products are looked at where they are computed, or left to a library.

The first takes no room for products and no second look at them. It is timed and checked once a
process: compiled for a processor whose vectors are short, it could be the slower way.
"""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.curve.products import least_seconds, one_thread_each, product, trial_matrices
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from sfvq_analysis.curve.engine import Products

_PAYS = 1.5
"""Times a library's product that it may take; to look at that product takes half of it at least."""
_ROUND_OFF = 1e-5  # more than there is: what is settled must be right for sure


def is_fused(products: Products) -> bool:
    """Tell whether frames are searched in tiles, as `sfvq_analysis.curve.fused` does.

    Raises
    ------
    OptionError
        If that is asked for and can't be had.
    """
    if products == "fused" and not np.isfinite(_share()):
        raise OptionError(
            "products is 'fused', which isn't at hand", remedy="install numba, or use 'auto'"
        )
    return products == "fused" or (products == "auto" and _share() < _PAYS)


@functools.cache
def _share() -> float:
    """Return the time of a search in tiles over that of a library's product.

    Infinity if it can't be had, or finds other corners or farther points than float64 does.
    """
    if not _is_compiled():
        return np.inf
    from numba.core.errors import NumbaError

    from sfvq_analysis.curve.fused import Packed, Room, settle_curve

    corners, frames = trial_matrices()
    geometry, codes = Geometry.of(corners.astype(np.float64)), Codes.empty(len(frames))
    room = Room.of(frames.shape[1], len(frames))
    run = partial(settle_curve, frames, geometry, Packed.of(geometry), _ROUND_OFF, room, codes)
    try:
        n_doubtful = run()
    except (NumbaError, RuntimeError):  # what this LLVM can't compile, or not for this processor
        return np.inf
    if not 0 <= n_doubtful <= len(frames) // 4:
        return np.inf
    settled = np.delete(np.arange(len(frames)), room.doubtful[:n_doubtful])
    x, c = frames[settled].astype(np.float64), corners.astype(np.float64)
    to_corners = (x**2).sum(axis=1)[:, None] + (c**2).sum(axis=1) - 2 * x @ c.T
    spans = (np.diff(c, axis=0) ** 2).sum(axis=1)
    t = (0.5 - np.diff(to_corners, axis=1) / (2 * spans)).clip(0, 1)
    to_curve = (1 - t) * to_corners[:, :-1] + t * to_corners[:, 1:] - t * (1 - t) * spans
    same = np.array_equal(codes.codeword[settled], to_corners.argmin(axis=1))
    if not same or not np.allclose(codes.distortion[settled], to_curve.min(axis=1), rtol=1e-5):
        return np.inf
    with one_thread_each():
        multiply, scratch = product("auto"), np.empty((len(corners), len(frames)), np.float32)
        return least_seconds(run) / least_seconds(partial(multiply, corners, frames, scratch))


def _is_compiled() -> bool:
    from sfvq_analysis.curve import compiled

    if compiled.njit is None:  # type: ignore[attr-defined]
        return False
    from numba.core import config

    return not config.DISABLE_JIT
