"""The files in a tar, read once from its beginning to its end; nothing is ever unpacked.

Python's `tarfile` reads the headers, forward only, so that any stream of bytes will do. What it
passes over without a word is refused here: a tar that is cut off between two files, or that goes on
with something else than a file; headers that would fill the memory; sparse files, whose bytes
aren't their content.
"""

from __future__ import annotations

import lzma
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, in_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 1 << 20
_LARGEST_HEADER = 1 << 24
_UNIT = tarfile.BLOCKSIZE
_MOST = 2_000_000
_ERRORS = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


@dataclass(frozen=True, slots=True)
class TarMember:
    """A file in a tar, or a link or device of which nothing is read.

    Attributes
    ----------
    name
        As the tar has it; nothing is known of it.
    start, size
        Its first byte in the tar, uncompressed, and how many it has.
    kind
        ``"file"``, or what else it is.
    """

    name: str
    start: int
    size: int
    kind: str

    @property
    def stop(self) -> int:
        """The byte after its last."""
        return self.start + self.size


class TarReader:
    """A tar that is read once, forward.

    Parameters
    ----------
    file
        The bytes, not compressed, from the beginning. Files are passed over by seeking if it can
        be sought and `seeks` is set, else by reading.
    where
        What messages call it.
    seeks
        Whether seeking costs less than reading.
    """

    def __init__(self, file: IO[bytes], where: str, *, seeks: bool = False) -> None:
        self._where = where
        self._file = _Watched(file)
        self._seeks = seeks
        self._tar: tarfile.TarFile | None = None
        self._current: tarfile.TarInfo | None = None

    def members(self) -> Iterator[TarMember]:
        """Yield what is in the tar but folders, in order; `content` reads the one yielded last.

        Raises
        ------
        CorpusError
            If it is no tar, or damaged or cut off: after the last member that is whole.
        """
        with self._told(), self._opened() as tar:
            self._tar, end = tar, 0
            for _ in range(_MOST):
                found = tar.next()
                tar.members = []  # type: ignore[attr-defined]  # or all would stay in memory
                if found is None:
                    self._check_end(tar.offset)
                    return
                if found.size < 0 or found.offset < end:
                    raise CorpusError("it is damaged: a file's size is negative")
                end = found.offset_data + -(-found.size // _UNIT) * _UNIT
                if found.isdir():
                    continue
                self._file.may_read(end + _LARGEST_HEADER)
                self._current = found
                yield TarMember(found.name, found.offset_data, found.size, _kind(found))
                self._check_whole(found, end)
            raise CorpusError(f"it holds more than {_MOST} files", remedy="cut it into several")

    def content(self, at_most: int) -> bytes:
        """Return what the file that was yielded last holds, or its first bytes."""
        with self._told():
            assert self._tar is not None  # noqa: S101 -- members() is at work
            assert self._current is not None  # noqa: S101
            stream = self._tar.extractfile(self._current)
            return b"" if stream is None else stream.read(at_most)

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        if self._seeks:
            with tarfile.TarFile(fileobj=self._file) as tar:  # type: ignore[arg-type]
                yield tar
            return
        with tarfile.open(fileobj=self._file, mode="r|", bufsize=BLOCK) as tar:  # type: ignore[call-overload]
            yield tar

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say which tar an error is of."""
        try:
            yield
        except CorpusError as error:
            raise (error if error.where else error.at(self._where)) from error
        except _ERRORS as error:
            raise CorpusError(
                f"not readable as a tar ({in_line(error, 100) or type(error).__name__})",
                where=self._where,
                remedy="restore it, or pack it anew",
            ) from error

    def _check_whole(self, member: tarfile.TarInfo, end: int) -> None:
        """Raise a CorpusError if the tar ends within a file, so far as is known by now."""
        if self._seeks and self._file.size() < end:
            raise CorpusError(
                f"it is cut off within {shown(member.name)}", remedy="restore it, or pack it anew"
            )

    def _check_end(self, offset: int) -> None:
        """Raise a CorpusError unless a block of zeros is where the files end."""
        if self._file.at(offset) != bytes(_UNIT):
            raise CorpusError(
                f"it is cut off or damaged at byte {offset}, where a file or the end should be",
                remedy="restore it, or pack it anew",
            )


class _Watched:
    """A file that remembers what was last read, and refuses more than headers may take."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._limit: int | None = None
        self._position = 0
        self._last: list[tuple[int, bytes]] = []

    def may_read(self, limit: int) -> None:
        """Allow reading up to there, for a file that is known to be so long, and one header."""
        self._limit = limit + 2 * BLOCK

    def read(self, count: int) -> bytes:
        if count > _LARGEST_HEADER or self._position > (self._limit or 3 * _LARGEST_HEADER):
            raise CorpusError(
                f"it is damaged: a header is larger than {_LARGEST_HEADER >> 20} MiB",
                remedy="pack it anew",
            )
        found = self._file.read(count)
        self._last = [*self._last[-1:], (self._position, found)]
        self._position += len(found)
        return found

    def seek(self, position: int) -> int:
        self._position = self._file.seek(position)
        return self._position

    def tell(self) -> int:
        return self._position

    def size(self) -> int:
        """Return the file's bytes; only for those that can be sought."""
        here = self._file.tell()
        size = self._file.seek(0, 2)
        self._file.seek(here)
        return size

    def at(self, offset: int) -> bytes:
        """Return the block that begins there, if it is among what was last read."""
        first = self._last[0][0] if self._last else 0
        known = b"".join(part for _, part in self._last)
        return known[max(offset - first, 0) :][:_UNIT] if offset >= first else b""


def _kind(found: tarfile.TarInfo) -> str:
    if found.isfile():
        return "file" if not found.issparse() else "a sparse file"
    if found.issym() or found.islnk():
        return "a link"
    return "a device or a pipe"
