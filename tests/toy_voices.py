"""Voice models with random weights, small and lively, and sound for them."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from sfvq_analysis.encoders.convolutional import VQVAEConfig
from sfvq_analysis.errors import check_count
from sfvq_analysis.quantizers import PlainVQ, Provenance, SpaceFillingVQ
from sfvq_analysis.voice import VoiceConfig, VoiceModel, VoiceNets
from sfvq_analysis.voice.mel_decoder import MelDecoder, MelDecoderConfig
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoderConfig

DIM, SPEAKER_DIM, SIZE = 6, 5, 8
KINDS = (SpaceFillingVQ, PlainVQ)


def enlivened(net: nn.Module, seed: int = 0) -> nn.Module:
    """Give a net weights by which it answers to what it hears, in evaluation mode."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        for layer in net.modules():
            if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
                if layer.bias is not None:
                    nn.init.uniform_(layer.bias, -0.1, 0.1)
            if isinstance(layer, nn.BatchNorm1d):
                nn.init.normal_(layer.running_mean)
                nn.init.uniform_(layer.running_var, 0.5, 2)
    return net.eval()


def toy_decoder(blocks: int = 2, seed: int = 0) -> MelDecoder:
    """Return a decoder whose spectrograms are within the scale of log-mels."""
    config = MelDecoderConfig(DIM, SPEAKER_DIM, channels=8, blocks=blocks)
    decoder = enlivened(MelDecoder(config), seed)
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(8, 50, DIM, generator=generator)
    with torch.no_grad():
        nn.init.zeros_(decoder.leave.bias)
        decoder.level.weight *= 0.1
        nn.init.constant_(decoder.level.bias, 0.3)
        flat = decoder.level(torch.zeros(8, SPEAKER_DIM))[:, None]
        decoder.leave.weight *= 0.1 / (decoder(z, torch.zeros(8, SPEAKER_DIM)) - flat).std()
    return decoder


def toy_model(kind=SpaceFillingVQ, size: int = SIZE, seed: int = 0, **encoder) -> VoiceModel:
    """Return a model of two voices with a codebook of its encoder's latents."""
    config = VoiceConfig(
        VQVAEConfig(channels=8, dim=DIM, **encoder),
        MelDecoderConfig(DIM, SPEAKER_DIM, channels=8),
        SpeakerEncoderConfig(SPEAKER_DIM, channels=8),
    )
    nets = enlivened(VoiceNets(config), seed)
    nets.decoder = toy_decoder(seed=seed)
    model = VoiceModel(nets, kind(np.zeros((2, DIM))), voices(seed))
    latents = model.as_encoder().encode(noise(16_000), 16_000)
    rng = np.random.default_rng(seed)
    corners = latents.values[rng.choice(len(latents.values), size, replace=False)]
    known = Provenance(latents.encoder, {"method": "none"}, ({"sweep": 1, "error": 0.5},))
    stages = {"stages": [corners[:4]]} if kind is SpaceFillingVQ else {}
    card = {"steps": 3, "names": ["ä"], "log": [{"step": 1, "held_out": 0.5}]}
    return VoiceModel(nets, kind(corners, known, **stages), voices(seed), card)


def voices(seed: int = 0) -> dict[str, np.ndarray]:
    """Return two unit vectors by name, not in the order of names."""
    vectors = np.random.default_rng(seed).normal(size=(2, SPEAKER_DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return {"zoë": vectors[0], "ann": vectors[1]}


def noise(n_samples: int, seed: int = 0) -> np.ndarray:
    """Return noise that swells, its peak .3 near the end."""
    rng = np.random.default_rng(seed)
    swelling = rng.uniform(-0.3, 0.3, n_samples) * np.linspace(0.1, 1, n_samples)
    return (0.3 * swelling / np.abs(swelling).max()).astype(np.float32)


def quick_waveform(mel, *, peak=None, seed, **_options) -> np.ndarray:
    """Stand in for Griffin-Lim: noise as loud as the spectrogram states, 160 samples a frame."""
    check_count("seed", seed, at_least=0)
    assert np.isfinite(mel).all()
    level = np.repeat(10.0 ** (4 * (np.asarray(mel).max(axis=1) - 1)), 160)
    sound = level * np.random.default_rng(seed).uniform(-1, 1, len(level))
    found = np.abs(sound).max()
    return (sound / found * (min(found, 1.0) if peak is None else peak)).astype(np.float32)
