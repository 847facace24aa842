"""Short sounds as Ogg Opus, without the room for tags that encoders leave.

libsndfile fills the tags of a file up with zeros; of a quarter of a second that is half the file.
It also draws a number for the stream: here the same sound is always the same bytes.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio.ogg import HEADER, checksum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RATES = (8000, 12000, 16000, 24000, 48000)
_NO_TAGS = b"OpusTags" + bytes(8)  # neither a vendor nor a comment
_TAGS_PAGE = 1
_STREAM = 1


def opus_bytes(
    audio: NDArray[np.float32], sample_rate: int, *, thrift: float | None = None
) -> bytes:
    """Return a sound as an Ogg Opus file.

    Parameters
    ----------
    audio
        Shape (n_samples,), in [-1, 1]; what is beyond is cut off.
    sample_rate
        In Hz; a rate that Opus hasn't is brought to the next one that it has.
    thrift
        From 0 to 1: the greater, the shorter the file.

    Examples
    --------
    >>> tone = np.sin(np.arange(4000) / 5).astype(np.float32)
    >>> opus_bytes(tone, 16000)[:4]
    b'OggS'
    """
    import soundfile
    import soxr

    rate = sample_rate
    if rate not in _RATES:
        rate = next((one for one in _RATES if one >= sample_rate), _RATES[-1])
        audio = soxr.resample(audio, sample_rate, rate)
    file = io.BytesIO()
    options = {} if thrift is None else {"compression_level": thrift}
    soundfile.write(file, np.clip(audio, -1, 1), rate, format="OGG", subtype="OPUS", **options)
    return _without_tags(file.getvalue())


def _without_tags(ogg: bytes) -> bytes:
    """Return an Ogg Opus file of one stream without its tags and with a number of its own."""
    pages = []
    for number, (head, lengths, body) in enumerate(_pages(ogg)):
        kept = (bytes([len(_NO_TAGS)]), _NO_TAGS) if number == _TAGS_PAGE else (lengths, body)
        fields = [*HEADER.unpack(head)[:7], len(kept[0])]
        fields[4] = _STREAM
        page = HEADER.pack(*fields) + b"".join(kept)
        pages.append(page[:22] + struct.pack("<I", checksum(page)) + page[26:])
    return b"".join(pages)


def _pages(ogg: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield each page's header, the lengths of its pieces, and the pieces."""
    at = 0
    while at < len(ogg):
        body = at + HEADER.size + ogg[at + HEADER.size - 1]
        lengths = ogg[at + HEADER.size : body]
        yield ogg[at : at + HEADER.size], lengths, ogg[body : body + sum(lengths)]
        at = body + sum(lengths)
