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
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.signal import lfilter

from sfvq_analysis.audio import resample
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError, OptionError, check_option
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

SAMPLE_RATE = 16_000
HOP = 160
N_MELS = 80
_N_FFT, _WINDOW, _F_MIN, _TOP_DB = 2048, 400, 50.0, 80.0
_PEAK, _PRE_EMPHASIS = 0.999, 0.97


def log_mel_spectrogram(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the 10 ms log-mel spectrogram of the module's docstring.

    Parameters
    ----------
    audio
        Shape (n_samples,).
    sample_rate
        In Hz; other rates than 16 kHz are resampled.

    Returns
    -------
    NDArray[np.float32], shape (1 + n // 160, 80), n counted at 16 kHz
        Frame i is centred on sample 160 i.

    Raises
    ------
    EncoderError
        If the audio isn't one channel of finite samples, or is empty or zero throughout, so that
        it has no peak to normalise by.
    """
    import librosa

    _check_audio(audio)
    samples = resample(audio, sample_rate, SAMPLE_RATE)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        raise EncoderError("audio is zero throughout", remedy="leave this utterance out")
    emphasised = lfilter([1.0, -_PRE_EMPHASIS], [1.0], samples / peak * _PEAK).astype(np.float32)
    mel = librosa.feature.melspectrogram(
        y=np.pad(emphasised, _N_FFT // 2),
        sr=SAMPLE_RATE,
        n_fft=_N_FFT,
        hop_length=HOP,
        win_length=_WINDOW,
        center=False,
        power=1.0,
        n_mels=N_MELS,
        fmin=_F_MIN,
    )
    decibels = librosa.amplitude_to_db(mel, top_db=_TOP_DB)  # (80, t)
    return np.ascontiguousarray(decibels.T / _TOP_DB + 1.0, dtype=np.float32)


def _check_audio(audio: NDArray[np.float32]) -> None:
    if audio.ndim != 1:
        raise EncoderError(f"audio has shape {audio.shape}", remedy="give (n_samples,)")
    if not np.isfinite(audio).all():
        raise EncoderError("audio holds NaN or infinity", remedy="mend the audio")


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
        repeated beyond the edges. The grid stays.

    Raises
    ------
    OptionError
        If an option isn't one of these, or `context` is negative.

    Examples
    --------
    >>> encoder = MelEncoder(kind="mfcc", normalise="utterance", context=1)
    >>> encoder.dim, encoder.n_frames(16000), encoder.grid
    (39, 50, FrameGrid(sample_rate=16000, hop=320, offset=80))
    """

    kind: Literal["logmel", "mfcc"] = "logmel"
    normalise: Literal["none", "mean", "utterance"] = "none"
    context: int = 0

    _N_MFCC = 13

    def __post_init__(self) -> None:
        check_option("kind", self.kind, ("logmel", "mfcc"))
        check_option("normalise", self.normalise, ("none", "mean", "utterance"))
        if not isinstance(self.context, int) or isinstance(self.context, bool) or self.context < 0:
            raise OptionError(f"context is {self.context!r}", remedy="use an integer >= 0")

    @property
    def grid(self) -> FrameGrid:
        """Frame j is centred on sample 320 j + 80 at 16 kHz."""
        return FrameGrid(SAMPLE_RATE, hop=2 * HOP, offset=HOP // 2)

    @property
    def dim(self) -> int:
        """Dimensions of a frame."""
        width = N_MELS if self.kind == "logmel" else self._N_MFCC
        return width * (2 * self.context + 1)

    @property
    def config(self) -> EncoderConfig:
        """The options, and the chain's name."""
        return {"encoder": "mel", **asdict(self)}

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at 16 kHz give: floor((1 + floor(n / 160)) / 2)."""
        return (1 + n_samples // HOP) // 2

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance.

        Parameters
        ----------
        audio
            Shape (n_samples,).
        sample_rate
            In Hz.

        Raises
        ------
        EncoderError
            If the audio is empty or zero throughout.
        """
        mel = log_mel_spectrogram(audio, sample_rate)
        n_frames = len(mel) // 2
        frames = mel[: 2 * n_frames].reshape(n_frames, 2, N_MELS).mean(axis=1)
        if self.kind == "mfcc":
            frames = _cepstrum(frames, self._N_MFCC)
        values = _with_context(_normalised(frames, self.normalise), self.context)
        return Features(values, self.grid, self.config)


def _cepstrum(frames: NDArray[np.float32], n_coefficients: int) -> NDArray[np.float32]:
    from scipy.fft import dct

    cepstrum: NDArray[np.float32] = dct(frames, axis=1, norm="ortho")[:, :n_coefficients]
    return cepstrum


def _normalised(frames: NDArray[np.float32], how: str) -> NDArray[np.float32]:
    if how == "none" or len(frames) == 0:
        return frames
    centred = frames - frames.mean(axis=0)
    if how == "mean":
        return np.asarray(centred, dtype=np.float32)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1.0), dtype=np.float32)


def _with_context(frames: NDArray[np.float32], context: int) -> NDArray[np.float32]:
    if context == 0 or len(frames) == 0:
        return np.tile(frames, (1, 2 * context + 1))
    padded = np.pad(frames, ((context, context), (0, 0)), mode="edge")
    shifted = [padded[shift : shift + len(frames)] for shift in range(2 * context + 1)]
    stacked: NDArray[np.float32] = np.hstack(shifted)
    return stacked
