"""What a codebook sounds like: every index held for a moment, and a tour along the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.encoders.mel import HOP, SAMPLE_RATE
from sfvq_analysis.errors import check_between
from sfvq_analysis.voice.conversion import decode
from sfvq_analysis.voice.edits import check_on_axis, points_at
from sfvq_analysis.voice.griffin_lim import mel_to_waveform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.voice.model import VoiceModel

HELD_SECONDS, TOUR_SECONDS = 0.15, 20.0
_SHORTEST, _LONGEST = 0.01, 3600.0  # seconds
_FADE = 160  # samples
_PEAK = 0.5
_CODE = 2 * HOP  # samples


def held_sound(
    model: VoiceModel,
    position: float,
    voice: NDArray[np.float32],
    *,
    seconds: float = HELD_SECONDS,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return the sound of one place on the axis, held.

    Parameters
    ----------
    model
        Whose codebook it is.
    position
        0 … K - 1: an index, or for a curve a place between two.
    voice
        Speaker vector, shape (speaker_dim,).
    seconds
        How long, .01 to 3600.
    seed
        Of the waveform's first phases.

    Returns
    -------
    NDArray[np.float32], shape (round(16000 seconds),)
        At 16 kHz, faded in and out over 10 ms.

    Raises
    ------
    OptionError
        If the position isn't on the axis, or `seconds` or `seed` is out of its range.
    """
    check_between("seconds", seconds, _SHORTEST, _LONGEST)
    check_on_axis("index", position, model.quantizer.codebook_size - 1)
    n_samples = round(seconds * SAMPLE_RATE)
    around = model.nets.decoder.reach + 1  # so that what is heard is what lasts
    n_codes = -(-n_samples // _CODE) + 2 * around
    points = points_at(model.quantizer, np.full(n_codes, float(position)))
    sound = mel_to_waveform(decode(model.nets.decoder, points, voice), seed=seed)
    start = (len(sound) - n_samples) // 2
    return _faded(sound[start : start + n_samples])


def tour(
    model: VoiceModel,
    voice: NDArray[np.float32],
    *,
    seconds: float = TOUR_SECONDS,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return the sound of a walk along the axis, from index 0 to K - 1.

    Parameters
    ----------
    model
        Whose codebook it is.
    voice
        Speaker vector, shape (speaker_dim,).
    seconds
        How long the walk takes, .01 to 3600; if that is less than 20 ms an index, then 20 ms each.
    seed
        Of the waveform's first phases.

    Returns
    -------
    NDArray[np.float32], shape (n,)
        At 16 kHz, faded in and out over 10 ms. One code each 20 ms; at even times it is a corner,
        in between a place between two. A plain codebook has none, and jumps.

    Raises
    ------
    OptionError
        If `seconds` or `seed` is out of its range.
    """
    check_between("seconds", seconds, _SHORTEST, _LONGEST)
    size = model.quantizer.codebook_size
    points = points_at(model.quantizer, _walk(size, round(seconds * SAMPLE_RATE / _CODE)))
    sound = mel_to_waveform(decode(model.nets.decoder, points, voice), peak=_PEAK, seed=seed)
    return _faded(sound)


def _walk(size: int, n_codes: int) -> NDArray[np.float64]:
    """Return positions 0 … size - 1, as many as there are codes but one a corner at least."""
    n = max(n_codes, size)
    at_corners = np.linspace(0, n - 1, size).round()
    return np.interp(np.arange(n), at_corners, np.arange(size))


def _faded(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a sound that begins and ends in silence."""
    n = min(_FADE, len(sound) // 2)
    ramp = np.linspace(0, 1, n, endpoint=False, dtype=np.float32)
    faded = sound.copy()
    faded[:n] *= ramp
    faded[len(faded) - n :] *= ramp[::-1]
    return faded
