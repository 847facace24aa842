"""The inner loops, compiled by numba at first use and kept in its cache.

Each works on a block of B frames whose products with the K corners, ``G = C X^T`` of shape (K, B),
are already there, so that the innermost loop runs over frames that lie side by side in memory.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_INFINITE = np.float32(np.inf)


def _scan_segments(
    products: NDArray[np.float32],
    corner_squares: NDArray[np.float32],
    lengths: NDArray[np.float32],
    inverse_lengths: NDArray[np.float32],
    corner_along: NDArray[np.float32],
    slack: NDArray[np.float32],
    best: NDArray[np.float32],
    rival: NDArray[np.float32],
    winner: NDArray[np.int32],
) -> None:
    """For every frame: least squared distance (less |x|²), its segment, and the next best.

    A segment whose nearest point is its far corner, by more than the round-off `slack` of the
    frame, is passed over unless it is the last: the next segment holds that corner too, so each
    point of the curve is met once.
    """
    n_corners, n_frames = products.shape
    last = n_corners - 2
    for i in range(n_frames):
        best[i] = _INFINITE
        rival[i] = _INFINITE
        winner[i] = 0
    for k in range(n_corners - 1):
        for i in range(n_frames):
            along = products[k + 1, i] - products[k, i] - corner_along[k]
            t = min(max(along * inverse_lengths[k], _ZERO), _ONE)
            value = corner_squares[k] - _TWO * products[k, i] + t * (t * lengths[k] - _TWO * along)
            if k < last and along - lengths[k] > slack[i]:
                value = _INFINITE
            if value < best[i]:
                rival[i] = best[i]
                best[i] = value
                winner[i] = k
            elif value < rival[i]:
                rival[i] = value


def _scan_corners(
    products: NDArray[np.float32],
    corner_squares: NDArray[np.float32],
    best: NDArray[np.float32],
    rival: NDArray[np.float32],
    winner: NDArray[np.int32],
) -> None:
    """For every frame: least squared distance to a corner (less |x|²), which, and the next best."""
    n_corners, n_frames = products.shape
    for i in range(n_frames):
        best[i] = _INFINITE
        rival[i] = _INFINITE
        winner[i] = 0
    for k in range(n_corners):
        for i in range(n_frames):
            value = corner_squares[k] - _TWO * products[k, i]
            if value < best[i]:
                rival[i] = best[i]
                best[i] = value
                winner[i] = k
            elif value < rival[i]:
                rival[i] = value


def _decide_segments(
    frames: NDArray[np.float64],
    corners: NDArray[np.float64],
    winner: NDArray[np.int32],
    t_best: NDArray[np.float64],
    d_best: NDArray[np.float64],
) -> None:
    """For every frame: nearest segment, t and squared distance, in float64 and direct form."""
    for i in range(frames.shape[0]):
        d_best[i] = np.inf
        for k in range(corners.shape[0] - 1):
            length = 0.0
            along = 0.0
            for j in range(corners.shape[1]):
                step = corners[k + 1, j] - corners[k, j]
                length += step * step
                along += (frames[i, j] - corners[k, j]) * step
            t = min(max(along / length, 0.0), 1.0) if length > 0.0 else 0.0
            squared = 0.0
            for j in range(corners.shape[1]):
                step = corners[k + 1, j] - corners[k, j]
                apart = frames[i, j] - corners[k, j] - t * step
                squared += apart * apart
            if squared < d_best[i]:
                d_best[i] = squared
                t_best[i] = t
                winner[i] = k


def _decide_corners(
    frames: NDArray[np.float64],
    corners: NDArray[np.float64],
    winner: NDArray[np.int32],
) -> None:
    """For every frame: nearest corner, the lowest among equals, in float64 and direct form."""
    for i in range(frames.shape[0]):
        least = np.inf
        for k in range(corners.shape[0]):
            squared = 0.0
            for j in range(corners.shape[1]):
                apart = frames[i, j] - corners[k, j]
                squared += apart * apart
            if squared < least:
                least = squared
                winner[i] = k


def _add_by_index(
    frames: NDArray[np.float32],
    index: NDArray[np.int32],
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Add every frame to the row of `sums` that its index names, in the order of the frames."""
    for i in range(frames.shape[0]):
        k = index[i]
        counts[k] += 1.0
        for j in range(frames.shape[1]):
            sums[k, j] += frames[i, j]


@functools.cache
def compiled(name: str) -> Callable[..., Any]:
    """Return a compiled kernel by its name without the leading underscore."""
    import numba

    function = {
        "scan_segments": _scan_segments,
        "scan_corners": _scan_corners,
        "decide_segments": _decide_segments,
        "decide_corners": _decide_corners,
        "add_by_index": _add_by_index,
    }[name]
    try:
        compiler: Any = numba.njit(cache=True, nogil=True, fastmath=False)
        kernel: Callable[..., Any] = compiler(function)
    except RuntimeError:  # no folder to keep the cache in: compiled anew in every process
        compiler = numba.njit(nogil=True, fastmath=False)
        kernel = compiler(function)
    return kernel
