"""The voice model that comes with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.files import package_data
from sfvq_analysis.voice.checkpoint import load_voice_model

if TYPE_CHECKING:
    from sfvq_analysis.voice.model import VoiceModel


def demo_voice_model() -> VoiceModel:
    """Return the model trained on real speech; its card is beside it."""
    return load_voice_model(package_data("demo_models", "voice.safetensors"))
