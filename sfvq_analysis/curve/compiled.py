"""`compiled`: inner loops by numba, compiled at first use and kept in its cache.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from numba import njit
except ImportError:  # then the loops run as they stand
    njit: Any = None  # type: ignore[no-redef]

if TYPE_CHECKING:
    from collections.abc import Callable

_REORDERED = {"contract", "reassoc", "nsz", "arcp"}  # sums may be reordered; NaN stays NaN


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at first call, without the interpreter's lock, and keep the result if possible."""
    if njit is None:
        return function
    try:
        kernel: Callable[..., Any] = njit(cache=True, nogil=True, fastmath=_REORDERED)(function)
    except RuntimeError:  # no folder to keep it in: compiled anew in every process
        kernel = njit(nogil=True, fastmath=_REORDERED)(function)
    return kernel
