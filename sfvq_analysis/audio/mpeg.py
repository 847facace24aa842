"""MPEG audio (MP3): all frames are walked through, so that nothing is missing or foreign.

The decoder skips what it can't read and says so on the standard error at most. How many samples a
file has depends on the encoder's delay, which not all files state; the frames can be counted.
"""

from __future__ import annotations

from typing import IO, NamedTuple

from sfvq_analysis.audio.claim import Claim, bytes_at, damaged

_RATES = (44100, 48000, 32000)
_LAYER_1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_LOW_1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_LOW_23 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")
_ENCODERS = (b"LAME", b"Lavc", b"Lavf")
_DECODER_DELAY = 529
_MAX_PADDING = 3 * 1152 + 4096


class _Frame(NamedTuple):
    """What a frame's header states: kind of stream, bytes of the frame, samples it gives."""

    kind: tuple[int, int, int, bool]  # version, layer, rate, mono
    length: int
    samples: int


class _Index(NamedTuple):
    """How many frames follow the first one, how many of their samples are padding, and at the end.

    `padding` is None where the encoder doesn't say.
    """

    frames: int
    padding: int | None
    end_padding: int


def claim(file: IO[bytes], start: int, size: int) -> Claim:
    """Walk through all frames of an MPEG file of `size` bytes, from byte `start`.

    Raises
    ------
    CorpusError
        If the last frame isn't whole, fewer frames are there than the first one counts, the stream
        changes its kind or what follows a frame is neither a frame nor a tag.
    """
    octets = bytes_at(file, start, size - start)
    end = len(octets) - (128 if octets[-128:-125] == b"TAG" else 0)
    position = n_frames = 0
    first = _frame(octets, 0)
    frame = first
    while frame is not None:
        if first is None or frame.kind != first.kind:
            raise damaged(f"MPEG audio changes its rate, kind or channels at frame {n_frames}")
        position += frame.length
        n_frames += 1
        if position > end:
            raise damaged("audio is cut off: its last MPEG frame isn't whole")
        frame = _frame(octets, position) if position + 4 <= end else None
    rest = octets[position:end]
    foreign = bool(rest.strip(b"\0")) and not rest.startswith(_TAGS)
    if first is None or (foreign and n_frames < 2):
        raise damaged("not readable as audio (no MPEG frames)", "give an audio file")
    if foreign:
        raise damaged(f"audio is damaged: no MPEG frame at byte {start + position}")
    *_, rate, mono = first.kind
    channels = 2 - int(mono)
    index = _index(octets[: first.length])
    if index is None:
        total = n_frames * first.samples
        return Claim(total, lack=_MAX_PADDING, sample_rate=rate, channels=channels, mpeg=True)
    # an encoder we don't know may have counted the first frame too
    if n_frames - (index.padding is not None) < index.frames:
        raise damaged(
            f"audio is cut off: its header states {index.frames} MPEG frames, {n_frames - 1} are "
            "there"
        )
    total = (n_frames - 1) * first.samples
    if index.padding is None:
        return Claim(total, lack=_MAX_PADDING, sample_rate=rate, channels=channels, mpeg=True)
    # the decoder's own delay is taken from the padding at the end, so far as there is any
    lack = max(0, _DECODER_DELAY - index.end_padding)
    length = max(0, total - index.padding)
    return Claim(length, lack=lack, sample_rate=rate, channels=channels, mpeg=True)


def may_be(head: bytes) -> bool:
    """Tell whether a file begins with the eleven bits of an MPEG frame; UTF-16 text does too."""
    return len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0


def _frame(octets: bytes, position: int) -> _Frame | None:
    """Return what the four bytes at a place state; None if they are no frame's header."""
    head = int.from_bytes(octets[position : position + 4], "big")
    version, layer = head >> 19 & 3, 4 - (head >> 17 & 3)
    index, rate_index = head >> 12 & 15, head >> 10 & 3
    if head >> 21 != 0x7FF or version == 1 or layer == 4 or index in {0, 15} or rate_index == 3:
        return None
    low = version != 3  # MPEG-2 and 2.5, at a half and a quarter of the rate
    rate = _RATES[rate_index] >> (0 if not low else 1 if version == 2 else 2)
    table = (_LOW_1, _LOW_23, _LOW_23) if low else (_LAYER_1, _LAYER_2, _LAYER_3)
    bits = 1000 * table[layer - 1][index - 1]
    padding = head >> 9 & 1
    kind = (version, layer, rate, head >> 6 & 3 == 3)
    if layer == 1:
        return _Frame(kind, (12 * bits // rate + padding) * 4, 384)
    samples = 576 if layer == 3 and low else 1152
    return _Frame(kind, samples // 8 * bits // rate + padding, samples)


def _index(first: bytes) -> _Index | None:
    """Return what the first frame says of the others; None if it is one of them."""
    for name in (b"Xing", b"Info"):
        place = first.find(name, 4, 48)
        if place < 0 or len(first) < place + 12 or not first[place + 7] & 1:
            continue
        frames = int.from_bytes(first[place + 8 : place + 12], "big")
        # optional: 4 bytes of size, 100 of places, 4 of quality; then the encoder
        flags = first[place + 7]
        encoder = place + 12 + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
        delays = int.from_bytes(first[encoder + 21 : encoder + 24], "big")
        known = first[encoder : encoder + 4] in _ENCODERS and delays > 0
        end = delays & 0xFFF
        return _Index(frames, (delays >> 12) + end if known else None, end)
    return None
