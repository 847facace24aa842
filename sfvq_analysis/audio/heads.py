"""Whether the first bytes of an audio file are enough to tell how long it is."""

from __future__ import annotations

import struct

from sfvq_analysis.audio.sphere import MAGIC

HEAD = 1 << 16
"""Bytes that hold the headers of nearly all files."""

_FIXED = {1, 3, 6, 7, 0xFFFE}  # PCM, floating point, A-law, mu-law, and what spells these out


def states_length(head: bytes) -> bool:
    """Tell whether a file that begins so states its length there, or has it by its size.

    So do SPHERE, WAV whose samples aren't compressed, and FLAC that states length and checksum.
    Others are walked through, so that all of them is needed.

    Examples
    --------
    >>> states_length(b"NIST_1A"), states_length(b"OggS")
    (True, False)
    """
    if head.startswith(MAGIC):
        return True
    if head.startswith(b"fLaC") and len(head) >= 42:
        frames = int.from_bytes(head[18:26], "big") & (1 << 36) - 1
        return frames > 0 and any(head[26:42])
    if head[:4] in {b"RIFF", b"RIFX"} and head[8:16] == b"WAVEfmt " and len(head) >= 22:
        order = "<" if head.startswith(b"RIFF") else ">"
        return struct.unpack(f"{order}H", head[20:22])[0] in _FIXED and b"data" in head
    return False
