"""RIFF, RIFX, RF64 and Wave64: what the chunks of a WAV file state, compared with the file's size.

libsndfile takes what is there of a truncated file without a word. A file that was streamed (data
size 0xFFFFFFFF, or SoX' 0x7FFFF000) states no length: all that follows is samples, and whether any
are missing can't be told. A data size of 0 before more bytes is refused: the recorder was stopped.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, NamedTuple

from sfvq_analysis.audio.claim import (
    MAX_CHUNKS,
    Claim,
    bytes_at,
    cut_off,
    damaged,
    whole_frames,
)

if TYPE_CHECKING:
    from sfvq_analysis.errors import CorpusError

_UNKNOWN = 0xFFFFFFFF
_STREAMED = (_UNKNOWN, 0x7FFFF000)
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_MPEG = {0x50, 0x55}
_BITS = {_PCM: range(1, 33), _FLOAT: (32, 64), _ALAW: (8,), _ULAW: (8,)}
_GUID_TAIL = bytes.fromhex("0000 1000 8000 00aa 0038 9b71")
_W64_TAIL = bytes.fromhex("f3ac d311 8cd1 00c0 4f8e db8a")  # of all chunks but the first, "riff"
_SAMPLES_PER_BLOCK = {0x02, 0x11, 0x31}  # codings whose format chunk states it
_MAX_SLACK = 1024
_MAX_PADDING = 8
_NAME = re.compile(rb"[A-Za-z0-9_ ]{4}")


class _Chunk(NamedTuple):
    """A chunk's name, first byte of its content and stated number of bytes."""

    name: bytes
    start: int
    length: int


@dataclass
class _Found:
    """The chunks of interest, in the order of the file."""

    data: _Chunk | None = None
    format: bytes = b""
    fact: int | None = None
    long_data: int | None = None
    names: list[bytes] = field(default_factory=list)
    end: int = 0  # the byte after the last chunk, as stated


def claim(file: IO[bytes], size: int) -> Claim:
    """Return what the header of a RIFF, RIFX or RF64 file of `size` bytes states.

    Raises
    ------
    CorpusError
        If the file is shorter than its header says, or the header contradicts itself.
    """
    order = ">" if bytes_at(file, 0, 4) == b"RIFX" else "<"
    found = _Found(end=struct.unpack(order + "I", bytes_at(file, 4, 4))[0] + 8)
    position = 12
    while position + 8 <= size and len(found.names) < MAX_CHUNKS:
        name, length = struct.unpack(order + "4sI", bytes_at(file, position, 8))
        chunk = _Chunk(name, position + 8, length)
        if found.data and _is_end(found, chunk, position, size, _NAME.fullmatch(name) is None):
            break
        length = _note(found, chunk, file, order, size)
        position += 8 + length + length % 2
    else:
        _check_rest(found, position, size)
    return _checked(found, order, size)


def claim_wave64(file: IO[bytes], size: int) -> Claim:
    """Return what the header of a Sony Wave64 file states, as `claim`."""
    found = _Found(end=int.from_bytes(bytes_at(file, 16, 8), "little"))
    position = 40
    while position + 24 <= size and len(found.names) < MAX_CHUNKS:
        head = bytes_at(file, position, 24)
        length = int.from_bytes(head[16:], "little") - 24
        chunk = _Chunk(head[:4], position + 24, length)
        strange = length < 0 or head[4:16] != _W64_TAIL
        if found.data and _is_end(found, chunk, position, size, strange):
            break
        if strange:
            raise damaged(f"Wave64 chunk at byte {position} has an impossible header")
        if head[:4] != b"fact":  # libsndfile writes noise there
            _note(found, chunk, file, "<", size)
        position += (24 + length + 7) // 8 * 8
    return _checked(found, "<", size)


def _is_end(found: _Found, chunk: _Chunk, position: int, size: int, strange: bool) -> bool:
    """Tell whether the file's chunks end before a place after the samples.

    Raises
    ------
    CorpusError
        If the file says it goes on there, but not with a chunk: its samples do.
    """
    if position >= found.end or found.end > size + _MAX_PADDING:
        return position >= found.end or strange
    if strange or chunk.start + chunk.length > found.end + _MAX_PADDING:
        raise _goes_on(position)
    return False


def _check_rest(found: _Found, position: int, size: int) -> None:
    """Raise a CorpusError if the last chunk ends before the whole does, but for a padding byte."""
    if found.data and position + 1 < min(found.end, size):
        raise _goes_on(position)


def _goes_on(position: int) -> CorpusError:
    return damaged(
        f"WAV header contradicts itself: it ends later than its last chunk, at byte {position}",
        "restore the header",
    )


def _note(found: _Found, chunk: _Chunk, file: IO[bytes], order: str, size: int) -> int:
    """Keep what is of interest in a chunk; return its length, which data may state elsewhere."""
    if chunk.name in {b"data", b"fmt "} and chunk.name in found.names:
        raise damaged(f"the file has two {chunk.name.decode().strip()} chunks")
    found.names.append(chunk.name)
    length, there = chunk.length, size - chunk.start
    if chunk.name == b"data":
        found.data = chunk
        if length == _UNKNOWN and found.long_data is not None:
            found.data = chunk._replace(length=found.long_data)
        return found.data.length
    if found.data is None and length > there:
        raise damaged(
            f"not readable as audio (chunk {chunk.name!r} should have {length} bytes, {there} are "
            "there)"
        )
    if found.data is None and chunk.name == b"fmt ":
        found.format = bytes_at(file, chunk.start, min(length, 40))
    elif chunk.name == b"fact" and length >= 4 and there >= 4:
        found.fact = struct.unpack(order + "I", bytes_at(file, chunk.start, 4))[0]
    elif chunk.name == b"ds64" and length >= 24:
        found.end, found.long_data = struct.unpack("<QQ", bytes_at(file, chunk.start, 16))
        found.end += 8
    return length


def _checked(found: _Found, order: str, size: int) -> Claim:
    """Return the claim of the chunks that were found."""
    if found.data is None:
        raise damaged("not readable as audio (WAV without a data chunk)")
    if len(found.format) < 16:
        raise damaged("not readable as audio (WAV without a format chunk before its data)")
    coding, channels, rate, byte_rate, block, bits = struct.unpack(
        order + "HHIIHH", found.format[:16]
    )
    if coding == _EXTENSIBLE and len(found.format) >= 40 and found.format[28:] == _GUID_TAIL:
        coding = struct.unpack(order + "H", found.format[24:26])[0]
    there = _data_bytes(found.data, found.end, size)
    if coding not in _BITS:
        frames, slack = _coded(found, coding, order)
        return Claim(frames, slack, sample_rate=rate, channels=channels, mpeg=coding in _MPEG)
    _check_format(coding, channels, bits, block)
    width = channels * ((bits + 7) // 8)
    if byte_rate not in {0, rate * width % 2**32}:
        raise damaged(
            f"WAV header contradicts itself: {rate} Hz of {width} bytes, but {byte_rate} bytes per "
            "second",
            "restore the header",
        )
    # one byte of padding is one more frame to libsndfile
    return Claim(whole_frames(there, width), slack=1, sample_rate=rate, channels=channels)


def _data_bytes(data: _Chunk, end: int, size: int) -> int:
    """Return how many bytes of samples there are."""
    there = size - data.start
    if data.length in _STREAMED and data.length > there and end > size:
        return there
    if data.length > there:
        raise cut_off(data.length, there)
    if data.length == 0 and there > 8 and end <= data.start + 8:
        raise damaged(
            f"WAV header states 0 bytes of samples, but {there} bytes follow: it wasn't closed",
            "repair its header (`sox --ignore-length IN OUT`) and check where it ends",
        )
    return data.length


def _check_format(coding: int, channels: int, bits: int, block: int) -> None:
    """Raise a CorpusError unless the parts of an uncompressed format agree."""
    if channels < 1 or bits not in _BITS[coding] or block not in {0, channels * ((bits + 7) // 8)}:
        raise damaged(
            f"WAV header contradicts itself: {channels} channels of {bits} bits are {block} bytes",
            "restore the header",
        )


def _coded(found: _Found, coding: int, order: str) -> tuple[int | None, int]:
    """Return frames and slack of a compressed coding, whose decoder fills the last blocks."""
    if not found.fact:
        return None, 0
    if coding not in _SAMPLES_PER_BLOCK or len(found.format) < 20:
        return found.fact, _MAX_SLACK
    return found.fact, 2 * struct.unpack(order + "H", found.format[18:20])[0]
