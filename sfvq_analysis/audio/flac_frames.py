"""Where a FLAC file's last frame ends: for files without the checksum of all samples.

A frame's header (RFC 9639, 9.1) states its place and its length, and has a checksum of 8 bits; the
frame ends in one of 16 bits, over all of it, which is 0 of a whole frame with its checksum.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import IO

from sfvq_analysis.audio.claim import bytes_at, damaged

_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_LONGEST = (1 << 21) + (1 << 16)  # bytes of a frame: 65535 samples of 8 channels of 32 bits
_MOST_TRIED = 16  # places that look like a frame's begin
_HEADER = 16  # bytes at most
_EXTRA_OF_BLOCK = {6: 1, 7: 2}  # bytes after the number, by the codes of block and rate
_EXTRA_OF_RATE = {12: 1, 13: 2, 14: 2}


def last_end(file: IO[bytes], first: int, size: int, block_size: int) -> int:
    """Return how many samples a channel has when the last frame of a file has ended.

    Parameters
    ----------
    file
        The file, of `size` bytes.
    first
        Byte of the first frame.
    size
        Bytes of the file.
    block_size
        Samples of a frame in a stream whose frames are numbered, not placed.

    Raises
    ------
    CorpusError
        If the file doesn't end with a whole frame.
    """
    start = max(first, size - _LONGEST)
    octets = bytes_at(file, start, size - start)
    places = reversed([match.start() for match in _SYNC.finditer(octets)])
    found = ((place, _end(octets[place : place + _HEADER], block_size)) for place in places)
    frames = ((place, end) for place, end in found if end is not None)
    for place, end in islice(frames, _MOST_TRIED):
        if _remainder(octets[place:], _CRC_16, 16) == 0:
            return end
    raise damaged("audio is damaged or cut off: it doesn't end with a whole FLAC frame")


def _end(head: bytes, block_size: int) -> int | None:
    """Return where the samples of a frame end, None if that is no frame's header."""
    head = head.ljust(_HEADER, b"\0")
    code, after = head[2] >> 4, 4 + _number_bytes(head[4])
    extra = _EXTRA_OF_BLOCK.get(code, 0)
    length = after + extra + _EXTRA_OF_RATE.get(head[2] & 15, 0) + 1
    if after == 4 or code == 0 or _remainder(head[:length], _CRC_8, 8):
        return None
    number = _number(head[4:after])
    samples = _block(code, int.from_bytes(head[after : after + extra], "big"))
    return (number if head[1] & 1 else number * block_size) + samples


def _number_bytes(octet: int) -> int:
    """Return how many bytes a number has, coded as UTF-8 codes characters; 0 if that is none."""
    ones = 8 - (octet ^ 0xFF).bit_length()
    return {0: 1, 1: 0, 8: 0}.get(ones, ones)


def _number(octets: bytes) -> int:
    value = octets[0] & (0x7F >> (len(octets) if len(octets) > 1 else 0))
    for octet in octets[1:]:
        value = value << 6 | octet & 0x3F
    return value


def _block(code: int, stated: int) -> int:
    """Return how many samples a channel of a frame has."""
    if code in _EXTRA_OF_BLOCK:
        return stated + 1
    return 192 if code == 1 else 144 << code if code < 6 else 1 << code


def _table(polynomial: int, bits: int) -> list[int]:
    table = []
    for octet in range(256):
        value = octet << (bits - 8)
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (bits - 1) else 0)
            value &= (1 << bits) - 1
        table.append(value)
    return table


_CRC_8, _CRC_16 = _table(0x07, 8), _table(0x8005, 16)


def _remainder(octets: bytes, table: list[int], bits: int) -> int:
    """Return the checksum of bytes; 0 if their own stands at their end."""
    value, mask, shift = 0, (1 << bits) - 1, bits - 8
    for octet in octets:
        value = (value << 8 & mask) ^ table[value >> shift ^ octet]
    return value
