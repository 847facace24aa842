"""The light decoder: shapes, what a frame depends on, and that chunks make no difference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import DIM, SPEAKER_DIM, toy_decoder, voices

from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.voice import conversion
from sfvq_analysis.voice.conversion import decode
from sfvq_analysis.voice.mel_decoder import MelDecoder, MelDecoderConfig, evaluating

DECODERS = {blocks: toy_decoder(blocks) for blocks in (1, 2, 7)}
ANN, ZOE = voices()["ann"], voices()["zoë"]


def points(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


def in_one_pass(decoder, z, voice=ANN):
    with torch.no_grad():
        return decoder(torch.from_numpy(z)[None], torch.from_numpy(voice)[None])[0].numpy()


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("batch", [1, 3])
def test_two_frames_a_latent(n, batch):
    mel = DECODERS[2](torch.zeros(batch, n, DIM), torch.zeros(batch, SPEAKER_DIM))
    assert mel.shape == (batch, 2 * n, 80)


def test_a_row_of_a_batch_is_what_it_is_alone():
    z, speaker = torch.from_numpy(points(30)).view(3, 10, DIM), torch.randn(3, SPEAKER_DIM)
    with torch.no_grad():
        together = DECODERS[2](z, speaker)
        alone = DECODERS[2](z[1:2], speaker[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-5)


@pytest.mark.parametrize("blocks", DECODERS)
def test_a_latent_reaches_just_the_frames_it_should(blocks):
    """As many on both sides of its own two, frames 2j and 2j + 1."""
    decoder, j, reach = DECODERS[blocks], 40, DECODERS[blocks].reach
    assert reach == 3 * blocks + 1
    changed = set()
    for seed in range(5):
        z = points(81, seed)
        other = z.copy()
        other[j] += 30
        differs = (in_one_pass(decoder, z) != in_one_pass(decoder, other)).any(axis=1)
        changed |= set(np.flatnonzero(differs))
    assert min(changed) == 2 * (j - reach) + 1
    assert max(changed) == 2 * (j + reach)


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 100), chunk=st.integers(4, 110), blocks=st.sampled_from(list(DECODERS)))
def test_chunks_give_the_frames_of_one_pass(n, chunk, blocks):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "_CHUNK", chunk)
        chunked = decode(DECODERS[blocks], points(n, n), ANN)
    assert chunked.dtype == np.float32
    assert chunked.shape == (2 * n, 80)
    assert chunked == pytest.approx(in_one_pass(DECODERS[blocks], points(n, n)), rel=0, abs=1e-5)


def test_the_decoder_is_never_given_more_than_a_chunk_and_its_edges(monkeypatch):
    monkeypatch.setattr(conversion, "_CHUNK", 20)
    decoder, lengths = toy_decoder(), []
    decoder.register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[1]))
    decode(decoder, points(1000), ANN)
    assert len(lengths) == 50
    assert max(lengths) == 20 + 2 * decoder.reach


def test_the_voice_changes_the_spectrogram():
    z = points(20)
    assert np.abs(decode(DECODERS[2], z, ANN) - decode(DECODERS[2], z, ZOE)).max() > 0.01


@pytest.mark.parametrize("training", [True, False])
def test_decoding_minds_no_mode_and_leaves_all_as_it_was(training):
    decoder = toy_decoder().train(training)
    before = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    mel = decode(decoder, points(50), ANN)
    assert mel == pytest.approx(in_one_pass(DECODERS[2], points(50)), rel=0, abs=1e-5)
    assert all(module.training is training for module in decoder.modules())
    after = decoder.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(weight.grad is None and weight.requires_grad for weight in decoder.parameters())


def test_a_net_has_its_mode_again_after_an_error():
    decoder = toy_decoder().train()
    with evaluating(decoder):
        assert not decoder.training
        assert torch.is_inference_mode_enabled()
    with pytest.raises(ZeroDivisionError), evaluating(decoder):
        _ = 1 / 0
    assert decoder.training
    assert not torch.is_inference_mode_enabled()


def test_arrays_that_are_not_ours_to_write_are_read():
    z, voice = points(5), ANN.copy()
    z.flags.writeable = voice.flags.writeable = False
    found = decode(DECODERS[2], z.astype(np.float64)[::-1], voice.astype(np.float64))
    assert np.array_equal(found, decode(DECODERS[2], z[::-1], voice))


@pytest.mark.parametrize(
    ("voice", "message"),
    [
        (np.zeros(4, np.float32), r"voice is of shape \(4,\); give a vector of 5 dimensions"),
        (np.zeros((1, 5), np.float32), r"voice is of shape \(1, 5\)"),
        (np.full(5, np.nan, np.float32), "voice is not finite"),
    ],
)
def test_what_is_no_voice_of_it_is_refused(voice, message):
    with pytest.raises(VoiceError, match=message):
        decode(DECODERS[2], points(3), voice)


@pytest.mark.parametrize("name", ["dim", "speaker_dim", "channels", "blocks", "n_mels"])
@pytest.mark.parametrize("size", [0, -1, 1.0, True, "8", 10**12])
def test_sizes_are_checked(name, size):
    with pytest.raises(OptionError, match=f"{name} is"):
        MelDecoderConfig(**{name: size})


def test_the_net_learns():
    """Gradients reach every weight, in training mode."""
    decoder = MelDecoder(MelDecoderConfig(DIM, SPEAKER_DIM, channels=8, blocks=1))
    decoder(torch.randn(4, 10, DIM), torch.randn(4, SPEAKER_DIM)).square().sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in decoder.parameters())
