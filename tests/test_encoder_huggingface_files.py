"""Folders of models: the layouts that are read, and what is wrong with the ones that aren't."""

import json
import os
import pickle
import shutil
import struct

import numpy as np
import pytest
import torch
import transformers
from huggingface_folders import (
    MODELS,
    WHISPER,
    configuration,
    extractor,
    random_model,
    restate,
    save_model,
)
from huggingface_hub.errors import LocalEntryNotFoundError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from voice_files import Attack

from sfvq_analysis.encoders.huggingface import HuggingFaceEncoder
from sfvq_analysis.errors import EncoderError, SfvqError

RATE = 16_000
NAME = "wav2vec2-layer"
AUDIO = np.random.default_rng(0).normal(size=1500).astype(np.float32) / 10


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("saved") / "model", NAME)


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of a whole folder, to be broken."""
    return shutil.copytree(saved, tmp_path / "model")


def frames(folder, layer=-1):
    return HuggingFaceEncoder.open(folder, layer).encode(AUDIO, RATE).values


def refusal(folder, layer=0):
    with pytest.raises(SfvqError) as caught:
        HuggingFaceEncoder.open(folder, layer)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert str(folder) in message
    assert len(message) < 600 + len(str(folder))
    return message


def weights_of(folder):
    return load_file(folder / "model.safetensors")


def store(folder, weights):
    save_file(weights, folder / "model.safetensors")


def store_torch(folder, weights, **options):
    (folder / "model.safetensors").unlink(missing_ok=True)
    torch.save(weights, folder / "pytorch_model.bin", **options)


# Layouts


@pytest.mark.parametrize("zipped", [True, False])
def test_torch_files_of_weights_are_read(folder, zipped):
    usual = frames(folder)
    store_torch(folder, weights_of(folder), _use_new_zipfile_serialization=zipped)
    assert np.array_equal(frames(folder), usual)


def test_names_of_weight_normalisation_before_torch_2_are_read(folder):
    usual, weights = frames(folder), weights_of(folder)
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in weights.items()
    }
    assert old.keys() != weights.keys()
    store_torch(folder, old)
    assert np.array_equal(frames(folder), usual)


@pytest.mark.parametrize("kind", ["model.safetensors", "pytorch_model.bin"])
def test_weights_in_parts_are_read(folder, kind):
    usual, weights = frames(folder), weights_of(folder)
    names = sorted(weights)
    stem, suffix = kind.split(".")
    places = {}
    for part in (0, 1):
        file = f"{stem}-{part}-of-2.{suffix}"
        own = {name: weights[name] for name in names[part::2]}
        places |= dict.fromkeys(own, file)
        (save_file if suffix == "safetensors" else torch.save)(own, folder / file)
    (folder / "model.safetensors").unlink()
    (folder / f"{kind}.index.json").write_text(json.dumps({"weight_map": places}))
    assert np.array_equal(frames(folder), usual)
    (folder / f"{stem}-1-of-2.{suffix}").unlink()
    assert f"part '{stem}-1-of-2.{suffix}' is missing" in refusal(folder)


def test_safetensors_written_by_transformers_in_parts_are_read(folder):
    usual = frames(folder)
    (folder / "model.safetensors").unlink()
    random_model(NAME).save_pretrained(folder, max_shard_size="10KB")
    assert (folder / "model.safetensors.index.json").is_file()
    assert np.array_equal(frames(folder), usual)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_float_become_float32(folder, dtype):
    weights = weights_of(folder)
    store(folder, {name: tensor.to(dtype) for name, tensor in weights.items()})
    narrow = frames(folder)
    store(folder, {name: tensor.to(dtype).float() for name, tensor in weights.items()})
    assert np.array_equal(frames(folder), narrow)


@pytest.mark.parametrize(
    ("name", "title"),
    [("wav2vec2-layer", "Wav2Vec2ForPreTraining"), ("wav2vec2-group", "Wav2Vec2ForXVector"),
     ("wav2vec2-group", "Wav2Vec2ForCTC"), ("hubert-stable", "HubertForSequenceClassification"),
     ("wavlm-group", "WavLMForCTC"), ("data2vec", "Data2VecAudioForAudioFrameClassification")],
)  # fmt: skip
def test_a_model_with_a_head_gives_the_states_of_its_base(tmp_path, name, title):
    config = configuration(name)
    config.update({"tdnn_dim": [8, 8], "tdnn_kernel": [3, 1], "tdnn_dilation": [1, 1]})
    whole = getattr(transformers, title)(config)
    whole.save_pretrained(tmp_path)
    encoder = HuggingFaceEncoder.open(tmp_path, -1)
    base = HuggingFaceEncoder.from_model(whole.base_model, -1)
    assert encoder.config == base.config
    assert np.array_equal(encoder.encode(AUDIO, RATE).values, base.encode(AUDIO, RATE).values)


@pytest.mark.parametrize("title", ["WhisperForConditionalGeneration", "WhisperModel"])
def test_whisper_with_its_decoder_gives_the_states_of_its_encoder(tmp_path, title):
    whole = getattr(transformers, title)(configuration("whisper"))
    whole.save_pretrained(tmp_path)
    extractor("whisper").save_pretrained(tmp_path)
    stated = json.loads((tmp_path / "preprocessor_config.json").read_text())
    base = HuggingFaceEncoder.from_model(whole.get_encoder(), -1, preprocessor=stated)
    encoder = HuggingFaceEncoder.open(tmp_path, -1)
    assert encoder.config == base.config
    assert np.array_equal(encoder.encode(AUDIO, RATE).values, base.encode(AUDIO, RATE).values)


def test_a_convolutional_adapter_behind_the_transformer_is_left_out(tmp_path):
    model = transformers.Wav2Vec2Model(
        transformers.Wav2Vec2Config(**MODELS[NAME][1], add_adapter=True)
    )
    model.save_pretrained(tmp_path)
    encoder = HuggingFaceEncoder.open(tmp_path, -1)
    values = encoder.encode(AUDIO, RATE).values
    assert len(values) == encoder.n_frames(len(AUDIO))


def test_a_feature_extractor_in_processor_config_is_read(folder):
    stated = json.loads((folder / "preprocessor_config.json").read_text()) | {"do_normalize": False}
    (folder / "preprocessor_config.json").unlink()
    (folder / "processor_config.json").write_text(json.dumps({"feature_extractor": stated}))
    assert HuggingFaceEncoder.open(folder, 0).config["normalise"] is False


def test_what_isnt_about_the_net_is_never_acted_upon(folder):
    usual = frames(folder)
    (folder / "evil.py").write_text("raise SystemExit('code was run')\n")
    restate(
        folder / "config.json",
        auto_map={"AutoConfig": "evil.Config", "AutoModel": "evil.Model"},
        attn_implementation="kernels-community/flash-attn",
        _attn_implementation="flash_attention_2",
        quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True},
        torch_dtype="float16",
        layerdrop=0.9,
        hidden_dropout=0.9,
    )
    assert np.array_equal(frames(folder), usual)


# Folders that aren't there, files that are missing


@pytest.mark.parametrize(
    "name", ["/nowhere/model", "./model", "~/model", "a/b/c", "bad name", "", "x" * 5000, "a\0b"]
)
def test_a_folder_that_isnt_there_is_refused_without_a_look_at_the_hub(monkeypatch, name):
    monkeypatch.setattr("huggingface_hub.snapshot_download", None)
    with pytest.raises(EncoderError, match="no such folder; give the folder that holds"):
        HuggingFaceEncoder.open(name, 0)


def test_a_file_isnt_a_folder(folder):
    assert "no such folder" in refusal(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("file", "what"),
    [("config.json", "file is missing"), ("model.safetensors", "folder holds no weights")],
)
def test_a_missing_file_is_named(folder, file, what):
    (folder / file).unlink()
    assert what in refusal(folder)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "preprocessor_config.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "empty"])
def test_what_isnt_a_file_with_content_is_refused(folder, file, kind):
    path = folder / file
    path.unlink()
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case _:
            path.touch()
    refusal(folder)


def test_a_model_of_the_hub_is_taken_from_the_cache_or_downloaded(folder, monkeypatch, tmp_path):
    asked = []

    def download(name, *, allow_patterns, local_files_only):
        asked.append((name, local_files_only))
        assert not any(pattern.endswith((".py", "*")) for pattern in allow_patterns)
        if local_files_only:
            raise LocalEntryNotFoundError("not\ncached")
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert HuggingFaceEncoder.open("someone/model@1").dim == 16
    assert asked == [("someone/model", True), ("someone/model", False)]
    store_torch(folder, weights_of(folder))
    assert HuggingFaceEncoder.open("someone/model@1").dim == 16


def test_a_net_in_the_cache_without_its_preparation_is_completed_or_refused(folder, monkeypatch):
    def download(name, *, allow_patterns, local_files_only):
        if local_files_only:
            return str(folder)
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert HuggingFaceEncoder.open("someone/model@1").dim == 16
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(EncoderError, match="neither a folder nor a model the hub gives"):
        HuggingFaceEncoder.open("someone/model@1")


def test_a_model_that_the_hub_doesnt_give_is_refused_in_one_line(monkeypatch):
    def download(*_, **__):
        raise LocalEntryNotFoundError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    with pytest.raises(EncoderError, match=r"^'someone/model': neither a folder nor") as caught:
        HuggingFaceEncoder.open("someone/model@1")
    assert "LocalEntryNotFoundError: no network" in str(caught.value)


# Configurations


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\0", "[" * 100_000, '{"model_type": ' + "9" * 5000 + "}"]
)
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_json_that_is_none_is_refused(folder, file, text):
    (folder / file).write_text(text)
    assert file in refusal(folder)


@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json"])
def test_what_is_stated_twice_is_refused(folder, file):
    stated = (folder / file).read_text().rstrip().removesuffix("}")
    (folder / file).write_text(f'{stated}, "do_normalize": false, "do_normalize": true}}')
    assert f"{file}: 'do_normalize' is stated twice" in refusal(folder)


def test_undecodable_and_huge_json_is_refused(folder):
    (folder / "config.json").write_bytes(b'{"model_type": "\xff"}')
    refusal(folder)
    (folder / "config.json").write_bytes(b"[" + b" " * (1 << 24) + b"]")
    refusal(folder)


@pytest.mark.parametrize(
    "model_type", ["bert", "wav2vec2-bert", "", None, 3, ["hubert"], "x" * 9999]
)
def test_another_kind_of_model_is_refused(folder, model_type):
    restate(folder / "config.json", model_type=model_type)
    assert "give a model of hubert, wav2vec2, wavlm, data2vec-audio, whisper" in refusal(folder)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("hidden_size", 0), ("hidden_size", -16), ("hidden_size", 10**30), ("hidden_size", 16.0),
        ("hidden_size", "16"), ("hidden_size", True), ("num_hidden_layers", 10**6),
        ("num_attention_heads", 3), ("num_attention_heads", 4096), ("hidden_act", "nonsense"),
        ("hidden_act", 3), ("hidden_act", ["gelu"]), ("layer_norm_eps", float("nan")),
        ("layer_norm_eps", -1.0), ("layer_norm_eps", "x"), ("conv_stride", [0, 2, 2]),
        ("conv_stride", [1, 1, 1]), ("conv_stride", [5, 2]), ("conv_stride", "522"),
        ("conv_stride", [1024, 1024, 1024]), ("conv_kernel", []), ("conv_kernel", [10, 3, -2]),
        ("conv_kernel", [1] * 33), ("conv_dim", {}), ("conv_dim", 8), ("conv_bias", 1),
        ("feat_extract_norm", "batch"), ("do_stable_layer_norm", "yes"),
        ("num_conv_pos_embeddings", 10**9), ("num_conv_pos_embedding_groups", 3),
    ],
)  # fmt: skip
def test_a_configuration_that_no_model_has_is_refused(folder, option, value):
    restate(folder / "config.json", **{option: value})
    assert option.partition("_")[0] in refusal(folder)


@pytest.mark.parametrize(
    ("option", "value"),
    [("hidden_size", 32), ("num_hidden_layers", 2), ("num_hidden_layers", 4),
     ("intermediate_size", 25), ("conv_kernel", [9, 3, 2]), ("do_stable_layer_norm", True),
     ("conv_bias", False), ("feat_extract_norm", "group")],
)  # fmt: skip
def test_a_configuration_of_another_model_than_the_weights_is_refused(folder, option, value):
    usual = frames(folder)
    restate(folder / "config.json", **{option: value})
    if option == "do_stable_layer_norm":  # the same weights, another use of them
        assert not np.array_equal(frames(folder), usual)
    else:
        assert "config.json" in refusal(folder) or "is missing" in refusal(folder)


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("do_normalize", "yes", "do_normalize is 'yes'"),
        ("do_normalize", 1, "do_normalize is 1"),
        ("sampling_rate", 0, "sampling_rate is 0"),
        ("sampling_rate", "16000", "sampling_rate is '16000'"),
        ("sampling_rate", 10**12, "sampling_rate is 1000000000000"),
        ("feature_size", 80, "feature_size isn't 1"),
        ("feature_extractor_type", "SeamlessM4TFeatureExtractor", "feature_extractor_type is 'Sea"),
    ],
)
def test_a_preprocessor_that_cant_be_is_refused(folder, option, value, what):
    restate(folder / "preprocessor_config.json", **{option: value})
    message = refusal(folder)
    assert what in message
    assert "preprocessor_config.json" in message


@pytest.mark.parametrize(
    ("option", "value"),
    [("sampling_rate", 8000), ("chunk_length", 30), ("chunk_length", 10**9), ("hop_length", 0),
     ("feature_size", 80), ("dither", 0.1), ("n_fft", -1),
     ("feature_extractor_type", "Wav2Vec2FeatureExtractor")],
)  # fmt: skip
def test_a_preprocessor_of_whisper_that_cant_be_is_refused(tmp_path, option, value):
    save_model(tmp_path, "whisper")
    restate(tmp_path / "preprocessor_config.json", **{option: value})
    assert option in refusal(tmp_path)


# Weights


def spoil(name, change):
    def spoilt(weights):
        weights[name] = change(weights[name])

    return spoilt


SOME, BIAS = "encoder.layers.1.attention.k_proj.weight", "feature_projection.projection.bias"
UNKNOWN = "encoder.layers.3.attention.k_proj.weight"


@pytest.mark.parametrize("store_as", [store, store_torch])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda weights: weights.pop(SOME), f"weight {SOME} is missing; no layer is ever left"),
        (lambda weights: weights.clear(), "is there 0 times"),
        (lambda weights: weights.update({UNKNOWN: torch.ones(16, 16)}), "isn't of this net"),
        (lambda weights: weights.update({"other": torch.ones(1)}), "'other' isn't of this net"),
        (spoil(SOME, lambda w: w[:8].clone()), "has shape (8, 16), config.json says (16, 16)"),
        (spoil(SOME, lambda w: w * torch.nan), "holds NaN or infinity"),
        (spoil(BIAS, lambda w: w / 0), "holds NaN or infinity"),
        (spoil(SOME, lambda w: w.to(torch.int8)), "is torch.int8; give a model that isn't quanti"),
        (
            lambda weights: weights.update(
                {f"wav2vec2.{name}": w.clone() for name, w in weights.items()}
            ),
            "is there 2 times",
        ),
    ],
)
def test_weights_that_arent_the_nets_are_refused(folder, store_as, change, what):
    weights = weights_of(folder)
    change(weights)
    store_as(folder, weights)
    assert what in refusal(folder)


@pytest.mark.parametrize("extra", ["lm_head.weight", "masked_spec_embed", "quantizer.codevectors"])
def test_weights_of_heads_may_be_there(folder, extra):
    usual, weights = frames(folder), weights_of(folder)
    store(folder, weights | {extra: torch.full((16,), torch.nan)})
    assert np.array_equal(frames(folder), usual)


@pytest.mark.parametrize("file", ["model.safetensors", "pytorch_model.bin"])
def test_weights_cut_off_anywhere_are_refused(folder, file):
    if file == "pytorch_model.bin":
        store_torch(folder, weights_of(folder))
    whole = (folder / file).read_bytes()
    for length in (0, 1, 7, 8, 9, 100, 1000, len(whole) // 2, len(whole) - 1):
        (folder / file).write_bytes(whole[:length])
        assert file in refusal(folder)


@pytest.mark.parametrize("header", [2**63, 2**40, 10**6])
def test_a_header_longer_than_its_file_is_refused(folder, header):
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", header) + path.read_bytes()[8:])
    assert "not a safetensors file" in refusal(folder)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_that_carries_code_is_refused_and_not_run(folder, tmp_path, zipped):
    marker = tmp_path / "run"
    store_torch(folder, {SOME: Attack(marker)}, _use_new_zipfile_serialization=zipped)
    assert "files that carry code are never run" in refusal(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Attack(marker)))
    assert "files that carry code are never run" in refusal(folder)
    assert not marker.exists()


@pytest.mark.parametrize(
    "state", [None, 3, [], torch.ones(3), {3: torch.ones(3)}, {"model": {"x": torch.ones(3)}}]
)
def test_a_torch_file_of_another_layout_is_refused(folder, state):
    store_torch(folder, state)
    refusal(folder)


@pytest.mark.parametrize(
    "tensor",
    [torch.ones(1).expand(1 << 40), torch.ones(2, 2).to_sparse(), torch.ones(2, device="meta")],
    ids=["expanded", "sparse", "meta"],
)
def test_tensors_that_claim_more_than_the_file_holds_are_refused(folder, tensor):
    store_torch(folder, weights_of(folder) | {SOME: tensor})
    assert "file holds other than plain tensors" in refusal(folder)


@pytest.mark.parametrize(
    "places",
    [{}, None, [], {SOME: 3}, {SOME: ["x"]}, {SOME: "../model.safetensors"}, {SOME: "/dev/zero"},
     {SOME: "evil.py"}, {SOME: "a\0.bin"}, {SOME: "x.safetensors", "other": "x.safetensors"},
     {str(i): f"{i}.bin" for i in range(2000)}],
)  # fmt: skip
def test_an_index_that_isnt_one_is_refused(folder, places):
    (folder / "model.safetensors").rename(folder / "x.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert "model.safetensors.index.json" in refusal(folder)


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_file_with_a_byte_changed_is_read_or_refused_in_one_line(folder, saved, data):
    file = data.draw(
        st.sampled_from(["config.json", "preprocessor_config.json", "model.safetensors"])
    )
    whole = bytearray((saved / file).read_bytes())
    for _ in range(3):
        place = data.draw(st.integers(0, min(len(whole), 3000) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    (folder / file).write_bytes(bytes(whole))
    try:
        told = "" if np.isfinite(frames(folder)).all() else "not finite\n"
    except SfvqError as error:
        told = str(error)
    shutil.copy(saved / file, folder / file)
    assert len(told.splitlines()) <= 1


def test_the_mel_bands_of_whisper_are_those_of_its_configuration(tmp_path):
    save_model(tmp_path, "whisper")
    (tmp_path / "preprocessor_config.json").unlink()
    assert "chunk_length 30" in refusal(tmp_path)  # the published one
    extractor("whisper").save_pretrained(tmp_path)
    config = HuggingFaceEncoder.open(tmp_path, 0).config
    assert config["n_mels"] == WHISPER["num_mel_bins"]


@pytest.mark.parametrize("name", ["preprocessor_config.json", "processor_config.json"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "nowhere"])
def test_a_preparation_that_cant_be_read_isnt_replaced_by_the_usual(folder, name, kind):
    (folder / "preprocessor_config.json").unlink()
    path = folder / name
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case _:
            path.symlink_to(folder / "pruned")
    message = refusal(folder)
    assert message.startswith(f"{path}: no regular file, or a link to a missing one; restore it")
