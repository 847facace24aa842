"""Files and folders that are written whole or not at all, and arrays that are read without code."""

from __future__ import annotations

import os
import shutil
import tempfile
import tokenize
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.errors import SfvqError


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to write to, which takes the name `target` when the block ends without error.

    A folder that has the name until then is replaced, and goes only when the new one stands. After
    an error neither the new folder nor parents made for it are left.
    """
    new_parents = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        partial.chmod(0o755)
        yield partial
        _exchange(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in new_parents:
            with suppress(OSError):
                parent.rmdir()
        raise


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write to, which takes the name `target` when the block ends without error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(partial).chmod(0o644)
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def package_data(*parts: str) -> Path:
    """Return where a file or folder that comes with the package is, by its place below ``data``."""
    return Path(str(resources.files("sfvq_analysis"))).joinpath("data", *parts)


def read_npy(path: Path, refusal: type[SfvqError]) -> NDArray[Any]:
    """Read a plain ``.npy``; pickles and archives are refused.

    Parameters
    ----------
    path
        The file.
    refusal
        Kind of the error that is raised if it isn't one.
    """
    try:
        with path.open("rb") as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, OSError, tokenize.TokenError) as error:
        raise refusal(f"not a plain .npy ({error})", remedy="store it with numpy.save") from error
    return array


def _exchange(partial: Path, target: Path) -> None:
    """Give the new folder its name; the old one goes only when the new one stands."""
    if not target.exists():
        partial.rename(target)
        return
    old = partial.with_name(f"{partial.name}.old")
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)
