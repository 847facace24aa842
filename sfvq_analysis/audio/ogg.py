"""Ogg (Vorbis, Opus, FLAC): every page is looked at, so that nothing is missing or damaged.

libsndfile leaves out damaged pages and the streams after the first one without a word.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO

from sfvq_analysis.audio.claim import Claim, bytes_at, damaged

HEADER = struct.Struct("<4sBBqIIIB")
_FIRST, _LAST = 2, 4
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def claim(file: IO[bytes], size: int) -> Claim:
    """Check all pages of an Ogg file of `size` bytes.

    Raises
    ------
    CorpusError
        If a page is missing, damaged or not whole, the last one isn't marked as such, or there is
        more than one stream.
    """
    position = number = flags = 0
    serial = None
    while position < size:
        header, page = _page(file, position, size)
        _, _, flags, _, owner, count, _, _ = header
        if serial is None:
            serial = owner
        elif owner != serial or flags & _FIRST:
            raise damaged("Ogg file holds more than one stream", "give each stream its own file")
        if count != number:
            raise damaged(f"audio is damaged: page {number} of the Ogg stream is missing")
        if checksum(page) != header[6]:
            raise damaged(f"audio is damaged: page {number} of the Ogg stream has a wrong checksum")
        position += len(page)
        number += 1
    if not flags & _LAST:
        raise damaged("audio is cut off: the Ogg stream has no last page")
    return Claim()


def _page(file: IO[bytes], position: int, size: int) -> tuple[tuple[int, ...], bytes]:
    """Return a page's header fields and its bytes."""
    if size - position < HEADER.size:
        raise damaged(f"audio is cut off: the Ogg page at byte {position} isn't whole")
    fixed = bytes_at(file, position, HEADER.size)
    header = HEADER.unpack(fixed)
    if header[0] != b"OggS" or header[1]:
        raise damaged(f"audio is damaged: no Ogg page at byte {position}")
    lengths = file.read(header[7])
    body = file.read(sum(lengths))
    if len(lengths) < header[7] or len(body) < sum(lengths):
        raise damaged(f"audio is cut off: the Ogg page at byte {position} isn't whole")
    return header, fixed + lengths + body


def checksum(page: bytes) -> int:
    """Return the CRC-32 of a page without its own checksum: highest bit first, starting from 0."""
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
