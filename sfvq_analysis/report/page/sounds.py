"""Speech of the page: recordings, spectrograms as bytes, and what plays them.

Embedded is Ogg Opus, which browsers of the last years play: some 4 KB for a second of speech.
Linked is the recording itself or, where browsers don't play it, a copy beside the page.
"""

from __future__ import annotations

import base64
import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

import numpy as np

from sfvq_analysis.audio.opus import opus_bytes
from sfvq_analysis.errors import SfvqError
from sfvq_analysis.report.page.copies import Copies
from sfvq_analysis.report.page.playable import browsers_play

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus

AudioPolicy = Literal["none", "link", "embed"]
POLICIES: tuple[AudioPolicy, ...] = ("none", "link", "embed")
SPECTROGRAM_SECONDS = 0.01
MARKED_HERTZ = (500, 1000, 2000, 4000)
_HIGHEST_MARK = 0.97
_THRIFT = 0.97  # of snippets
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


class Sound(NamedTuple):
    """An address, and from when to when it is played, in seconds; to its end where that is None."""

    address: str
    start: float
    stop: float | None


class Speech:
    """Where the sound of a page comes from, and what becomes of it.

    Parameters
    ----------
    corpus
        None where there is no sound.
    policy
        Whether there is nothing to hear, or links, or snippets.
    page
        The page's own file, absolute, which links start from.
    """

    def __init__(self, corpus: Corpus | None, policy: AudioPolicy, page: Path) -> None:
        self.corpus = corpus
        self.policy = policy
        self._page = page
        self._utterances = {one.id: one for one in corpus or ()}
        self.copies = Copies(page, self._utterances)
        if policy == "link":
            self.copies.check()

    def hear(self, identity: str) -> Heard | str:
        """Return an utterance's recording, or why there is none."""
        if self.corpus is None:
            return "no corpus was given"
        utterance = self._utterances.get(identity)
        if utterance is None:
            return "the corpus has no utterance of this id"
        try:
            return Heard(*utterance.load_audio())
        except (SfvqError, OSError) as error:
            return str(error)

    def whole(self, identity: str, heard: Heard, span: tuple[float, float]) -> Sound | None:
        """Return what plays an utterance between two times, in seconds, None without sound."""
        start, stop = span
        if self.policy == "none":
            return None
        if self.policy == "embed":
            return Sound(as_address(heard.cut(start, stop), heard.sample_rate), 0.0, stop - start)
        link = self._link(identity)
        if link is not None:
            return Sound(link, start, stop)
        address = self.copies.add_whole(identity, heard.cut(start, stop), heard.sample_rate)
        return Sound(address, 0.0, stop - start)

    def snippet(self, identity: str, heard: Heard, span: tuple[float, float]) -> Sound | None:
        """Return what plays a short stretch of an utterance, None without sound."""
        start, stop = span
        cut = heard.cut(start, stop)
        if self.policy == "none" or not len(cut):
            return None
        if self.policy == "embed":
            return Sound(as_address(cut, heard.sample_rate, _THRIFT), 0.0, None)
        link = self._link(identity)
        if link is not None:
            return Sound(link, start, stop)
        return Sound(*self.copies.add_snippet(cut, heard.sample_rate))

    def _link(self, identity: str) -> str | None:
        """Return the relative address of a recording, None where browsers don't play it.

        Nor would they play one channel of several.
        """
        utterance = self._utterances[identity]
        path = utterance.audio_path
        if utterance.channel is not None or not browsers_play(path):
            return None
        try:
            relative = os.path.relpath(path, self._page.parent)
        except ValueError:  # on another drive
            return None
        return quote(relative.replace(os.sep, "/"), errors="surrogateescape")


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


def marked_hertz(sample_rate: int, n_bands: int) -> list[list[float]]:
    """Return frequencies to mark beside such a spectrogram, in Hz, with their height, 0 … 1.

    Examples
    --------
    >>> [hertz for hertz, _ in marked_hertz(16000, 40)]
    [500, 1000, 2000, 4000]
    """
    from librosa import hz_to_mel

    whole = float(hz_to_mel(sample_rate / 2))
    bands = {hertz: float(hz_to_mel(hertz)) / whole * (n_bands + 1) for hertz in MARKED_HERTZ}
    heights = {hertz: (band - 0.5) / n_bands for hertz, band in bands.items()}
    return [[hertz, round(at, 4)] for hertz, at in heights.items() if 0 <= at < _HIGHEST_MARK]


def as_address(audio: NDArray[np.float32], sample_rate: int, thrift: float | None = None) -> str:
    """Return a sound as a data: address; the greater thrift (0 … 1), the shorter it is."""
    sound = opus_bytes(audio, sample_rate, thrift=thrift)
    return "data:audio/ogg;base64," + base64.b64encode(sound).decode("ascii")


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
