"""Only one process makes a dataset at a time."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sfvq_analysis.scale.errors import ScaleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.stores import Store

WORK = "work"


@contextmanager
def alone_in(store: Store) -> Iterator[None]:
    """Keep other processes from making the same dataset for the length of a block.

    In an object store, which has no locks, nothing is kept.

    Raises
    ------
    ScaleError
        If another process is at it.
    """
    folder = store.folder
    if folder is None:
        yield
        return
    from filelock import FileLock, Timeout

    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ScaleError(
            "another process is at work on this index",
            where=store.where(),
            remedy="wait for it, or write to another folder",
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file
            (work / "lock").unlink()
        lock.release()
        with suppress(OSError):  # unfinished shards are in it
            work.rmdir()
        with suppress(OSError):  # nothing was written
            folder.rmdir()
