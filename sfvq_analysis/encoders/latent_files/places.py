"""Where the latents of a corpus are: a folder with a file an utterance, or one file of them all."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.encoders.latent_files.reading import (
    READERS,
    open_latent_file,
    read_array,
    read_only_array,
)
from sfvq_analysis.encoders.latent_files.source import UNNAMED, counted_keys
from sfvq_analysis.errors import EncoderError, shown
from sfvq_analysis.files import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

_TRIED = 100
_ONE_UTTERANCE = tuple(suffix for suffix in READERS if suffix != ".scp")


class Found(NamedTuple):
    """An utterance's latents, float32 of shape (n_frames, dim), and where they were."""

    values: NDArray[np.float32]
    where: str


class LatentPlace(ABC):
    """The latents of a corpus by utterance."""

    @abstractmethod
    def files(self) -> Iterator[Path]:
        """Yield the files that arrays are read from, in order."""

    @abstractmethod
    def first(self) -> Found:
        """Return the first latents that can be read, which may have no frames.

        What can't be read is refused when it is asked for.

        Raises
        ------
        EncoderError
            If there are none, or none of the first hundred can be read: the first one's error.
        """

    @abstractmethod
    def read(self, utterance: str, dim: int) -> Found:
        """Return the latents of an utterance, which may have no frames.

        Raises
        ------
        EncoderError
            If they are missing or can't be read, or have another dimension.
        """


def open_place(place: Path) -> LatentPlace:
    """Open a folder, or a file of arrays by utterance.

    Raises
    ------
    EncoderError
        If it is neither.
    """
    if is_folder(place):
        return _Folder(place)
    if not is_file(place):
        raise EncoderError("no such file or folder", where=str(place), remedy="check it")
    return _File(place)


class _Folder(LatentPlace):
    """One file an utterance, named by its id; a ``/`` in that is a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Iterator[Path]:
        return _files_below(self._folder)

    def first(self) -> Found:
        by_suffix: dict[str, list[Path]] = {suffix: [] for suffix in _ONE_UTTERANCE}
        for path in self.files():
            by_suffix[path.suffix].append(path)
        paths = next(filter(None, by_suffix.values()), [])
        if not paths:
            raise EncoderError(
                "folder holds no latents",
                where=str(self._folder),
                remedy=f"store one file an utterance, {', '.join(_ONE_UTTERANCE)}",
            )
        return _first_readable(partial(_only_in, path) for path in paths)

    def read(self, utterance: str, dim: int) -> Found:
        stem = self._folder / _inside(self._folder, utterance)
        paths = [stem.with_name(f"{stem.name}{suffix}") for suffix in _ONE_UTTERANCE]
        there = [path for path in paths if is_file(path)]
        if len(there) > 1:
            raise EncoderError(
                f"its latents are there {len(there)} times: {', '.join(p.name for p in there)}",
                where=str(stem),
                remedy="keep one",
            )
        return _only_in(there[0] if there else paths[0], dim)


class _File(LatentPlace):
    """One file of arrays by utterance."""

    def __init__(self, path: Path) -> None:
        self._file = open_latent_file(path)

    def files(self) -> Iterator[Path]:
        yield from self._file.files()

    def first(self) -> Found:
        path = self._file.path
        try:
            keys = self._file.first_keys(_TRIED)
        except EncoderError as error:
            raise error.at(str(path)) from error
        if not keys or tuple(keys) == (UNNAMED,):
            raise EncoderError(
                f"it holds no arrays by utterance ({counted_keys(keys)})",
                where=str(path),
                remedy="store them under the utterances' ids",
            )
        return _first_readable(partial(self._found, key) for key in keys)

    def read(self, utterance: str, dim: int) -> Found:
        return self._found(utterance, dim)

    def _found(self, key: str, dim: int | None = None) -> Found:
        values = read_array(self._file, key, dim, empty=True)
        return Found(values, f"{self._file.path}: {shown(key)}")


def _only_in(path: Path, dim: int | None = None) -> Found:
    return Found(read_only_array(path, dim, empty=True), str(path))


def _inside(folder: Path, utterance: str) -> PurePosixPath:
    """Return an utterance id as a path that stays below the folder."""
    path = PurePosixPath(utterance)
    inside = path.name and not path.is_absolute() and ".." not in path.parts
    if not inside or str(path) != utterance or "\0" in utterance:
        raise EncoderError(
            f"utterance {shown(utterance)} isn't the name of a file in the folder",
            where=str(folder),
            remedy="rename the utterance",
        )
    return path


def _first_readable(readings: Iterable[Callable[[], Found]]) -> Found:
    errors: list[EncoderError] = []
    for read in islice(readings, _TRIED):
        try:
            return read()
        except EncoderError as error:
            errors.append(error)
    raise errors[0]


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of latents below a folder, in order; linked folders are gone through once."""
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            suffix = Path(name).suffix
            if suffix in _ONE_UTTERANCE and not name.startswith("."):
                yield Path(place, name)
