import errno

import numpy as np
import pytest
import torch
from huggingface_folders import save_model
from voice_files import SMALL, lively_net

from sfvq_analysis import demo_voice_model
from sfvq_analysis.encoders import Features, config_digest, load_encoder
from sfvq_analysis.encoders.mel import MelEncoder
from sfvq_analysis.encoders.registry import encoder_of
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.timeline import FrameGrid

BEST_MEL = "mel:kind=mfcc,normalise=utterance,context=1"
GRID = FrameGrid(16000, hop=320, offset=80)
SPECS = (
    "'mel', 'mel:<options>', 'vqvae', 'vqvae:<checkpoint>', 'hf:<model>@<layer>', "
    "'latents:<folder or file>', 'module:<file.py>:<factory>'"
)


@pytest.mark.parametrize(
    ("spec", "encoder"),
    [
        ("mel", MelEncoder()),
        ("mel:", MelEncoder()),
        ("mel:context=2", MelEncoder(context=2)),
        ("mel:normalise=mean,kind=mfcc", MelEncoder(kind="mfcc", normalise="mean")),
        (BEST_MEL, MelEncoder(kind="mfcc", normalise="utterance", context=1)),
    ],
)
def test_a_text_names_an_encoder(spec, encoder):
    assert load_encoder(spec) == encoder


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("mfcc", f"encoder is 'mfcc'; use one of {SPECS}"),
        ("", f"encoder is ''; use one of {SPECS}"),
        (
            "mel:hop=10",
            "option of mel is 'hop'; use one of 'kind', 'normalise', 'context'",
        ),
        ("mel:kind=plp", "kind is 'plp'; use one of 'logmel', 'mfcc'"),
        ("mel:kind", "kind is ''; use one of 'logmel', 'mfcc'"),
        ("mel:context=two", "context is 'two'; use an integer >= 0"),
        ("mel:context=-1", "context is '-1'; use an integer >= 0"),
        ("mel:context=１", "context is '１'; use an integer >= 0"),  # noqa: RUF001
        ("mel:context=2000000", "context is 2000000; use at most 100"),
        (f"mel:context={'9' * 5000}", f"context is '{'9' * 5000}'; use an integer >= 0"),
        ("mel:kind=mfcc,kind=logmel", "option of mel 'kind' is given twice; give it once"),
        ("mel:,", "option of mel is ''; use one of 'kind', 'normalise', 'context'"),
        ("mel:kind=mfcc,", "option of mel is ''; use one of 'kind', 'normalise', 'context'"),
        ("vqvae:", f"encoder is 'vqvae:'; use one of {SPECS}"),
        ("mel:context=1.5", "context is '1.5'; use an integer >= 0"),
    ],
)
def test_a_text_that_names_none_is_refused(spec, message):
    with pytest.raises(OptionError) as caught:
        load_encoder(spec)
    assert str(caught.value) == message


def test_a_folder_that_holds_no_latents_is_refused(tmp_path):
    with pytest.raises(EncoderError) as caught:
        load_encoder(f"latents:{tmp_path}")
    assert str(caught.value).startswith(f"{tmp_path / 'grid.json'}: file is missing")


def test_a_voice_model_is_an_encoder(tmp_path):
    net = lively_net(SMALL)
    torch.save({"encoder": net.state_dict()}, tmp_path / "a:b,c=d.pt")
    encoder = load_encoder(f"vqvae:{tmp_path / 'a:b,c=d.pt'}")
    assert encoder.config == VQVAEEncoder(net).config
    with pytest.raises(
        OptionError, match=r"^the encoder is that of a voice model \(weights .*; name it: vqvae:"
    ):
        encoder_of(encoder.config)


def test_the_package_s_own_voice_model_is_an_encoder():
    encoder = load_encoder("vqvae")
    assert encoder.config == demo_voice_model().as_encoder().config
    assert encoder_of(encoder.config).config == encoder.config


def test_a_file_that_is_no_voice_model_is_refused(tmp_path):
    with pytest.raises(EncoderError) as caught:
        load_encoder(f"vqvae:{tmp_path / 'none.pt'}")
    assert str(caught.value) == f"{tmp_path / 'none.pt'}: no such checkpoint; check the path"


@pytest.mark.parametrize("spec", ["mel", "mel:context=2", BEST_MEL])
def test_a_configuration_leads_back_to_its_encoder(spec):
    encoder = load_encoder(spec)
    assert encoder_of(encoder.config) == encoder


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "no encoder can be made from {}; name the encoder yourself"),
        (
            {"encoder": "latents", "name": "x"},
            "the encoder is stored latents (x); name them: latents:<folder>",
        ),
        (
            {"encoder": "hf", "weights": "abc"},
            "the encoder is a hf model (weights abc); name it: hf:<model>@<layer>",
        ),
    ],
)
def test_a_configuration_that_says_too_little_is_refused(config, message):
    with pytest.raises(OptionError) as caught:
        encoder_of(config)
    assert str(caught.value) == message


def test_digests_name_configurations():
    one = config_digest({"encoder": "x", "a": 1, "b": [1, 2]})
    assert len(one) == 16
    assert set(one) <= set("0123456789abcdef")
    assert one == config_digest({"b": [1, 2], "a": 1, "encoder": "x"})
    assert one != config_digest({"encoder": "x", "a": 2, "b": [1, 2]})
    assert one != config_digest({"encoder": "x", "a": 1, "b": [2, 1]})
    assert config_digest({}) == ""


def test_a_digest_stays_from_version_to_version():
    # A changed digest would make every stored quantizer refuse its own encoder. This is sha256 of
    # {"context":0,"encoder":"mel","kind":"logmel","normalise":"none"}, its first 16 digits.
    assert config_digest(MelEncoder().config) == "a0215dfd1c9abd76"


def test_features_are_float32_rows():
    values = np.zeros((2, 3), dtype=np.float32)
    features = Features(values, GRID, {"encoder": "x"})
    assert features.n_frames == 2
    assert repr(features) == f"Features(shape=(2, 3), grid={GRID}, encoder={{'encoder': 'x'}})"
    assert Features(values[:0], GRID, {}).n_frames == 0


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.zeros((2, 3)), "float64 of shape (2, 3)"),
        (np.zeros(3, dtype=np.float32), "float32 of shape (3,)"),
        (np.zeros((1, 2, 3), dtype=np.float32), "float32 of shape (1, 2, 3)"),
    ],
)
def test_features_of_another_kind_are_refused(values, shown):
    with pytest.raises(EncoderError) as caught:
        Features(values, GRID, {})
    assert str(caught.value) == (
        f"features are {shown}; an encoder gives float32 of shape (n_frames, dim)"
    )


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_features_are_finite(value):
    values = np.zeros((4, 3), dtype=np.float32)
    values[2, 1] = values[3, 0] = value
    with pytest.raises(EncoderError, match=r"^latents hold NaN or infinity, the first at frame 2;"):
        Features(values, GRID, {})


def test_lengths_of_stretches_are_one_by_default_or_unknown_or_add_up():
    values = np.zeros((6, 2), dtype=np.float32)
    for stated, known in ((None, (6,)), ((), ()), ((2, 4), (2, 4)), ((1, 0, 5), (1, 0, 5))):
        assert Features(values, GRID, {}, stated).lengths == known
    for wrong in ((5,), (2, 5), (0,), (7, -1)):
        with pytest.raises(EncoderError, match="lengths"):
            Features(values, GRID, {}, wrong)


def test_a_configuration_with_an_unknown_option_is_refused():
    with pytest.raises(OptionError, match="hop"):
        encoder_of({"encoder": "mel", "hop": 10})


def test_a_device_is_for_models_of_transformers_only():
    with pytest.raises(OptionError, match="device is 'cuda', half is False; they are for hf:"):
        load_encoder("mel", device="cuda")


def test_a_layer_of_a_model_is_named(tmp_path):
    save_model(tmp_path / "tiny", "hubert-group")
    encoder = load_encoder(f"hf:{tmp_path / 'tiny'}@1")
    assert (encoder.layer, encoder.config["encoder"]) == (1, "hf")


def test_a_file_of_ones_own_is_run(tmp_path):
    (tmp_path / "mine.py").write_text("def made():\n    raise RuntimeError('it ran')\n")
    with pytest.raises(EncoderError, match="it ran"):
        load_encoder(f"module:{tmp_path / 'mine.py'}:made")


def test_stored_latents_are_named_by_their_rate(tmp_path):
    np.savez(tmp_path / "feats.npz", a=np.zeros((3, 2), np.float32))
    encoder = load_encoder(f"latents:{tmp_path / 'feats.npz'}@50")
    assert (encoder.dim, encoder.grid) == (2, FrameGrid(16000, hop=320, offset=160))


@pytest.mark.parametrize("spec", ["vqvae:{}", "latents:{}@50", "module:{}:make"])
@pytest.mark.parametrize("name", ["a.pt", "a.npz", "a.py"])
def test_a_file_in_a_folder_without_rights_is_one_line(monkeypatch, spec, name):
    def locked(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    for method in ("is_file", "is_dir", "exists", "stat", "open"):
        monkeypatch.setattr(f"pathlib.Path.{method}", locked)
    with pytest.raises((EncoderError, OptionError)) as caught:
        load_encoder(spec.format(f"/locked/{name}"))
    assert len(str(caught.value).splitlines()) == 1
