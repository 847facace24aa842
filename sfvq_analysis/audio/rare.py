"""Formats of samplers and old workstations that libsndfile reads: what little they state.

IRCAM, PAF and PVF state no length: whether samples are missing at their end can't be told, only
whether the last is whole.
"""

from __future__ import annotations

import re
import struct
from typing import IO

from sfvq_analysis.audio.claim import Claim, bytes_at, cut_off, damaged, whole_frames

_VOC_HEADERS = {1: 2, 9: 12}  # bytes before the samples, by kind of block
_VOC_WITH_BITS = 9
_XI_SAMPLES, _XI_SAMPLE = 296, 40  # where their number is, and the bytes of what each states
_MOST_CHANNELS = 1024
_IRCAM_HEADER, _PAF_HEADER = 1024, 2048
_PAF_BYTES = {0: 2, 2: 1}
_PAF_BLOCKED = 1  # 24 bits: ten samples in 32 bytes, which libsndfile checks
_PVF = re.compile(rb"PVF1\n([0-9]{1,5}) [0-9]{1,9} (8|16|32)\n")


def claim_avr(file: IO[bytes], _size: int) -> Claim:
    """Return how many samples the header of an Audio Visual Research file states.

    Raises
    ------
    CorpusError
        If the file is too short for a header.
    """
    return Claim(struct.unpack(">I", bytes_at(file, 26, 4))[0])


def claim_mpc2k(file: IO[bytes], _size: int) -> Claim:
    """Return how many samples the header of an Akai MPC 2000 file states, as `claim_avr`."""
    return Claim(struct.unpack("<I", bytes_at(file, 30, 4))[0])


def claim_voc(file: IO[bytes], size: int) -> Claim:
    """Return how many samples the first block of a Creative Voice file states.

    libsndfile takes all that follows for samples, the byte that ends the file included.

    Raises
    ------
    CorpusError
        If the file ends before its first block does.
    """
    start = struct.unpack("<H", bytes_at(file, 20, 2))[0]
    kind, *length = bytes_at(file, start, 4)
    stated, there = int.from_bytes(bytes(length), "little"), size - start - 4
    if kind not in _VOC_HEADERS:
        return Claim()
    if stated > there:
        raise cut_off(stated, there)
    width = 1
    if kind == _VOC_WITH_BITS:
        bits, channels = bytes_at(file, start + 8, 2)
        width = max(1, bits // 8 * channels)
    return Claim(max(0, stated - _VOC_HEADERS[kind]) // width, slack=1)


def claim_xi(file: IO[bytes], size: int) -> Claim:
    """Return nothing of a FastTracker instrument, whose first sample must be whole.

    libsndfile writes a length of 0 itself.

    Raises
    ------
    CorpusError
        If fewer bytes follow than the header states.
    """
    count, stated = struct.unpack("<HI", bytes_at(file, _XI_SAMPLES, 6))
    there = size - (_XI_SAMPLES + 2 + _XI_SAMPLE * count)
    if stated > there:
        raise cut_off(stated, max(0, there))
    return Claim()


def claim_ircam(file: IO[bytes], size: int) -> Claim:
    """Return nothing of an IRCAM file, whose last sample must be whole.

    Raises
    ------
    CorpusError
        If it isn't, or the file is too short for a header.
    """
    packed = bytes_at(file, 8, 8)
    channels, coding = struct.unpack("<II", packed)
    if channels > _MOST_CHANNELS:  # as libsndfile tells the order of bytes
        channels, coding = struct.unpack(">II", packed)
    return _whole(size - _IRCAM_HEADER, channels * (coding & 0xFFFF))


def claim_paf(file: IO[bytes], size: int) -> Claim:
    """Return nothing of an Ensoniq PARIS file, as `claim_ircam`."""
    order = ">" if bytes_at(file, 0, 1) == b" " else "<"
    coding, channels = struct.unpack(order + "II", bytes_at(file, 16, 8))
    if coding == _PAF_BLOCKED:
        return Claim()
    return _whole(size - _PAF_HEADER, channels * _PAF_BYTES.get(coding, 0))


def claim_pvf(file: IO[bytes], size: int) -> Claim:
    """Return nothing of a Portable Voice Format file, as `claim_ircam`."""
    head = _PVF.match(bytes_at(file, 0, min(size, 64)))
    if head is None:
        return Claim()
    return _whole(size - head.end(), int(head[1]) * int(head[2]) // 8)


def _whole(n_bytes: int, width: int) -> Claim:
    if n_bytes < 0:
        raise damaged("not readable as audio (the header is cut off)")
    if width:
        whole_frames(n_bytes, width)
    return Claim()
