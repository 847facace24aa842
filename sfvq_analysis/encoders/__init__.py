"""Encoders turn audio into frames of latents. `load_encoder` makes one from a short text."""

from __future__ import annotations

from sfvq_analysis.encoders.latent_files import read_latents
from sfvq_analysis.encoders.protocol import Encoder, EncoderConfig, Features, config_digest
from sfvq_analysis.encoders.registry import load_encoder

__all__ = ["Encoder", "EncoderConfig", "Features", "config_digest", "load_encoder", "read_latents"]
