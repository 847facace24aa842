"""The encoder of a voice model: geometry, chunks, files."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from voice_files import SMALL, Attack, lively_net, public_model

from sfvq_analysis import demo_corpus, index_table, sample_features
from sfvq_analysis.audio import resample
from sfvq_analysis.encoders import config_digest
from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder, VQVAEConfig
from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.encoders.utterance_mel import NORMALISATIONS, bands_of
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import EncoderError, OptionError, QuantizerError
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.training import fit_vq
from sfvq_analysis.weights import write_safetensors

NET = lively_net(SMALL)
CODEBOOK = torch.arange(24.0).reshape(4, 6)


def with_options(**options):
    """The same weights, other work around them."""
    return ConvolutionalEncoder.from_weights(replace(SMALL, **options), NET.state_dict())


def swelling(n_samples, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=n_samples) * np.linspace(0.001, 0.2, n_samples)).astype(np.float32)


def direct(net, audio):
    """Front end, net and centring of a whole utterance, one after the other."""
    mel = log_mel_spectrogram(audio, 16_000)
    heard = bands_of(mel, net.config.normalise).applied(mel)
    with torch.no_grad():
        latents = net.eval()(torch.from_numpy(heard.T.copy())[None])[0].numpy()
    return latents - latents.mean(axis=0) if net.config.centred else latents


# Frames


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_frames_are_the_direct_computation(normalise, centred):
    net = with_options(normalise=normalise, centred=centred)
    audio = swelling(12_345)
    features = VQVAEEncoder(net).encode(audio, 16_000)
    assert features.values.dtype == np.float32
    assert features.values == pytest.approx(direct(net, audio), abs=1e-5)
    assert features.grid == FrameGrid(16_000, hop=320, offset=240)
    assert features.encoder == VQVAEEncoder(net).config


@settings(max_examples=80, deadline=None)
@given(
    n_samples=st.integers(1, 40_000),
    chunk=st.integers(1, 130),
    normalise=st.sampled_from(NORMALISATIONS),
    centred=st.booleans(),
    silent=st.integers(0, 20_000),
)
def test_chunks_give_the_frames_of_one_pass(n_samples, chunk, normalise, centred, silent):
    audio = swelling(n_samples, seed=n_samples)
    audio[: min(silent, n_samples - 1)] = 0
    net = with_options(normalise=normalise, centred=centred)
    whole = VQVAEEncoder(net).encode(audio, 16_000).values
    chunked = VQVAEEncoder(net, chunk=chunk).encode(audio, 16_000).values
    assert chunked.shape == whole.shape
    assert chunked == pytest.approx(whole, rel=0, abs=1e-5)


def test_longer_audio_than_a_minute_gives_the_frames_of_one_pass():
    audio = swelling(16_000 * 130)
    found = VQVAEEncoder(with_options(normalise="utterance")).encode(audio, 16_000).values
    whole = VQVAEEncoder(with_options(normalise="utterance"), chunk=10**6).encode(audio, 16_000)
    assert found == pytest.approx(whole.values, rel=0, abs=1e-5)
    assert len(found) == 6499


def test_the_net_is_never_given_more_than_a_chunk_and_its_edges(monkeypatch):
    encoder = VQVAEEncoder(NET, chunk=20)
    lengths = []
    encoder._layers.register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[2]))
    encoder.encode(swelling(40_000), 16_000)
    assert len(lengths) == 7
    assert max(lengths) == 2 * (20 + 7)


AROUND_HOPS = [n for n in range(1, 3001) if (n + 2) % 80 < 5]  # where a frame may come to be


@pytest.mark.parametrize(
    "lengths",
    [AROUND_HOPS, pytest.param(range(1, 3001), marks=pytest.mark.thorough)],
    ids=["around hops", "every"],
)
def test_frame_count_is_as_stated_for_short_lengths(lengths):
    encoder = VQVAEEncoder(NET)
    audio = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    assert encoder.n_frames(0) == 0
    for n_samples in lengths:
        features = encoder.encode(audio[:n_samples], 16_000)
        assert features.values.shape == (encoder.n_frames(n_samples), 6)


@pytest.mark.parametrize(
    ("n_samples", "n_frames"), [(0, 0), (479, 0), (480, 1), (799, 1), (800, 2), (16_000, 49)]
)
def test_stated_frame_counts(n_samples, n_frames):
    assert VQVAEEncoder(NET).n_frames(n_samples) == n_frames


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_too_short_audio_has_no_frames(normalise):
    encoder = VQVAEEncoder(with_options(normalise=normalise, centred=True))
    assert encoder.encode(swelling(479), 16_000).values.shape == (0, 6)
    assert encoder.encode(swelling(480), 16_000).values.shape == (1, 6)


@pytest.mark.parametrize(
    "sample", [0, 1159, 4800, 320 * 20 - 1161, 320 * 20 - 1160, 320 * 20 + 1639, 320 * 20 + 1640]
)
def test_a_sample_changes_the_frames_in_whose_field_it_is(sample):
    audio = np.random.default_rng(0).uniform(-0.005, 0.005, size=20_000).astype(np.float32)
    audio[15_000:19_000] = 0.9 * np.sin(np.arange(4000))  # holds the peak and the highest level
    other = audio.copy()
    other[sample] += 0.5
    encoder = VQVAEEncoder(NET)
    before, after = (encoder.encode(signal, 16_000).values for signal in (audio, other))
    changed = (before != after).any(axis=1)
    centres = encoder.grid.centres(len(before))
    half = encoder.receptive_field // 2
    assert half == 1400
    assert changed.tolist() == ((centres - half <= sample) & (sample < centres + half)).tolist()


def test_other_rates_are_resampled_first():
    audio = swelling(22_050)
    found = VQVAEEncoder(NET).encode(audio, 22_050).values
    at_16k = resample(audio, 22_050, 16_000)
    assert np.array_equal(found, VQVAEEncoder(NET).encode(at_16k, 16_000).values)


def test_centred_latents_have_no_mean():
    values = VQVAEEncoder(with_options(centred=True)).encode(swelling(40_000), 16_000).values
    assert np.abs(values.mean(axis=0, dtype=np.float64)).max() < 1e-6


@pytest.mark.parametrize(
    "audio", [np.zeros(0), np.zeros(4000), np.full(4000, np.nan), np.ones((400, 2))]
)
def test_audio_that_is_none_is_refused(audio):
    with pytest.raises(EncoderError):
        VQVAEEncoder(NET).encode(audio.astype(np.float32), 16_000)


# The net


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_of_the_net_does_not_matter_and_stays(training):
    net = lively_net(SMALL).train(training)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    values = VQVAEEncoder(net).encode(swelling(8000), 16_000).values
    assert all(module.training == training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert values == pytest.approx(direct(net, swelling(8000)), abs=1e-5)


def test_later_training_does_not_reach_the_encoder():
    net = lively_net(SMALL)
    encoder = VQVAEEncoder(net)
    before = encoder.encode(swelling(8000), 16_000).values
    torch.nn.init.zeros_(net.encoder[0].weight)
    assert np.array_equal(encoder.encode(swelling(8000), 16_000).values, before)
    assert encoder.config != VQVAEEncoder(net).config


def test_encoding_is_deterministic_and_leaves_its_input():
    audio = swelling(9000)
    encoder = VQVAEEncoder(NET)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        first = encoder.encode(audio, 16_000).values
    second = pickle.loads(pickle.dumps(encoder)).encode(audio, 16_000).values  # noqa: S301 (our own)
    assert np.array_equal(first, second)
    assert np.array_equal(audio, swelling(9000))


def test_a_net_of_other_bands_is_refused():
    net = ConvolutionalEncoder(VQVAEConfig(channels=4, dim=2, n_mels=40))
    with pytest.raises(EncoderError, match="the net has 40 mel bands; the front end gives 80"):
        VQVAEEncoder(net)
    with pytest.raises(OptionError, match="chunk is 0"):
        VQVAEEncoder(NET, chunk=0)


def test_a_net_that_has_diverged_is_refused():
    net = lively_net(SMALL)
    torch.nn.init.constant_(net.encoder[3].weight, torch.nan)
    with pytest.raises(EncoderError, match="a weight of the net isn't finite"):
        VQVAEEncoder(net)


def test_the_configuration_is_json_and_names_the_weights():
    encoder = VQVAEEncoder(NET)
    config = json.loads(json.dumps(dict(encoder.config)))
    weights = config.pop("weights")
    assert len(weights) == 16
    assert config == {
        "encoder": "vqvae", "channels": 16, "dim": 6, "normalise": "none", "centred": False
    }  # fmt: skip
    assert encoder.dim == 6


def test_the_digest_changes_with_every_weight_and_option():
    configs = [VQVAEEncoder(NET).config, VQVAEEncoder(with_options(centred=True)).config]
    configs += [VQVAEEncoder(with_options(normalise=how)).config for how in ("mean", "utterance")]
    for name, tensor in NET.state_dict().items():
        if tensor.is_floating_point():
            state = {key: value.clone() for key, value in NET.state_dict().items()}
            state[name].view(-1)[-1] += 1e-3
            configs.append(VQVAEEncoder.from_weights(SMALL, state).config)
    assert len({config_digest(config) for config in configs}) == 4 + 27


# Files


def write_ours(path, net=NET, header=None, **tensors):
    stated = {
        name: getattr(net.config, name) for name in ("channels", "dim", "normalise", "centred")
    }
    known = {"kind": "voice_model", "encoder": stated} if header is None else header
    ours = {f"encoder.{name}": tensor.numpy() for name, tensor in net.state_dict().items()}
    ours |= {"quantizer.codebook": CODEBOOK.numpy(), "decoder.encoder.0.weight": np.ones(3)}
    ours |= {name.replace("__", "."): array for name, array in tensors.items()}
    write_safetensors(path, {name: a for name, a in ours.items() if a is not None}, known)


def same_frames(encoder, net):
    wanted = VQVAEEncoder(net)
    assert encoder.config == wanted.config
    audio = swelling(8000)
    assert np.array_equal(encoder.encode(audio, 16_000).values, wanted.encode(audio, 16_000).values)


@pytest.mark.parametrize("options", [{}, {"normalise": "utterance", "centred": True}])
def test_our_voice_models_are_read(options, tmp_path):
    net = with_options(**options)
    write_ours(tmp_path / "voice.safetensors", net)
    same_frames(VQVAEEncoder.open(str(tmp_path / "voice.safetensors")), net)


def test_counts_of_batches_may_be_missing(tmp_path):
    counts = {f"encoder__encoder__{at}__num_batches_tracked": None for at in (1, 4, 7, 10, 13)}
    write_ours(tmp_path / "voice.safetensors", **counts)
    same_frames(VQVAEEncoder.open(tmp_path / "voice.safetensors"), NET)


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_public_voice_models_are_read(suffix, tmp_path):
    net = lively_net(SMALL)
    path = tmp_path / f"model.ckpt-500000{suffix}"
    torch.save(public_model(net, CODEBOOK), path)
    same_frames(VQVAEEncoder.open(path), net)
    torch.save({"encoder": net.state_dict()}, path)
    same_frames(VQVAEEncoder.open(path), net)


def refused(path, start):
    """Assert that a file is refused in one line, which names it and starts with a text."""
    with pytest.raises(EncoderError) as caught:
        VQVAEEncoder.open(path)
    assert str(caught.value).startswith(f"{path}: {start}")
    assert "\n" not in str(caught.value)


def stated(**changed):
    fields = {"channels": 16, "dim": 6, "normalise": "none", "centred": False} | changed
    fields = {name: value for name, value in fields.items() if value is not None}
    return {"header": {"kind": "voice_model", "encoder": fields}}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"header": {}}, "its kind is None; give a file of kind 'voice_model'"),
        ({"header": {"kind": "sfvq"}}, "its kind is 'sfvq'"),
        ({"header": {"kind": "voice_model"}}, "its header states None of the encoder"),
        (stated(centred=None), "its header states {"),
        (stated(width=3), "its header states {"),
        (stated(channels="16"), "channels is '16'; use an integer >= 1"),
        (stated(channels=10**9), "channels is 1000000000; use at most 65536"),
        (stated(channels=17), "encoder.0.weight has shape (16, 80, 3); this net needs (17, 80, 3)"),
        (stated(dim=7), "encoder.15.weight has shape (6, 16, 1); this net needs (7, 16, 1) there"),
        (stated(normalise="all"), "normalise is 'all'"),
        ({"encoder__encoder__9__weight": None}, "encoder.9.weight is missing; it should have"),
        ({"encoder__encoder__4__bias": np.ones(3)}, "encoder.4.bias has shape (3,); this net"),
        ({"encoder__encoder__16__bias": np.ones(3)}, "encoder.16.bias isn't a weight of this net"),
        ({"encoder__encoder__4__bias": np.full(16, np.nan)}, "encoder.encoder.4.bias holds NaN"),
    ],
)  # fmt: skip
def test_other_models_of_ours_are_refused(wrong, message, tmp_path):
    write_ours(tmp_path / "voice.safetensors", **wrong)
    refused(tmp_path / "voice.safetensors", message)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("encoder.6.weight", None, "encoder.6.weight is missing; it should have shape (16, 16, 4)"),
        ("encoder.6.weight", torch.ones(16, 16, 3), "encoder.6.weight has shape (16, 16, 3); this"),
        ("encoder.0.weight", torch.ones(16, 40, 3), "encoder.0.weight has shape (16, 40, 3); this"),
        ("encoder.1.running_var", torch.full((16,), torch.nan), "encoder.1.running_var holds NaN"),
        (
            "encoder.1.running_var",
            -torch.ones(16),
            "a weight of the net isn't finite, or a running",
        ),
        ("encoder.17.weight", torch.ones(2), "encoder.17.weight isn't a weight of this net"),
    ],
)
def test_other_public_models_are_refused(name, value, message, tmp_path):
    state = {key: tensor for key, tensor in NET.state_dict().items() if key != name}
    state |= {} if value is None else {name: value}
    torch.save({"encoder": state}, tmp_path / "model.pt")
    refused(tmp_path / "model.pt", message)


def test_folders_missing_files_and_other_suffixes_are_refused(tmp_path):
    refused(tmp_path / "none.pt", "no such checkpoint; check the path")
    (tmp_path / "folder.pt").mkdir()
    refused(tmp_path / "folder.pt", "no such checkpoint; check the path")
    (tmp_path / "model.ckpt").write_bytes(b"x")
    refused(
        tmp_path / "model.ckpt", "checkpoint has suffix '.ckpt'; give .safetensors, .pt or .pth"
    )


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
def test_truncated_files_are_refused(share, tmp_path):
    write_ours(tmp_path / "voice.safetensors")
    torch.save({"encoder": NET.state_dict()}, tmp_path / "model.pt")
    for name, start in (
        ("voice.safetensors", "not a safetensors file"),
        ("model.pt", "not a torch"),
    ):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: int(len(content) * share)])
        refused(tmp_path / name, start)


def write_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize("write", [torch.save, write_pickle])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_code_in_a_file_is_never_run(write, suffix, tmp_path):
    path, marker = tmp_path / f"model{suffix}", tmp_path / "marker"
    write({"encoder": dict(NET.state_dict()), "extra": Attack(marker)}, path)
    refused(path, "not a ")
    assert not marker.exists()


# In the pipeline


def test_it_serves_the_pipeline():
    corpus = demo_corpus().select(speaker=["fslt0", "mawb0"])
    encoder = VQVAEEncoder(with_options(normalise="utterance", centred=True))
    features = sample_features(corpus, encoder)
    quantizer = fit_vq(features, bits=3)
    table = index_table(corpus, encoder, quantizer)
    utterances = table.utterances
    wanted = [encoder.n_frames(n) for n in utterances["n_samples"]]
    assert utterances["n_frames"].tolist() == wanted
    assert len(table.frames) == sum(wanted) == features.n_frames
    assert table.frames["centre"].head(3).tolist() == [240, 560, 880]
    with pytest.raises(QuantizerError, match="encoder"):
        index_table(corpus, VQVAEEncoder(NET), quantizer)
