"""The front end of the paper's voice conversion model, at 50 frames a second.

Chain (van Niekerk, Nortje, Kamper 2020, as in Vali & Bäckström 2023)
----------------------------------------------------------------------
16 kHz; divide by the peak and multiply by .999; pre-emphasis y[n] = x[n] - .97 x[n-1]; magnitude
spectrum (n_fft 2048, Hann window of 400, hop 160, centred with zeros beyond the edges); 80 mel
bands from 50 Hz; 20 log10 of at least 1e-5, and at most 80 dB below the utterance's maximum;
/ 80 + 1. Frame j is the mean of the 10 ms frames 2j and 2j + 1, hence centred on sample 320 j + 80.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.fft import rfft
from scipy.signal import lfilter
from scipy.signal.windows import hann

from sfvq_analysis.audio import resample
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError, check_count, check_option
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

Normalisation = Literal["none", "mean", "utterance"]
NORMALISATIONS: tuple[Normalisation, ...] = ("none", "mean", "utterance")

SAMPLE_RATE = 16_000
HOP = 160
N_MELS = 80
N_MFCC = 13
N_FFT, WINDOW, F_MIN, TOP_DB, PRE_EMPHASIS = 2048, 400, 50.0, 80.0, 0.97
_PEAK, _SOFTEST = 0.999, 1e-5
_MOST_CONTEXT = 100  # 2 s on each side
_MINUTE = 6000  # frames
_TOGETHER = 16  # frames; as float64 they fit the cache


@dataclass(frozen=True, slots=True)
class Levels:
    """The two numbers of an utterance by which every part of it is scaled.

    Attributes
    ----------
    peak
        Largest magnitude of its samples at 16 kHz, above 0.
    highest
        Largest value of its mel spectrogram, in dB, after division by the peak and pre-emphasis.
    """

    peak: float
    highest: float


def log_mel_spectrogram(
    audio: NDArray[np.float32], sample_rate: int, levels: Levels | None = None
) -> NDArray[np.float32]:
    """Return the 10 ms log-mel spectrogram of the module's docstring.

    Parameters
    ----------
    audio
        Shape (n_samples,).
    sample_rate
        In Hz; other rates than 16 kHz are resampled.
    levels
        Those of the utterance that the audio is a part of; the audio's own by default.

    Returns
    -------
    NDArray[np.float32], shape (1 + n // 160, 80), n counted at 16 kHz
        Frame i is centred on sample 160 i.

    Raises
    ------
    EncoderError
        If the audio isn't one channel of finite samples, or no levels are given and it is empty or
        zero throughout, so that it has no peak to normalise by.
    """
    samples = at_16_khz(audio, sample_rate)
    peak = levels.peak if levels else _peak(samples)
    decibels = _decibels(samples, 0, n_mel_frames(len(samples)), peak)
    return _scaled(decibels, levels.highest if levels else float(decibels.max()))


def measure_levels(audio: NDArray[np.float32], sample_rate: int) -> Levels:
    """Return the levels of an utterance, measured a minute at a time.

    Parameters
    ----------
    audio
        The whole utterance, shape (n_samples,).
    sample_rate
        In Hz.

    Raises
    ------
    EncoderError
        As in `log_mel_spectrogram`.

    Examples
    --------
    >>> levels = measure_levels(np.float32([0.0, 0.5, -0.25]), 16000)
    >>> levels.peak, round(levels.highest, 1)
    (0.5, -10.0)
    """
    samples = at_16_khz(audio, sample_rate)
    peak = _peak(samples)
    n_frames = n_mel_frames(len(samples))
    parts = ((start, min(start + _MINUTE, n_frames)) for start in range(0, n_frames, _MINUTE))
    return Levels(peak, max(float(_decibels(samples, *part, peak).max()) for part in parts))


def log_mel_frames(
    samples: NDArray[np.float32], start: int, stop: int, levels: Levels
) -> NDArray[np.float32]:
    """Return frames [start, stop) of an utterance's log-mel spectrogram, shape (stop - start, 80).

    They are those of `log_mel_spectrogram` of the whole; only the samples they need are looked at:
    half an n_fft and, for pre-emphasis, one sample more before the first centre, half an n_fft
    after the last one.

    Parameters
    ----------
    samples
        The whole utterance at 16 kHz, shape (n_samples,).
    start, stop
        0 <= start < stop <= `n_mel_frames` (n_samples).
    levels
        From `measure_levels`.
    """
    return _scaled(_decibels(samples, start, stop, levels.peak), levels.highest)


def n_mel_frames(n_samples: int) -> int:
    """How many 10 ms frames `n_samples` samples at 16 kHz give."""
    return 1 + n_samples // HOP


def at_16_khz(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return audio at 16 kHz, after a check that it is one channel of finite samples."""
    if audio.ndim != 1:
        raise EncoderError(f"audio has shape {audio.shape}", remedy="give (n_samples,)")
    if not np.isfinite(audio).all():
        raise EncoderError("audio holds NaN or infinity", remedy="mend the audio")
    return resample(audio, sample_rate, SAMPLE_RATE)


def _peak(samples: NDArray[np.float32]) -> float:
    peak = float(max(samples.max(initial=0.0), -samples.min(initial=0.0)))
    if peak == 0.0:
        raise EncoderError("audio is zero throughout", remedy="leave this utterance out")
    return peak


def _decibels(
    samples: NDArray[np.float32], start: int, stop: int, peak: float
) -> NDArray[np.float32]:
    """Return the mel frames [start, stop) in dB, without a floor below the maximum, (t, 80)."""
    emphasised = _emphasised(samples, start * HOP - N_FFT // 2, (stop - 1) * HOP + N_FFT // 2, peak)
    mel = _magnitudes(emphasised) @ _filterbank().T
    decibels: NDArray[np.float32] = 10.0 * np.log10(np.maximum(_SOFTEST**2, np.square(mel)))
    return decibels


def _magnitudes(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the magnitude spectra of frames that begin with the first sample, (t, 1 + n_fft / 2).

    As of `librosa.stft`, bit for bit; importing that takes each process a second, and the first one
    on a machine many more, in which it is compiled.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    window = _window()
    found = np.empty((len(frames), 1 + N_FFT // 2), np.float32)
    for start in range(0, len(frames), _TOGETHER):
        spectra = rfft(frames[start : start + _TOGETHER] * window)
        np.abs(spectra.astype(np.complex64), out=found[start : start + _TOGETHER])
    return found


@cache
def _window() -> NDArray[np.float64]:
    """Return a periodic Hann window in the middle of an n_fft."""
    beside = (N_FFT - WINDOW) // 2
    return np.pad(hann(WINDOW, sym=False), (beside, N_FFT - WINDOW - beside))


@cache
def _filterbank() -> NDArray[np.float32]:
    """Return Slaney's triangles of equal area, (80, 1 + n_fft / 2)."""
    from librosa.filters import mel

    bank: NDArray[np.float32] = mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=F_MIN)
    return bank


def _emphasised(
    samples: NDArray[np.float32], start: int, stop: int, peak: float
) -> NDArray[np.float32]:
    """Return samples [start, stop) scaled and pre-emphasised, zeros beyond the utterance."""
    first = max(start - 1, 0)  # the sample before the first
    scaled = samples[first : max(stop, 0)] / peak * _PEAK
    emphasised = lfilter([1.0, -PRE_EMPHASIS], [1.0], scaled).astype(np.float32)
    inside = emphasised[max(start, 0) - first :]
    before = max(-start, 0)
    return np.pad(inside, (before, stop - start - before - len(inside)))


def _scaled(decibels: NDArray[np.float32], highest: float) -> NDArray[np.float32]:
    """Return d / 80 + 1 of dB, (t, 80), none of them more than 80 below the highest."""
    floored = np.maximum(decibels, highest - TOP_DB)
    return np.ascontiguousarray(floored / TOP_DB + 1.0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class MelEncoder:
    """Log-mel or MFCC frames at 50 Hz; every option is part of the encoder's digest.

    Parameters
    ----------
    kind
        ``"logmel"``: 80 bands as the paper's model sees them. ``"mfcc"``: the first 13 coefficients
        of their orthonormal cosine transform.
    normalise
        ``"none"``; ``"mean"``: take the utterance's mean off every dimension; ``"utterance"``:
        then divide by its standard deviation too (a dimension that doesn't vary stays 0).
    context
        How many neighbours on each side are laid beside a frame; the first and last frame are
        repeated beyond the edges. The grid stays. At most 100.

    Raises
    ------
    OptionError
        If an option isn't one of these, or `context` is out of range.

    Examples
    --------
    >>> encoder = MelEncoder(kind="mfcc", normalise="utterance", context=1)
    >>> encoder.dim, encoder.n_frames(16000), encoder.grid
    (39, 50, FrameGrid(sample_rate=16000, hop=320, offset=80))
    """

    kind: Literal["logmel", "mfcc"] = "logmel"
    normalise: Normalisation = "none"
    context: int = 0

    def __post_init__(self) -> None:
        check_option("kind", self.kind, ("logmel", "mfcc"))
        check_option("normalise", self.normalise, NORMALISATIONS)
        check_count("context", self.context, at_least=0, at_most=_MOST_CONTEXT)

    @property
    def grid(self) -> FrameGrid:
        """Frame j is centred on sample 320 j + 80 at 16 kHz."""
        return FrameGrid(SAMPLE_RATE, hop=2 * HOP, offset=HOP // 2)

    @property
    def dim(self) -> int:
        """Dimensions of a frame."""
        width = N_MELS if self.kind == "logmel" else N_MFCC
        return width * (2 * self.context + 1)

    @property
    def config(self) -> EncoderConfig:
        """The options, and the chain's name."""
        return {"encoder": "mel", **asdict(self)}

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at 16 kHz give: floor((1 + floor(n / 160)) / 2)."""
        return (1 + n_samples // HOP) // 2

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance, of audio of shape (n_samples,) and a rate in Hz.

        Raises
        ------
        EncoderError
            If the audio is empty or zero throughout.
        """
        mel = log_mel_spectrogram(audio, sample_rate)
        n_frames = len(mel) // 2
        frames = mel[: 2 * n_frames].reshape(n_frames, 2, N_MELS).mean(axis=1)
        if self.kind == "mfcc":
            frames = cepstrum(frames)
        values = with_context(normalised(frames, self.normalise), self.context)
        return Features(values, self.grid, self.config)


def cepstrum(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first 13 coefficients of the orthonormal cosine transform of log-mels, (t, 13)."""
    from scipy.fft import dct

    coefficients: NDArray[np.float32] = dct(frames, axis=1, norm="ortho")[:, :N_MFCC]
    return coefficients


def normalised(frames: NDArray[np.float32], how: str) -> NDArray[np.float32]:
    """Return frames normalised over an utterance as `MelEncoder` says, shape (t, dim)."""
    if how == "none" or len(frames) == 0:
        return frames
    centred = frames - frames.mean(axis=0)
    if how == "mean":
        return np.asarray(centred, dtype=np.float32)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0), dtype=np.float32)


def with_context(frames: NDArray[np.float32], context: int) -> NDArray[np.float32]:
    """Return frames beside so many neighbours on each side, shape (t, (2 context + 1) dim)."""
    if context == 0 or len(frames) == 0:
        return np.tile(frames, (1, 2 * context + 1))
    padded = np.pad(frames, ((context, context), (0, 0)), mode="edge")
    shifted = [padded[shift : shift + len(frames)] for shift in range(2 * context + 1)]
    stacked: NDArray[np.float32] = np.hstack(shifted)
    return stacked
