"""What an audio file's own header says of its samples, to be compared with what is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from sfvq_analysis.errors import CorpusError

MAX_RATE = 10_000_000
MAX_SAMPLES = 1 << 30  # 4 GiB, 18 hours at 16 kHz
MAX_CHUNKS = 10_000


@dataclass(frozen=True, slots=True)
class Claim:
    """What a header states.

    Attributes
    ----------
    frames
        Samples in each channel; None where the format doesn't state them, or not reliably.
    slack
        How many more the decoder may give, which are padding: they are cut off.
    lack
        How many fewer it may give, where the number counts an encoder's delay too.
    sample_rate, channels
        None where left to the decoder.
    bits, md5
        Of FLAC: bits of a sample and the checksum of all samples; empty where there is none.
    mpeg
        Whether libmpg123 decodes it.
    """

    frames: int | None = None
    slack: int = 0
    lack: int = 0
    sample_rate: int | None = None
    channels: int | None = None
    bits: int = 0
    md5: bytes = b""
    mpeg: bool = False

    def __post_init__(self) -> None:
        if self.sample_rate is not None:
            check_rate(self.sample_rate)
        if self.channels is not None and self.channels < 1:
            raise damaged(f"the header states {self.channels} channels")


def check_rate(rate: float) -> None:
    """Raise a CorpusError unless a header's sample rate is one."""
    if not 1 <= rate <= MAX_RATE:
        raise damaged(f"the header states a sample rate of {rate:.15g} Hz")


def check_samples(count: int) -> None:
    """Raise a CorpusError for more samples than an utterance can have and memory should hold."""
    if count > MAX_SAMPLES:
        raise damaged(f"audio has more than {MAX_SAMPLES} samples", "cut it into utterances")


def damaged(what: str, remedy: str = "restore the file") -> CorpusError:
    """Return the error for a file that can't be what its header says."""
    return CorpusError(what, remedy=remedy)


def cut_off(stated: int, there: int, unit: str = "bytes of samples") -> CorpusError:
    """Return the error for a file that ends too early."""
    return damaged(f"audio is cut off: its header states {stated} {unit}, {there} are there")


def bytes_at(file: IO[bytes], offset: int, count: int) -> bytes:
    """Return exactly `count` bytes from `offset`.

    Raises
    ------
    CorpusError
        If the file ends before.
    """
    file.seek(offset)
    found = file.read(count)
    if len(found) != count:
        raise damaged(
            f"not readable as audio (the header is cut off at byte {offset + len(found)})"
        )
    return found


def whole_frames(n_bytes: int, frame_bytes: int) -> int:
    """Return how many frames so many bytes are.

    Raises
    ------
    CorpusError
        If the last one isn't whole.
    """
    if n_bytes % frame_bytes:
        raise damaged(
            f"audio is cut off within a sample: {n_bytes} bytes of samples aren't a multiple of "
            f"{frame_bytes}"
        )
    return n_bytes // frame_bytes
