"""Training the voice conversion model."""

from sfvq_analysis.training.voice.fabric import Precision
from sfvq_analysis.training.voice.frame_store import SpokenFrames
from sfvq_analysis.training.voice.options import TrainOptions
from sfvq_analysis.training.voice.train import refuse_other_speech, train_voice_model

__all__ = ["Precision", "SpokenFrames", "TrainOptions", "refuse_other_speech", "train_voice_model"]
