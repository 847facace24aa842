"""Files and folders: whether they are there, and written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sfvq_analysis.partials import (
    claim_file,
    claim_folder,
    displaced,
    is_unfinished,
    write_through,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to write to, which takes the name `target` when the block ends without error.

    By then all of it is on the disk. A folder that has the name until then is replaced, and goes
    only when the new one stands. After an error neither the new folder nor parents made for it are
    left; what a killed process left is removed by the next that writes there.
    """
    new_parents = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = claim_folder(target)
    try:
        partial.path.chmod(0o755)
        yield partial.path
        for folder, _, names in os.walk(partial.path):
            for path in (Path(folder, name) for name in names):
                if not path.is_symlink():
                    write_through(path)
            write_through(Path(folder))
        _exchange(partial.path, target)
        write_through(target.parent)
    except BaseException:
        shutil.rmtree(partial.path, ignore_errors=True)
        for parent in new_parents:
            with suppress(OSError):
                parent.rmdir()
        raise
    finally:
        partial.release()


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write to, which takes the name `target` when the block ends without error.

    By then all of it is on the disk, unless it is in a `new_folder`, which sees to that itself.
    What a killed process left is written over by the next that writes there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial, in_whole = claim_file(target), is_unfinished(target.parent)
    try:
        with partial.path.open(
            "r+b"
        ) as file:  # a handle of its own: the lock is kept until renamed
            yield file
        partial.path.chmod(0o644)
        if in_whole:
            partial.path.replace(target)
        else:
            write_through(partial.path)
            partial.path.replace(target)
            write_through(target.parent)
    except BaseException:
        partial.path.unlink(missing_ok=True)
        raise
    finally:
        partial.release()


def package_data(*parts: str) -> Path:
    """Return where a file or folder that comes with the package is, by its place below ``data``."""
    return Path(str(resources.files("sfvq_analysis"))).joinpath("data", *parts)


def is_file(path: Path) -> bool:
    """Tell whether a regular file is there, for any name; a pipe, which would wait, isn't one.

    One whose folder may not be looked into is taken to be there: opening it says what is wrong.
    """
    try:
        return path.is_file()
    except PermissionError:
        return True
    except (OSError, ValueError):  # a name that is too long, or can't be one
        return False


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there, for any name and any permission."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _exchange(partial: Path, target: Path) -> None:
    """Give the new folder its name; the old one goes only when the new one stands."""
    if not target.exists():
        partial.rename(target)
        return
    old = displaced(partial)
    target.rename(old)
    try:
        partial.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)  # another process may be tidying it up already
