"""HDF5: datasets by their path in the file. Links, other files and unwritten parts are refused."""

from __future__ import annotations

import math
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.arrays import check_inflation
from sfvq_analysis.encoders.latent_files.source import LatentFile
from sfvq_analysis.errors import EncoderError, in_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


class Hdf5File(LatentFile):
    """Datasets, each named by its path: ``speaker/utterance`` is in the group ``speaker``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self._open():
            pass

    @cached_property
    def keys(self) -> list[str]:
        """Paths of the datasets."""
        return self._walked(None)

    def first_keys(self, most: int) -> list[str]:
        """Return the first paths."""
        return self._walked(most)

    def _walked(self, most: int | None) -> list[str]:
        import h5py

        found: list[str] = []

        def note(name: str, node: object) -> bool | None:
            if isinstance(node, h5py.Dataset):
                found.append(name)
            return len(found) == most or None  # a value ends the walk

        with self._open() as file:
            file.visititems(note)
        return found

    def __contains__(self, key: str) -> bool:
        with self._open() as file:
            return _is_dataset(file, key)

    def read(self, key: str) -> NDArray[Any]:
        """Return a dataset as an array."""
        with self._open() as file:
            dataset = file[key]
            _check_whole(dataset)
            if dataset.dtype.kind not in "biufc":
                raise EncoderError(
                    f"it holds {in_line(dataset.dtype)}: no plain numbers",
                    remedy="store floats of shape (n_frames, dim)",
                )
            array = np.asarray(dataset[()])
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            import h5py
        except ImportError as error:
            raise EncoderError(
                "reading HDF5 needs h5py", remedy="pip install 'sfvq-analysis[latents]'"
            ) from error
        try:
            with h5py.File(self.path, "r", locking="best-effort") as file:
                yield file
        except EncoderError:
            raise
        except Exception as error:  # damaged files raise almost anything
            raise EncoderError(
                f"not a whole HDF5 file ({in_line(error)})", remedy="restore it"
            ) from error


def _is_dataset(file: Any, key: str) -> bool:
    """Tell whether a path leads to a dataset by hard links, which never leave the file."""
    import h5py

    node = file
    for part in key.split("/"):
        if not isinstance(node, h5py.Group) or part in {"", "."} or "\0" in part:
            return False
        link = node.get(part, getlink=True)
        if link is None:
            return False
        if not isinstance(link, h5py.HardLink):
            raise EncoderError(f"{shown(part)} is a link", remedy="store the array itself")
        node = node[part]
    return isinstance(node, h5py.Dataset)


def _check_whole(dataset: Any) -> None:
    """Raise an EncoderError unless all of a dataset was written, and to this file."""
    if dataset.is_virtual or dataset.external:
        raise EncoderError("its numbers are in other files", remedy="store the array itself")
    if dataset.shape is None:
        raise EncoderError("it is an empty dataset", remedy="store floats of shape (n_frames, dim)")
    if dataset.size == 0:
        return
    stored = dataset.id.get_storage_size()
    chunks = _chunks(dataset)
    written = dataset.id.get_num_chunks() if chunks else 1
    if stored == 0 or written < chunks:
        raise EncoderError(
            f"{chunks - written if chunks and stored else 'all'} of its {max(chunks, 1)} chunks "
            "were never written",
            remedy="make the file anew",
        )
    check_inflation(stored, dataset.size * dataset.dtype.itemsize, EncoderError)


def _chunks(dataset: Any) -> int:
    """Return into how many chunks a dataset is cut; 0 if it is in one piece."""
    if dataset.chunks is None:
        return 0
    return math.prod(-(-n // step) for n, step in zip(dataset.shape, dataset.chunks, strict=True))
