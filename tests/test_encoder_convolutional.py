"""The net of the voice model: its names, its geometry, and that it is the published one."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from torch.nn import functional
from voice_files import SMALL, lively_net

from sfvq_analysis.encoders.convolutional import (
    EDGE,
    RECEPTIVE_FRAMES,
    ConvolutionalEncoder,
    VQVAEConfig,
    folded,
    n_latents,
)
from sfvq_analysis.errors import EncoderError, OptionError

STRIDES_AND_PADDINGS = {0: (1, 0), 3: (1, 1), 6: (2, 1), 9: (1, 1), 12: (1, 1)}


@pytest.fixture(scope="module")
def net():
    return lively_net(SMALL).eval().requires_grad_(requires_grad=False)


def noise(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator)


def direct(state, mel):
    """The published net step by step, from its state dict, with running statistics."""
    hidden = mel
    for at, (stride, padding) in STRIDES_AND_PADDINGS.items():
        hidden = functional.conv1d(
            hidden, state[f"encoder.{at}.weight"], stride=stride, padding=padding
        )
        mean, var, weight, bias = (
            state[f"encoder.{at + 1}.{name}"][:, None]
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        hidden = torch.relu((hidden - mean) / torch.sqrt(var + 1e-5) * weight + bias)
    out = functional.conv1d(hidden, state["encoder.15.weight"], state["encoder.15.bias"])
    return out.transpose(1, 2)


def test_names_and_shapes_are_those_of_public_checkpoints():
    with torch.device("meta"):
        state = ConvolutionalEncoder(VQVAEConfig()).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    widths = {0: (768, 80, 3), 3: (768, 768, 3), 6: (768, 768, 4), 9: (768,) * 2 + (3,)}
    widths[12] = widths[3]
    wanted = {f"encoder.{at}.weight": width for at, width in widths.items()}
    for at in widths:
        for name in ("weight", "bias", "running_mean", "running_var"):
            wanted[f"encoder.{at + 1}.{name}"] = (768,)
        wanted[f"encoder.{at + 1}.num_batches_tracked"] = ()
    assert shapes == wanted | {"encoder.15.weight": (64, 768, 1), "encoder.15.bias": (64,)}


def test_it_is_the_direct_computation(net):
    mel = noise(3, 80, 41)
    found = net(mel)
    assert found.shape == (3, 19, 6)
    assert torch.allclose(found, direct(net.state_dict(), mel), atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_folding_changes_nothing_but_the_work(training):
    source = lively_net(SMALL).train(training)
    mel = noise(2, 80, 30)
    layers = folded(source)
    assert source.training == source.encoder[1].training == training
    found = layers(mel).transpose(1, 2)
    assert not found.requires_grad
    assert torch.allclose(found, direct(source.state_dict(), mel), atol=1e-5)
    torch.nn.init.zeros_(source.encoder[15].weight)
    assert torch.equal(layers(mel).transpose(1, 2), found)


@pytest.mark.parametrize("n_frames", range(4, 40))
def test_lengths(net, n_frames):
    assert net(noise(1, 80, n_frames)).shape[1] == n_latents(n_frames) == n_frames // 2 - 1


def test_too_few_frames_have_no_latents():
    assert [n_latents(n) for n in range(5)] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("frame", [0, 1, 2, 5, 6, 20, 21, 38, 39, 40])
def test_a_frame_changes_the_latents_that_see_it(net, frame):
    mel = noise(1, 80, 41)
    other = mel.clone()
    other[:, :, frame] += noise(80, seed=1)
    changed = (net(mel) != net(other))[0].any(dim=1)
    seen = [2 * j - 6 <= frame <= 2 * j + 9 for j in range(19)]
    assert changed.tolist() == seen
    assert RECEPTIVE_FRAMES == (2 * 5 + 9) - (2 * 5 - 6) + 1


def test_latents_beyond_the_edge_see_no_padding(net):
    mel = noise(1, 80, 60)
    whole, part = net(mel)[0], net(mel[:, :, 20:44])[0]
    same = torch.isclose(whole[10 : 10 + len(part)], part, atol=1e-5).all(dim=1)
    assert same.tolist() == [False] * EDGE + [True] * (len(part) - 2 * EDGE) + [False] * EDGE


@pytest.mark.parametrize("shape", [(80, 20), (1, 79, 20), (1, 80, 3)])
def test_other_shapes_are_refused(net, shape):
    with pytest.raises(EncoderError) as caught:
        net(torch.ones(shape))
    assert str(caught.value) == (
        f"log-mels have shape {shape}; give (batch, 80, at least 4 frames)"
    )


def test_given_weights_make_the_net(net):
    before = torch.random.get_rng_state()
    made = ConvolutionalEncoder.from_weights(SMALL, net.state_dict())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not made.training
    assert torch.equal(made(noise(1, 80, 20)), net(noise(1, 80, 20)))
    with pytest.raises(EncoderError, match="has shape"):
        ConvolutionalEncoder.from_weights(VQVAEConfig(channels=8), net.state_dict())


def test_it_learns():
    net = lively_net(SMALL)
    net(noise(2, 80, 16)).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


def test_the_published_configuration_is_the_default():
    stated = {"channels": 768, "dim": 64, "n_mels": 80, "normalise": "none", "centred": False}
    assert json.loads(json.dumps(asdict(VQVAEConfig()))) == stated
    assert VQVAEConfig(**stated) == VQVAEConfig()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 0}, "channels is 0; use an integer >= 1"),
        ({"dim": 1.0}, "dim is 1.0; use an integer >= 1"),
        ({"n_mels": True}, "n_mels is True; use an integer >= 1"),
        ({"normalise": "all"}, "normalise is 'all'; use one of 'none', 'mean', 'utterance'"),
        ({"centred": 1}, "centred is 1; use True or False"),
        ({"channels": np.int64(4)}, "channels is np.int64(4); use an integer >= 1"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError) as caught:
        VQVAEConfig(**options)
    assert str(caught.value) == message
