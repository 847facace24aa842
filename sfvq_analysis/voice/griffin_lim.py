"""A waveform whose log-mel spectrogram is a given one: Griffin-Lim, and the mel front end undone.

The scale is that of `sfvq_analysis.encoders.mel` (16 kHz, pre-emphasis .97, Hann window of 400,
hop 160, 80 bands of amplitudes, 20 log10 / 80 + 1).

Method
------
1. Magnitudes of 257 bins (n_fft 512: it samples the front end's 2048 at every fourth bin, and a
   window of 400 has no more to say) from the 80 bands: bands' mean amplitudes interpolated between
   their centres, then 8 multiplicative steps S <- S W'(m / W S) / W'1 towards W S = m.
2. librosa's Griffin-Lim with momentum .99 (Perraudin, Balazs, Søndergaard 2013), random phases.
3. Pre-emphasis undone.

Long spectrograms go in chunks of a minute, which overlap by .4 s and are faded into one another.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import lfilter

from sfvq_analysis.encoders.mel import (
    F_MIN,
    HOP,
    N_FFT,
    N_MELS,
    PRE_EMPHASIS,
    SAMPLE_RATE,
    TOP_DB,
    WINDOW,
)
from sfvq_analysis.errors import OptionError, VoiceError, check_count

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_N_FFT = 512
_SILENT, _LOUDEST = -0.25, 3.0  # 1e-5, the front end's least amplitude; +160 dB, no speech of ours
_MOMENTUM = 0.99
_FITTING_STEPS = 8
_CHUNK, _OVERLAP, _FEWEST = 6000, 40, 5  # in frames
_TINY = 1e-9


def mel_to_waveform(
    mel: ArrayLike, *, peak: float | None = None, n_iter: int = 32, seed: int
) -> NDArray[np.float32]:
    """Return a waveform with nearly this log-mel spectrogram.

    Parameters
    ----------
    mel
        As of `encoders.mel.log_mel_spectrogram`, shape (n_frames, 80), n_frames >= 1.
    peak
        Largest absolute sample of the result, in (0, 1]. None: the level the spectrogram states,
        less only if it went beyond 1.
    n_iter
        Iterations. Analysis and resynthesis of read speech differ by a root mean square of 1.1 dB
        after 16, .9 after 32, .7 after 64.
    seed
        Of the first phases, an integer >= 0.

    Returns
    -------
    NDArray[np.float32], shape (160 n_frames,)
        At 16 kHz, in [-1, 1]. Frame i is centred on sample 160 i. Audio of n samples has
        1 + n // 160 frames, so that the result's first n are its own. Zeros if no band is above
        the front end's least amplitude anywhere.

    Raises
    ------
    VoiceError
        If `mel` isn't of that shape, isn't finite, or has a value above 3, which this scale hasn't.
    OptionError
        If `peak`, `n_iter` or `seed` is out of its range.

    Examples
    --------
    >>> mel_to_waveform(np.full((3, 80), -0.25), seed=0).shape
    (480,)
    """
    values = _checked(mel)
    _check_options(peak, n_iter, seed)
    if values.max() <= _SILENT:
        return np.zeros(HOP * len(values), dtype=np.float32)
    audio = lfilter([1.0], [1.0, -PRE_EMPHASIS], _in_chunks(values, n_iter, seed))
    return _scaled(audio, peak)


def _in_chunks(mel: NDArray[np.float32], n_iter: int, seed: int) -> NDArray[np.float64]:
    """Return the waveform of log-mels (t, 80), chunk after chunk, shape (160 t,)."""
    waveform = np.zeros(HOP * len(mel))
    fade = np.linspace(0, 1, HOP * _OVERLAP, endpoint=False)
    for start in range(0, max(len(mel) - _OVERLAP, 1), _CHUNK - _OVERLAP):
        part = _griffin_lim(_magnitudes(mel[start : start + _CHUNK]), n_iter, seed)
        if start:
            waveform[HOP * start : HOP * (start + _OVERLAP)] *= 1 - fade
            part[: HOP * _OVERLAP] *= fade
        waveform[HOP * start : HOP * start + len(part)] += part
    return waveform


def _griffin_lim(magnitudes: NDArray[np.float32], n_iter: int, seed: int) -> NDArray[np.float64]:
    """Return a waveform (160 t,) for magnitudes (257, t).

    The last frame is laid behind once more, so that the last 160 samples are in two frames; and
    again until there is a whole window.
    """
    import librosa

    behind = max(1, _FEWEST - magnitudes.shape[1])
    padded = np.pad(magnitudes, ((0, 0), (0, behind)), mode="edge")
    waveform = librosa.griffinlim(
        padded,
        n_iter=n_iter,
        hop_length=HOP,
        win_length=WINDOW,
        n_fft=_N_FFT,
        momentum=_MOMENTUM,
        length=HOP * (padded.shape[1] - 1),
        random_state=seed,
    )
    return np.asarray(waveform[: HOP * magnitudes.shape[1]], dtype=np.float64)


def _magnitudes(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return magnitudes (257, t) that give nearly these log-mels (t, 80)."""
    bands = 10.0 ** ((mel.T.astype(np.float64) - 1.0) * (TOP_DB / 20.0))  # (80, t)
    bank = _mel_bank()
    magnitudes = bank.between_centres @ bands  # (257, t)
    for _ in range(_FITTING_STEPS):
        magnitudes *= bank.shares @ (bands / np.maximum(bank.weights @ magnitudes, _TINY))
    return magnitudes.astype(np.float32)


class _MelBank(NamedTuple):
    """The front end's bands on 257 bins; bins below 50 Hz are in none."""

    weights: NDArray[np.float64]  # (80, 257), each row with the sum it has on 1025 bins
    shares: NDArray[
        np.float64
    ]  # (257, 80): weights' columns over their sums; 0 for bins in no band
    between_centres: NDArray[np.float64]  # (257, 80): interpolates the bands' mean amplitudes


@cache
def _mel_bank() -> _MelBank:
    import librosa

    full = librosa.filters.mel(
        sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=F_MIN, dtype=np.float64
    )  # (80, 1025)
    sums = full.sum(axis=1, keepdims=True)
    weights = full[:, :: N_FFT // _N_FFT]
    weights = weights / weights.sum(axis=1, keepdims=True) * sums  # (80, 257)
    reached = weights.sum(axis=0)  # (257,)
    shares = np.divide(weights, reached, out=np.zeros_like(weights), where=reached > 0).T
    bins = np.arange(weights.shape[1])
    centres = weights @ bins / sums[:, 0]
    rows = [np.interp(bins, centres, unit) for unit in np.eye(N_MELS)]
    between = (np.stack(rows) / sums).T * (reached > 0)[:, None]  # (257, 80)
    return _MelBank(weights, shares, between)


def _scaled(audio: NDArray[np.float64], peak: float | None) -> NDArray[np.float32]:
    """Return audio scaled to a peak, or to one of 1 if it has more than that."""
    found = float(np.abs(audio).max())
    wanted = min(found, 1.0) if peak is None else peak
    scaled: NDArray[np.float32] = (audio * (wanted / max(found, _TINY))).astype(np.float32)
    return scaled.clip(-1.0, 1.0)


def _checked(mel: ArrayLike) -> NDArray[np.float32]:
    values = np.asarray(mel, dtype=np.float32)
    if values.ndim != 2 or values.shape[1] != N_MELS or len(values) == 0:
        raise VoiceError(
            f"spectrogram has shape {values.shape}", remedy=f"give (n_frames, {N_MELS})"
        )
    if not np.isfinite(values).all():
        raise VoiceError("spectrogram holds NaN or infinity", remedy="mend the spectrogram")
    if values.max() > _LOUDEST:
        raise VoiceError(
            f"spectrogram reaches {values.max():.4g}",
            remedy="give 20 log10(amplitude) / 80 + 1, as log_mel_spectrogram does",
        )
    return values


def _check_options(peak: float | None, n_iter: int, seed: int) -> None:
    if peak is not None and not 0 < peak <= 1:
        raise OptionError(f"peak is {peak}", remedy="use a number in (0, 1], or None")
    check_count("n_iter", n_iter)
    check_count("seed", seed, at_least=0)
