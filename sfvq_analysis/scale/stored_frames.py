"""`StoredFrames`: frames in ``.npy`` files that every worker sees, in a fixed order.

Layout of a folder
------------------
``frames.json`` names the files in the order of their frames, and says which encoder made them;
``lengths.npy`` (int64) says how many frames each stretch of time has, if that is known.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.stores import Store, StoreError, is_url
from sfvq_analysis.training.streams import Stream, as_float32, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import EncoderConfig, Features

    Float32 = NDArray[np.float32]

_LIST, _LENGTHS, _FORMAT = "frames.json", "lengths.npy", 1
_UNFINISHED = b"null\n"
_STAMPED = re.compile(r"[0-9]{6,}-[0-9a-f]{16}\.npy")
_WHOLE = rf"(frames\.json|lengths\.npy|[0-9]{{6,}}\.npy|{_STAMPED.pattern})"
_OURS = re.compile(rf"{_WHOLE}|\.?{_WHOLE}(\.[0-9a-f]+)?\.partial")
_IN_A_FILE = 1 << 18
_REMEDY = "write it with numpy.save: numbers of shape (n_frames, dim), in C order"


class FrameFile(NamedTuple):
    """A ``.npy`` file: its name, its shape, the type of its numbers, and where they begin."""

    name: str
    n_frames: int
    dim: int
    dtype: str
    offset: int


@dataclass(frozen=True)
class StoredFrames:
    """Frames in files.

    Attributes
    ----------
    store
        Where the files are.
    files
        In the order of their frames; all of one dimension.
    encoder
        Configuration of the encoder that made them; empty if unknown.
    lengths
        Of stretches of time, as in `sfvq_analysis.encoders.Features`; empty if unknown.
    """

    store: Store
    files: tuple[FrameFile, ...]
    encoder: EncoderConfig = field(default_factory=dict, hash=False)
    lengths: tuple[int, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        dims = sorted({file.dim for file in self.files})
        if len(dims) != 1:
            raise QuantizerError(
                f"frames have {dims} dimensions" if dims else "there is no file of frames",
                where=self.store.where(),
                remedy="give frames of one encoder",
            )

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return sum(file.n_frames for file in self.files)

    @property
    def dim(self) -> int:
        """Of the frames."""
        return self.files[0].dim

    def untimed(self) -> StoredFrames:
        """Return the frames without what is known of time, which a worker has no use for."""
        return replace(self, lengths=())

    def blocks(self, start: int, stop: int, size: int) -> Iterator[Float32]:
        """Yield frames `start` … `stop` - 1 in blocks of `size`; the last may be shorter.

        No more than a few blocks are held at a time.

        Raises
        ------
        StoreError
            If a file is missing, or ends too early.
        """
        return cut(self._pieces(start, stop, size), size)

    def _pieces(self, start: int, stop: int, size: int) -> Iterator[NDArray[Any]]:
        first = 0
        for file in self.files:
            begin, end = max(start - first, 0), min(stop - first, file.n_frames)
            first += file.n_frames
            if begin < end:
                yield from self._read(file, begin, end, size)

    def _read(self, file: FrameFile, start: int, stop: int, size: int) -> Iterator[NDArray[Any]]:
        dtype = np.dtype(file.dtype)
        width = dtype.itemsize * file.dim
        with self.store.opened(file.name) as content:
            content.seek(file.offset + start * width)
            for at in range(start, stop, size):
                n_frames = min(size, stop - at)
                read = content.read(n_frames * width)
                if len(read) < n_frames * width:
                    raise StoreError(
                        f"it ends before its frame {at + len(read) // max(width, 1)} of "
                        f"{file.n_frames}",
                        where=self.store.where(file.name),
                        remedy="write it again",
                    )
                yield np.frombuffer(read, dtype).reshape(n_frames, file.dim)

    def write_list(self) -> None:
        """Write down which files there are, in the order of their frames; last of all.

        Frames that aren't among them, written late for a job that was given up, are removed.
        """
        if self.lengths:
            self.store.write(_LENGTHS, as_npy(np.array(self.lengths, dtype=np.int64)))
        known = {
            "format": _FORMAT,
            "encoder": dict(self.encoder),
            "timed": bool(self.lengths),
            "files": [list(file) for file in self.files],
        }
        self.store.write(_LIST, f"{json.dumps(known)}\n".encode())
        for name in {*self.store.names()} - {file.name for file in self.files}:
            if _STAMPED.fullmatch(name):
                self.store.remove(name)


def open_frames(place: Path | str) -> StoredFrames:
    """Open frames that are stored.

    Parameters
    ----------
    place
        A ``.npy`` file (path or URL) of shape (n_frames, dim), in C order, any type of number; or
        a folder that `store_frames` or `encode_frames` wrote.

    Raises
    ------
    StoreError
        If it isn't there.
    ScaleError
        If it is none of these.
    QuantizerError
        If the array isn't of that kind.
    """
    text = str(place) if is_url(place) else os.fspath(place)
    if text.endswith(".npy"):
        folder, _, name = text.replace(os.sep, "/").rpartition("/")
        store = Store.at(folder or (Path.cwd() if "/" not in text else "/"))
        file = _npy_file(store, name)
        return StoredFrames(store, (file,), {}, (file.n_frames,))
    store = Store.at(place)
    if not store.exists(_LIST):
        raise ScaleError(
            "no frames are stored there",
            where=store.where(),
            remedy="name a .npy file, or what store_frames or encode_frames wrote",
        )
    content = store.read(_LIST)
    if content == _UNFINISHED:
        raise ScaleError(
            "not all frames were stored", where=store.where(), remedy="store them again"
        )
    try:
        known = json.loads(content)
        if known["format"] != _FORMAT:
            raise ValueError("another version")  # noqa: TRY301 (said as all others below)
        files = tuple(FrameFile(*file) for file in known["files"])
        lengths = np.load(io.BytesIO(store.read(_LENGTHS))) if known["timed"] else np.empty(0)
        return StoredFrames(store, files, known["encoder"], tuple(lengths.astype(int).tolist()))
    except (ValueError, TypeError, KeyError, RecursionError, EOFError) as error:
        raise ScaleError(
            "it isn't a list of frames", where=store.where(_LIST), remedy="store them again"
        ) from error


def store_frames(
    source: Features | ArrayLike | Iterable[Features | ArrayLike],
    place: Path | str,
    *,
    overwrite: bool = False,
) -> StoredFrames:
    """Write frames to a place that every worker sees.

    Parameters
    ----------
    source
        Features, an array or a memory map of shape (n_frames, dim), or an iterable of such.
    place
        Folder or URL, new or empty.
    overwrite
        Whether frames that are stored there may be replaced.

    Raises
    ------
    ScaleError
        If something is there.
    QuantizerError
        If frames aren't numbers of that shape, or differ in dimensions or encoder.

    Examples
    --------
    >>> frames = store_frames(np.zeros((5000, 3)), "memory://frames", overwrite=True)
    >>> frames.n_frames, frames.dim, open_frames("memory://frames") == frames
    (5000, 3, True)
    """
    store = new_place(place, overwrite=overwrite)
    whole = hasattr(source, "grid") or hasattr(source, "dtype")
    arriving: Any = [source] if whole else source
    stream = Stream(repeated=False)
    files = [
        write_frames(store, number, block)
        for number, block in enumerate(cut(stream.arrays(arriving), _IN_A_FILE))
    ]
    known = getattr(source, "lengths", (sum(file.n_frames for file in files),))
    found = StoredFrames(store, tuple(files), stream.encoder, known if whole else ())
    found.write_list()
    return found


def new_place(place: Path | str, *, overwrite: bool) -> Store:
    """Return a store without frames, marked as one to which some are being written.

    Raises
    ------
    ScaleError
        If something is there: frames that may not be replaced, or something else.
    """
    store = Store.at(place)
    names = store.names()
    if names:
        ours = all(_OURS.fullmatch(name) for name in names) and store.exists(_LIST)
        if not ours or not (overwrite or store.read(_LIST) == _UNFINISHED):
            raise ScaleError(
                "something is there",
                where=store.where(),
                remedy="name a new or empty folder (overwrite=True replaces stored frames)",
            )
    store.write(_LIST, _UNFINISHED)
    for name in names:
        if name != _LIST:
            store.remove(name)
    return store


def write_frames(store: Store, number: int, values: NDArray[Any]) -> FrameFile:
    """Write one file of frames, and return what is known of it.

    Its name tells the content: a worker that is late, writing for a job that was given up, can't
    put other frames into the file of the job that came after it.
    """
    content = as_npy(as_float32(values))
    name = f"{number:06d}-{hashlib.blake2b(content, digest_size=8).hexdigest()}.npy"
    store.write(name, content)
    n_frames, dim = values.shape
    dtype = np.dtype(np.float32)
    return FrameFile(name, n_frames, dim, dtype.str, len(content) - n_frames * dim * dtype.itemsize)


def as_npy(array: NDArray[Any]) -> bytes:
    """Return the bytes of a ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


_HEADERS: dict[tuple[int, int], Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def _npy_file(store: Store, name: str) -> FrameFile:
    with store.opened(name) as content:
        try:
            shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(content)](content)
        except (ValueError, KeyError) as error:
            raise QuantizerError(
                f"it isn't a .npy file ({error})", where=store.where(name), remedy=_REMEDY
            ) from error
        offset = content.tell()
    if len(shape) != 2 or dtype.kind not in "fiub" or (fortran and min(shape) > 1):
        order = " in Fortran order" if fortran else ""
        raise QuantizerError(
            f"it holds {dtype} of shape {shape}{order}", where=store.where(name), remedy=_REMEDY
        )
    return FrameFile(name, shape[0], shape[1], dtype.str, offset)
