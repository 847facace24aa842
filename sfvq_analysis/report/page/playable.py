"""What browsers play, by a file's first bytes, whatever its name says.

Chromium, Firefox and Safari all play RIFF WAV of integers of 8, 16 or 24 bits, FLAC, MP3 (MPEG
layer III) and Ogg with Vorbis or Opus. None plays NIST SPHERE; of the rest (floats, G.711 and ADPCM
in WAV, AIFF, AU, CAF, FLAC in Ogg, …) some play some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 16  # what stands before the format of a WAV file is shorter
_INTEGERS, _EXTENSIBLE = 1, 0xFFFE
_PLAYED_BITS = frozenset({8, 16, 24})
_TAG = 10  # bytes of an ID3 header
_LAYER_3 = 1
_OGG_CODECS = (b"OpusHead", b"\x01vorbis")


def browsers_play(path: Path) -> bool:
    """Tell whether browsers play a file; one that can't be read isn't played."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(b"ID3") and len(head) >= _TAG:
                file.seek(_after_tag(head))
                return _is_layer_3(file.read(4))
    except (OSError, ValueError):
        return False
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return _is_plain_wav(head)
    if head.startswith(b"OggS"):
        return any(codec in head[:64] for codec in _OGG_CODECS)
    return head.startswith(b"fLaC") or _is_layer_3(head[:4])


def _is_plain_wav(head: bytes) -> bool:
    """Tell whether a WAV file holds integers of a length that browsers know."""
    at = 12
    while at + 24 <= len(head):
        size = int.from_bytes(head[at + 4 : at + 8], "little")
        if head[at : at + 4] == b"fmt ":
            kind, bits = (_number(head, at + 8 + offset) for offset in (0, 14))
            if kind == _EXTENSIBLE and size > 24:
                kind = _number(head, at + 8 + 24)
            return kind == _INTEGERS and bits in _PLAYED_BITS
        at += 8 + size + size % 2
    return False


def _number(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 2], "little")


def _after_tag(head: bytes) -> int:
    """Return where an ID3 tag ends, which states its length in seven bits a byte."""
    length = sum(octet << shift for octet, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return _TAG + length


def _is_layer_3(head: bytes) -> bool:
    """Tell whether four bytes are the header of a frame of MP3."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    return (head[1] >> 1) & 3 == _LAYER_3 and head[2] >> 4 != 15 and (head[2] >> 2) & 3 != 3
