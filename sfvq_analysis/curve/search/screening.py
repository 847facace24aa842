"""Blocks of frames against a codebook on the CPU: products, compiled loops, threads.

Scratch memory is O(K · B) for each thread, whatever the number of frames, and less where products
are looked at in registers; frames that are put together are a copy of the block. A block whose
frames aren't usable ends the work; what is wrong with them is found out by the caller.
"""

from __future__ import annotations

import operator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfvq_analysis.curve.checks import as_floats, blocks
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.products import (
    one_blas_thread,
    one_thread_each,
    one_thread_here,
    product,
)
from sfvq_analysis.curve.search.by_tiles import Coarse, Fused, Picked
from sfvq_analysis.curve.search.choice import is_coarse, is_fused
from sfvq_analysis.curve.search.few_dimensions import MOST_DIRECT, Direct, Pruned
from sfvq_analysis.curve.search.screened import Screened

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.curve.engine import Engine
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.prepared import Prepared

    Frames = NDArray[np.floating[Any]]
    Doubtful = NDArray[np.integer[Any]]

_WORTH_A_THREAD = 1 << 18  # products of a block; those of fewer frames are done in the meantime
_SCRATCH = 1 << 21  # products of the largest block: more than 8 MB gain nothing
_FEWEST, _MOST, _LANES = 64, 4096, 16
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
    least = min(max(_WORTH_A_THREAD // n_corners, _FEWEST), _MOST // 4)
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
    return min(max(_SCRATCH // n_corners, _FEWEST), _MOST)


class _Searcher(Protocol):
    """Fills in the codes of one block after another; None if frames aren't usable.

    Returns the numbers of those that are in doubt, whose codes are to be searched once more; they
    stand until the next search.
    """

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> Doubtful | None: ...


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
    size = block_size(len(frames), geometry, engine.n_threads, fused=fused)
    parts = list(blocks(len(frames), size))
    n_threads = max(min(engine.n_threads, len(parts)), 1)
    made = _searchers(codebook, engine, size, fused=fused, coarse=coarse)
    if fused and len(parts) > n_threads > 1:
        parts = _last_in_pieces(parts, n_threads)
    searchers = [made() for _ in range(n_threads)]
    left = iter(parts)  # shared by the threads

    def work(searcher: _Searcher) -> bool:
        again = _Again(frames, geometry, codes, on_curve=on_curve)
        for part in left:
            doubtful = searcher.search(_ready(frames[part]), codes.rows(part), on_curve=on_curve)
            if doubtful is None or not again.keep(np.int64(part.start) + doubtful):
                return False
        return again.search()

    by_library = not (direct or fused)
    with one_thread_each() if by_library else nullcontext():
        if len(searchers) == 1:
            return work(searchers[0])
        begin = one_thread_here if by_library else None
        with ThreadPoolExecutor(len(searchers) - 1, initializer=begin) as pool:
            others = [pool.submit(work, searcher) for searcher in searchers[1:]]
            return all([work(searchers[0]), *(one.result() for one in others)])


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
        return partial(Fused, codebook, size)
    return partial(Screened, geometry, product(engine.products), size)


def _ready(frames: Frames) -> Frames:
    """Return frames aligned and writable: for others the loops would be compiled again."""
    if type(frames) is np.ndarray and frames.flags.carray and frames.dtype in _FLOATS:
        return frames  # to find that out by `np.require` takes longer
    return np.require(as_floats(frames), requirements=["C", "A", "W"])


class _Again:
    """Screens by a library's product what others leave in doubt, many frames at a time."""

    def __init__(self, frames: Frames, geometry: Geometry, codes: Codes, *, on_curve: bool) -> None:
        self._frames, self._geometry, self._codes = frames, geometry, codes
        self._on_curve, self._most = on_curve, _most_products(len(geometry.corners))
        self._kept: list[Doubtful] = []

    def keep(self, doubtful: Doubtful) -> bool:
        """Keep numbers of frames until there are enough to search for; False as `search` does."""
        if len(doubtful):
            self._kept.append(doubtful)
        return sum(map(len, self._kept)) < self._most or self.search()

    def search(self) -> bool:
        """Fill in the codes of the frames that are kept; False if one isn't usable."""
        if not self._kept:
            return True
        with one_blas_thread():
            return self._search()

    def _search(self) -> bool:
        numbers = np.concatenate(self._kept)
        self._kept = []
        size = min(self._most, len(numbers))
        screened = Screened(self._geometry, product("numpy"), size)
        for part in blocks(len(numbers), size):
            rows = numbers[part]
            found = Codes.empty(len(rows))
            frames = _ready(self._frames[rows])
            if screened.search(frames, found, on_curve=self._on_curve) is None:
                return False
            self._codes.put(rows, found)
        return True
