"""The log-mels of one utterance as a net sees them, any stretch of them at a time.

What depends on the whole utterance (its levels, the statistics of its bands) is measured first, in
stretches; then every stretch is the same whoever asks for it, and memory doesn't grow with length.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.encoders.mel import (
    N_MELS,
    NORMALISATIONS,
    SAMPLE_RATE,
    Normalisation,
    at_16_khz,
    log_mel_frames,
    log_mel_spectrogram,
    measure_levels,
    n_mel_frames,
)
from sfvq_analysis.errors import check_option, unknown_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

LEAST_DEVIATION = 0.01
"""A band's standard deviation counts as at least this, .8 dB: silence isn't blown up."""


class Bands(NamedTuple):
    """What is taken off every band and what it is divided by; float64, shape (80,)."""

    offset: NDArray[np.float64]
    scale: NDArray[np.float64]

    def applied(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return normalised log-mels, shape (n_frames, 80)."""
        return ((mel - self.offset) / self.scale).astype(np.float32)


def bands_of(mel: NDArray[np.float32], normalise: Normalisation) -> Bands:
    """Return what normalises an utterance's log-mels, shape (n_frames, 80); see `UtteranceMel`."""
    return _bands_of_parts([mel], normalise)


class UtteranceMel:
    """Log-mel frames of an utterance, normalised by statistics of the whole.

    Parameters
    ----------
    audio
        The whole utterance, shape (n_samples,).
    sample_rate
        In Hz.
    normalise
        ``"none"``; ``"mean"``: the utterance's mean is taken off every band; ``"utterance"``: then
        it is divided by the band's standard deviation, at least `LEAST_DEVIATION`. Both are of
        the log-mels of `sfvq_analysis.encoders.mel.log_mel_spectrogram`, in float64.
    stretch
        How many frames are computed at a time. An utterance of no more is computed once and kept.

    Attributes
    ----------
    n_samples
        Length at 16 kHz.

    Raises
    ------
    EncoderError
        If the audio isn't one channel of finite samples, or is empty or zero throughout.
    OptionError
        If `normalise` isn't one of these.

    Examples
    --------
    >>> audio = np.random.default_rng(0).normal(size=16000).astype(np.float32)
    >>> mel = UtteranceMel(audio, 16000, "mean")
    >>> len(mel), mel.frames(10, 30).shape
    (101, (20, 80))
    """

    def __init__(
        self,
        audio: NDArray[np.float32],
        sample_rate: int,
        normalise: Normalisation = "none",
        *,
        stretch: int = 6000,
    ) -> None:
        check_option("normalise", normalise, NORMALISATIONS)
        samples = at_16_khz(audio, sample_rate)
        self.n_samples = len(samples)
        self._plain = _plain_frames(samples, keep=len(self) <= stretch)
        parts = (
            self._plain(start, min(start + stretch, len(self)))
            for start in range(0, len(self), stretch)
        )
        self._bands = None if normalise == "none" else _bands_of_parts(parts, normalise)

    def __len__(self) -> int:
        """How many frames there are."""
        return n_mel_frames(self.n_samples)

    def frames(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the normalised frames [start, stop), shape (stop - start, 80)."""
        plain = self._plain(start, stop)
        return plain if self._bands is None else self._bands.applied(plain)


def _bands_of_parts(parts: Iterable[NDArray[np.float32]], normalise: Normalisation) -> Bands:
    n_frames, total, squares = 0, np.zeros(N_MELS), np.zeros(N_MELS)
    for part in parts:
        wide = part.astype(np.float64)
        n_frames += len(wide)
        total += wide.sum(axis=0)
        squares += (wide * wide).sum(axis=0)
    mean = total / n_frames
    deviation = np.sqrt(np.maximum(squares / n_frames - mean * mean, LEAST_DEVIATION**2))
    match normalise:
        case "none":
            return Bands(np.zeros(N_MELS), np.ones(N_MELS))
        case "mean":
            return Bands(mean, np.ones(N_MELS))
        case "utterance":
            return Bands(mean, deviation)
        case _:
            raise unknown_option("normalise", normalise, NORMALISATIONS)


def _plain_frames(
    samples: NDArray[np.float32], *, keep: bool
) -> Callable[[int, int], NDArray[np.float32]]:
    """Return what gives the frames [start, stop): computed once and kept, or anew every time."""
    if not keep:
        return partial(log_mel_frames, samples, levels=measure_levels(samples, SAMPLE_RATE))
    whole = log_mel_spectrogram(samples, SAMPLE_RATE)
    return lambda start, stop: whole[start:stop]
