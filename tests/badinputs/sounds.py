"""Audio files of every sort, byte by byte."""

from __future__ import annotations

import struct

import numpy as np

RATE = 16_000
PCM, FLOAT, ALAW, ULAW, ADPCM, EXTENSIBLE = 1, 3, 6, 7, 2, 0xFFFE
TAIL = bytes.fromhex("000000001000800000aa00389b71")  # of the GUIDs of extensible WAVs


def wave_of(n: int, seed: int = 1) -> np.ndarray:
    """Return n samples of 16 bits: a linear congruential generator, the same everywhere."""
    state, values = seed, []
    for _ in range(n):
        state = (1103515245 * state + 12345) % 2**31
        values.append((state >> 15) - 32768)
    return np.array(values, dtype=np.int64)


def as_float(values: np.ndarray, bits: int = 16) -> np.ndarray:
    """Return whole numbers of so many bits as float32 in [-1, 1)."""
    return (np.asarray(values, dtype=np.float64) / 2 ** (bits - 1)).astype(np.float32)


def packed(values: np.ndarray, bits: int = 16, order: str = "<") -> bytes:
    """Return whole numbers as bytes; 8 bits are unsigned, as WAV has them."""
    if bits == 8:
        return bytes(int(v) + 128 for v in values)
    if bits == 24:
        side = "little" if order == "<" else "big"
        return b"".join(int(v).to_bytes(3, side, signed=True) for v in values)
    return np.asarray(values).astype(f"{order}i{bits // 8}").tobytes()


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    """Return one RIFF chunk, padded to an even length; its size may lie."""
    stated = len(content) if size is None else size
    return name + struct.pack("<I", stated) + content + b"\0" * (len(content) % 2)


def fmt(coding: int, channels: int, rate: int, bits: int) -> bytes:
    """Return a WAV's format chunk."""
    block = channels * bits // 8
    body = struct.pack("<HHIIHH", coding, channels, rate, rate * block % 2**32, block % 2**16, bits)
    return chunk(b"fmt ", body)


def extensible(coding: int, channels: int, rate: int, bits: int) -> bytes:
    """Return an extensible WAV's format chunk."""
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", EXTENSIBLE, channels, rate, rate * block, block, bits)
    more = struct.pack("<HHIH", 22, bits, 4, coding) + TAIL
    return chunk(b"fmt ", head + more)


def riff(*chunks: bytes, size: int | None = None, form: bytes = b"WAVE") -> bytes:
    """Return a RIFF file of these chunks; its size may lie."""
    body = form + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def wav(values: np.ndarray, bits: int = 16, rate: int = RATE, channels: int = 1) -> bytes:
    """Return an ordinary WAV of whole numbers."""
    return riff(fmt(PCM, channels, rate, bits), chunk(b"data", packed(values, bits)))


def float_wav(values: np.ndarray, kind: str = "<f4", rate: int = RATE) -> bytes:
    """Return a WAV of floats."""
    data = np.asarray(values).astype(kind)
    head = fmt(FLOAT, 1, rate, 8 * data.itemsize)
    return riff(head, chunk(b"fact", struct.pack("<I", len(data))), chunk(b"data", data.tobytes()))


def sphere(
    data: bytes, fields: dict[str, str] | None = None, header: int = 1024, **changed: str | None
) -> bytes:
    """Return a NIST SPHERE file; fields that are None are left out."""
    stated: dict[str, str | None] = {
        "channel_count": "-i 1",
        "sample_count": f"-i {len(data) // 2}",
        "sample_rate": f"-i {RATE}",
        "sample_n_bytes": "-i 2",
        "sample_byte_format": "-s2 01",
        "sample_sig_bits": "-i 16",
        "sample_coding": "-s3 pcm",
        **(fields or {}),
        **changed,
    }
    lines = [f"{name} {value}" for name, value in stated.items() if value is not None]
    text = "NIST_1A\n" + f"{header:>7}\n" + "\n".join([*lines, "end_head", ""])
    return text.encode().ljust(header, b" ") + data


def ulaw(code: int) -> int:
    """Return the 16-bit value of a mu-law byte (ITU-T G.711)."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def alaw(code: int) -> int:
    """Return the 16-bit value of an A-law byte (ITU-T G.711)."""
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, code & 0x0F
    magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << exponent - 1
    return magnitude if code & 0x80 else -magnitude


def aiff(values: np.ndarray, rate: int = RATE) -> bytes:
    """Return an AIFF of 16 bits; its rate is an 80-bit float."""
    exponent = rate.bit_length() - 1
    extended = struct.pack(">HQ", 16383 + exponent, rate << 63 - exponent)
    common = struct.pack(">hIh", 1, len(values), 16) + extended
    data = struct.pack(">II", 0, 0) + packed(values, 16, ">")
    chunks = b"".join(
        name + struct.pack(">I", len(body)) + body
        for name, body in ((b"COMM", common), (b"SSND", data))
    )
    return b"FORM" + struct.pack(">I", 4 + len(chunks)) + b"AIFF" + chunks


def au(values: np.ndarray, rate: int = RATE, size: int | None = None) -> bytes:
    """Return a Sun AU of 16 bits; the size 0xFFFFFFFF means unknown."""
    data = packed(values, 16, ">")
    stated = len(data) if size is None else size
    return b".snd" + struct.pack(">IIIII", 24, stated, 3, rate, 1) + data


def with_serial(ogg: bytes, serial: int = 1) -> bytes:
    """Return an Ogg file whose stream has this number, which encoders draw, and its checksums."""
    pages, at = [], 0
    while at < len(ogg):
        n_parts = ogg[at + 26]
        stop = at + 27 + n_parts + sum(ogg[at + 27 : at + 27 + n_parts])
        page = bytearray(ogg[at:stop])
        page[14:18], page[22:26] = struct.pack("<I", serial), bytes(4)
        page[22:26] = struct.pack("<I", _ogg_checksum(page))
        pages.append(bytes(page))
        at = stop
    return b"".join(pages)


def _ogg_checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value
