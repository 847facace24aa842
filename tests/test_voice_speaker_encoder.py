"""The network that hears a voice: unit vectors, of any length of speech."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import enlivened

from sfvq_analysis.errors import OptionError
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoder, SpeakerEncoderConfig

CONFIG = SpeakerEncoderConfig(dim=6, channels=8)


def net(seed=0):
    return enlivened(SpeakerEncoder(CONFIG), seed).requires_grad_(requires_grad=False)


def mels(frames, batch=1, seed=0):
    return torch.rand(batch, frames, 80, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=30, deadline=None)
@given(frames=st.integers(1, 300), batch=st.integers(1, 3))
def test_vectors_of_length_one_from_any_length_of_speech(frames, batch):
    vectors = net()(mels(frames, batch))
    assert vectors.shape == (batch, 6)
    assert vectors.norm(dim=1).tolist() == pytest.approx([1.0] * batch, abs=1e-5)


def test_silence_gives_a_vector_too():
    vector = net()(torch.full((1, 20, 80), -0.25))
    assert torch.isfinite(vector).all()
    assert vector.norm().item() == pytest.approx(1)


def test_it_hears_what_bands_hold():
    assert not torch.allclose(net()(mels(50)), net()(0.5 * mels(50)), atol=0.01)


def test_order_within_reach_of_the_convolutions_matters():
    mel = mels(60)
    backwards, shuffled = mel.flip(1), mel[:, torch.randperm(60)]
    found = net()(mel)
    assert not torch.allclose(found, net()(backwards), atol=1e-4)
    assert not torch.allclose(found, net()(shuffled), atol=1e-4)


def test_order_matters_only_to_the_convolutions():
    deaf = net()
    torch.nn.init.zeros_(deaf.hear[2].weight)
    mel = mels(60)
    shuffled = mel[:, torch.randperm(60)]
    assert torch.allclose(deaf(mel), deaf(shuffled), atol=1e-5)
    assert not torch.allclose(deaf(mel), deaf(mels(60, seed=1)), atol=1e-4)


def test_where_in_time_speech_is_does_not_matter():
    """A stretch that is moved within stillness has the same statistics."""
    still = torch.zeros(1, 100, 80)
    early, late = still.clone(), still.clone()
    early[:, 10:40] = late[:, 55:85] = mels(30)
    assert torch.allclose(net()(early), net()(late), atol=1e-5)


def test_a_row_of_a_batch_is_what_it_is_alone():
    together = net()(mels(50, 3))
    assert torch.allclose(together[1:2], net()(mels(50, 3)[1:2]), atol=1e-5)


def test_training_mode_makes_no_difference():
    assert torch.equal(net().train()(mels(50)), net()(mels(50)))


def test_gradients_are_finite_even_of_one_frame():
    listener = enlivened(SpeakerEncoder(CONFIG))
    listener(mels(1))[:, 0].sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in listener.parameters())


@pytest.mark.parametrize("name", ["dim", "channels", "n_mels"])
@pytest.mark.parametrize("size", [0, -1, 2.0, None, 10**12])
def test_sizes_are_checked(name, size):
    with pytest.raises(OptionError, match=f"{name} is"):
        SpeakerEncoderConfig(**{name: size})
