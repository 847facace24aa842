"""Blocks of frames against a codebook on the CPU: products, compiled loops, threads.

Scratch memory is O(K · B) for each thread, whatever the number of frames, and less where products
are looked at in registers; frames that are put together are a copy of the block. A block whose
frames aren't usable ends the work; what is wrong with them is found out by the caller.
"""

from __future__ import annotations

import operator
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfvq_analysis.curve.checks import as_floats, blocks
from sfvq_analysis.curve.products import one_thread_each, one_thread_here, product
from sfvq_analysis.curve.search.by_tiles import (
    FEWEST,
    Coarse,
    Fused,
    Picked,
    step_of,
    worth_a_thread,
)
from sfvq_analysis.curve.search.choice import is_coarse, is_fused
from sfvq_analysis.curve.search.few_dimensions import MOST_DIRECT, Direct, Pruned
from sfvq_analysis.curve.search.screened import Screened
from sfvq_analysis.curve.search.threads import together

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.engine import Engine
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.prepared import Prepared

    Frames = NDArray[np.floating[Any]]

_SCRATCH = 1 << 21  # products of the largest block: more than 8 MB gain nothing
_MOST, _LANES = 4096, 16
_MOST_FUSED = 1 << 13  # frames of the largest block where products aren't kept
_PICKING_PAYS = 4608, 512, 1 << 17  # frames of a block, corners, and coordinates of a codebook
_PIECES = 4  # of a thread's last block
_FLOATS = np.dtype(np.float32), np.dtype(np.float64)
_DIRECT_BLOCK, _FEWEST_PRUNED = 1024, 1024  # fewer frames a block: as long to begin it


def block_size(n_frames: int, geometry: Geometry, n_threads: int, *, fused: bool) -> int:
    """Return how many frames are searched together: as many for every thread, or nearly so."""
    n_corners, dim = geometry.corners.shape
    if dim <= MOST_DIRECT:
        return _DIRECT_BLOCK
    least = worth_a_thread(n_corners)
    most = _MOST_FUSED if fused else _most_products(n_corners)
    rounds = max(-(-n_frames // (most * n_threads)), 1)
    size = int(max(-(-n_frames // (rounds * n_threads)), least))
    return (-(-size // _LANES) | 1) * _LANES  # rows not a power of two apart


def _last_in_pieces(parts: list[slice], n_threads: int) -> list[slice]:
    """Return blocks of which each thread's last is cut up, so that threads end together."""
    whole, first = parts[:-n_threads], parts[-n_threads].start
    size = -(-(parts[-1].stop - first) // (_PIECES * n_threads * _LANES)) * _LANES
    starts = range(first, parts[-1].stop, size)
    return whole + [slice(start, min(start + size, parts[-1].stop)) for start in starts]


def _most_products(n_corners: int) -> int:
    return min(max(_SCRATCH // n_corners, FEWEST), _MOST)


class _Searcher(Protocol):
    """Fills in the codes of one block after another; False if frames aren't usable."""

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> bool: ...


def search(
    frames: Frames, codebook: Prepared, codes: Codes, engine: Engine, *, on_curve: bool
) -> bool:
    """Fill in the codes of frames, shape (n_frames, dim); False if some frame isn't usable.

    Parameters
    ----------
    frames
        An array or a memory map.
    codebook
        As it is prepared.
    codes
        Of as many frames. Without `on_curve` only the nearest codeword and its distortion.
    engine
        Gives products and threads.
    """
    geometry = codebook.geometry
    direct = geometry.corners.shape[1] <= MOST_DIRECT
    coarse = not direct and is_coarse(engine.products, geometry.corners.shape, on_curve=on_curve)
    fused = not direct and (coarse or is_fused(engine.products))
    if fused and not coarse and _is_ready(frames):
        return _in_shares(frames, codebook, codes, engine.n_threads, on_curve=on_curve)
    size = block_size(len(frames), geometry, engine.n_threads, fused=fused)
    parts = list(blocks(len(frames), size))
    n_threads = max(min(engine.n_threads, len(parts)), 1)
    made = _searchers(codebook, engine, size, fused=fused, coarse=coarse)
    if fused and len(parts) > n_threads > 1:
        parts = _last_in_pieces(parts, n_threads)
    left = iter(parts)  # shared by the threads
    by_library = not (direct or fused)

    def work() -> bool:
        if by_library:
            one_thread_here()
        searcher = made()
        return all(
            searcher.search(_ready(frames[part]), codes.rows(part), on_curve=on_curve)
            for part in left
        )

    with one_thread_each() if by_library else nullcontext():
        return together([work] * n_threads)


def _in_shares(
    frames: Frames, codebook: Prepared, codes: Codes, n_threads: int, *, on_curve: bool
) -> bool:
    """Search in tiles of float32; threads take a few frames each, until none are left."""
    n_shares = -(-len(frames) // step_of(len(codebook.geometry.corners)))
    taken = np.zeros(1, np.int64)

    def work() -> bool:
        return Fused.here(codebook).search(frames, codes, taken, on_curve=on_curve)

    return together([work] * max(min(n_threads, n_shares), 1))


def _searchers(
    codebook: Prepared, engine: Engine, size: int, *, fused: bool, coarse: bool = False
) -> Callable[[], _Searcher]:
    """Return what makes a searcher for each thread."""
    geometry = codebook.geometry
    n_corners, dim = geometry.corners.shape
    if dim <= MOST_DIRECT:
        return partial(Pruned if n_corners >= _FEWEST_PRUNED else Direct, geometry, size)
    if coarse:
        extent = size, n_corners, geometry.corners.size
        picks = all(map(operator.ge, extent, _PICKING_PAYS))
        return partial(Picked if picks else Coarse, codebook, size)
    if fused:
        return partial(Fused.here, codebook)
    return partial(Screened, geometry, product(engine.products), size)


def _ready(frames: Frames) -> Frames:
    """Return frames aligned and writable: for others the loops would be compiled again."""
    if _is_ready(frames):
        return frames  # to find that out by `np.require` takes longer
    return np.require(as_floats(frames), requirements=["C", "A", "W"])


def _is_ready(frames: Frames) -> bool:
    return type(frames) is np.ndarray and frames.flags.carray and frames.dtype in _FLOATS
