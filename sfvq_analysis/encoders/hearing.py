"""Audio as a net wants it: one channel of finite floats at the net's rate."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio import resample
from sfvq_analysis.errors import EncoderError, OptionError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray


def checked_audio(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return audio as float32, after a check that it is one channel of finite floats.

    Raises
    ------
    EncoderError
        If it isn't.
    OptionError
        If `sample_rate` isn't an integer of at least 1.
    """
    if not isinstance(sample_rate, Integral) or isinstance(sample_rate, bool) or sample_rate < 1:
        raise OptionError(f"sample_rate is {shown(sample_rate)}", remedy="use an integer >= 1")
    audio = np.asarray(audio)
    if audio.ndim != 1 or audio.dtype.kind != "f":
        raise EncoderError(
            f"audio is {audio.dtype} of shape {audio.shape}",
            remedy="give float samples in [-1, 1), shape (n_samples,)",
        )
    with np.errstate(over="ignore"):  # what doesn't fit becomes infinite
        samples = audio.astype(np.float32, copy=False)
    if not np.isfinite(samples).all():
        raise EncoderError("audio holds NaN or infinity", remedy="mend the audio")
    return samples


def at_rate(audio: NDArray[np.float32], sample_rate: int, rate: int) -> NDArray[np.float32]:
    """Return audio at a net's rate, checked by `checked_audio`."""
    return resample(checked_audio(audio, sample_rate), int(sample_rate), rate)
