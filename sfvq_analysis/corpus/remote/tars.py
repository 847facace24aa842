"""Bytes of a tar: a part of it where it can be reached directly, else read forward from its start.

The files of a sample follow each other, so that one part holds them all: one request to a store.
"""

from __future__ import annotations

import atexit
import bz2
import gzip
import lzma
import zlib
from collections import OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, cast

from sfvq_analysis.corpus.remote.tar_members import BLOCK
from sfvq_analysis.errors import CorpusError, in_line
from sfvq_analysis.stores import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sfvq_analysis.corpus.remote.files import RemoteFile

_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
_MAGIC = 6
_KEPT = 32 << 20
_SAMPLES, _MOST_KEPT = 16, 1 << 28
_FEW = 4
_DAMAGES = (OSError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class TarSource:
    """A tar whose files are known.

    Attributes
    ----------
    store, name
        Where it is.
    place
        What messages call it.
    stamp
        Changes with its content.
    compressed
        Whether it can only be read forward.
    """

    store: Store
    name: str
    place: str
    stamp: str
    compressed: bool

    def where(self, name: str) -> str:
        """Return what messages call a file in it."""
        return f"{self.place}/{name}"

    def contents(self, files: Sequence[RemoteFile]) -> list[bytes]:
        """Return the bytes of several files that follow each other."""
        first = min(file.start for file in files)
        last = max(file.start + (file.size or 0) for file in files)
        whole = self._part(first, last)
        starts = [file.start - first for file in files]
        return [
            whole[start : start + (file.size or 0)]
            for file, start in zip(files, starts, strict=True)
        ]

    def head(self, file: RemoteFile, count: int) -> bytes:
        """Return the first bytes of a file."""
        return self._part(file.start, file.start + min(count, file.size or 0))

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Yield the tar from its beginning, without compression.

        Raises
        ------
        StoreError
            If it isn't there or can't be opened.
        """
        with self.store.opened(self.name) as file, _plain(file) as plain:
            yield plain

    @property
    def is_near(self) -> bool:
        """Whether any part of it can be had at once: a file of this machine, not compressed."""
        return self.store.folder is not None and not self.compressed

    def _part(self, start: int, stop: int) -> bytes:
        if start == stop:
            return b""
        if self.compressed:
            found = _window_of(self).read(start, stop)
        else:
            try:
                (found,) = self.store.parts([self.name], [(start, stop)])
            except FileNotFoundError as error:
                raise CorpusError("no such tar", where=self.place, remedy="restore it") from error
        if len(found) != stop - start:
            raise CorpusError(
                f"it is cut off at byte {start + len(found)}",
                where=self.place,
                remedy="restore it, and scan the corpus again",
            )
        return found


def tar_at(place: str) -> TarSource:
    """Return the tar at a path or a URL.

    Raises
    ------
    CorpusError
        If there is none.
    StoreError
        If the place can't be reached.
    """
    above, _, name = Store.at(place).where().rpartition("/")
    store = Store.at(above or "/")
    found = store.file(name)
    if found is None:
        raise CorpusError("no such tar", where=place, remedy="name a tar that is there")
    with store.opened(name) as file:
        magic = file.read(_MAGIC)
    compressed = any(magic.startswith(one) for one in _OPENERS)
    return TarSource(store, name, place, f"{found.size} {found.stamp}", compressed)


def close_tars() -> None:
    """Forget what is kept of tars, and close them."""
    with _LOCK:
        while _WINDOWS:
            _WINDOWS.popitem()[1].close()


class _Window:
    """The part of a compressed tar that was read last; more is read forward, from there on.

    Threads that read neighbouring files ask for them in any order, so what was passed over lately
    is kept.
    """

    def __init__(self, tar: TarSource) -> None:
        self._tar = tar
        self._lock = Lock()
        self._start, self._bytes = 0, bytearray()
        self._kept = _KEPT
        self._opened: Any = None
        self._file: IO[bytes] | None = None

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes between two places, fewer if the tar ends before."""
        with self._lock:
            try:
                self._reach(start, stop)
            except _DAMAGES as error:
                raise _damaged(self._tar.place, error) from error
            return bytes(self._bytes[start - self._start : stop - self._start])

    def close(self) -> None:
        """Close the tar, when no thread reads it."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._opened is not None:
            with suppress(*_DAMAGES):
                self._opened.__exit__(None, None, None)
        self._opened = self._file = None

    def _reach(self, start: int, stop: int) -> None:
        self._kept = max(self._kept, min(_SAMPLES * (stop - start), _MOST_KEPT))
        if self._file is None or start < self._start:
            self._open()
        file = cast("IO[bytes]", self._file)
        while self._start + len(self._bytes) < stop:
            found = file.read(BLOCK)
            if not found:
                return
            self._bytes += found
            gone = min(len(self._bytes) - self._kept, start - self._start)
            if gone > 0:
                del self._bytes[:gone]
                self._start += gone

    def _open(self) -> None:
        self._close()
        self._opened = self._tar.opened()
        self._file = self._opened.__enter__()
        self._start, self._bytes = 0, bytearray()


_LOCK = Lock()
_WINDOWS: OrderedDict[tuple[str, str], _Window] = OrderedDict()
atexit.register(close_tars)


def _window_of(tar: TarSource) -> _Window:
    key = (tar.place, tar.stamp)
    with _LOCK:
        window = _WINDOWS.setdefault(key, _Window(tar))
        _WINDOWS.move_to_end(key)
        while len(_WINDOWS) > _FEW:
            _WINDOWS.popitem(last=False)[1].close()
        return window


@contextmanager
def _plain(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a file without its compression, if it has one."""
    magic = file.read(_MAGIC)
    file.seek(0)
    opener = next((one for start, one in _OPENERS.items() if magic.startswith(start)), None)
    if opener is None:
        yield file
        return
    with opener(file) as plain:
        yield plain


def _damaged(place: str, error: Exception) -> CorpusError:
    return CorpusError(
        f"it can't be decompressed ({in_line(error, 100) or type(error).__name__})",
        where=place,
        remedy="restore it, or pack it anew",
    )
