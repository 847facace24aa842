"""Files of a corpus that aren't files on this machine: in an object store, or inside a tar."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from sfvq_analysis.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfvq_analysis.stores import Store

LARGEST = 1 << 32
"""A file of more bytes (4 GiB) is no utterance."""


class Source(Protocol):
    """Where remote files are; frozen, since many files share one and travel with it."""

    def where(self, name: str) -> str:
        """Return what messages call a file."""
        ...

    def contents(self, files: Sequence[RemoteFile]) -> list[bytes]:
        """Return the bytes of several of its files, fetched together.

        Raises
        ------
        FileNotFoundError
            If one is no longer there.
        StoreError
            If the place can't be reached.
        """
        ...

    def head(self, file: RemoteFile, count: int) -> bytes:
        """Return the first bytes of a file."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file elsewhere.

    Attributes
    ----------
    source
        Where it is.
    name
        Its name there.
    size
        In bytes; None where that isn't known before it is read.
    stamp
        Changes with its content.
    start
        Its first byte in what holds it.
    """

    source: Source
    name: str
    size: int | None
    stamp: str
    start: int = 0

    @property
    def where(self) -> str:
        """What messages call it."""
        return self.source.where(self.name)

    @property
    def key(self) -> tuple[str, int | None, str]:
        """What tells it from any other, and from itself before a change."""
        return self.where, self.size, self.stamp


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder in a store; its files are fetched whole, or their first bytes."""

    store: Store

    def where(self, name: str) -> str:
        """Return the URL of a file."""
        return self.store.where(name)

    def contents(self, files: Sequence[RemoteFile]) -> list[bytes]:
        """Return the bytes of several files."""
        return self.store.parts([file.name for file in files], [(None, None)] * len(files))

    def head(self, file: RemoteFile, count: int) -> bytes:
        """Return the first bytes of a file."""
        return self.store.parts([file.name], [(0, min(count, file.size or count))])[0]


def contents(files: Sequence[RemoteFile]) -> list[bytes]:
    """Return the bytes of files, those of one place fetched together.

    Raises
    ------
    CorpusError
        If one is missing, too large for an utterance, or not the one that was listed.
    StoreError
        If a place can't be reached.
    """
    for file in files:
        refuse_too_large(file)
    found: list[bytes] = []
    for source, group in groupby(files, key=lambda file: file.source):
        some = list(group)
        try:
            found += source.contents(some)
        except FileNotFoundError as error:
            raise CorpusError(
                "file is missing",
                where=some[0].where if len(some) == 1 else str(error.filename or error),
                remedy="restore the file",
            ) from error
    for file, content in zip(files, found, strict=True):
        if file.size is not None and len(content) != file.size:
            raise CorpusError(
                f"{file.size} bytes were listed, {len(content)} are there",
                where=file.where,
                remedy="restore the file, and scan the corpus again",
            )
    return found


def refuse_too_large(file: RemoteFile) -> None:
    """Raise a CorpusError for a file that is larger than any utterance."""
    if file.size is not None and file.size > LARGEST:
        raise CorpusError(
            f"it has {file.size} bytes, more than an utterance can have",
            where=file.where,
            remedy="cut it into utterances",
        )
