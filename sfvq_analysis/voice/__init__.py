"""The voice conversion model: networks, checkpoints, conversion, and its codebook to listen to."""

from sfvq_analysis.voice.checkpoint import load_voice_model, save_voice_model
from sfvq_analysis.voice.conversion import convert
from sfvq_analysis.voice.edits import Clamp, Edit, Replace, Shift
from sfvq_analysis.voice.listening import held_sound, tour
from sfvq_analysis.voice.model import VoiceConfig, VoiceModel, VoiceNets
from sfvq_analysis.voice.public import PublicVoiceModel, load_public_model

__all__ = [
    "Clamp",
    "Edit",
    "PublicVoiceModel",
    "Replace",
    "Shift",
    "VoiceConfig",
    "VoiceModel",
    "VoiceNets",
    "convert",
    "held_sound",
    "load_public_model",
    "load_voice_model",
    "save_voice_model",
    "tour",
]
