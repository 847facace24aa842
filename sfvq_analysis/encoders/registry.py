"""`load_encoder`: from a short text to an encoder."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.latents import open_latents
from sfvq_analysis.encoders.mel import MelEncoder
from sfvq_analysis.errors import OptionError, check_option, unknown_option
from sfvq_analysis.files import package_data

if TYPE_CHECKING:
    from sfvq_analysis.encoders.protocol import Encoder, EncoderConfig

_SPECS = (
    *("mel", "mel:<options>", "vqvae", "vqvae:<checkpoint>", "hf:<model>@<layer>"),
    *("latents:<folder or file>", "module:<file.py>:<factory>"),
)
_COUNT = re.compile("[0-9]{1,9}")
_MEL_OPTIONS = tuple(field.name for field in fields(MelEncoder))


def load_encoder(spec: str, *, device: str = "cpu", half: bool = False) -> Encoder:
    """Return the encoder that a text names.

    Parameters
    ----------
    spec
        ``"mel"``, ``"mel:kind=mfcc,normalise=utterance,context=1"`` (any options of
        `sfvq_analysis.encoders.mel.MelEncoder`), ``"vqvae"`` (the voice model that comes with the
        package), ``"vqvae:<checkpoint>"`` (another, ours or of the public layout:
        `sfvq_analysis.encoders.vqvae`), ``"hf:<folder or name>@<layer>"`` (HuBERT, wav2vec2, WavLM,
        data2vec, Whisper: `sfvq_analysis.encoders.huggingface`), ``"latents:<folder or file>"`` or
        ``"latents:<file>@<frames per second>"`` (`sfvq_analysis.encoders.latents`), or
        ``"module:<file.py>:<factory>"``, which RUNS that Python file
        (`sfvq_analysis.encoders.user_module`).
    device, half
        Where an ``"hf:"`` model computes, as torch names it, and whether in float16 (on CUDA
        only). The others compute on the CPU.

    Raises
    ------
    OptionError
        If the text names no encoder or an option it doesn't have.
    EncoderError
        If a folder of latents or a checkpoint isn't one.

    Examples
    --------
    >>> load_encoder("mel:context=1").dim
    240
    """
    name, _, rest = spec.partition(":")
    if name != "hf" and (device, half) != ("cpu", False):
        raise OptionError(
            f"device is {device!r}, half is {half!r}", remedy="they are for hf: models only"
        )
    match name:
        case "mel":
            return MelEncoder(**_options(rest))
        case "latents":
            return open_latents(rest)
        case "hf":
            return _layer_of(rest, device=device, half=half)
        case "module":
            return _own_encoder(rest)
        case "vqvae" if rest or spec == "vqvae":
            return _voice_encoder(rest)
        case _:
            raise unknown_option("encoder", spec, _SPECS)


def encoder_of(config: EncoderConfig) -> Encoder:
    """Return the encoder that a stored configuration describes.

    Raises
    ------
    OptionError
        If the configuration doesn't say enough to make one (unknown, stored latents, or a net
        other than the package's, whose weights it only names).
    """
    match config.get("encoder"):
        case "mel":
            return _mel_of(config)
        case "vqvae":
            shipped = _voice_encoder("")
            if dict(shipped.config) == dict(config):
                return shipped
            raise OptionError(
                f"the encoder is that of a voice model (weights {config.get('weights')})",
                remedy="name it: vqvae:<its file>",
            )
        case "latents":
            raise OptionError(
                f"the encoder is stored latents ({config.get('name')})",
                remedy="name them: latents:<folder>",
            )
        case "hf" | "module" as kind:
            raise OptionError(
                f"the encoder is a {kind} model (weights {config.get('weights')})",
                remedy="name it: " + ("hf:<model>@<layer>" if kind == "hf" else "module:<file.py>"),
            )
        case _:
            raise OptionError(
                f"no encoder can be made from {dict(config)!r}", remedy="name the encoder yourself"
            )


def _mel_of(config: EncoderConfig) -> MelEncoder:
    options = {name: value for name, value in config.items() if name != "encoder"}
    for name in options:
        check_option("option of mel", name, _MEL_OPTIONS)
    return MelEncoder(**options)


def _voice_encoder(path: str) -> Encoder:
    """Return the encoder of a voice model, by default the package's; torch is loaded here."""
    from sfvq_analysis.encoders.vqvae import VQVAEEncoder

    return VQVAEEncoder.open(path or package_data("demo_models", "voice.safetensors"))


def _layer_of(source: str, *, device: str, half: bool) -> Encoder:
    """Return a layer of a model of transformers, which is loaded here."""
    from sfvq_analysis.encoders.huggingface import HuggingFaceEncoder

    return HuggingFaceEncoder.open(source, device=device, half=half)


def _own_encoder(source: str) -> Encoder:
    """Return what a user's own file makes; the file is run here."""
    from sfvq_analysis.encoders.user_module import UserEncoder

    return UserEncoder.open(source)


def _options(text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in text.split(",") if text else ():
        name, _, value = part.partition("=")
        check_option("option of mel", name, _MEL_OPTIONS)
        if name in options:
            raise OptionError(f"option of mel {name!r} is given twice", remedy="give it once")
        options[name] = int(value) if _COUNT.fullmatch(value) else value
    return options
