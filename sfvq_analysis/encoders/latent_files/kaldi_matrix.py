r"""Kaldi's matrices of floats, read from where a file stands.

Binary: ``\0B``, then a token and a space: ``FM`` or ``DM`` (float32, float64), a byte 4 and int32
rows, a byte 4 and int32 columns, and the numbers by row; or ``CM``, ``CM2``, ``CM3``, compressed:
float32 minimum and range, int32 rows and columns, and then integers from 0 for the minimum to
their largest for minimum + range: CM2 has uint16 and CM3 uint8 by row; CM has four uint16 for each
column, its percentiles 0, 25, 75 and 100, and uint8 by column that divide the three stretches
between these into 64, 128 and 63 steps. All is little endian. Text: ``[``, a row a line, ``]``.

https://kaldi-asr.org/doc/io.html, and ``matrix/compressed-matrix.h`` of Kaldi.
"""

from __future__ import annotations

import re
import struct
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.errors import EncoderError, in_line, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINARY = b"\0B"
_DENSE = {b"FM ": "<f4", b"DM ": "<f8"}
_COMPRESSED = {b"CM ", b"CM2 ", b"CM3 "}
_OTHER = {b"FV ": "a vector", b"DV ": "a vector", b"SM ": "a sparse matrix"}
_NUMBERS = re.compile(rb"[-+0-9.eE\s]*")
_BLOCK = 1 << 16
_REMEDY = "store float matrices with copy-feats"


class MatrixHeader(NamedTuple):
    """What stands before a binary matrix's numbers.

    Attributes
    ----------
    token
        Its kind.
    rows, columns
        Its shape.
    low, span
        Minimum and range of a compressed one.
    n_bytes
        Of the numbers.
    """

    token: bytes
    rows: int
    columns: int
    low: np.float32
    span: np.float32
    n_bytes: int


def read_matrix(file: IO[bytes], end: int) -> NDArray[Any]:
    """Read the matrix that begins where a file stands, which then stands behind it.

    Parameters
    ----------
    file
        Binary, seekable.
    end
        Size of the file.

    Returns
    -------
    array
        float32, or float64 where that is stored or in text, shape (rows, columns).

    Raises
    ------
    EncoderError
        If there is none, it isn't whole, or isn't of floats.
    """
    header = _binary_header(file, end)
    if header is None:
        return _text_matrix(_text(file))
    data = file.read(header.n_bytes)
    if header.token in _DENSE:
        flat = np.frombuffer(data, _DENSE[header.token])
        return flat.reshape(header.rows, header.columns).astype(flat.dtype.newbyteorder("="))
    return _expanded(header, data)


def skip_matrix(file: IO[bytes], end: int) -> None:
    """Stand behind the matrix that begins where a file stands; the numbers aren't read.

    Raises
    ------
    EncoderError
        As in `read_matrix`, as far as can be told without them.
    """
    header = _binary_header(file, end)
    if header is None:
        _text(file)
    else:
        file.seek(header.n_bytes, 1)


def begins_matrix(start: bytes) -> bool:
    """Tell whether bytes are those at the start of a binary matrix."""
    return start.startswith(_BINARY)


def _binary_header(file: IO[bytes], end: int) -> MatrixHeader | None:
    """Return what is stated of a binary matrix, checked against the file's size; None for text."""
    begin = file.tell()
    if file.read(2) != _BINARY:
        file.seek(begin)
        return None
    token = b""
    while len(token) < 4 and not token.endswith(b" "):
        byte = file.read(1)
        if not byte:
            raise _cut_off()
        token += byte
    if token in _DENSE:
        header = _dense(token, file.read(10))
    elif token in _COMPRESSED:
        header = _compressed(token, file.read(16))
    else:
        raise EncoderError(
            f"it holds {_OTHER.get(token, shown(token))}, no matrix of floats", remedy=_REMEDY
        )
    if min(header.rows, header.columns) < 0 or (header.rows == 0) != (header.columns == 0):
        raise EncoderError(
            f"its matrix has shape {(header.rows, header.columns)}", remedy="make the file anew"
        )
    if header.n_bytes > end - file.tell():
        raise EncoderError(
            f"its matrix of shape {(header.rows, header.columns)} is {header.n_bytes} bytes, "
            f"{max(end - file.tell(), 0)} are left",
            remedy="restore it: the file is cut off",
        )
    return header


def _dense(token: bytes, stated: bytes) -> MatrixHeader:
    if len(stated) < 10:
        raise _cut_off()
    four, rows, other_four, columns = struct.unpack("<bibi", stated)
    if (four, other_four) != (4, 4):
        raise EncoderError("its matrix has no int32 sizes", remedy="make the file anew")
    size = np.dtype(_DENSE[token]).itemsize
    return MatrixHeader(token, rows, columns, np.float32(0), np.float32(0), rows * columns * size)


def _compressed(token: bytes, stated: bytes) -> MatrixHeader:
    if len(stated) < 16:
        raise _cut_off()
    low, span, rows, columns = struct.unpack("<ffii", stated)
    numbers = rows * columns
    n_bytes = {b"CM ": 8 * columns + numbers, b"CM2 ": 2 * numbers, b"CM3 ": numbers}[token]
    return MatrixHeader(token, rows, columns, np.float32(low), np.float32(span), n_bytes)


def _expanded(header: MatrixHeader, data: bytes) -> NDArray[np.float32]:
    shape = header.rows, header.columns
    with np.errstate(all="ignore"):  # what comes out is checked to be finite
        match header.token:
            case b"CM2 ":
                step = np.float32(float(header.span) * (1.0 / 65535.0))
                return header.low + step * np.frombuffer(data, "<u2").reshape(shape).astype("f4")
            case b"CM3 ":
                step = np.float32(float(header.span) * (1.0 / 255.0))
                return header.low + step * np.frombuffer(data, "u1").reshape(shape).astype("f4")
            case _:
                return _by_percentiles(header, data)


def _by_percentiles(header: MatrixHeader, data: bytes) -> NDArray[np.float32]:
    marks = np.frombuffer(data, "<u2", 4 * header.columns).reshape(header.columns, 4)
    scale = np.float32(header.span * np.float32(1.52590218966964e-05))  # 1 / 65535, as in Kaldi
    low, quarter, three, top = (header.low + scale * marks.astype("f4")).T[
        :, :, None
    ]  # (columns, 1)
    codes = np.frombuffer(data, "u1", offset=8 * header.columns)
    codes = codes.reshape(header.columns, header.rows).astype("f4")
    wide = np.float64
    values = np.where(
        codes <= 64,
        low + ((quarter - low) * codes).astype(wide) * (1 / 64.0),
        np.where(
            codes <= 192,
            quarter + ((three - quarter) * (codes - 64)).astype(wide) * (1 / 128.0),
            three + ((top - three) * (codes - 192)).astype(wide) * (1 / 63.0),
        ),
    )
    return np.ascontiguousarray(values.T, dtype=np.float32)


def _text(file: IO[bytes]) -> bytes:
    """Return what stands between the brackets, and stand behind the line that closes them."""
    begin = file.tell()
    start = file.read(_BLOCK)
    head, opening, _ = start.partition(b"[")
    if not opening or head.strip():
        raise EncoderError(
            f"it holds {shown(start[:40])} where a matrix should begin", remedy=_REMEDY
        )
    file.seek(begin + len(head) + 1)
    parts: list[bytes] = []
    while block := file.read(_BLOCK):
        inside, closing, after = block.partition(b"]")
        parts.append(inside)
        if closing:
            file.seek(-len(after), 1)
            return b"".join(parts)
    raise _cut_off()


def _text_matrix(body: bytes) -> NDArray[np.float64]:
    first, *others = body.split(b"\n")
    if first.strip():
        raise EncoderError("it holds a vector, no matrix of floats", remedy=_REMEDY)
    rows = [row.split() for row in others if row.strip()]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        odd = next(n for n, row in enumerate(rows) if len(row) != len(rows[0]))
        raise EncoderError(
            f"row {odd} has {len(rows[odd])} numbers, row 0 has {len(rows[0])}",
            remedy="make the file anew",
        )
    return np.array([_numbers(n, row) for n, row in enumerate(rows)], np.float64).reshape(
        len(rows), max(widths, default=0)
    )


def _numbers(number: int, row: list[bytes]) -> list[float]:
    for text in row:
        if not _NUMBERS.fullmatch(text):
            raise EncoderError(f"row {number} holds {shown(text)}", remedy="give finite numbers")
    try:
        return [float(text) for text in row]
    except ValueError as error:
        raise EncoderError(
            f"row {number}: {in_line(error)}", remedy="give finite numbers"
        ) from error


def _cut_off() -> EncoderError:
    return EncoderError("it ends inside a matrix", remedy="restore it: the file is cut off")
