"""Stored latents by utterance: a folder of any format, or one file of them all."""

from __future__ import annotations

import json
import os
import pickle

import h5py
import numpy as np
import pytest
import torch
from latent_samples import kaldi_ark, made_latents, write_all

from sfvq_analysis.encoders import config_digest
from sfvq_analysis.encoders.latents import StoredLatents, open_latents
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.timeline import FrameGrid

GRID = {"name": "mine", "sample_rate": 16000, "hop": 320, "offset": 160}
LATENTS = made_latents()
N_SAMPLES = {key: 320 * len(values) for key, values in LATENTS.items()}


def refusal(call, error=EncoderError):
    with pytest.raises(error) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def all_of(encoder):
    return {key: encoder.lookup(key, n).values for key, n in N_SAMPLES.items()}


def test_one_corpus_in_every_container(tmp_path):
    for path in write_all(tmp_path, LATENTS):
        encoder = open_latents(f"{path}@50")
        assert encoder.grid == FrameGrid(16000, hop=320, offset=160)
        assert (encoder.dim, encoder.name, encoder.window) == (4, "unstated", 0)
        for spoken in (encoder, pickle.loads(pickle.dumps(encoder))):  # noqa: S301 (our own bytes)
            for key, values in all_of(spoken).items():
                np.testing.assert_array_equal(values, LATENTS[key])
        assert config_digest(encoder.config) == config_digest(
            StoredLatents.open(path, grid=FrameGrid(16000, 320, 160)).config
        )


@pytest.mark.parametrize("suffix", ["npy", "npz", "pt", "h5", "ark"])
def test_one_corpus_as_a_folder_of_every_format(suffix, tmp_path):
    for key, values in LATENTS.items():
        path = tmp_path / f"{key}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        match suffix:
            case "npy":
                np.save(path, values)
            case "npz":
                np.savez(path, values)
            case "pt":
                torch.save(torch.from_numpy(values), path)
            case "h5":
                with h5py.File(path, "w") as file:
                    file["feats"] = values
            case "ark":
                path.write_bytes(kaldi_ark({"any": values})[0])
    for key, values in all_of(open_latents(f"{tmp_path}@50")).items():
        np.testing.assert_array_equal(values, LATENTS[key])


def test_a_grid_file_beside_the_container_or_of_its_own(tmp_path):
    path = tmp_path / "c.npz"
    np.savez(path, **LATENTS)
    assert refusal(lambda: open_latents(str(path))).startswith(
        f"{tmp_path / 'grid.json'}: file is missing; write "
    )
    (tmp_path / "grid.json").write_text(json.dumps(GRID))
    assert open_latents(str(path)).name == "mine"
    (tmp_path / "c.npz.json").write_text(json.dumps(GRID | {"name": "its own", "window": 400}))
    encoder = open_latents(str(path))
    assert (encoder.name, encoder.window) == ("its own", 400)


def test_a_rate_and_a_grid_file_must_agree(tmp_path):
    path = tmp_path / "c.npz"
    np.savez(path, **LATENTS)
    (tmp_path / "grid.json").write_text(json.dumps(GRID | {"offset": 200}))
    assert open_latents(f"{path}@50").grid == FrameGrid(16000, hop=320, offset=200)
    assert open_latents(f"{path}@50:44100").grid == FrameGrid(16000, hop=320, offset=200)
    assert refusal(lambda: open_latents(f"{path}@100")) == (
        f"{tmp_path / 'grid.json'}: it has FrameGrid(sample_rate=16000, hop=320, offset=200), "
        "stated is FrameGrid(sample_rate=16000, hop=160, offset=80); mend either"
    )


@pytest.mark.parametrize(
    ("rate", "grid"),
    [
        ("50", (16000, 320, 160)),
        ("100", (16000, 160, 80)),
        ("12.5", (16000, 1280, 640)),
        ("86.1328125:22050", (22050, 256, 128)),
        ("100:44100", (44100, 441, 220)),
        ("16000", (16000, 1, 0)),
    ],
)
def test_frame_rates(rate, grid, tmp_path):
    np.savez(tmp_path / "c@x.npz", **LATENTS)
    assert open_latents(f"{tmp_path / 'c@x.npz'}@{rate}").grid == FrameGrid(*grid)


@pytest.mark.parametrize("rate", ["0", "0.0", "3", "49.9", "86.13", "32000", "50:0", "50:16001"])
def test_rates_of_no_whole_hop(rate, tmp_path):
    np.savez(tmp_path / "c.npz", **LATENTS)
    message = refusal(lambda: open_latents(f"{tmp_path / 'c.npz'}@{rate}"), OptionError)
    assert "frames a second are no whole number of samples at" in message
    assert "c.npz@" in message
    assert "grid.json" in message


@pytest.mark.parametrize(
    "rate", ["", "fifty", "-50", "5e1", "\u0665\u0660", "50:", "1_0", "9" * 10000]
)
def test_texts_that_are_no_rate_are_names(rate, tmp_path):
    np.savez(tmp_path / "c.npz", **LATENTS)
    message = refusal(lambda: open_latents(f"{tmp_path / 'c.npz'}@{rate}"))
    assert "no such file or folder" in message
    assert len(message) < 500


def test_a_name_with_a_rate_in_it_is_a_name(tmp_path):
    folder = tmp_path / "layer@50"
    folder.mkdir()
    np.save(folder / "a.npy", np.zeros((2, 3), np.float32))
    (folder / "grid.json").write_text(json.dumps(GRID))
    assert open_latents(str(folder)).dim == 3


@pytest.mark.parametrize(
    "utterance", ["../secret", "/etc/passwd", "a/../../secret", "..", "", "/", "a/", "./a", "a\0b"]
)
def test_an_utterance_never_leads_out_of_the_folder(utterance, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    np.save(folder / "a.npy", np.zeros((2, 3), np.float32))
    np.save(tmp_path / "secret.npy", np.zeros((2, 3), np.float32))
    encoder = open_latents(f"{folder}@50")
    message = refusal(lambda: encoder.lookup(utterance, 640))
    assert message.startswith(f"{folder}: utterance ")
    assert "isn't the name of a file in the folder" in message


@pytest.mark.parametrize("utterance", ["b" * 300, "b/" * 3000 + "b", "b\ud800"])
def test_names_that_no_file_can_have_are_missing(utterance, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    encoder = open_latents(f"{tmp_path}@50")
    assert "latents are missing" in refusal(lambda: encoder.lookup(utterance, 640))


def test_links_that_the_user_made_are_followed_and_loops_end(tmp_path, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    np.save(elsewhere / "x.npy", np.ones((2, 3), np.float32))
    (tmp_path / "speaker").symlink_to(elsewhere)
    (elsewhere / "loop").symlink_to(tmp_path)
    encoder = open_latents(f"{tmp_path}@50")
    assert encoder.lookup("speaker/x", 640).n_frames == 2
    (tmp_path / "speaker" / "self.npy").symlink_to("self.npy")
    assert "latents are missing" in refusal(lambda: encoder.lookup("speaker/self", 640))


def test_what_an_utterance_has_twice_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    np.savez(tmp_path / "a.npz", np.zeros((2, 3), np.float32))
    encoder = open_latents(f"{tmp_path}@50")
    assert refusal(lambda: encoder.lookup("a", 640)) == (
        f"{tmp_path / 'a'}: its latents are there 2 times: a.npy, a.npz; keep one"
    )


def test_hidden_files_are_no_latents(tmp_path):
    (tmp_path / "._a.npy").write_bytes(b"resource fork")
    (tmp_path / ".cache").mkdir()
    np.save(tmp_path / ".cache" / "a.npy", np.zeros((2, 9), np.float32))
    np.save(tmp_path / "b.npy", np.zeros((2, 3), np.float32))
    assert open_latents(f"{tmp_path}@50").dim == 3


@pytest.mark.parametrize("name", ["c.npz", "c.pt", "c.h5", "c.ark", "c.scp"])
def test_errors_name_the_container_and_the_utterance(name, tmp_path):
    write_all(tmp_path, LATENTS)
    encoder = open_latents(f"{tmp_path / name}@50")
    assert refusal(lambda: encoder.lookup("d", 640)).startswith(
        f"{tmp_path / name}: it holds no array 'd'; give one of 3: 'a_1', 'b_2', 'spk/c'"
    )
    assert refusal(lambda: encoder.lookup("a_1", 9000)) == (
        f"{tmp_path / name}: 'a_1': 3 frames, but 9000 samples give 25 to 28 on "
        "FrameGrid(sample_rate=16000, hop=320, offset=160); mend grid.json or the array"
    )


def test_one_utterance_of_another_dimension(tmp_path):
    np.savez(tmp_path / "c.npz", a=np.zeros((2, 4), "f4"), b=np.zeros((2, 5), "f4"))
    encoder = open_latents(f"{tmp_path / 'c.npz'}@50")
    assert refusal(lambda: encoder.lookup("b", 640)) == (
        f"{tmp_path / 'c.npz'}: 'b': latents have 5 dimensions, not 4; "
        "store the latents of one layer only"
    )


def test_a_file_of_one_array_is_no_corpus(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 4), "f4"))
    torch.save(torch.zeros(2, 4), tmp_path / "x.pt")
    np.savez(tmp_path / "x.npz")
    for name in ("x.npy", "x.pt", "x.npz"):
        message = refusal(lambda it=name: open_latents(f"{tmp_path / it}@50"))
        assert message.startswith(f"{tmp_path / name}: it holds no arrays by utterance")


@pytest.mark.parametrize("name", ["none", "none.npz", "none.scp@50", "\0", "x" * 5000])
def test_places_that_are_not_there(name, tmp_path):
    assert "no such file or folder" in refusal(lambda: open_latents(str(tmp_path / name)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"name": "a", "sample_rate": 16000, "hop": 320, "hop": 160, "offset": 0}', "twice"),
        ("[" * 100000, "not JSON"),
        ('{"name": "a", "hop": ' + "9" * 5000 + "}", "not JSON"),
        ('{"name": "a", "sample_rate": 16000, "hop": 10000000000, "offset": 0}', "hop is above"),
        ('{"name": "a", "sample_rate": 16000, "hop": 320, "offset": 0.5}', "offset is 0.5"),
        ('{"name": "a", "sample_rate": 16000, "hop": NaN, "offset": 0}', "hop is nan"),
        ('{"name": "' + "a" * (1 << 21) + '"}', "not JSON"),
    ],
)
def test_grid_files_that_state_no_grid(content, message, tmp_path):
    (tmp_path / "grid.json").write_text(content)
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    told = refusal(lambda: StoredLatents.open(tmp_path))
    assert told.startswith(f"{tmp_path / 'grid.json'}: ")
    assert message in told
    assert len(told) < 500 + len(str(tmp_path))


def test_a_grid_file_with_a_byte_order_mark(tmp_path):
    (tmp_path / "grid.json").write_text(json.dumps(GRID), encoding="utf-8-sig")
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    assert StoredLatents.open(tmp_path).name == "mine"


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), np.float32))
    (tmp_path / "a.npy").chmod(0)
    assert "can't be read (Permission denied)" in refusal(lambda: open_latents(f"{tmp_path}@50"))


def test_the_first_that_can_be_read_gives_the_dimension(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"broken")
    assert refusal(lambda: open_latents(f"{tmp_path}@50")).startswith(f"{tmp_path / 'a.npy'}: not")
    np.save(tmp_path / "b.npy", np.zeros((2, 3), np.float32))
    encoder = open_latents(f"{tmp_path}@50")
    assert encoder.dim == 3
    assert refusal(lambda: encoder.lookup("a", 640)).startswith(
        f"{tmp_path / 'a.npy'}: not a plain"
    )


def test_files_that_latents_are_read_from(tmp_path):
    write_all(tmp_path, LATENTS)
    assert list(open_latents(f"{tmp_path / 'c.h5'}@50").files()) == [tmp_path / "c.h5"]
    scp = [tmp_path / "c.scp", tmp_path / "c.ark"]
    assert list(open_latents(f"{tmp_path / 'c.scp'}@50").files()) == scp
    folder = tmp_path / "folder"
    (folder / "b").mkdir(parents=True)
    for name in ("c.npy", "a.npy", "b/x.npy"):
        np.save(folder / name, np.zeros((2, 3), np.float32))
    expected = [folder / name for name in ("a.npy", "c.npy", "b/x.npy")]
    assert list(open_latents(f"{folder}@50").files()) == expected
