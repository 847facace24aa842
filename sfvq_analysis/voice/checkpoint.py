"""Reading and writing voice models; nothing in a file is ever run.

One safetensors file. Tensors: ``encoder.*``, ``decoder.*``, ``speaker_encoder.*`` (the networks),
``quantizer.*`` (as in a quantizer's own file) and ``speakers`` (one row a voice). The header states
the networks' shapes, what is known of the codebook, the names of the voices, and a card of what the
model was trained on. Networks other than the encoder may be stored in float16.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sfvq_analysis.encoders.vqvae import ENCODER_PREFIX, stated_config
from sfvq_analysis.errors import SfvqError, VoiceError
from sfvq_analysis.quantizers.checkpoint import (
    QUANTIZER_PREFIX,
    quantizer_from,
    quantizer_parts,
)
from sfvq_analysis.voice.mel_decoder import MelDecoderConfig
from sfvq_analysis.voice.model import VoiceConfig, VoiceModel, VoiceNets
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoderConfig
from sfvq_analysis.weights import (
    VOICE_MODEL,
    as_weights,
    load_weights,
    part_of,
    read_safetensors,
    write_safetensors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.weights import Weights

_NETS = {"encoder": ENCODER_PREFIX, "decoder": "decoder.", "speaker_encoder": "speaker_encoder."}
_SPEAKERS = "speakers"


def save_voice_model(model: VoiceModel, path: Path | str, *, half: bool = False) -> Path:
    """Write a model to a safetensors file, whole or not at all.

    Parameters
    ----------
    model
        What to write.
    path
        Its name should end in ``.safetensors``.
    half
        Whether decoder and speaker encoder are stored in float16, which halves them. The encoder
        isn't, so that codes stay the same.

    Raises
    ------
    VoiceError
        If a weight isn't finite, or too large for float16.
    """
    path = Path(path)
    tensors: Weights = {}
    for name, prefix in _NETS.items():
        kind = np.float16 if half and name != "encoder" else np.float32
        for weight, array in as_weights(getattr(model.nets, name).state_dict(), VoiceError).items():
            tensors[prefix + weight] = _stored(prefix + weight, array, kind)
    codebook, known = quantizer_parts(model.quantizer)
    tensors |= {QUANTIZER_PREFIX + name: array for name, array in codebook.items()}
    names = sorted(model.speakers)
    vectors = np.array([model.speakers[name] for name in names], dtype=np.float32)
    tensors[_SPEAKERS] = vectors.reshape(len(names), model.nets.config.speaker_encoder.dim)
    header = {
        "kind": VOICE_MODEL,
        **_shapes(model.nets.config),
        "quantizer": known,
        "speakers": names,
        "card": dict(model.card),
    }
    write_safetensors(path, tensors, header)
    return path


def load_voice_model(path: Path | str) -> VoiceModel:
    """Read a model that `save_voice_model` wrote.

    Parameters
    ----------
    path
        A ``.safetensors`` file.

    Raises
    ------
    VoiceError
        If the file is missing, truncated or of another layout, or its weights don't make a model.
    """
    path = Path(path)
    if not path.is_file():
        raise VoiceError("no such model", where=str(path), remedy="check the path")
    try:
        return _model_from(*read_safetensors(path, VoiceError))
    except SfvqError as error:
        raise VoiceError(error.what, where=str(path), remedy=error.remedy) from error


def _model_from(header: Mapping[str, Any], tensors: Weights) -> VoiceModel:
    if header.get("kind") != VOICE_MODEL:
        raise VoiceError(
            f"its kind is {header.get('kind')!r}", remedy=f"give a file of kind {VOICE_MODEL!r}"
        )
    with torch.device("meta"):  # no weights are drawn
        nets = VoiceNets(_config(header))
    for name, prefix in _NETS.items():
        load_weights(getattr(nets, name), part_of(tensors, prefix), VoiceError)
    nets.eval()
    quantizer = quantizer_from(
        part_of(tensors, QUANTIZER_PREFIX), _stated(header, "quantizer", dict)
    )
    if quantizer.dim != nets.config.encoder.dim:
        raise VoiceError(
            f"its codewords have {quantizer.dim} dimensions, latents {nets.config.encoder.dim}",
            remedy="restore the file",
        )
    names = _names(header)
    vectors = _vectors(tensors, len(names), nets.config.speaker_encoder.dim)
    voices = dict(zip(names, vectors, strict=True))
    return VoiceModel(nets, quantizer, voices, _stated(header, "card", dict))


def _stored(name: str, array: NDArray[Any], kind: type[np.floating]) -> NDArray[Any]:
    """Return a weight as the file holds it; counts stay as they are."""
    if array.dtype != np.float32:
        return array
    with np.errstate(over="ignore"):
        stored = array.astype(kind)
    if not np.isfinite(stored).all():
        raise VoiceError(f"{name} is too large for float16", remedy="store it with half=False")
    return stored


def _shapes(config: VoiceConfig) -> dict[str, Any]:
    """Return the header's account of the networks; bands are the same in all of them."""
    shapes = asdict(config)
    return {name: {k: v for k, v in shapes[name].items() if k != "n_mels"} for name in _NETS}


def _config(header: Mapping[str, Any]) -> VoiceConfig:
    try:
        return VoiceConfig(
            stated_config(header.get("encoder")),
            MelDecoderConfig(**_stated(header, "decoder", dict)),
            SpeakerEncoderConfig(**_stated(header, "speaker_encoder", dict)),
        )
    except TypeError as error:
        raise VoiceError(
            "its header doesn't state the networks' shapes", remedy="restore the file"
        ) from error


def _stated(header: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(header.get(name), kind):
        raise VoiceError(f"its header states no {name}", remedy="restore the file")
    return header[name]


def _names(header: Mapping[str, Any]) -> list[str]:
    names: list[Any] = _stated(header, "speakers", list)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise VoiceError("its speakers aren't distinct names", remedy="restore the file")
    return names


def _vectors(tensors: Weights, n_voices: int, dim: int) -> NDArray[np.float32]:
    vectors = tensors.get(_SPEAKERS)
    if vectors is None or vectors.ndim != 2 or vectors.shape[1] != dim or len(vectors) != n_voices:
        raise VoiceError(
            f"it should hold {n_voices} voices of {dim} dimensions", remedy="restore the file"
        )
    return vectors.astype(np.float32)
