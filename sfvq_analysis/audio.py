"""Audio files: float32 samples, one channel, at the rate of the file or another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SPHERE_HEADER = 1024
_SPHERE_COUNT = re.compile(rb"sample_count -i ([0-9]+)")


def read_audio(path: Path) -> tuple[NDArray[np.float32], int]:
    """Read a mono audio file of any format soundfile knows (NIST SPHERE, RIFF, FLAC, …).

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    audio : NDArray[np.float32], shape (n_samples,)
        Samples; integer formats are scaled to [-1, 1).
    sample_rate : int
        In Hz.

    Raises
    ------
    CorpusError
        If the file is missing, is no audio, holds no samples, more than one channel or values that
        are not finite.
    """
    import soundfile

    if not path.is_file():
        raise CorpusError("audio file is missing", where=str(path), remedy="restore the file")
    try:
        audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise CorpusError(
            f"not readable as audio ({error.error_string.rstrip('.')})",
            where=str(path),
            remedy="give NIST SPHERE, RIFF WAV, FLAC or another format that libsndfile reads",
        ) from error
    if len(audio) == 0:
        raise CorpusError("audio has no samples", where=str(path), remedy="restore the file")
    stated = _stated_samples(path)
    if len(audio) < stated:
        raise CorpusError(
            f"audio is cut off: its header states {stated} samples, {len(audio)} are there",
            where=str(path),
            remedy="restore the file",
        )
    if audio.shape[1] != 1:
        raise CorpusError(
            f"audio has {audio.shape[1]} channels",
            where=str(path),
            remedy="mix or choose one channel first",
        )
    if not np.isfinite(audio).all():
        raise CorpusError("audio holds NaN or infinity", where=str(path), remedy="mend the file")
    return audio[:, 0], int(sample_rate)


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


def _stated_samples(path: Path) -> int:
    """Return how many samples a NIST SPHERE header states; 0 for other formats."""
    with path.open("rb") as file:
        header = file.read(_SPHERE_HEADER)
    count = _SPHERE_COUNT.search(header) if header.startswith(b"NIST_1A") else None
    return int(count[1]) if count else 0


def resampled_length(n_samples: int, from_rate: int, to_rate: int) -> int:
    """Return how many samples `resample` gives: n · to / from, rounded up."""
    return -(-n_samples * to_rate // from_rate)


def resample(audio: NDArray[np.float32], from_rate: int, to_rate: int) -> NDArray[np.float32]:
    """Resample by soxr's high-quality recipe; sample i of the result is at i / `to_rate` seconds.

    Parameters
    ----------
    audio
        Shape (n_samples,).
    from_rate, to_rate
        In Hz.

    Returns
    -------
    NDArray[np.float32], shape (resampled_length(n_samples, from_rate, to_rate),)
        A copy only where the rates differ. The last sample is repeated where soxr gives one fewer.
    """
    if from_rate == to_rate or len(audio) == 0:
        return audio
    import soxr

    length = resampled_length(len(audio), from_rate, to_rate)
    out: NDArray[np.float32] = soxr.resample(audio, from_rate, to_rate, quality="HQ")[:length]
    missing = np.full(length - len(out), out[-1] if len(out) else audio[-1], dtype=np.float32)
    return np.concatenate([out, missing])
