"""Two ways to train a voice model: as published, and so that latents hold more of what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sfvq_analysis.encoders.convolutional import VQVAEConfig
from sfvq_analysis.errors import unknown_option
from sfvq_analysis.training.voice.options import TrainOptions
from sfvq_analysis.voice.mel_decoder import MelDecoderConfig
from sfvq_analysis.voice.model import VoiceConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

Recipe = Literal["units", "published"]

_UNITS: Mapping[str, Any] = {
    "units": 1.0,
    "band_unit_sizes": (100, 256),
    "reconstruction": 0.0,
    "commitment": 0.0,
    "rate": 1e-3,
    "clip": 5.0,
    "whitening": 0.5,
    "course": 2.0,
    "augment": True,
    "window": 256,
    "batch": 16,
    "teacher_steps": 1000,
    "decoder_steps": 6000,
}

_PUBLISHED: Mapping[str, Any] = {
    "bottleneck": "vq",
    "estimator": "straight_through",
    "window": 32,
    "batch": 52,
    "schedule": "halving",
}


def recipe(name: Recipe, *, channels: int, dim: int, **options: Any) -> TrainOptions:
    """Return the options of a recipe.

    Parameters
    ----------
    name
        ``"published"``: reconstruction alone, on spectrograms as they are, from 52 windows of .32 s
        through a plain codebook moved by running means (van Niekerk et al. 2020); the decoder is
        our light one. ``"units"``: latents of spectrograms that are normalised by
        utterance learn to tell a teacher's units; then a codebook is fitted to them, and the
        decoder learns to do with it.
    channels, dim
        Of the encoder.
    options
        Any others of `TrainOptions`.

    Examples
    --------
    >>> recipe("units", channels=64, dim=16, steps=100).decoder_steps
    6000
    """
    match name:
        case "units":
            encoder = VQVAEConfig(channels, dim, normalise="utterance", centred=True)
            chosen = _UNITS
        case "published":
            encoder = VQVAEConfig(channels, dim)
            chosen = _PUBLISHED
        case _:
            raise unknown_option("recipe", name, ("units", "published"))
    shapes = VoiceConfig(encoder, MelDecoderConfig(dim=dim))
    return TrainOptions(shapes, **{**chosen, **options})
