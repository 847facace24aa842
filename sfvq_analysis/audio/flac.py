"""FLAC: what its STREAMINFO states; the checksum of all samples is verified after decoding."""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio.claim import MAX_CHUNKS, Claim, bytes_at, cut_off, damaged
from sfvq_analysis.audio.flac_frames import last_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_RATES = dict(
    enumerate(
        (88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000), start=1
    )
)
_MAX_RATIO = 65535  # samples of the longest block, in a byte


def claim(file: IO[bytes], start: int, size: int) -> Claim:
    """Return what STREAMINFO states, for the marker ``fLaC`` at byte `start`.

    Raises
    ------
    CorpusError
        If the first block isn't one, states more samples than the file's `size` in bytes allows, or
        another rate than the first frame, or, without a checksum, another end than the last.
    """
    block = bytes_at(file, start + 4, 38)
    if block[0] & 0x7F or int.from_bytes(block[1:4], "big") != 34:
        raise damaged("not readable as audio (FLAC without STREAMINFO)")
    first = _first_frame(file, start, block)
    packed = int.from_bytes(block[14:22], "big")  # 20 bits rate, 3 channels, 5 width, 36 samples
    md5 = block[22:38]
    frames = packed & (1 << 36) - 1
    if frames > _MAX_RATIO * size:
        raise damaged(f"audio is cut off: its header states {frames} samples, in {size} bytes")
    if frames and not any(md5):
        _check_end(file, first, size, block, frames)
    return Claim(
        frames=frames or None,
        sample_rate=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
        bits=(packed >> 36 & 31) + 1,
        md5=md5 if any(md5) else b"",
    )


def _check_end(file: IO[bytes], first: int, size: int, info: bytes, frames: int) -> None:
    """Raise a CorpusError unless the last frame ends where STREAMINFO says: no checksum tells."""
    end = last_end(file, first, size, int.from_bytes(info[6:8], "big"))
    if end < frames:
        raise cut_off(frames, end, "samples")
    if end > frames:
        raise damaged(f"FLAC header states {frames} samples, its last frame ends at {end}")


def _first_frame(file: IO[bytes], start: int, info: bytes) -> int:
    """Return the first frame's byte, after a look at its rate: it repeats the usual in 4 bits."""
    position, last, length = start + 42, info[0] & 0x80, 0
    for _ in range(MAX_CHUNKS):
        if last:
            break
        head = bytes_at(file, position, 4)
        last, length = head[0] & 0x80, int.from_bytes(head[1:], "big")
        position += 4 + length
    frame = bytes_at(file, position, 3)
    if frame[0] != 0xFF or frame[1] & 0xFC != 0xF8:
        raise damaged(f"audio is damaged or cut off: no FLAC frame at byte {position}")
    stated, repeated = int.from_bytes(info[14:17], "big") >> 4, _RATES.get(frame[2] & 15)
    if repeated not in {None, stated}:
        raise damaged(f"FLAC header states {stated} Hz, its first frame {repeated} Hz")
    return position


def check_md5(blocks: Sequence[NDArray[np.int32]], claim: Claim) -> None:
    """Compare the checksum with the samples', which are scaled up to 32 bits.

    Raises
    ------
    CorpusError
        If they differ.
    """
    digest = hashlib.md5(usedforsecurity=False)
    width = (claim.bits + 7) // 8
    for block in blocks:
        plain = block >> (32 - claim.bits)
        if width == 3:
            octets = plain.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        else:
            octets = plain.astype(f"<i{width}").tobytes()
        digest.update(octets)
    if digest.digest() != claim.md5:
        raise damaged(
            "audio is damaged: its samples don't have the checksum the FLAC header states"
        )
