"""AIFF, 8SVX, CAF and AU: what their headers state, compared with the file's size."""

from __future__ import annotations

import re
import struct
from typing import IO

from sfvq_analysis.audio.claim import (
    MAX_CHUNKS,
    Claim,
    bytes_at,
    cut_off,
    damaged,
    whole_frames,
)

_UNKNOWN = 0xFFFFFFFF
_AIFF_PCM = {b"NONE", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"42ni", b"23ni"}
_AIFF_BYTES = (
    {b"ulaw": 1, b"ULAW": 1, b"alaw": 1, b"ALAW": 1}
    | dict.fromkeys((b"fl32", b"FL32"), 4)
    | dict.fromkeys((b"fl64", b"FL64"), 8)
)
_CAF_PLAIN = {b"lpcm", b"ulaw", b"alaw"}
_AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}


def claim_iff(file: IO[bytes], size: int) -> Claim:
    """Return what the header of an AIFF, AIFF-C or 8SVX file of `size` bytes states.

    Raises
    ------
    CorpusError
        If the file is shorter than its header says, or the header contradicts itself.
    """
    common, data = b"", None
    position = 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > size:
            break
        name, length = struct.unpack(">4sI", bytes_at(file, position, 8))
        if name in {b"COMM", b"VHDR"}:
            common = bytes_at(file, position + 8, min(length, 32))
        elif name in {b"SSND", b"BODY"} and data is None:
            data = (position + 8, length)
            if length > size - position - 8:
                raise cut_off(length, size - position - 8)
        position += 8 + length + length % 2
    if not common or data is None:
        raise damaged("not readable as audio (AIFF without COMM or SSND)")
    if bytes_at(file, 8, 3) != b"AIF":
        return Claim()
    skipped = struct.unpack(">I", bytes_at(file, data[0], 4))[0]
    return _aiff(common, data[1] - 8 - skipped, compressed=bytes_at(file, 8, 4) == b"AIFC")


def _aiff(common: bytes, data_bytes: int, *, compressed: bool) -> Claim:
    """Return the claim of a COMM chunk, whose count must fit the samples' bytes."""
    if len(common) < (22 if compressed else 18):
        raise damaged("not readable as audio (AIFF with a short COMM chunk)")
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    rate = _extended(common[8:18])
    coding = common[18:22] if compressed else b"NONE"
    sample_bytes = _AIFF_BYTES.get(coding, (bits + 7) // 8 if coding in _AIFF_PCM else 0)
    if not sample_bytes:
        return Claim(sample_rate=rate, channels=channels)
    wanted = frames * channels * sample_bytes
    if wanted > data_bytes:
        raise cut_off(wanted, data_bytes)
    if wanted < data_bytes - 1:
        raise damaged(
            f"AIFF header states {frames} samples, its sound chunk has {data_bytes - wanted} bytes "
            "more",
            "restore the header",
        )
    return Claim(frames, slack=1, sample_rate=rate, channels=channels)


def _extended(raw: bytes) -> int:
    """Return a whole number from an 80-bit IEEE float."""
    exponent, mantissa = struct.unpack(">HQ", raw)
    shift = 16383 + 63 - exponent
    if not 0 < shift < 64 or mantissa & ((1 << shift) - 1):
        raise damaged("AIFF sample rate is not a whole number of Hz in range", "resample it")
    return int(mantissa >> shift)


def claim_caf(file: IO[bytes], size: int) -> Claim:
    """Return what the header of a Core Audio file states, as `claim_iff`."""
    description = b""
    position = 8
    for _ in range(MAX_CHUNKS):
        if position + 12 > size:
            break
        name, length = struct.unpack(">4sq", bytes_at(file, position, 12))
        start, there = position + 12, size - position - 12
        if name == b"desc":
            description = bytes_at(file, start, 32)
        if name == b"data":
            if not -1 <= length <= there or 0 <= length < 4:
                raise cut_off(length, there)
            if length != -1:
                _check_next(file, start + length, size)
            return _caf(description, (there if length == -1 else length) - 4)
        if length < 0:
            break
        position = start + length
    raise damaged("not readable as audio (CAF without its data)")


def _check_next(file: IO[bytes], position: int, size: int) -> None:
    """Raise a CorpusError unless a file ends or has another chunk where its samples end."""
    if position + 12 <= size and not re.fullmatch(rb"[a-z0-9]{4}", bytes_at(file, position, 4)):
        raise damaged(
            f"CAF header contradicts itself: no chunk follows the samples at byte {position}",
            "restore the header",
        )


def _caf(description: bytes, data_bytes: int) -> Claim:
    if len(description) < 32:
        raise damaged("not readable as audio (CAF without a description before its data)")
    rate, coding, _, packet_bytes, packet_frames, channels, bits = struct.unpack(
        ">d4sIIIII", description
    )
    if not rate.is_integer():
        raise damaged(f"CAF sample rate is {rate} Hz, not a whole number", "resample it")
    if coding not in _CAF_PLAIN:
        return Claim(sample_rate=int(rate), channels=channels)
    width = channels * ((bits + 7) // 8)
    if packet_frames != 1 or packet_bytes != width or width == 0:
        raise damaged("CAF header contradicts itself about the size of a sample")
    return Claim(whole_frames(data_bytes, width), sample_rate=int(rate), channels=channels)


def claim_au(file: IO[bytes], size: int) -> Claim:
    """Return what the header of a Sun/NeXT file states, as `claim_iff`."""
    order = ">" if bytes_at(file, 0, 4) == b".snd" else "<"
    start, length, coding, rate, channels = struct.unpack(order + "5I", bytes_at(file, 4, 20))
    if not 24 <= start <= size:
        raise damaged(f"AU header states {start} as the first byte of samples, of {size}")
    there = size - start
    if length == _UNKNOWN:  # the format's own word for "to the end"
        length = there
    if length > there:
        raise cut_off(length, there)
    if length < there:
        raise damaged(
            f"AU header states {length} bytes of samples, {there} follow", "restore the header"
        )
    width = _AU_BYTES.get(coding, 0) * channels
    frames = whole_frames(length, width) if width else None
    return Claim(frames, sample_rate=rate, channels=channels)
