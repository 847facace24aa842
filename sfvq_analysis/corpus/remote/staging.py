"""Where remote files stand on this machine while they are read.

Every process has one folder of its own below that of temporary files, which goes with it. It is
locked: what a killed process left is removed by the next that comes (`sfvq_analysis.partials`).
Nothing in it is named as the files are elsewhere, so that no name leads out of it.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from threading import Lock
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.remote.files import contents
from sfvq_analysis.files import new_file
from sfvq_analysis.partials import Partial, claim_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfvq_analysis.corpus.remote.files import RemoteFile

_LOCK, _KEEPING = Lock(), Lock()
_NUMBERS = count()
_CLAIMED: dict[int, Partial] = {}  # by process, since children inherit what is here


def staging_folder() -> Path:
    """Return this process's folder."""
    with _LOCK:
        process = os.getpid()
        if process not in _CLAIMED:
            user = os.getuid() if hasattr(os, "getuid") else ""
            _CLAIMED[process] = claim_folder(Path(gettempdir()) / f"sfvq-staged-{user}")
        return _CLAIMED[process].path


@contextmanager
def new_staging() -> Iterator[Path]:
    """Yield an empty folder that goes with the block; none ever has the same name again."""
    folder = staging_folder() / str(next(_NUMBERS))
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def staged(files: Sequence[RemoteFile]) -> Iterator[list[Path]]:
    """Yield where the contents of remote files stand for the length of a block.

    Raises
    ------
    CorpusError, StoreError
        If they can't be fetched.
    """
    with new_staging() as folder:
        paths = [folder / str(number) for number in range(len(files))]
        for path, content in zip(paths, contents(files), strict=True):
            path.write_bytes(content)
        yield paths


@contextmanager
def staged_head(head: bytes, size: int) -> Iterator[Path]:
    """Yield a file that begins so and has this size; the rest of it takes no space."""
    with new_staging() as folder:
        path = folder / "head"
        with path.open("wb") as file:
            file.write(head)
            file.truncate(size)
        yield path


def kept(file: RemoteFile) -> Path:
    """Return where a file stands that is read for many utterances: fetched once by each process."""
    name = hashlib.sha256(repr(file.key).encode("utf-8", "surrogatepass")).hexdigest()
    path = staging_folder() / f"kept-{name}"
    with _KEEPING:
        if not path.exists():
            (content,) = contents([file])
            with new_file(path) as there:
                there.write(content)
    return path


@atexit.register
def _leave() -> None:
    claimed = _CLAIMED.pop(os.getpid(), None)
    if claimed is not None:
        shutil.rmtree(claimed.path, ignore_errors=True)
        with suppress(OSError):
            claimed.release()
