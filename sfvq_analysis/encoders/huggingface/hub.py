"""Where a model's files are: in a folder, in the local cache of the hub, or on the hub."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from sfvq_analysis.errors import EncoderError, shown, told
from sfvq_analysis.files import is_file, is_folder

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_MODEL = re.compile(rf"{_NAME}(?:/{_NAME})?")
_SETTINGS = ["config.json", "preprocessor_config.json", "processor_config.json"]
_WEIGHTS = (  # in order of preference
    ["model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors"],
    ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"],
)


def model_folder(name: str | Path) -> Path:
    """Return the folder of a model: `name` itself if it is one, else that of a model of the hub.

    For a folder nothing is looked up anywhere. A model of the hub is taken from the local cache if
    it is there whole, else its configuration and weights are downloaded into it; never code.

    Raises
    ------
    EncoderError
        If it is neither a folder nor a model that the hub gives.
    """
    path = Path(name)
    if str(name) and is_folder(path):
        return path
    if not _MODEL.fullmatch(str(name)) or is_file(path):
        raise EncoderError(
            "no such folder", where=str(name)[:300], remedy="give the folder that holds config.json"
        )
    return _cached(str(name)) or _downloaded(str(name))


def _cached(name: str) -> Path | None:
    """Return the folder of a model in the local cache, if it is there whole."""
    for weights in _WEIGHTS:
        try:
            folder = _snapshot(name, _SETTINGS + weights, cached=True)
        except Exception:  # noqa: BLE001 -- then it isn't there
            return None
        if _has_weights(folder) and _has_settings(folder):
            return folder
    return None


def _downloaded(name: str) -> Path:
    for weights in _WEIGHTS:
        try:
            folder = _snapshot(name, _SETTINGS + weights, cached=False)
        except Exception as error:
            raise EncoderError(
                f"neither a folder nor a model the hub gives ({told(error)})",
                where=shown(name, 120),
                remedy="check the name, or download the model and give its folder",
            ) from error
        if _has_weights(folder):
            break
    return folder


def _has_weights(folder: Path) -> bool:
    named = [weights[i] for weights in _WEIGHTS for i in (0, 1)]
    return any(is_file(folder / name) for name in named)


def _has_settings(folder: Path) -> bool:
    """Whether what is cached says how audio is prepared; others cache the net alone."""
    configuration, *preparations = (is_file(folder / name) for name in _SETTINGS)
    return configuration and any(preparations)


def _snapshot(name: str, patterns: list[str], *, cached: bool) -> Path:
    from huggingface_hub import snapshot_download

    with warnings.catch_warnings(action="ignore"):
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=cached))
