"""`load_encoder`: from a short text to an encoder."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.encoders.mel import MelEncoder
from sfvq_analysis.errors import OptionError, check_option, unknown_option
from sfvq_analysis.files import package_data

if TYPE_CHECKING:
    from sfvq_analysis.encoders.protocol import Encoder, EncoderConfig

_SPECS = ("mel", "mel:<options>", "vqvae", "vqvae:<checkpoint>", "latents:<folder>")
_MEL_OPTIONS = tuple(field.name for field in fields(MelEncoder))


def load_encoder(spec: str) -> Encoder:
    """Return the encoder that a text names.

    Parameters
    ----------
    spec
        ``"mel"``, ``"mel:kind=mfcc,normalise=utterance,context=1"`` (any options of
        `sfvq_analysis.encoders.mel.MelEncoder`), ``"vqvae"`` (the voice model that comes with the
        package), ``"vqvae:<checkpoint>"`` (another, ours or of the public layout:
        `sfvq_analysis.encoders.vqvae`), or ``"latents:<folder>"``.

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
    match name:
        case "mel":
            return MelEncoder(**_options(rest))
        case "latents":
            return StoredLatents.open(Path(rest))
        case "vqvae":
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


def _options(text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        check_option("option of mel", name, _MEL_OPTIONS)
        options[name] = int(value) if value.isdecimal() else value
    return options
