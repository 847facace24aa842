"""`load_encoder`: from a short text to an encoder."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.encoders.mel import MelEncoder
from sfvq_analysis.errors import OptionError, check_option, unknown_option

if TYPE_CHECKING:
    from sfvq_analysis.encoders.protocol import Encoder, EncoderConfig

BEST_MEL = "mel:kind=mfcc,normalise=utterance,context=1"
"""Cepstra with one neighbour: more phone information than log-mel (benchmarks/ORDER.md)."""

_MEL_OPTIONS = tuple(field.name for field in fields(MelEncoder))


def load_encoder(spec: str) -> Encoder:
    """Return the encoder that a text names.

    Parameters
    ----------
    spec
        ``"mel"``, ``"mel:kind=mfcc,normalise=utterance,context=1"`` (any options of
        `sfvq_analysis.encoders.mel.MelEncoder`), or ``"latents:<folder>"``.

    Raises
    ------
    OptionError
        If the text names no encoder or an option it doesn't have.
    EncoderError
        If a folder of latents isn't one.

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
        case _:
            raise unknown_option("encoder", spec, ("mel", "mel:<options>", "latents:<folder>"))


def encoder_of(config: EncoderConfig) -> Encoder:
    """Return the encoder that a stored configuration describes.

    Raises
    ------
    OptionError
        If the configuration doesn't say enough to make one (unknown, or stored latents).
    """
    if config.get("encoder") != "mel":
        raise OptionError(
            f"no encoder can be made from {dict(config)!r}", remedy="name the encoder yourself"
        )
    options = {name: value for name, value in config.items() if name != "encoder"}
    for name in options:
        check_option("option of mel", name, _MEL_OPTIONS)
    return MelEncoder(**options)


def _options(text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        check_option("option of mel", name, _MEL_OPTIONS)
        options[name] = int(value) if value.isdecimal() else value
    return options
