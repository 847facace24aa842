"""`compiled`: inner loops by numba, compiled at first use and kept in its cache.

numba takes what it has kept if the file of a loop is as it was; loops here call loops of other
files, so that what is kept has a stamp of them all in its name. This module imports numba, which
takes a while; import what uses it inside functions.
"""

from __future__ import annotations

import functools
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    from numba import njit
except ImportError:  # then the loops run as they stand
    njit: Any = None  # type: ignore[no-redef]
try:
    from numba.core.caching import CompileResultCacheImpl, FunctionCache
except ImportError:  # no numba, or one that keeps what it compiles elsewhere: nothing is kept
    CompileResultCacheImpl = FunctionCache = None

if TYPE_CHECKING:
    from collections.abc import Callable

_REORDERED = {"contract", "reassoc", "nsz", "arcp"}  # sums may be reordered; NaN stays NaN


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at first call, without the interpreter's lock, and keep the result if possible."""
    return _made(function, _REORDERED)


def compiled_within(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as `compiled` does what only other compiled loops call.

    What Python needs to call a loop isn't made, which would take its time; a call from Python
    would end the process.
    """
    return _made(function, _REORDERED, called_from_python=False)


def compiled_as_written(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile as `compiled` does, but leave sums in their order."""
    return _made(function, set())


def compiled_in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile where it is called, as a part of the caller: handing over arrays takes its time."""
    if njit is None:
        return function
    kernel: Callable[..., Any] = njit(inline="always")(function)
    return kernel


def _made(
    function: Callable[..., Any], fastmath: set[str], *, called_from_python: bool = True
) -> Callable[..., Any]:
    if njit is None:
        return function
    # of the last two numba's stubs don't tell; its own overloads are made so
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": fastmath,
        "error_model": "numpy",
        "no_cpython_wrapper": not called_from_python,
        "no_cfunc_wrapper": True,  # no loop is handed to one as an argument
    }
    kernel: Callable[..., Any] = njit(**options)(function)
    if kernel is not function and FunctionCache is not None:  # it is with NUMBA_DISABLE_JIT
        with suppress(RuntimeError, OSError):  # no folder to keep it in, or code that can't be read
            vars(kernel)["_cache"] = _cache()(function)  # as `cache=True` does
    return kernel


@functools.cache
def stamp(folder: Path = Path(__file__).parent) -> str:
    """Return what changes with any file of code below a folder; always the same in a zip file."""
    found = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.rglob("[!.]*.py")):
        name = path.relative_to(folder).as_posix()
        found.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


@functools.cache
def _cache() -> Any:
    class Stamped(CompileResultCacheImpl):  # type: ignore[misc]
        def get_filename_base(self, fullname: str, abiflags: str) -> str:
            return f"{super().get_filename_base(fullname, abiflags)}.{stamp()}"

    class Cache(FunctionCache):  # type: ignore[misc]
        _impl_class = Stamped

    return Cache
