"""Open what a path names: a regular file that isn't empty, and nothing that could make us wait."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, OptionError, SfvqError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@contextmanager
def open_audio(path: Path | str) -> Iterator[tuple[IO[bytes], int]]:
    """Yield a file opened for reading and its size in bytes; errors inside it get its name.

    Only a regular file is opened, so that a pipe or a device can neither block nor be changed.

    Raises
    ------
    CorpusError
        If the file is missing, empty, unreadable or no regular file.
    OptionError
        If `path` is neither a string nor a path.
    """
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise OptionError(f"path is {path!r:.60}", remedy="give a str or a pathlib.Path")
    try:
        with _opened(Path(path)) as file:
            yield file, os.fstat(file.fileno()).st_size
    except SfvqError as error:
        raise error.at(str(path)) from error
    except (OSError, MemoryError) as error:
        raise CorpusError(
            f"audio file can't be read ({_reason(error)})",
            where=str(path),
            remedy="check the disk, or cut the file into utterances if it is too large",
        ) from error


def _opened(path: Path) -> IO[bytes]:
    """Open a regular file, looking at its kind before and after."""
    try:
        _check_kind(path.stat())
        handle = os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise CorpusError("audio file is missing", remedy="restore the file") from error
    except CorpusError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise CorpusError(
            f"audio file can't be opened ({_reason(error)})",
            remedy="check its name and permissions",
        ) from error
    file = os.fdopen(handle, "rb")
    try:
        _check_kind(os.fstat(handle))  # it may have been exchanged since
    except CorpusError:
        file.close()
        raise
    return file


def _check_kind(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "no regular file")
        raise CorpusError(f"that is {kind}, not an audio file", remedy="name an audio file")
    if status.st_size == 0:
        raise CorpusError("not readable as audio (the file is empty)", remedy="restore the file")


def _reason(error: Exception) -> str:
    """Return the system's words without the name of the file, which stands before them."""
    words = error.strerror if isinstance(error, OSError) else str(error)
    return words or type(error).__name__
