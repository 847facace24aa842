"""Speech of the page: recordings, spectrograms as bytes, and snippets as data: addresses.

Snippets are Ogg Opus, which browsers of the last years play; a second of speech is some 4 KB.
"""

from __future__ import annotations

import base64
import io
import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

import numpy as np

from sfvq_analysis.errors import SfvqError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.corpus.utterance import Utterance

AudioPolicy = Literal["none", "link", "embed"]
POLICIES: tuple[AudioPolicy, ...] = ("none", "link", "embed")
SPECTROGRAM_SECONDS = 0.01
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_PLAYED = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"})
_DECIBELS = 60.0


class Heard(NamedTuple):
    """A recording."""

    audio: NDArray[np.float32]
    sample_rate: int

    def cut(self, start: float, stop: float) -> NDArray[np.float32]:
        """Return the samples between two times, in seconds."""
        first, last = (max(0, round(at * self.sample_rate)) for at in (start, stop))
        return self.audio[first:last]

    def picture(self, start: float, stop: float, n_bands: int) -> NDArray[np.uint8] | None:
        """Return the mel spectrogram between two times, as `spectrogram` gives it."""
        return spectrogram(self.cut(start, stop), self.sample_rate, n_bands)


class Speech(NamedTuple):
    """Where the sound of a page comes from, and what becomes of it.

    Attributes
    ----------
    corpus
        None where there is no sound.
    policy
        Whether there is nothing to hear, or links, or snippets.
    page
        The page's own file, absolute, which links start from.
    """

    corpus: Corpus | None
    policy: AudioPolicy
    page: Path

    def utterance(self, identity: str) -> Utterance | None:
        """Return an utterance, None where the corpus lacks it."""
        if self.corpus is None:
            return None
        return next((one for one in self.corpus if one.id == identity), None)

    def hear(self, identity: str) -> Heard | str:
        """Return an utterance's recording, or why there is none."""
        utterance = self.utterance(identity)
        if self.corpus is None:
            return "no corpus was given"
        if utterance is None:
            return "the corpus has no utterance of this id"
        try:
            recording = utterance.load(past_audio="count")
        except (SfvqError, OSError) as error:
            return str(error)
        return Heard(recording.audio, recording.sample_rate)

    def link(self, identity: str) -> str | None:
        """Return the relative address of a recording, None where browsers don't play it."""
        utterance = self.utterance(identity)
        return None if utterance is None else _link(utterance.audio_path, self.page)


def spectrogram(
    audio: NDArray[np.float32], sample_rate: int, n_bands: int
) -> NDArray[np.uint8] | None:
    """Return a mel spectrogram to look at, shape (n_times, n_bands), None of silence.

    A column is 10 ms; 255 is the loudest cell, 0 all that is 60 dB below it or more.
    """
    if not len(audio) or not np.abs(audio).max():
        return None
    hop, width = (round(sample_rate * seconds) for seconds in (SPECTROGRAM_SECONDS, 0.025))
    padded = np.pad(audio, (width // 2, width))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, width)[: len(audio) : hop]
    size = 1 << (width - 1).bit_length()
    power = np.abs(np.fft.rfft(pieces * np.hanning(width), n=size)) ** 2
    bands = power @ _mel_filters(sample_rate, size, n_bands).T
    decibels = 10 * np.log10(np.maximum(bands / bands.max(), 10 ** (-_DECIBELS / 10)))
    levels: NDArray[np.uint8] = np.rint(255 * (1 + decibels / _DECIBELS)).astype(np.uint8)
    return levels


@cache
def _mel_filters(sample_rate: int, size: int, n_bands: int) -> NDArray[np.float32]:
    from librosa.filters import mel

    # narrow bands of few bins are empty, which librosa warns of: they are drawn black
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        filters: NDArray[np.float32] = mel(sr=sample_rate, n_fft=size, n_mels=n_bands)
    return filters


def as_address(audio: NDArray[np.float32], sample_rate: int, thrift: float | None = None) -> str:
    """Return a sound as a data: address; the greater thrift (0 … 1), the shorter it is."""
    import soundfile as sf
    import soxr

    rate = sample_rate
    if rate not in _OPUS_RATES:
        rate = next((one for one in _OPUS_RATES if one >= sample_rate), 48000)
        audio = soxr.resample(audio, sample_rate, rate)
    file = io.BytesIO()
    options = {} if thrift is None else {"compression_level": thrift}
    sf.write(file, np.clip(audio, -1, 1), rate, format="OGG", subtype="OPUS", **options)
    return "data:audio/ogg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def envelope(audio: NDArray[np.float32], n: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the lowest and highest sample of n equal stretches, full scale being the loudest.

    Examples
    --------
    >>> low, high = envelope(np.array([0.5, -0.25, 0.0, 0.25], dtype=np.float32), 2)
    >>> low.tolist(), high.tolist()
    ([-64, 0], [127, 64])
    """
    loudest = float(np.abs(audio).max(initial=0.0)) or 1.0
    edges = np.linspace(0, len(audio), min(n, max(len(audio), 1)) + 1).astype(np.int64)[:-1]
    if not len(audio):
        return np.zeros(0, np.int8), np.zeros(0, np.int8)
    low, high = (one.reduceat(audio, edges) for one in (np.minimum, np.maximum))
    as_bytes = [np.rint(127 * one / loudest).astype(np.int8) for one in (low, high)]
    return as_bytes[0], as_bytes[1]


def _link(path: Path, page: Path) -> str | None:
    try:
        with path.open("rb") as file:
            sphere = file.read(7) == b"NIST_1A"
        relative = os.path.relpath(path, page.parent)
    except (OSError, ValueError):  # gone; on another drive
        return None
    if sphere or path.suffix.lower() not in _PLAYED:
        return None
    return quote(relative.replace(os.sep, "/"), errors="surrogateescape")
