"""Kaldi's archives (``.ark``) and scripts (``.scp``), read by key; a pipe in a script is never run.

A line of a script is ``key file``, ``key file:offset`` or, refused, a pipe, a stream, or a range
of rows. A relative name counts from the script's folder or, as in Kaldi, from the working folder;
if both files exist, the name is refused. The offset must be where the archive says the key's matrix
begins.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.encoders.latent_files.kaldi_matrix import (
    begins_matrix,
    read_matrix,
    skip_matrix,
)
from sfvq_analysis.encoders.latent_files.source import UNNAMED, LatentFile
from sfvq_analysis.errors import EncoderError, in_line, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONGEST_KEY = 1024
_LONGEST_LINE = 1 << 16
_SPACE = b" \t\r\n\v\f"
_RANGE = re.compile(r"\[[^\[\]]*\]$")
_OFFSET = re.compile(r"(.+):([0-9]{1,18})", re.DOTALL)


class Entry(NamedTuple):
    """Where a script says a matrix is: its line there, the file, and the offset if one is given."""

    line: int
    name: str
    offset: int | None


class ArkFile(LatentFile):
    """The matrices of an archive. It is gone through once, when it is opened.

    A file of one matrix without a key, as copy-matrix writes it, is an array without a name.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._offsets = _offsets(path)

    @property
    def keys(self) -> list[str]:
        """Keys in the order of the archive."""
        return list(self._offsets)

    def __contains__(self, key: str) -> bool:
        return key in self._offsets

    def read(self, key: str) -> NDArray[Any]:
        """Return a matrix."""
        return _matrix_at(self.path, self._offsets[key])


class ScpFile(LatentFile):
    """The matrices that a script names, wherever they are."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._entries = _entries(path)

    @property
    def keys(self) -> list[str]:
        """Keys in the order of the script."""
        return list(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def read(self, key: str) -> NDArray[Any]:
        """Return a matrix."""
        entry = self._entries[key]
        try:
            path = self._file_of(entry.name)
            if entry.offset:
                _check_key(path, key, entry.offset)
            return _matrix_at(path, entry.offset or 0)
        except (OSError, ValueError) as error:
            if not isinstance(error, EncoderError):
                error = EncoderError(
                    f"{shown(entry.name)} can't be read ({in_line(error)})",
                    remedy="check the file it names",
                )
            raise error.at(f"line {entry.line}") from error

    def files(self) -> list[Path]:
        """Return the script and the files it names, as far as they are there."""
        named: dict[Path, None] = {}
        for name in dict.fromkeys(entry.name for entry in self._entries.values()):
            with suppress(EncoderError, OSError):
                named[self._file_of(name)] = None
        return [self.path, *named]

    def _file_of(self, name: str) -> Path:
        beside, here = self.path.parent / name, Path(name)
        there = [path for path in (beside, here) if path.is_file()]
        if not there:
            raise EncoderError(
                f"{shown(name, 200)} is missing", remedy="mend the script or restore the archive"
            )
        if len(there) == 2 and not beside.samefile(here):
            raise EncoderError(
                f"{shown(name, 200)} is in the script's folder and in the working folder",
                remedy="give a full path",
            )
        return there[0]


def _matrix_at(path: Path, offset: int) -> NDArray[Any]:
    end = path.stat().st_size
    if offset >= end:
        raise EncoderError(
            f"byte {offset} of {path.name} is past its end, at {end}", remedy="make the script anew"
        )
    with path.open("rb") as file:
        file.seek(offset)
        return read_matrix(file, end)


def _check_key(path: Path, key: str, offset: int) -> None:
    """Raise an EncoderError unless the key stands before a matrix, as in every archive."""
    expected = f"{key} ".encode()
    with path.open("rb") as file:
        file.seek(max(0, offset - len(expected)))
        found = file.read(len(expected))
    if offset < len(expected) or found != expected:
        raise EncoderError(
            f"byte {offset} of {path.name} is not where the matrix of {shown(key)} begins",
            remedy="make the script anew, with copy-feats",
        )


# Going through an archive


def _offsets(path: Path) -> dict[str, int]:
    """Return where the matrices of an archive begin, by key."""
    found: dict[str, int] = {}
    end = path.stat().st_size
    with path.open("rb") as file:
        if begins_matrix(file.read(2)):
            return {UNNAMED: 0}
        file.seek(0)
        while (key := _next_key(file)) is not None:
            if key in found:
                raise EncoderError(f"it holds {shown(key)} twice", remedy="store each key once")
            found[key] = file.tell()
            try:
                skip_matrix(file, end)
            except EncoderError as error:
                raise error.at(shown(key)) from error
    return found


def _next_key(file: IO[bytes]) -> str | None:
    """Return the key that comes next, None at the end of the file; stand behind its space."""
    begin = file.tell()
    block = file.read(_LONGEST_KEY + 2)
    start = len(block) - len(block.lstrip(_SPACE))
    while block and start == len(block):  # blanks only
        begin += len(block)
        block = file.read(_LONGEST_KEY + 2)
        start = len(block) - len(block.lstrip(_SPACE))
    if not block:
        return None
    key, space, _ = block[start:].partition(b" ")
    if not space:
        raise EncoderError(
            f"{shown(key[:40])} at byte {begin + start} is no key", remedy="is it a Kaldi archive?"
        )
    file.seek(begin + start + len(key) + 1)
    return _decoded(key)


def _decoded(key: bytes) -> str:
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncoderError(f"key {shown(key[:40])} isn't UTF-8", remedy="rename it") from error
    if not text.isprintable():
        raise EncoderError(f"key {shown(text)} isn't printable", remedy="is it a Kaldi archive?")
    return text


# Reading a script


def _entries(path: Path) -> dict[str, Entry]:
    """Return a script's lines by key."""
    entries: dict[str, Entry] = {}
    number = 0
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if not line.strip():
                continue
            try:
                key, entry = _entry(number, line)
            except EncoderError as error:
                raise error.at(f"line {number}") from error
            if key in entries:
                raise EncoderError(
                    f"{shown(key)} is also on line {entries[key].line}",
                    where=f"line {number}",
                    remedy="state each key once",
                )
            entries[key] = entry
    return entries


def _entry(number: int, line: bytes) -> tuple[str, Entry]:
    if len(line) > _LONGEST_LINE:
        raise EncoderError("it is longer than 65536 bytes", remedy="is it a Kaldi script?")
    key, *rest = line.strip().split(None, 1)
    if not rest:
        raise EncoderError(f"{shown(key[:80])} names no file", remedy="write: key file:offset")
    try:
        name = rest[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncoderError(f"{shown(rest[0])} isn't UTF-8", remedy="rename the file") from error
    if "|" in (name[0], name[-1]):
        raise EncoderError(
            f"{shown(name)} is a pipe; commands are never run", remedy="run it, and name its output"
        )
    if name == "-" or "\0" in name:
        raise EncoderError(f"{shown(name)} is no file", remedy="name the archive")
    if _RANGE.search(name):
        raise EncoderError(
            f"{shown(name)} is a range of rows", remedy="store the rows with copy-feats"
        )
    offset = _OFFSET.fullmatch(name)
    if offset:
        return _decoded(key), Entry(number, offset[1], int(offset[2]))
    return _decoded(key), Entry(number, name, None)
