"""Formats of samplers that libsndfile reads: what little their headers state."""

from __future__ import annotations

import struct
from typing import IO

from sfvq_analysis.audio.claim import Claim, bytes_at, cut_off

_VOC_HEADERS = {1: 2, 9: 12}  # bytes before the samples, by kind of block
_VOC_WITH_BITS = 9


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
