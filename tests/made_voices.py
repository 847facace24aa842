"""Made-up spectrograms of several speakers, and trainings that are small enough for a test."""

from __future__ import annotations

import numpy as np

from sfvq_analysis.encoders.convolutional import VQVAEConfig
from sfvq_analysis.training.voice import SpokenFrames, TrainOptions
from sfvq_analysis.training.voice.frame_store import FrameStore
from sfvq_analysis.voice.mel_decoder import MelDecoderConfig
from sfvq_analysis.voice.model import VoiceConfig
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoderConfig

WINDOW = 32


def spectrogram(n_frames, seed=0, level=0.0):
    """Return a few patterns of bands, each held for some frames, and noise; float32."""
    patterns = np.random.default_rng(99).normal(0.5, 0.2, size=(6, 80))
    rng = np.random.default_rng(seed)
    held = np.repeat(rng.integers(6, size=n_frames), rng.integers(4, 12, size=n_frames))
    noise = rng.normal(0, 0.03, size=(n_frames, 80))
    return (patterns[held[:n_frames]] + noise + level).astype(np.float32)


def spoken(lengths=(40, 57, 64, 83), n_speakers=4):
    """Yield utterances of so many frames for each speaker, the speakers taking turns."""
    for number, length in enumerate(lengths):
        for speaker in range(n_speakers):
            seed = number * n_speakers + speaker
            frames = spectrogram(length + speaker, seed, level=0.1 * speaker)
            yield SpokenFrames(f"s{speaker}_{number}", f"s{speaker}", frames)


def store(folder, lengths=(40, 57, 64, 83), n_speakers=4):
    """Return the same utterances as a training keeps them."""
    return FrameStore.written(spoken(lengths, n_speakers), folder)


def shapes(**encoder):
    """Return networks of a few channels."""
    return VoiceConfig(
        VQVAEConfig(channels=8, dim=4, **encoder),
        MelDecoderConfig(dim=4, speaker_dim=3, channels=8, blocks=1),
        SpeakerEncoderConfig(dim=3, channels=8),
    )


def toy(encoder=None, **options):
    """Return options of a training that takes a moment."""
    chosen = {
        "codes": 32,
        "steps": 6,
        "batch": 4,
        "window": WINDOW,
        "rate": 1e-2,
        "unit_sizes": (4, 6, 5),
        "evaluate_every": 2,
        "checkpoint_every": 2,
        "hold_out": 4,
    }
    return TrainOptions(shapes(**encoder or {}), **{**chosen, **options})


def weights(model):
    """Return all that was learnt, to the last bit, by name."""
    state = {name: tensor.numpy().tobytes() for name, tensor in model.nets.state_dict().items()}
    voices = {f"voice {name}": vector.tobytes() for name, vector in model.speakers.items()}
    return state | voices | {"codebook": model.quantizer.corners().tobytes()}


def scalars(events):
    """Return what TensorBoard shows of a folder: the value at each step, by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    shown = EventAccumulator(str(events))
    shown.Reload()
    names = shown.Tags()["scalars"]
    return {name: {one.step: one.value for one in shown.Scalars(name)} for name in names}
