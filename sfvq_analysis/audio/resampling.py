"""Audio at another rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio.claim import MAX_RATE
from sfvq_analysis.errors import CorpusError, check_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_FOLD = 1000


def resampled_length(n_samples: int, from_rate: int, to_rate: int) -> int:
    """Return how many samples `resample` gives: n · to / from, rounded up.

    Examples
    --------
    >>> resampled_length(442, 44100, 16000)
    161
    """
    return -(-n_samples * to_rate // from_rate)


def resample(audio: NDArray[np.float32], from_rate: int, to_rate: int) -> NDArray[np.float32]:
    """Resample by soxr's high-quality recipe; sample i of the result is at i / `to_rate` seconds.

    Parameters
    ----------
    audio
        Shape (n_samples,).
    from_rate, to_rate
        In Hz, whole numbers from 1 to 10 million.

    Returns
    -------
    NDArray[np.float32], shape (resampled_length(n_samples, from_rate, to_rate),)
        A copy only where the rates differ. The last sample is repeated where soxr gives one fewer.

    Raises
    ------
    OptionError
        If a rate isn't one.
    CorpusError
        If audio would become more than a thousand times as long.
    """
    check_count("from_rate", from_rate, at_most=MAX_RATE)
    check_count("to_rate", to_rate, at_most=MAX_RATE)
    if from_rate == to_rate or len(audio) == 0:
        return audio
    import soxr

    length = resampled_length(len(audio), from_rate, to_rate)
    if to_rate > _MOST_FOLD * from_rate:
        raise CorpusError(
            f"audio is at {from_rate} Hz: {len(audio)} samples would become {length}",
            remedy="mend its rate",
        )
    out: NDArray[np.float32] = soxr.resample(audio, from_rate, to_rate, quality="HQ")[:length]
    missing = np.full(length - len(out), out[-1] if len(out) else audio[-1], dtype=np.float32)
    return np.concatenate([out, missing])
