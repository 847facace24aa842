"""Hidden states of small random models: transformers' own run, grids, batches, what is stated."""

import json
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
from huggingface_folders import MODELS, WHISPER_SECONDS, extractor, random_model, save_model
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.audio import resample
from sfvq_analysis.encoders import config_digest
from sfvq_analysis.encoders.huggingface import HuggingFaceEncoder
from sfvq_analysis.encoders.huggingface.geometry import Convolutions
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.timeline import FrameGrid

RATE = 16_000
LENGTHS = (2000, 5211, 317, 4000, 12, 2000, 0)
PUBLISHED = Convolutions((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """A folder for every model."""
    root = tmp_path_factory.mktemp("models")
    return {name: save_model(root / name, name) for name in MODELS}


@pytest.fixture(scope="session")
def encoders(folders):
    """The last layer of every model."""
    return {name: HuggingFaceEncoder.open(folder, -1) for name, folder in folders.items()}


def sound(n_samples, seed=0):
    rng = np.random.default_rng(seed + n_samples)
    swell = np.linspace(0.01, 0.2, n_samples)
    return (rng.normal(size=n_samples) * swell + 0.03).astype(np.float32)


def own_run(name, audio):
    """Return what transformers gives, by layer."""
    inputs = extractor(name)(audio, sampling_rate=RATE, return_tensors="pt")
    key = "input_features" if name == "whisper" else "input_values"
    with torch.inference_mode():
        output = random_model(name)(inputs[key], output_hidden_states=True)
    return [state[0].numpy() for state in (*output.hidden_states[:-1], output.last_hidden_state)]


# Frames


@pytest.mark.parametrize("name", MODELS)
def test_layers_are_transformers_own_run(encoders, name):
    encoder = encoders[name]
    for n_samples in (2000, 5211, 350):
        audio = sound(n_samples)
        expected = own_run(name, audio)
        layers = encoder.encode_layers(audio, RATE)
        assert list(layers) == list(range(encoder.n_layers + 1)) == list(range(len(expected)))
        for k, features in layers.items():
            assert features.n_frames == encoder.n_frames(n_samples) > 1
            own = expected[k][: features.n_frames]
            assert features.values == pytest.approx(own, rel=0, abs=1e-5)
            assert own.std() > 0.1


@pytest.mark.parametrize("name", [name for name in MODELS if name != "whisper"])
def test_transformers_gives_as_many_frames(encoders, name):
    assert len(own_run(name, sound(5211))[0]) == encoders[name].n_frames(5211)


@pytest.mark.parametrize("name", MODELS)
def test_a_batch_of_several_lengths_is_one_by_one(encoders, name):
    audios = [sound(n_samples, seed=i) for i, n_samples in enumerate(LENGTHS)]
    for layer in (0, 1, encoders[name].n_layers):
        encoder = encoders[name].at_layer(layer)
        together = encoder.encode_batch(audios, RATE)
        for audio, features in zip(audios, together, strict=True):
            alone = encoder.encode(audio, RATE)
            assert features.values == pytest.approx(alone.values, rel=0, abs=1e-5)
            assert features.encoder == alone.encoder == encoder.config
    assert encoders[name].encode_batch([], RATE) == []


@pytest.mark.parametrize("name", MODELS)
def test_a_layer_alone_is_that_of_one_pass(encoders, name):
    audio = sound(3000)
    layers = encoders[name].encode_layers(audio, RATE)
    for k, features in layers.items():
        encoder = encoders[name].at_layer(k)
        alone = encoder.encode(audio, RATE)
        assert np.array_equal(alone.values, features.values)
        assert dict(alone.encoder) == dict(features.encoder) == dict(encoder.config)
        assert alone.grid == features.grid == encoder.grid


@pytest.mark.parametrize("name", ["hubert-stable", "wav2vec2-layer"])
def test_the_last_layer_has_been_through_the_final_norm_where_the_model_has_one(encoders, name):
    encoder = encoders[name]
    net = random_model(name).encoder
    last, before = (encoder.at_layer(k).encode(sound(2000), RATE).values for k in (-1, -2))
    with torch.inference_mode():
        raw = net.layers[-1](torch.from_numpy(before)[None])[0]
        normed = net.layer_norm(raw) if name == "hubert-stable" else raw
    assert last == pytest.approx(normed.numpy(), rel=0, abs=1e-5)


@pytest.mark.parametrize("name", ["hubert-group", "hubert-batch-norm", "wavlm-stable", "whisper"])
def test_nothing_is_random_and_nothing_of_the_callers_is_changed(encoders, name):
    encoder = encoders[name]
    first = encoder.encode(sound(3000), RATE).values
    torch.manual_seed(5)
    state = torch.get_rng_state()
    torch.set_float32_matmul_precision("medium")
    encoder._model.net.train()
    try:
        second = encoder.encode(sound(3000), RATE).values
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert np.array_equal(first, second)
    assert torch.equal(state, torch.get_rng_state())


def test_audio_is_resampled_and_the_callers_left_alone(encoders):
    encoder = encoders["hubert-group"]
    audio = sound(5000)
    kept = audio.copy()
    resampled = encoder.encode(resample(audio, 22_050, RATE), RATE)
    assert np.array_equal(encoder.encode(audio, 22_050).values, resampled.values)
    assert np.array_equal(audio, kept)


@pytest.mark.parametrize("normalise", [True, False])
def test_normalisation_is_as_the_folder_says(tmp_path, normalise):
    save_model(tmp_path, "wav2vec2-layer", do_normalize=normalise)
    encoder = HuggingFaceEncoder.open(tmp_path, 0)
    assert encoder.config["normalise"] is normalise
    quiet, loud = (encoder.encode(level * sound(3000), RATE).values for level in (0.2, 1))
    assert np.allclose(quiet, loud, atol=1e-3) is normalise


@pytest.mark.parametrize(
    ("name", "normalise"),
    [("hubert-group", True), ("hubert-stable", True), ("wavlm-group", False),
     ("wavlm-stable", True), ("data2vec", True)],
)  # fmt: skip
def test_without_a_preprocessor_models_hear_what_the_published_ones_do(tmp_path, name, normalise):
    folder = save_model(tmp_path, name)
    (folder / "preprocessor_config.json").unlink()
    config = HuggingFaceEncoder.open(folder, 0).config
    assert (config["normalise"], config["sample_rate"]) == (normalise, RATE)


def test_the_preprocessors_rate_is_the_grids(tmp_path):
    save_model(tmp_path, "hubert-group", sampling_rate=8000)
    assert HuggingFaceEncoder.open(tmp_path, 0).grid == FrameGrid(8000, hop=20, offset=15)


# Grid


def test_published_models_have_a_frame_every_320_samples_from_200_on():
    assert (PUBLISHED.hop, PUBLISHED.receptive_field) == (320, 400)
    assert [PUBLISHED.n_frames(n) for n in (0, 399, 400, 719, 720, 16_000)] == [0, 0, 1, 1, 2, 49]


@settings(deadline=None, max_examples=60)
@given(
    layers=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 4)), min_size=1, max_size=4),
    n_samples=st.integers(0, 400),
)
def test_frames_are_counted_as_torch_counts_them(layers, n_samples):
    kernels, strides = zip(*layers, strict=True)
    geometry = Convolutions(kernels, strides)
    audio = torch.zeros(1, 1, n_samples)
    for kernel, stride in layers:
        if audio.shape[-1] < kernel:
            audio = audio[..., :0]
            break
        audio = torch.nn.functional.conv1d(audio, torch.ones(1, 1, kernel), stride=stride)
    assert geometry.n_frames(n_samples) == audio.shape[-1]
    assert geometry.n_frames(geometry.receptive_field) == 1
    assert geometry.n_frames(geometry.receptive_field - 1) == 0


def without_positions(name):
    """A model whose layer 0 sees a frame's own samples alone."""
    model = random_model(name)
    with torch.no_grad():
        model.encoder.pos_conv_embed.conv.parametrizations.weight.original0.zero_()
    return HuggingFaceEncoder.from_model(model, 0, preprocessor={"do_normalize": False})


@pytest.mark.parametrize("name", ["hubert-stable", "wav2vec2-layer", "wavlm-stable"])
def test_a_frame_sees_the_window_about_its_centre(name):
    encoder = without_positions(name)
    seen = encoder._model._convolutions.receptive_field
    audio = sound(2000)
    plain = encoder.encode(audio, RATE).values
    centres = encoder.grid.centres(len(plain))
    for t in (0, 29, 30, 777, 1000, 1985):
        touched = audio.copy()
        touched[t] += 0.5
        changed = (encoder.encode(touched, RATE).values != plain).any(axis=1)
        starts = centres - seen // 2
        assert np.array_equal(changed, (starts <= t) & (t < starts + seen))


def test_a_frame_of_whisper_sees_the_window_about_its_centre():
    encoder = whisper(0)
    audio = sound(WHISPER_SECONDS * RATE)
    plain = encoder.encode(audio, RATE).values
    centres = encoder.grid.centres(len(plain))
    for t in (9000, 9100, 16_000, 16_160, 20_333):
        touched = audio.copy()
        touched[t] += 0.3
        change = np.abs(encoder.encode(touched, RATE).values - plain).max(axis=1)
        assert (change[np.abs(centres - t) > 520] == 0).all()
        assert (change[np.abs(centres - t) < 460] > 1e-4).all()


def whisper(layer):
    stated = json.loads(extractor("whisper").to_json_string())
    return HuggingFaceEncoder.from_model(random_model("whisper"), layer, preprocessor=stated)


@pytest.mark.parametrize(
    ("n_samples", "n_frames"), [(0, 0), (1, 1), (320, 1), (321, 2), (31_999, 100), (32_000, 100)]
)
def test_whisper_keeps_the_frames_whose_centres_are_in_the_audio(encoders, n_samples, n_frames):
    encoder = encoders["whisper"]
    features = encoder.encode(sound(n_samples), RATE)
    assert encoder.n_frames(n_samples) == features.n_frames == n_frames
    centres = encoder.grid.centres(n_frames + 1)
    assert (centres[:n_frames] < n_samples).all()
    assert centres[n_frames] >= n_samples


@settings(deadline=None, max_examples=60)
@given(name=st.sampled_from(sorted(MODELS)), n_samples=st.integers(0, 2500))
def test_every_length_gives_the_frames_that_are_stated(encoders, name, n_samples):
    encoder = encoders[name].at_layer(1)
    features = encoder.encode(sound(n_samples), RATE)
    assert features.values.shape == (encoder.n_frames(n_samples), encoder.dim)
    assert features.grid == encoder.grid


@pytest.mark.parametrize("name", [name for name in MODELS if name != "whisper"])
def test_audio_too_short_for_a_frame_has_none(encoders, name):
    encoder = encoders[name]
    seen = encoder._model._convolutions.receptive_field
    assert encoder.encode(sound(seen), RATE).values.shape == (1, 16)
    for n_samples in range(seen):
        assert encoder.encode(sound(n_samples), RATE).values.shape == (0, 16)


def test_silence_has_frames(encoders):
    for encoder in encoders.values():
        assert encoder.encode(np.zeros(2000, dtype=np.float32), RATE).n_frames > 1


# What is stated


@pytest.mark.parametrize("name", MODELS)
def test_the_configuration_is_json_and_names_no_path(encoders, folders, name):
    config = encoders[name].config
    assert json.loads(json.dumps(dict(config))) == dict(config)
    assert str(folders[name]) not in json.dumps(dict(config))
    assert (config["encoder"], config["layer"]) == ("hf", encoders[name].n_layers)


def test_the_digest_answers_to_weights_shape_layer_and_preparation(tmp_path, folders):
    def digest(folder, layer=1):
        return config_digest(HuggingFaceEncoder.open(folder, layer).config)

    usual = digest(folders["hubert-stable"])
    again = save_model(tmp_path / "again", "hubert-stable")
    others = {
        digest(folders["hubert-stable"], 2),
        digest(save_model(tmp_path / "weights", "hubert-stable", seed=1)),
        digest(save_model(tmp_path / "plain", "hubert-stable", do_normalize=False)),
    }
    heads = json.loads((again / "config.json").read_text())
    assert digest(again) == usual
    (again / "config.json").write_text(json.dumps(heads | {"num_attention_heads": 4}))
    others.add(digest(again))
    assert len(others | {usual}) == 5


def test_a_model_in_memory_is_that_of_its_folder_and_is_copied(encoders):
    model = random_model("hubert-group").train()
    encoder = HuggingFaceEncoder.from_model(model, -1)
    stored = encoders["hubert-group"]
    assert encoder.config == stored.config
    with torch.no_grad():
        model.encoder.layers[0].layer_norm.weight.zero_()
    audio = sound(2000)
    assert np.array_equal(encoder.encode(audio, RATE).values, stored.encode(audio, RATE).values)
    assert model.training
    with pytest.raises(OptionError, match="Linear is no model of transformers"):
        HuggingFaceEncoder.from_model(torch.nn.Linear(1, 1), 0)


# Layers, devices, audio that is refused


def test_layers_count_from_either_end(encoders, folders):
    encoder = encoders["wavlm-group"]
    assert [encoder.at_layer(k).layer for k in (0, 3, -1, -4)] == [0, 3, 3, 0]
    assert HuggingFaceEncoder.open(f"{folders['wavlm-group']}@2").layer == 2
    assert HuggingFaceEncoder.open(f"{folders['wavlm-group']}@-2").layer == 2


@pytest.mark.parametrize("layer", [4, -5, 1000, True, 1.0, "1"])
def test_a_layer_that_isnt_there_is_refused_naming_how_many_are(encoders, layer):
    with pytest.raises(OptionError, match="the model has layers 0 to 3"):
        encoders["wavlm-group"].at_layer(layer)


@pytest.mark.parametrize("text", ["{}", "{}@", "{}@all", "{}@1.5", "{}@99999", "{}@\u0661"])
def test_a_model_without_a_layer_is_refused(folders, text):
    with pytest.raises(OptionError, match="names no layer; put @ and its number behind it"):
        HuggingFaceEncoder.open(text.format(folders["wavlm-group"]))


def test_a_folder_whose_name_ends_like_a_layer_needs_its_own(tmp_path):
    folder = save_model(tmp_path / "model@2", "wavlm-group")
    assert HuggingFaceEncoder.open(f"{folder}@1").layer == 1
    assert HuggingFaceEncoder.open(folder, 1).layer == 1
    with pytest.raises(OptionError, match="names no layer"):
        HuggingFaceEncoder.open(folder)


@pytest.mark.parametrize("device", ["gpu", "meta", "cuda:99", "", "cpu:x"])
def test_a_device_that_isnt_there_is_refused(folders, device):
    with pytest.raises(OptionError, match=r"^\S+: device '.*' can't be used"):
        HuggingFaceEncoder.open(folders["hubert-group"], 0, device=device)


def test_half_precision_is_refused_on_the_cpu(folders):
    with pytest.raises(OptionError, match="half precision is wanted on cpu"):
        HuggingFaceEncoder.open(folders["hubert-group"], 0, half=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_frames_and_half_precision_nearly(encoders, folders):
    for name, folder in folders.items():
        audio = sound(3000)
        here = encoders[name].encode(audio, RATE).values
        for half, most in ((False, 1e-4), (True, 0.1)):
            there = HuggingFaceEncoder.open(folder, -1, device="cuda", half=half)
            assert there.encode(audio, RATE).values == pytest.approx(here, rel=0, abs=most)


@pytest.mark.parametrize(
    ("audio", "what"),
    [
        (np.zeros((2, 900), np.float32), r"audio is float32 of shape \(2, 900\)"),
        (np.zeros(900, np.int16), "audio is int16"),
        (np.full(900, np.nan, np.float32), "audio holds NaN or infinity"),
        (np.zeros(200_000, np.float32), "gives 9999 frames, the most are 6000"),
    ],
)
def test_audio_that_cant_be_heard_is_refused(encoders, audio, what):
    with pytest.raises(EncoderError, match=what):
        encoders["hubert-group"].encode(audio, RATE)


def test_more_than_whisper_hears_is_refused(encoders):
    with pytest.raises(EncoderError, match=r"audio is 2\.000 s long, this model hears 2 s; cut it"):
        encoders["whisper"].encode(sound(32_001), RATE)


@pytest.mark.parametrize("rate", [0, -1, 16_000.0, "16000", True])
def test_a_rate_that_is_none_is_refused(encoders, rate):
    with pytest.raises(OptionError, match="sample_rate is"):
        encoders["hubert-group"].encode(sound(900), rate)


def test_frames_that_arent_finite_are_refused(folders):
    encoder = HuggingFaceEncoder.open(folders["hubert-group"], 2)
    with torch.no_grad():
        encoder._model.net.encoder.layers[1].final_layer_norm.weight.fill_(torch.inf)
    with pytest.raises(EncoderError, match="layer 2 gave NaN or infinity; restore the weights"):
        encoder.encode(sound(900), RATE)


# Quiet, offline, light


def test_a_folder_is_read_quietly_and_without_a_network(folders, monkeypatch, capfd):
    def no_network(*_, **__):
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    for folder in folders.values():
        HuggingFaceEncoder.open(folder, 1).encode(sound(900), RATE)
    assert capfd.readouterr() == ("", "")


def test_encoders_are_imported_without_torch_or_transformers():
    code = (
        "import sys, sfvq_analysis.encoders, sfvq_analysis.encoders.huggingface;"
        "print([name for name in ('torch', 'transformers', 'huggingface_hub') if name in"
        " sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("version", [None, "4.39.3", "strange"])
def test_a_missing_or_old_transformers_is_named(folders, monkeypatch, version):
    if version is None:
        monkeypatch.setitem(sys.modules, "transformers", None)
    else:
        monkeypatch.setattr(sys.modules["transformers"], "__version__", version)
    with pytest.raises(EncoderError, match=r"pip install 'sfvq-analysis\[hf\]'$") as caught:
        HuggingFaceEncoder.open(folders["hubert-group"], 0)
    assert "\n" not in str(caught.value)


def test_the_device_is_stated_so_that_a_run_on_another_starts_afresh(encoders):
    assert {str(encoder.device) for encoder in encoders.values()} == {"cpu"}
