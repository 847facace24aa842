"""Voice models on disk: what is written is read back, what isn't one is refused, nothing is run."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_voices import DIM, KINDS, noise, toy_model
from voice_files import Attack

from sfvq_analysis import SpaceFillingVQ, load_encoder, load_quantizer, save_quantizer
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.quantizers import PlainVQ
from sfvq_analysis.voice import (
    VoiceModel,
    convert,
    load_voice_model,
    save_voice_model,
)
from sfvq_analysis.voice.checkpoint import _shapes
from sfvq_analysis.weights import read_safetensors, write_safetensors

MODEL = toy_model(normalise="utterance", centred=True)
AUDIO = noise(8000)


@pytest.fixture
def path(tmp_path):
    """A whole file."""
    return save_voice_model(MODEL, tmp_path / "voice.safetensors")


def refused(path, start=""):
    """Assert that a file is refused in one line that names it, and return what is said of it."""
    with pytest.raises(VoiceError) as caught:
        load_voice_model(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: {start}"), message
    assert caught.value.remedy
    return message


def rewritten(path, tensors=(), **header):
    """Write a file anew, some of its tensors and header changed, or left out where None."""
    known, arrays = read_safetensors(path, VoiceError)
    known, arrays = known | header, arrays | dict(tensors)
    write_safetensors(
        path,
        {name: array for name, array in arrays.items() if array is not None},
        {name: value for name, value in known.items() if value is not None},
    )


# Round trips


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"normalise": "mean", "centred": True}])
def test_round_trip(kind, options, tmp_path):
    model = toy_model(kind, **options)
    path = save_voice_model(model, str(tmp_path / "new" / "voice.safetensors"))
    read = load_voice_model(str(path))
    assert read.nets.config == model.nets.config
    assert not any(module.training for module in read.nets.modules())
    ours, theirs = model.nets.state_dict(), read.nets.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert type(read.quantizer) is kind
    assert read.quantizer.digest == model.quantizer.digest
    assert read.quantizer.provenance == model.quantizer.provenance
    assert read.card == model.card
    assert set(read.speakers) == {"ann", "zoë"}
    for name, vector in model.speakers.items():
        assert np.array_equal(read.voice(name), vector)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["voice.safetensors"]


def test_stages_of_a_curve_come_back(path):
    found = load_voice_model(path).quantizer
    assert [len(stage) for stage in found.stages] == [4, 8]
    assert np.array_equal(found.stages[0], MODEL.quantizer.stages[0])


def test_a_read_model_converts_as_the_first(path):
    one, other = (
        convert(AUDIO, 16_000, m, m.voice("ann")) for m in (MODEL, load_voice_model(path))
    )
    assert np.array_equal(one, other)


def test_same_model_same_bytes(path, tmp_path):
    again = save_voice_model(load_voice_model(path), tmp_path / "again.safetensors")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("half", [True, False])
def test_a_model_that_is_being_trained_is_written_without_being_changed(half, tmp_path):
    model = toy_model()
    model.nets.train()
    read = load_voice_model(save_voice_model(model, tmp_path / "voice.safetensors", half=half))
    assert model.nets.decoder.training
    assert not read.nets.decoder.training


@pytest.mark.parametrize("names", [[], ["one"]])
def test_models_of_few_voices(names, tmp_path):
    model = VoiceModel(MODEL.nets, MODEL.quantizer, {n: MODEL.voice("ann") for n in names})
    path = save_voice_model(model, tmp_path / "voice.safetensors")
    assert list(load_voice_model(path).speakers) == names


def test_half_changes_no_code_and_takes_less_room(path, tmp_path):
    small = save_voice_model(MODEL, tmp_path / "half.safetensors", half=True)
    (_, whole), (_, halved) = (read_safetensors(p, VoiceError) for p in (path, small))
    for name in whole:
        kept = name.startswith(("encoder.", "quantizer.")) or name == "speakers"
        if kept or whole[name].dtype.kind == "i":
            assert np.array_equal(whole[name], halved[name])
            assert whole[name].dtype == halved[name].dtype
        else:
            assert halved[name].dtype == np.float16
    assert sum(a.nbytes for a in halved.values()) < 0.7 * sum(a.nbytes for a in whole.values())
    model = load_voice_model(small)
    one, other = (m.as_encoder().encode(AUDIO, 16_000).values for m in (MODEL, model))
    assert np.array_equal(one, other)
    for ours, theirs in zip(
        MODEL.quantizer.encode(one), model.quantizer.encode(other), strict=True
    ):
        assert np.array_equal(ours, theirs)
    for weight, rough in zip(
        MODEL.nets.decoder.parameters(), model.nets.decoder.parameters(), strict=True
    ):
        assert rough.dtype == torch.float32
        assert torch.allclose(weight, rough, rtol=1e-3, atol=1e-6)


def test_what_float16_cannot_hold_is_not_written(tmp_path):
    model = toy_model()
    model.nets.decoder.slow[0].norm.running_var.fill_(1e5)
    with pytest.raises(VoiceError, match=r"decoder\.slow\.0\.norm\.running_var is too large"):
        save_voice_model(model, tmp_path / "voice.safetensors", half=True)
    assert list(tmp_path.iterdir()) == []
    save_voice_model(model, tmp_path / "voice.safetensors")


@pytest.mark.parametrize("net", ["encoder", "decoder", "speaker_encoder"])
def test_a_model_that_has_diverged_is_not_written(net, tmp_path):
    model = toy_model()
    with torch.no_grad():
        next(getattr(model.nets, net).parameters()).fill_(torch.nan)
    with pytest.raises(VoiceError, match="holds NaN or infinity"):
        save_voice_model(model, tmp_path / "voice.safetensors")
    assert list(tmp_path.iterdir()) == []


def failing_write(*_args, **_options):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["replace", "chmod"])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failing_write_leaves_nothing_behind(name, before, tmp_path, monkeypatch):
    path = tmp_path / "voice.safetensors"
    if before is not None:
        path.write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr(Path, name, failing_write)
        with pytest.raises(OSError, match="No space left"):
            save_voice_model(MODEL, path)
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({} if before is None else {path.name: before})


# The same file as an encoder


@pytest.mark.parametrize("half", [True, False])
def test_its_encoder_is_read_by_load_encoder(half, tmp_path):
    path = save_voice_model(MODEL, tmp_path / "voice.safetensors", half=half)
    wanted = MODEL.as_encoder()
    for encoder in (VQVAEEncoder.open(path), load_encoder(f"vqvae:{path}")):
        assert encoder.config == wanted.config
        found = encoder.encode(AUDIO, 16_000).values
        assert np.array_equal(found, wanted.encode(AUDIO, 16_000).values)


# What isn't a voice model


def test_missing_files_and_folders_are_refused(tmp_path):
    refused(tmp_path / "none.safetensors", "no such model; check the path")
    (tmp_path / "folder.safetensors").mkdir()
    refused(tmp_path / "folder.safetensors", "no such model; check the path")


@pytest.mark.parametrize("content", [b"", b"<html>404 Not Found</html>", b"\xff" * 100])
def test_other_content_is_refused(content, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(content)
    refused(tmp_path / "a.safetensors", "not a safetensors file")


def test_truncated_files_are_refused(path):
    content = path.read_bytes()
    for n in sorted({0, 1, 7, 8, 9, 100, len(content) - 1, *range(0, len(content), 997)}):
        path.write_bytes(content[:n])
        refused(path, "not a safetensors file")
    path.write_bytes(content + b"\0")
    refused(path, "not a safetensors file")


def test_a_damaged_byte_raises_no_other_error(path):
    """In a name or a number of the header it may go unnoticed."""
    content, refusals = path.read_bytes(), 0
    for at in range(0, int.from_bytes(content[:8], "little"), 61):
        path.write_bytes(content[:at] + b"#" + content[at + 1 :])
        try:
            load_voice_model(path)
        except VoiceError:
            refusals += 1
    assert refusals > 10


def write_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.mark.parametrize("write", [torch.save, write_pickle])
@pytest.mark.parametrize("name", ["model.safetensors", "model.pt"])
def test_code_in_a_file_is_never_run(write, name, tmp_path):
    marker = tmp_path / "marker"
    write({"encoder": dict(MODEL.nets.encoder.state_dict()), "x": Attack(marker)}, tmp_path / name)
    refused(tmp_path / name, "not a safetensors file")
    assert not marker.exists()


def test_a_quantizer_is_no_voice_model(tmp_path):
    path = save_quantizer(MODEL.quantizer, tmp_path / "q.safetensors")
    refused(path, "its kind is 'sfvq'; give a file of kind 'voice_model'")


def test_a_voice_model_of_another_format_is_refused(path):
    rewritten(path, format=2)
    refused(path, "its kind is None")


def shapes(part, **changed):
    """The header's account of one network, changed, or with fields left out where None."""
    stated = _shapes(MODEL.nets.config)[part] | changed
    return {part: {name: value for name, value in stated.items() if value is not None}}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"kind": None}, "its kind is None"),
        ({"encoder": None}, "its header states None of the encoder"),
        ({"encoder": 3}, "its header states 3 of the encoder"),
        (shapes("encoder", channels=None), "its header states {"),
        (shapes("encoder", channels=-8), "channels is -8; use an integer >= 1"),
        (shapes("encoder", channels=10**12), "channels is 1000000000000"),
        (shapes("encoder", channels=9), "encoder.0.weight has shape (8, 80, 3)"),
        ({"decoder": None}, "its header states no decoder"),
        ({"decoder": [8]}, "its header states no decoder"),
        (shapes("decoder", channels=-8), "channels is -8; use an integer >= 1"),
        (shapes("decoder", channels="8"), "channels is '8'"),
        (shapes("decoder", channels=8.0), "channels is 8.0"),
        (shapes("decoder", channels=10**12), "channels is 1000000000000; use at most 65536"),
        (shapes("decoder", blocks=10**12), "blocks is 1000000000000; use at most 64"),
        (shapes("decoder", blocks=3), "slow.2.first.weight is missing"),
        (shapes("decoder", blocks=1), "fast.1.film.bias isn't a weight of this net"),
        (shapes("decoder", width=3), "its header doesn't state the networks' shapes"),
        (shapes("decoder", self=3), "its header doesn't state the networks' shapes"),
        (shapes("decoder", dim=7), "latents and speaker vectors have (6, 5) dimensions"),
        (shapes("decoder", n_mels=40), "the networks have [40, 80] mel bands"),
        ({"speaker_encoder": None}, "its header states no speaker_encoder"),
        (shapes("speaker_encoder", dim=4), "latents and speaker vectors have (6, 4) dimensions"),
        (shapes("speaker_encoder", channels=10**12), "channels is 1000000000000"),
        (shapes("speaker_encoder", channels=None), "hear.0.weight has shape (8, 80, 5)"),
        ({"quantizer": None}, "its header states no quantizer"),
        ({"quantizer": "sfvq"}, "its header states no quantizer"),
        ({"quantizer": {"kind": "sfvq"}}, "its provenance is damaged"),
        ({"quantizer": {"kind": "tree", "provenance": {"encoder": {}, "fit": {}, "log": []}}},
         "its kind is 'tree'"),
        ({"speakers": None}, "its header states no speakers"),
        ({"speakers": "ann"}, "its header states no speakers"),
        ({"speakers": {"ann": 0}}, "its header states no speakers"),
        ({"speakers": ["ann", 3]}, "its speakers aren't distinct names"),
        ({"speakers": ["ann", ["zoë"]]}, "its speakers aren't distinct names"),
        ({"speakers": ["ann", "ann"]}, "its speakers aren't distinct names"),
        ({"speakers": ["a", "b", "c"]}, "it should hold 3 voices of 5 dimensions"),
        ({"speakers": ["ann"]}, "it should hold 1 voices of 5 dimensions"),
        ({"card": None}, "its header states no card"),
        ({"card": [1]}, "its header states no card"),
    ],
)  # fmt: skip
def test_headers_that_state_something_else_are_refused(header, message, path):
    rewritten(path, **header)
    refused(path, message)


CORNERS = MODEL.quantizer.corners()


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("encoder.encoder.0.weight", None, "encoder.0.weight is missing"),
        ("encoder.encoder.0.weight", np.ones((8, 80)), "encoder.0.weight has shape (8, 80)"),
        ("encoder.encoder.99.bias", np.ones(3), "encoder.99.bias isn't a weight"),
        ("decoder.leave.weight", None, "leave.weight is missing"),
        ("decoder.level.bias", np.ones(79), "level.bias has shape (79,)"),
        ("decoder.extra", np.ones(3), "extra isn't a weight of this net"),
        ("decoder.fast.1.norm.running_var", np.full(8, np.nan), "decoder.fast.1.norm.running_var"),
        ("speaker_encoder.judge.bias", None, "judge.bias is missing"),
        ("speaker_encoder.judge.bias", np.full(5, np.inf), "speaker_encoder.judge.bias holds NaN"),
        ("quantizer.codebook", None, "it holds no tensor 'codebook'"),
        ("quantizer.codebook", CORNERS[:1], "codebook has shape"),
        ("quantizer.codebook", CORNERS[0], "codebook has shape"),
        ("quantizer.codebook", CORNERS[:, :5], "stages have shapes"),
        ("quantizer.stage_0004", CORNERS[:, :5], "stages have shapes"),
        ("quantizer.codebook", np.full((8, 6), np.nan), "quantizer.codebook holds NaN"),
        ("speakers", None, "it should hold 2 voices of 5 dimensions"),
        ("speakers", np.ones((1, 5)), "it should hold 2 voices of 5 dimensions"),
        ("speakers", np.ones((3, 5)), "it should hold 2 voices of 5 dimensions"),
        ("speakers", np.ones((2, 4)), "it should hold 2 voices of 5 dimensions"),
        ("speakers", np.ones(5), "it should hold 2 voices of 5 dimensions"),
        ("speakers", np.full((2, 5), np.nan), "speakers holds NaN"),
    ],
)
def test_tensors_that_make_no_model_are_refused(name, array, message, path):
    rewritten(path, {name: array})
    refused(path, message)


@pytest.mark.parametrize("kind", [SpaceFillingVQ, PlainVQ])
def test_a_codebook_of_another_dimension_is_refused(kind, tmp_path):
    model = VoiceModel(MODEL.nets, kind(np.random.default_rng(0).normal(size=(4, DIM + 1))), {})
    path = save_voice_model(model, tmp_path / "voice.safetensors")
    refused(path, "its codewords have 7 dimensions, latents 6")


def test_counts_of_batches_may_be_missing(path):
    names = read_safetensors(path, VoiceError)[1]
    counts = {name: None for name in names if name.endswith("num_batches_tracked")}
    assert counts
    rewritten(path, counts)
    assert load_voice_model(path).as_encoder().config == MODEL.as_encoder().config


def test_its_codebook_is_read_as_a_quantizer(tmp_path):
    model = toy_model()
    path = save_voice_model(model, tmp_path / "model.safetensors")
    quantizer = load_quantizer(path)
    assert type(quantizer) is type(model.quantizer)
    assert quantizer.digest == model.quantizer.digest
    assert quantizer.provenance == model.quantizer.provenance
