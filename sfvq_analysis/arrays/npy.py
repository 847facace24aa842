"""Reading ``.npy`` strictly: the header is checked against the bytes there are before one is read.

`numpy.load` takes memory for whatever shape a header states, and reads the first array of a file
that holds several. Here the bytes must be exactly those of one array of plain numbers.
"""

from __future__ import annotations

import ast
import math
import re
import struct
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.errors import in_line, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.errors import SfvqError

_MAGIC = b"\x93NUMPY"
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}
_LONGEST_HEADER = 10_000  # NumPy's own bound
_PLAIN = re.compile(r"[<>=|]?[?bhilqBHILQfdgiucFDG][0-9]{0,2}")
_LONG = re.compile(r"(?<=[0-9])L(?=[,)])")  # Python 2 wrote (3L, 4L)
_MOST_DIMENSIONS = 32
_Header = tuple[np.dtype[Any], bool, tuple[int, ...]]


def read_npy(path: Path, refusal: type[SfvqError]) -> NDArray[Any]:
    """Read a ``.npy`` of numbers.

    Parameters
    ----------
    path
        The file.
    refusal
        Kind of the error that is raised if it isn't one.

    Returns
    -------
    array
        Of any shape and any type of numbers, in the machine's byte order.

    Raises
    ------
    refusal
        If it isn't a ``.npy``, holds Python objects or records, or more or fewer bytes than its
        header states.
    """
    try:
        with path.open("rb") as file:
            return read_npy_stream(file, path.stat().st_size, refusal)
    except OSError as error:
        raise refusal(
            f"can't be read ({in_line(error.strerror or error)})", remedy="check the file"
        ) from error


def read_npy_stream(file: IO[bytes], n_bytes: int, refusal: type[SfvqError]) -> NDArray[Any]:
    """Read a ``.npy`` from where a stream stands.

    Parameters
    ----------
    file
        An open file, or a member of an archive.
    n_bytes
        How many bytes it has from there on; not one more is believed in.
    refusal
        As in `read_npy`.
    """
    try:
        dtype, columns_first, shape, begin = _header(file, n_bytes)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise refusal(
            f"not a plain .npy ({in_line(error, 80)})", remedy="store it with numpy.save"
        ) from error
    wanted, there = math.prod(shape) * dtype.itemsize, n_bytes - begin
    if wanted != there:
        raise refusal(
            f"not a plain .npy ({dtype} of shape {shape} is {wanted} bytes, it has {there})",
            remedy="restore it, or store one array in it with numpy.save",
        )
    buffer = bytearray(wanted)
    if _fill(file, buffer) != wanted:
        raise refusal("not a plain .npy (it ends early)", remedy="restore it")
    array = np.frombuffer(buffer, dtype).reshape(shape, order="F" if columns_first else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _fill(file: IO[bytes], buffer: bytearray) -> int:
    """Fill a buffer from a stream and return how many bytes came."""
    done, view = 0, memoryview(buffer)
    while done < len(buffer):
        part = file.read(min(1 << 24, len(buffer) - done))
        if not part:
            break
        view[done : done + len(part)] = part
        done += len(part)
    return done


def _header(file: IO[bytes], n_bytes: int) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Return dtype, order, shape, and where the numbers begin; ValueError and the like if damaged.

    The text is a Python literal, which is parsed, not run.
    """
    start = file.read(8)
    if not start:
        raise ValueError("it is empty")
    if start[:6] != _MAGIC:
        raise ValueError("it doesn't begin as one")
    if len(start) < 8 or start[6] not in _LENGTHS:
        raise ValueError("its version is unknown")
    kind = _LENGTHS[start[6]]
    width = struct.calcsize(kind)
    begin = 8 + width
    stated = file.read(width)
    length = struct.unpack(kind, stated)[0] if len(stated) == width else n_bytes
    if length > min(_LONGEST_HEADER, n_bytes - begin):
        raise ValueError("its header is cut off or too long")
    text = file.read(length).decode("utf-8" if start[6] == 3 else "latin-1")
    return *_parsed(text), begin + length


def _parsed(text: str) -> _Header:
    stated = ast.parse(_LONG.sub("", text.strip()), mode="eval").body
    if not isinstance(stated, ast.Dict) or len(stated.keys) != 3:  # a key twice would be overlooked
        raise ValueError("its header isn't a dictionary of three")
    header = ast.literal_eval(stated)
    if set(header) != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header lacks descr, fortran_order or shape")
    shape, order, descr = header["shape"], header["fortran_order"], header["descr"]
    if not isinstance(descr, str) or not _PLAIN.fullmatch(descr):
        raise ValueError(f"it holds {shown(descr)}: no plain numbers")
    if order not in (True, False) or not _is_shape(shape):
        raise ValueError(f"shape is {shown(shape)}, fortran_order {shown(order)}")
    dtype = np.dtype(descr)
    if dtype.kind not in "biufc":
        raise ValueError(f"it holds {shown(descr)}: no plain numbers")
    return dtype, bool(order), shape


def _is_shape(shape: object) -> bool:
    whole = isinstance(shape, tuple) and len(shape) <= _MOST_DIMENSIONS
    return whole and all(type(n) is int and 0 <= n < 1 << 62 for n in shape)  # type: ignore[attr-defined]
