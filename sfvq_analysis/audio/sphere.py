"""NIST SPHERE: a header of text lines, then the samples. Decoded here, so that nothing is guessed.

libsndfile takes every byte after the header for samples, whatever the header counts, and reads what
it doesn't know of the coding as noise or not at all. Here `sample_count` must agree with the file's
size: fewer bytes are a truncated file, more are refused too, since either may be right.

Read are ``pcm`` of 1 to 4 bytes (two's complement; ``sample_byte_format`` 01… or …10), ``ulaw`` and
``alaw`` (ITU-T G.711), of any number of interleaved channels. ``sample_count`` counts the samples
of each channel. A ``sample_checksum`` (the sum of all 16-bit samples modulo 65536) is verified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio.claim import bytes_at, check_rate, check_samples, cut_off, damaged
from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MAGIC = b"NIST_1A"
_PREFIX = 16  # b"NIST_1A\n   1024\n"
_MAX_HEADER = 1 << 20
_FIELD = re.compile(r"([A-Za-z0-9_]{1,100})[ \t]+-(i|r|s[0-9]{1,6})[ \t](.*)", re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_COMPRESSED = ("shorten", "wavpack", "shortpack", "embedded")
_SHORTEN = b"ajkg"
_LAWS = {"ulaw": "ulaw", "mu-law": "ulaw", "alaw": "alaw"}
_LITTLE = "0123"
_NEEDED = ("channel_count", "sample_count", "sample_rate", "sample_n_bytes")
_USED = (*_NEEDED, "sample_coding", "sample_byte_format", "sample_checksum")


@dataclass(frozen=True, slots=True)
class SphereHeader:
    """What a header states, checked against itself.

    `data` is the byte where the samples begin, `coding` is ``"pcm"``, ``"ulaw"`` or ``"alaw"``,
    `checksum` None where there is none.
    """

    data: int
    frames: int
    channels: int
    sample_rate: int
    sample_bytes: int
    coding: str
    little_endian: bool
    checksum: int | None


def read_header(file: IO[bytes], size: int) -> SphereHeader:
    """Read and check the header of a SPHERE file of `size` bytes.

    Raises
    ------
    CorpusError
        If a line isn't a field, a field is missing, contradicts another one or isn't supported, or
        the file is shorter or longer than the header says.
    """
    length = _header_length(file, size)
    fields = _fields(bytes_at(file, 0, length)[_PREFIX:])
    coding = _coding(fields)
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise damaged(f"SPHERE header lacks {missing[0]}", "restore the header")
    if fields.get("channels_interleaved", ("", ""))[1].strip().upper().startswith("FALSE"):
        raise CorpusError(
            "SPHERE channels aren't interleaved", remedy="convert it with `sph2pipe -f wav IN OUT`"
        )
    sample_bytes = _number(fields, "sample_n_bytes")
    if bytes_at(file, length, min(4, size - length)) == _SHORTEN:
        _check_compression("shorten")  # whatever the header says
    header = SphereHeader(
        data=length,
        frames=_number(fields, "sample_count"),
        channels=_number(fields, "channel_count"),
        sample_rate=_number(fields, "sample_rate"),
        sample_bytes=sample_bytes,
        coding=coding,
        little_endian=_little_endian(fields, sample_bytes),
        checksum=_number(fields, "sample_checksum") if "sample_checksum" in fields else None,
    )
    _check(header, size)
    return header


def decode(file: IO[bytes], header: SphereHeader) -> NDArray[np.float32]:
    """Return the samples, shape (frames, channels), in [-1, 1).

    Raises
    ------
    CorpusError
        If they don't add up to the header's checksum.
    """
    count = header.frames * header.channels
    check_samples(count)
    raw = bytes_at(file, header.data, count * header.sample_bytes)
    if header.coding != "pcm":
        samples = _LAW_TABLES[header.coding][np.frombuffer(raw, np.uint8)]
    else:
        integers = _integers(raw, header.sample_bytes, little_endian=header.little_endian)
        _check_sum(integers, header)
        samples = integers.astype(np.float32) * np.float32(2.0 ** (1 - 8 * header.sample_bytes))
    return samples.reshape(header.frames, header.channels)


def _header_length(file: IO[bytes], size: int) -> int:
    """Return how long the first two lines say the header is."""
    prefix = bytes_at(file, 0, min(size, _PREFIX))
    if b"\r" in prefix:
        raise damaged(
            "SPHERE header has DOS line ends: a transfer in text mode has changed its samples too",
            "copy the file again, in binary mode",
        )
    match = re.fullmatch(rb"NIST_1A\n {0,6}([0-9]{1,7})\n", prefix)
    if match is None:
        raise damaged("not readable as audio (SPHERE without the size of its header)")
    length = int(match[1])
    if not _PREFIX < length <= _MAX_HEADER:
        raise damaged(f"SPHERE header states a size of {length} bytes for itself")
    if length > size:
        raise damaged(
            f"not readable as audio (the SPHERE header should have {length} bytes, the file has "
            f"{size})"
        )
    return length


def _fields(text: bytes) -> dict[str, tuple[str, str]]:
    """Return type and value of each field by its name, up to ``end_head``."""
    fields: dict[str, tuple[str, str]] = {}
    for number, line in enumerate(text.decode("latin-1").split("\n"), start=3):
        if line.rstrip() == "end_head":
            return fields
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        match = _FIELD.fullmatch(line.lstrip(" \t"))
        if match is None:
            raise damaged(
                f"line {number} of the SPHERE header isn't a field: {shown(line)}",
                "write it as NAME -TYPE VALUE",
            )
        name, kind, value = match[1], match[2], match[3]
        if name == "sample_coding":
            _check_compression(value)
        if name in _USED:
            value = _checked_value(name, kind, value, number)
        if name in fields and name in _USED and fields[name] != (kind, value):
            raise damaged(f"SPHERE header states {name} twice, differently", "remove one")
        fields[name] = (kind, value)
    raise damaged("SPHERE header has no end_head", "restore the header")


def _check_compression(coding: str) -> None:
    """Raise a CorpusError if samples are compressed: to a decoder of PCM they would be noise."""
    if any(name in coding.lower() for name in _COMPRESSED):
        raise CorpusError(
            f"SPHERE audio is compressed (sample_coding {shown(coding.strip())})",
            remedy="expand it with `sph2pipe -f wav IN OUT`",
        )


def _checked_value(name: str, kind: str, value: str, number: int) -> str:
    """Return a field's value if it has the stated form."""
    wrong = damaged(
        f"line {number} of the SPHERE header: {name} -{kind} is {shown(value)}",
        "restore the header",
    )
    if kind.startswith("s"):
        length = int(kind[1:])
        value = value.rstrip(" \t\r")
        # libsndfile writes "-s4 01" for samples of four bytes
        short = len(value) < length and name != "sample_byte_format"
        if short or value[length:].split(";")[0].strip():
            raise wrong
        return value[:length]
    value = value.split(";")[0].strip(" \t\r")
    if kind == "r":
        value = re.sub(r"\.0{0,20}\Z", "", value)
    if not _INTEGER.fullmatch(value):
        raise wrong
    return value


def _number(fields: Mapping[str, tuple[str, str]], name: str) -> int:
    value = fields[name][1]
    if not _INTEGER.fullmatch(value):  # as -s it may; libsndfile writes sample_n_bytes so
        raise damaged(f"SPHERE {name} is {shown(value)}", "restore the header")
    return int(value)


def _coding(fields: Mapping[str, tuple[str, str]]) -> str:
    """Return ``"pcm"`` (which is meant where nothing is said), ``"ulaw"`` or ``"alaw"``."""
    stated = fields.get("sample_coding", ("s3", "pcm"))[1].strip().lower()
    coding = "pcm" if stated == "pcm" else _LAWS.get(stated)
    if coding is None:
        raise CorpusError(
            f"SPHERE sample_coding is {shown(stated)}",
            remedy="give pcm, ulaw or alaw; sph2pipe converts others",
        )
    return coding


def _little_endian(fields: Mapping[str, tuple[str, str]], sample_bytes: int) -> bool:
    """Tell whether the lowest byte of a sample comes first."""
    stated = fields.get("sample_byte_format", ("", ""))[1].strip()
    order = _LITTLE[:sample_bytes] if 1 <= sample_bytes <= 4 else ""
    if sample_bytes == 1 and stated in {"", "0", "1"}:
        return True
    if sample_bytes > 2 and stated in {"01", "10"}:  # as libsndfile writes it
        return stated == "01"
    if not order or stated not in {order, order[::-1]}:
        raise damaged(
            f"SPHERE sample_byte_format is {shown(stated)} for sample_n_bytes {sample_bytes}"
            if stated
            else f"SPHERE header lacks sample_byte_format for sample_n_bytes {sample_bytes}",
            "restore the header",
        )
    return stated == order


def _check(header: SphereHeader, size: int) -> None:
    """Raise a CorpusError unless a header's numbers are possible and the file is as long."""
    check_rate(header.sample_rate)
    if not 1 <= header.sample_bytes <= 4 or (header.coding != "pcm" and header.sample_bytes != 1):
        raise damaged(
            f"SPHERE sample_n_bytes is {header.sample_bytes} for sample_coding {header.coding}",
            "restore the header",
        )
    if header.channels < 1:
        raise damaged(f"SPHERE channel_count is {header.channels}", "restore the header")
    if header.frames < 0:
        raise damaged(f"SPHERE sample_count is {header.frames}", "restore the header")
    there = size - header.data
    wanted = header.frames * header.channels * header.sample_bytes
    if wanted > there:
        width = header.channels * header.sample_bytes
        raise cut_off(header.frames, there // width, "samples")
    if wanted < there:
        raise damaged(
            f"SPHERE sample_count {header.frames} leaves {there - wanted} bytes of the file over",
            "correct sample_count or remove what follows the samples",
        )


def _integers(raw: bytes, sample_bytes: int, *, little_endian: bool) -> NDArray[np.int32]:
    """Return two's complement numbers of 1 to 4 bytes."""
    order = "<" if little_endian else ">"
    if sample_bytes != 3:
        return np.frombuffer(raw, f"{order}i{sample_bytes}").astype(np.int32)
    digits = np.frombuffer(raw, np.uint8).reshape(-1, 3)
    wide = np.zeros((len(digits), 4), np.uint8)
    wide[:, 1:] = digits if little_endian else digits[:, ::-1]
    return wide.view("<i4")[:, 0] >> 8


def _check_sum(integers: NDArray[np.int32], header: SphereHeader) -> None:
    """Compare with the checksum, which some writers took over the bytes in the other order."""
    if header.checksum is None or header.sample_bytes != 2:
        return
    shorts = integers.astype(np.uint16)
    sums = [int(values.sum(dtype=np.uint64)) % 65536 for values in (shorts, shorts.byteswap())]
    if header.checksum % 65536 not in sums:
        raise damaged(
            f"SPHERE samples add up to {sums[0]}, their sample_checksum is {header.checksum}"
        )


def _ulaw_table() -> NDArray[np.float32]:
    """Return the value of each byte of G.711 µ-law: sign, exponent, mantissa, all inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent.astype(np.int32)) - 132
    return (np.where(code & 128, -magnitude, magnitude) / 32768).astype(np.float32)


def _alaw_table() -> NDArray[np.float32]:
    """Return the value of each byte of G.711 A-law: every other bit inverted."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = ((code >> 4) & 7).astype(np.int32), (code & 15).astype(np.int32)
    base = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, base, (base + 256) << np.maximum(exponent - 1, 0))
    return (np.where(code & 128, magnitude, -magnitude) / 32768).astype(np.float32)


_LAW_TABLES = {"ulaw": _ulaw_table(), "alaw": _alaw_table()}
