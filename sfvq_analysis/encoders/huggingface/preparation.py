"""What is done to audio before a net hears it, as the model's ``preprocessor_config.json`` says.

Samples (HuBERT, wav2vec 2.0, WavLM, data2vec)
    Resampled; if ``do_normalize``, the utterance's mean is taken off and it is divided by
    ``sqrt(variance + 1e-7)``. Without the file, as these models were published: normalised, except
    WavLM with ``feat_extract_norm`` "group" (wavlm-base, wavlm-base-plus). 16 kHz unless stated.
Log-mels (Whisper)
    Resampled to 16 kHz, padded with zeros to ``chunk_length`` (30 s), then transformers' own
    log-mel spectrogram.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.encoders.huggingface.json_files import read_json
from sfvq_analysis.errors import EncoderError, shown
from sfvq_analysis.files import is_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.encoders.huggingface.shape import Shape

_FILE, _NEWER_FILE, _PART = "preprocessor_config.json", "processor_config.json", "feature_extractor"
_USUAL_RATE = 16_000
_RATES = (1_000, 384_000)
_LEAST_VARIANCE = 1e-7
_WHISPER_COUNTS = (("chunk_length", 30, 60), ("hop_length", 160, 4096), ("n_fft", 400, 8192))


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples as a net wants them.

    Attributes
    ----------
    sample_rate
        In Hz.
    normalise
        Whether every utterance gets mean 0 and variance 1.
    """

    sample_rate: int = _USUAL_RATE
    normalise: bool = True

    @property
    def config(self) -> dict[str, Any]:
        """JSON-able."""
        return {"sample_rate": self.sample_rate, "normalise": self.normalise}

    def of(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the net hears of samples at its rate, shape (n_samples,)."""
        if not self.normalise or len(samples) == 0:
            return samples
        # in float32, as transformers does it: the net hears the same bits
        level = (samples - samples.mean()) / np.sqrt(samples.var() + _LEAST_VARIANCE)
        return np.asarray(level, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class LogMels:
    """Log-mels as Whisper wants them, of an utterance padded with zeros to `chunk_length` seconds.

    Attributes
    ----------
    n_mels, chunk_length, hop_length, n_fft
        As in ``preprocessor_config.json``.
    sample_rate
        In Hz.
    """

    n_mels: int
    chunk_length: int = 30
    hop_length: int = 160
    n_fft: int = 400
    sample_rate: int = _USUAL_RATE

    @property
    def config(self) -> dict[str, Any]:
        """JSON-able."""
        names = ("sample_rate", "n_mels", "chunk_length", "hop_length", "n_fft")
        return {name: getattr(self, name) for name in names}

    @property
    def most_samples(self) -> int:
        """How many samples a net can hear at once."""
        return self.chunk_length * self.sample_rate

    def of(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return log-mels of samples at the net's rate, shape (n_mels, most_samples // hop)."""
        extractor = _extractor(**self.config)
        heard = extractor(samples, sampling_rate=self.sample_rate, return_tensors="np")
        mels: NDArray[np.float32] = np.asarray(heard["input_features"][0], dtype=np.float32)
        return mels


@lru_cache(maxsize=8)
def _extractor(
    *, sample_rate: int, n_mels: int, chunk_length: int, hop_length: int, n_fft: int
) -> Any:
    from transformers import WhisperFeatureExtractor

    make: Any = WhisperFeatureExtractor
    return make(
        feature_size=n_mels,
        sampling_rate=sample_rate,
        hop_length=hop_length,
        chunk_length=chunk_length,
        n_fft=n_fft,
    )


Preparation = Samples | LogMels


def preparation_of(folder: Path, shape: Shape) -> Preparation:
    """Return what a model's folder says is done to audio.

    Raises
    ------
    EncoderError
        If the file is there but isn't readable, is another family's, or states what can't be.
    """
    path, stated = _stated(folder)
    try:
        return prepared(stated, shape)
    except EncoderError as error:
        raise error.at(str(path)) from error


def prepared(stated: Mapping[str, Any] | None, shape: Shape) -> Preparation:
    """Return what a ``preprocessor_config.json`` says is done to audio; None if there is none."""
    kind = "WhisperFeatureExtractor" if shape.hears_mel else "Wav2Vec2FeatureExtractor"
    given = (stated or {}).get("feature_extractor_type", kind)
    if given != kind:
        raise EncoderError(
            f"feature_extractor_type is {shown(given)}", remedy=f"this model's is {kind}"
        )
    if shape.hears_mel:
        return _log_mels(stated or {}, shape)
    usual = not (shape.family.name == "wavlm" and shape.options["feat_extract_norm"] == "group")
    normalise = usual if stated is None else stated.get("do_normalize", True)
    if not isinstance(normalise, bool):
        raise EncoderError(f"do_normalize is {shown(normalise)}", remedy="use true or false")
    if (stated or {}).get("feature_size", 1) != 1:
        raise EncoderError("feature_size isn't 1", remedy="this model hears samples")
    return Samples(_count("sampling_rate", stated or {}, _USUAL_RATE, _RATES), normalise)


def _stated(folder: Path) -> tuple[Path, dict[str, Any] | None]:
    path = folder / _FILE
    if _is_there(path):
        return path, read_json(path)
    newer = folder / _NEWER_FILE
    if _is_there(newer):
        part = read_json(newer).get(_PART)
        if isinstance(part, dict):
            return newer, part
    return path, None


def _is_there(path: Path) -> bool:
    """Tell whether a file is there; what only has its name would say something that we can't read.

    Raises
    ------
    EncoderError
        If the name is a link to nothing, or that of a folder or a pipe.
    """
    if os.path.lexists(path) and not is_file(path):
        raise EncoderError(
            "no regular file, or a link to a missing one",
            where=str(path),
            remedy="restore it, or remove it to have the usual preparation",
        )
    return is_file(path)


def _log_mels(stated: Mapping[str, Any], shape: Shape) -> LogMels:
    n_mels, positions = (shape.options[name] for name in ("num_mel_bins", "max_source_positions"))
    chunk, hop, n_fft = (
        _count(name, stated, usual, (1, most)) for name, usual, most in _WHISPER_COUNTS
    )
    rate = _count("sampling_rate", stated, _USUAL_RATE, (_USUAL_RATE, _USUAL_RATE))
    bands = _count("feature_size", stated, n_mels, (n_mels, n_mels))
    if stated.get("dither", 0.0) != 0:
        raise EncoderError("dither isn't 0", remedy="set it to 0: frames may not be random")
    mels = LogMels(bands, chunk, hop, n_fft, rate)
    if mels.most_samples // mels.hop_length != 2 * positions:
        raise EncoderError(
            f"chunk_length {mels.chunk_length} and hop_length {mels.hop_length} give "
            f"{mels.most_samples // mels.hop_length} log-mels",
            remedy=f"config.json says {2 * positions} (twice max_source_positions)",
        )
    return mels


def _count(name: str, stated: Mapping[str, Any], usual: int, span: tuple[int, int]) -> int:
    value = stated.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or not span[0] <= value <= span[1]:
        raise EncoderError(
            f"{name} is {shown(value)}", remedy=f"use an integer from {span[0]} to {span[1]}"
        )
    return value
