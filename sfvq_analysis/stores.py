"""Places that results are written to and read from: a folder, or whatever fsspec names by a URL."""

from __future__ import annotations

import io
import os
import re
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.errors import OptionError, SfvqError, told
from sfvq_analysis.files import new_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_SLASH_LOST = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/(?!/)")
_CHANGES = (
    "ETag",
    "etag",
    "md5Hash",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "created",
)
"""What stores call that which changes with a file's content, the surest first."""


class Listed(NamedTuple):
    """A file below a place: its name with ``/``, bytes (None if unsaid), what tells of a change."""

    name: str
    size: int | None
    stamp: str


class StoreError(SfvqError):
    """A place can't be reached, read or written."""


def is_url(place: Path | str) -> bool:
    """Tell whether a place is named by a URL, such as ``s3://bucket/results``."""
    return isinstance(place, str) and _URL.match(place) is not None


def as_url(place: Path | str) -> str:
    """Return the URL that a place is, or was before it was made a `Path`; else an empty text.

    Examples
    --------
    >>> as_url(Path("s3://bucket/results")), as_url("results")
    ('s3://bucket/results', '')
    """
    if is_url(place):
        return str(place)
    if not isinstance(place, Path) or place.exists():
        return ""
    found = _SLASH_LOST.match(str(place))
    if found is None:
        return ""
    return f"{found[1]}://{'/' if found[1] == 'file' else ''}{str(place)[found.end() :]}"


@dataclass(frozen=True)
class Store:
    """A place for files, by names below it with ``/`` between their parts.

    Attributes
    ----------
    place
        A folder's path, or a URL that fsspec knows (``file://``, ``s3://``, ``memory://``, …).
    options
        For fsspec: keys, endpoints and so on.

    Examples
    --------
    >>> store = Store("memory://results")
    >>> store.write("shards/0.json", b"{}")
    >>> store.read("shards/0.json"), store.names("shards")
    (b'{}', ['0.json'])
    """

    place: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def at(cls, place: Path | str) -> Store:
        """Return the store at a path, made absolute, or a URL; ``file://`` is a path.

        A URL that was made a `Path`, which drops one of its slashes, is a URL nonetheless.
        """
        place = as_url(place) or place
        if isinstance(place, str) and place.startswith("file://"):
            place = place.removeprefix("file://")
        return cls(str(place) if is_url(place) else os.path.abspath(place))  # noqa: PTH100 (links stay)

    @property
    def folder(self) -> Path | None:
        """The folder, if this is one of this machine's file system."""
        return None if is_url(self.place) else Path(self.place)

    def child(self, name: str) -> Store:
        """Return the store below this one."""
        return Store(self.where(name), self.options)

    def where(self, name: str = "") -> str:
        """Return what a file is called in messages."""
        return f"{self.place.rstrip('/')}/{name}" if name else self.place

    def exists(self, name: str = "") -> bool:
        """Tell whether there is a file or a folder of that name."""
        if self.folder is not None:
            return (self.folder / name).exists()
        return bool(self._system.exists(self._path(name)))

    def names(self, name: str = "") -> list[str]:
        """Return the names of what is in a folder, sorted; none if it isn't there."""
        if self.folder is not None:
            place = self.folder / name
            return sorted(one.name for one in place.iterdir()) if place.is_dir() else []
        try:
            found = self._system.ls(self._path(name), detail=False, refresh=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)

    def files(self) -> Iterator[Listed]:
        """Yield every file below, in no order; names are whatever the store says.

        Raises
        ------
        StoreError
            If the place can't be listed.
        """
        root = self._path("").rstrip("/")
        try:
            self._system.invalidate_cache()
            found = self._system.find(root, detail=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed("", error) from error
        for path, about in found.items():
            if path.startswith(f"{root}/"):
                yield _listed(path[len(root) + 1 :], about)

    def file(self, name: str) -> Listed | None:
        """Return what is known of one file; None if there is no file of that name.

        Raises
        ------
        StoreError
            If the store can't be reached.
        """
        try:
            about = self._system.info(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(name, error) from error
        return _listed(name, about) if about.get("type") == "file" else None

    def matching(self, pattern: str) -> list[str]:
        """Return the names of the files below that match a pattern, as of a shell, sorted."""
        root = self._path("").rstrip("/")
        found = self._system.glob(f"{root}/{pattern}")
        return sorted(str(one)[len(root) + 1 :] for one in found)

    def parts(
        self, names: Sequence[str], spans: Sequence[tuple[int | None, int | None]]
    ) -> list[bytes]:
        """Return bytes of several files, fetched at once where the store can.

        Parameters
        ----------
        names
            Of the files.
        spans
            First byte of each, and the one after the last; None for the file's own.

        Raises
        ------
        FileNotFoundError
            If one isn't there.
        StoreError
            If one can't be read.
        """
        paths = [self._path(name) for name in names]
        starts, stops = ([span[side] for span in spans] for side in (0, 1))
        found: list[bytes] = self._system.cat_ranges(paths, starts, stops, on_error="return")
        for name, one in zip(names, found, strict=True):
            if isinstance(one, FileNotFoundError):
                raise one
            if isinstance(one, Exception):
                raise self._failed(name, one) from one
        return found

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises
        ------
        StoreError
            If it isn't there or can't be read.
        """
        with self.opened(name) as file:
            return file.read()

    def opened(self, name: str) -> IO[bytes]:
        """Return a file opened for reading, of which only what is asked for is fetched.

        Raises
        ------
        StoreError
            If it isn't there or can't be opened.
        """
        try:
            if self.folder is not None:
                return (self.folder / name).open("rb")
            if _has_one_position(self._system):
                return io.BytesIO(self._system.cat_file(self._path(name)))
            file: IO[bytes] = self._system.open(self._path(name), "rb")
        except FileNotFoundError as error:
            raise StoreError(
                "file is missing", where=self.where(name), remedy="restore it, or make all anew"
            ) from error
        except OSError as error:
            raise self._failed(name, error) from error
        return file

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all.

        In a folder it takes its name when all of it is on the disk. In an object store a file is
        there when all of it has arrived. Elsewhere it is written beside and moved.

        Raises
        ------
        StoreError
            If it can't be written.
        """
        try:
            if self.folder is not None:
                with new_file(self.folder / name) as file:
                    file.write(content)
                return
            path = self._path(name)
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            if _keeps_halves(self._system):
                self._system.pipe_file(f"{path}.partial", content)
                self._system.mv(f"{path}.partial", path)
            else:
                self._system.pipe_file(path, content)
        except OSError as error:
            raise self._failed(name, error) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        try:
            if self.folder is not None:
                (self.folder / name).unlink(missing_ok=True)
            elif self._system.exists(self._path(name)):
                self._system.rm_file(self._path(name))
        except OSError as error:
            raise self._failed(name, error) from error

    def clear(self, kept: Collection[str] = ()) -> None:
        """Remove all that is there but what has these names."""
        for name in self.names():
            if name in kept:
                continue
            if self.folder is None:
                self._system.rm(self._path(name), recursive=True)
            elif (self.folder / name).is_dir() and not (self.folder / name).is_symlink():
                shutil.rmtree(self.folder / name)
            else:
                (self.folder / name).unlink()

    @cached_property
    def _system(self) -> Any:
        import fsspec

        try:
            return fsspec.core.url_to_fs(self.place, **self.options)[0]
        except (ValueError, ImportError) as error:  # unknown, or its library isn't installed
            raise OptionError(
                f"no store of that kind ({error})", where=self.place, remedy="install its library"
            ) from error

    def _path(self, name: str) -> str:
        root: str = self._system._strip_protocol(self.place)  # noqa: SLF001 (fsspec's own way)
        return f"{root.rstrip('/')}/{name}" if name else root

    def _failed(self, name: str, error: Exception) -> StoreError:
        reason = (error.strerror if isinstance(error, OSError) else None) or told(error)
        return StoreError(
            f"can't be reached ({reason})",
            where=self.where(name),
            remedy="check place, rights and connection",
        )


def _listed(name: str, about: Mapping[str, Any]) -> Listed:
    stamp = next((str(about[one]) for one in _CHANGES if about.get(one)), "")
    return Listed(name, about.get("size"), stamp)


def _keeps_halves(system: Any) -> bool:
    """Whether what a killed process wrote stays there in part, as in a file system."""
    return bool({"sftp", "ssh", "smb", "hdfs", "webhdfs", "ftp", "dask"} & _protocols(system))


def _has_one_position(system: Any) -> bool:
    """Whether all who open a file share where they read, as in fsspec's memory."""
    return "memory" in _protocols(system)


def _protocols(system: Any) -> set[str]:
    protocol = system.protocol
    return set(protocol) if isinstance(protocol, tuple | list) else {protocol}
