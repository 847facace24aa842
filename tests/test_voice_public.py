"""`voice.public`: a public checkpoint, whole, read and used to convert."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from voice_files import SMALL, Attack, lively_net, public_model

from sfvq_analysis import load_encoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.voice import load_public_model
from sfvq_analysis.voice.wave_decoder import WaveDecoder, WaveDecoderConfig

AUDIO = np.random.default_rng(0).normal(size=4000).astype(np.float32) / 10
DECODER = WaveDecoderConfig(
    dim=SMALL.dim, n_speakers=3, speaker_dim=4, conditioning_channels=5, mu_dim=6, rnn_channels=7,
    fc_channels=8,
)  # fmt: skip


def stored(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        codebook = torch.randn(8, SMALL.dim)
        model = public_model(lively_net(SMALL), codebook)
        return model | {"decoder": WaveDecoder(DECODER).state_dict()} | changes


@pytest.fixture
def path(tmp_path):
    torch.save(stored(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_it_converts_with_its_own_codebook_and_decoder(path):
    model = load_public_model(path)
    assert dict(model.encoder.config) == dict(load_encoder(f"vqvae:{path}").config)
    assert model.quantizer.provenance.encoder == model.encoder.config
    sound = model.convert(AUDIO, 16_000, 1, seed=3)
    n_codes = model.encoder.n_frames(len(AUDIO))
    assert (sound.dtype, sound.shape) == (np.float32, (320 * n_codes,))
    latents = model.encoder.encode(AUDIO, 16_000).values
    codewords = model.quantizer.corners()[model.quantizer.encode(latents).codeword]
    wanted = model.decoder.generate(torch.from_numpy(codewords)[None], torch.tensor([1]), seed=3)
    np.testing.assert_array_equal(sound, wanted[0])
    assert not np.array_equal(sound, model.convert(AUDIO, 16_000, 2, seed=3))


def test_voices_and_audio_are_checked(path):
    model = load_public_model(path)
    with pytest.raises(VoiceError, match=r"voice is 3; use 0 … 2"):
        model.convert(AUDIO, 16_000, 3, seed=0)
    with pytest.raises(VoiceError, match="100 samples at 16000 Hz give no code"):
        model.convert(AUDIO[:100], 16_000, 0, seed=0)


def of(**changes):
    """A decoder of another shape."""
    return WaveDecoder(dataclasses.replace(DECODER, **changes)).state_dict()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoder": None}, "it has no codebook.embedding or no decoder"),
        ({"encoder": lively_net(SMALL).state_dict()}, "it has no codebook.embedding or no decoder"),
        ({"decoder": of(dim=5)}, "its decoder takes 5 dimensions, codewords have 6"),
        ({"decoder": {"fc2.bias": torch.zeros(3)}}, "is missing"),
        ({"encoder": {}}, "model.pt: "),
        ({"step": "code"}, "not a torch file of weights alone"),
    ],
)
def test_damaged_checkpoints_are_refused_in_one_line(tmp_path, changes, message):
    marker = tmp_path / "marker"
    if changes.get("step") == "code":
        changes = {"step": Attack(marker)}
    torch.save(stored(**changes), tmp_path / "model.pt")
    with pytest.raises(VoiceError) as caught:
        load_public_model(tmp_path / "model.pt")
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'model.pt'}: ")
    assert "\n" not in str(caught.value)
    assert not marker.exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VoiceError, match=r"none\.pt: no such checkpoint"):
        load_public_model(tmp_path / "none.pt")
