"""Which format a file has, by its first bytes, whatever its name says."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from sfvq_analysis.audio import chunks, flac, mpeg, ogg, rare, riff
from sfvq_analysis.audio.claim import Claim, bytes_at, damaged
from sfvq_analysis.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable

_CLAIMS: dict[bytes, Callable[[IO[bytes], int], Claim]] = {
    b"RIFF": riff.claim,
    b"RIFX": riff.claim,
    b"RF64": riff.claim,
    b"riff": riff.claim_wave64,
    b"FORM": chunks.claim_iff,
    b"caff": chunks.claim_caf,
    b".snd": chunks.claim_au,
    b"dns.": chunks.claim_au,
    b"OggS": ogg.claim,
    b"2BIT": rare.claim_avr,
    b"\x01\x04": rare.claim_mpc2k,
    b"Creative Voice File": rare.claim_voc,
    b"Extended Instrument: ": rare.claim_xi,
    b"d\xa3": rare.claim_ircam,
    **{bytes((0, kind, 0xA3, 0x64)): rare.claim_ircam for kind in range(1, 5)},
    b" paf": rare.claim_paf,
    b"fap ": rare.claim_paf,
    b"PVF1\n": rare.claim_pvf,
}
_GIVE = "give NIST SPHERE, RIFF WAV, FLAC or another format that libsndfile reads"
_CONVERT = "convert it with `ffmpeg -i IN OUT.wav`"
_STRANGERS = (  # first bytes, what they are, what to do
    (b"ajkg", "shorten-compressed", "expand it with `shorten -x IN OUT`"),
    (b"wvpk", "WavPack-compressed", "expand it with `wvunpack IN`"),
    (b"MAC ", "Monkey's Audio", _CONVERT),
    (b"0&\xb2u\x8ef\xcf\x11", "Windows Media", _CONVERT),
    (b"\x1aE\xdf\xa3", "Matroska or WebM", _CONVERT),
    (b"#!AMR", "AMR", _CONVERT),
    (b"ADIF", "AAC", _CONVERT),
    (b"version https://git-lfs", "a Git LFS pointer", "fetch the file with `git lfs pull`"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "gzip-compressed", "unpack it"),
    (b"<", "HTML or XML text", "fetch the audio file again"),
    (b"%PDF", "a PDF", _GIVE),
    (b"\x93NUMPY", "a NumPy array", "read latents with latents:FOLDER"),
    # libsndfile replaces the last block by zeros and prints what is damaged
    (b"\xf0\x7e", "a MIDI sample dump", _CONVERT),
    (b"RIFF", "RIFF, but no WAV", _GIVE),
)
_MAX_TAGS = 8


def read_claim(file: IO[bytes], size: int) -> Claim:
    """Return what the header of an audio file of `size` bytes states.

    Raises
    ------
    CorpusError
        If the file is shorter than it should be, contradicts itself or is no audio.
    """
    start = _after_tags(file, size)
    head = bytes_at(file, start, min(64, size - start))
    if head.startswith(b"fLaC"):
        return flac.claim(file, start, size)
    _refuse_strangers(head)
    if mpeg.may_be(head):
        return mpeg.claim(file, start, size)
    if start:
        raise damaged("not readable as audio (no FLAC or MP3 after the ID3 tag)", _GIVE)
    for magic, claim in _CLAIMS.items():
        if head.startswith(magic):
            return claim(file, size)
    return Claim()


def unreadable(reason: str) -> CorpusError:
    """Return the error for what the decoder can't read, for the reason that libsndfile gives."""
    if "does not exist" in reason:  # libsndfile's word for a decoder that failed: the file is open
        reason = "the decoder can't make anything of it"
    return CorpusError(f"not readable as audio ({reason.rstrip('.')})", remedy=_GIVE)


def _after_tags(file: IO[bytes], size: int) -> int:
    """Return the first byte after ID3v2 tags, which state their length in seven bits a byte."""
    start = 0
    for _ in range(_MAX_TAGS):
        file.seek(start)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:]) > 127:
            return start
        length = sum(octet << shift for octet, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        start += 10 + length + (10 if head[5] & 16 else 0)
        if start >= size:
            raise damaged("not readable as audio (nothing after the ID3 tag)")
    raise damaged("not readable as audio (too many ID3 tags)")


def _refuse_strangers(head: bytes) -> None:
    """Raise a CorpusError for well-known formats that aren't read, with what helps."""
    if head.startswith(b"RIFF") and (len(head) < 12 or head[8:12] == b"WAVE"):
        return
    for magic, name, remedy in _STRANGERS:
        if head.startswith(magic):
            raise CorpusError(f"not readable as audio (it is {name})", remedy=remedy)
    if head[4:8] == b"ftyp":
        raise CorpusError("not readable as audio (it is MPEG-4 or AAC)", remedy=_CONVERT)
