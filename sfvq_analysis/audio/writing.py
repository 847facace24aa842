"""Write audio as RIFF WAV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write_wav(path: Path, audio: NDArray[np.float32], sample_rate: int) -> Path:
    """Write a mono RIFF WAV file of 16 bits, whole or not at all.

    Parameters
    ----------
    path
        Its name should end in ``.wav``; folders are made as needed.
    audio
        Shape (n_samples,), in [-1, 1]; what is beyond is cut off.
    sample_rate
        In Hz.
    """
    import soundfile

    with new_file(path) as file:
        soundfile.write(file, np.clip(audio, -1, 1), sample_rate, format="WAV", subtype="PCM_16")
    return path
