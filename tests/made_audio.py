"""Audio files made byte by byte, and what `read_audio` says to them."""

import struct

import numpy as np
import pytest

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.errors import CorpusError

TONE = (12000 * np.sin(np.arange(400) * 0.07)).astype(np.int16)
DATA = TONE.tobytes()
FIELDS = {
    "channel_count": "-i 1",
    "sample_count": "-i 400",
    "sample_rate": "-i 16000",
    "sample_n_bytes": "-i 2",
    "sample_byte_format": "-s2 01",
    "sample_coding": "-s3 pcm",
}
PCM = struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16)
GUID_TAIL = bytes.fromhex("0000 1000 8000 00aa 0038 9b71")


def sphere(data=DATA, *, size=1024, stated_size=None, end="end_head\n", **changed):
    """Return a SPHERE file; a field that is None is left out."""
    fields = {key: value for key, value in (FIELDS | changed).items() if value is not None}
    lines = "".join(f"{key} {value}\n" for key, value in fields.items())
    head = f"NIST_1A\n{size if stated_size is None else stated_size:>7}\n{lines}{end}"
    return head.encode("latin-1").ljust(size) + data


def chunk(name, content, length=None):
    """Return a RIFF chunk with its padding."""
    stated = len(content) if length is None else length
    return name + struct.pack("<I", stated) + content + b"\0" * (len(content) % 2)


def wav(*chunks, size=None, magic=b"RIFF"):
    """Return a WAV file of chunks."""
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


def plain_wav(data=DATA, form=PCM, **sizes):
    return wav(chunk(b"fmt ", form), chunk(b"data", data, sizes.pop("length", None)), **sizes)


def read(path, octets, **options):
    """Write a file and read it; its length must be known without decoding."""
    path.write_bytes(octets)
    audio, rate = read_audio(path, **options)
    assert audio.dtype == np.float32
    assert audio_length(path) == (len(audio), rate)
    return audio, rate


def refusal(path, octets=None, reader=read_audio, kind=CorpusError, **options):
    """Return in what words a file is refused, without its name, which must be there."""
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(kind) as caught:
        reader(path, **options)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")
