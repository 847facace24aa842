"""Checkpoints: what is written is read back, what isn't one is refused, nothing is run."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers import (
    PlainVQ,
    Provenance,
    SpaceFillingVQ,
    load_quantizer,
    save_quantizer,
)

CORNERS = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
PROVENANCE = Provenance(
    encoder={"encoder": "mel", "context": 1, "names": ["a", "ä"]},
    fit={"method": "map", "seed": 3, "variance": 1.25},
    log=({"stage": 4, "squared_error": 0.5, "width": None}, {"stage": 8, "squared_error": 0.25}),
)


def sfvq(corners=CORNERS, provenance=PROVENANCE):
    rng = np.random.default_rng(1)
    stages = [rng.normal(size=(n, corners.shape[1])) for n in (2, 4)]
    return SpaceFillingVQ(corners, provenance, stages)


def refused(path, match):
    """The message of the one-line error that names the file."""
    with pytest.raises(QuantizerError, match=match) as caught:
        load_quantizer(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def kind_header(kind="sfvq", **other):
    known = {"format": 1, "kind": kind, "provenance": {"encoder": {}, "fit": {}, "log": []}}
    return {"sfvq_analysis": json.dumps(known | other)}


# Our own format


@pytest.mark.parametrize("quantizer", [sfvq(), PlainVQ(CORNERS, PROVENANCE), PlainVQ(CORNERS)])
def test_round_trip(quantizer, tmp_path):
    path = save_quantizer(quantizer, tmp_path / "q.safetensors")
    assert path == tmp_path / "q.safetensors"
    read = load_quantizer(str(path))
    assert type(read) is type(quantizer)
    assert read.digest == quantizer.digest
    np.testing.assert_array_equal(read.corners(), quantizer.corners())
    assert read.provenance == quantizer.provenance
    if isinstance(quantizer, SpaceFillingVQ):
        assert len(read.stages) == 3
        for ours, other in zip(read.stages, quantizer.stages, strict=True):
            np.testing.assert_array_equal(ours, other)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1], lambda a: a.T.copy().T])
def test_round_trip_whatever_the_layout_in_memory(layout, tmp_path):
    quantizer = sfvq(layout(CORNERS))
    read = load_quantizer(save_quantizer(quantizer, tmp_path / "q.safetensors"))
    np.testing.assert_array_equal(read.corners(), layout(CORNERS))
    assert read.digest == quantizer.digest


def test_same_quantizer_same_bytes(tmp_path):
    paths = [save_quantizer(sfvq(), tmp_path / name) for name in ("a.safetensors", "b.safetensors")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_saving_makes_the_folder_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "new" / "folder" / "q.safetensors"
    save_quantizer(PlainVQ(CORNERS), path)
    save_quantizer(PlainVQ(CORNERS + 1), path)
    np.testing.assert_array_equal(load_quantizer(path).corners(), CORNERS + 1)
    assert [p.name for p in path.parent.iterdir()] == ["q.safetensors"]


def test_tensors_are_readable_by_others(tmp_path):
    tensors = load_file(save_quantizer(sfvq(), tmp_path / "q.safetensors"))
    assert set(tensors) == {"codebook", "stage_0002", "stage_0004"}
    np.testing.assert_array_equal(tensors["codebook"], CORNERS)


def failing_write(*_args, **_options):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Path, "replace"), (Path, "chmod"), ("safetensors.numpy", "save")],
)
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failing_write_leaves_nothing_behind(owner, name, before, tmp_path, monkeypatch):
    path = tmp_path / "q.safetensors"
    if before is not None:
        path.write_bytes(before)
    target = f"{owner}.{name}" if isinstance(owner, str) else None
    with monkeypatch.context() as patch:
        if target:
            patch.setattr(target, failing_write)
        else:
            patch.setattr(owner, name, failing_write)
        with pytest.raises(OSError, match="No space left"):
            save_quantizer(PlainVQ(CORNERS), path)
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({} if before is None else {path.name: before})


# The published layouts


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_published_torch_layout(suffix, dtype, tmp_path):
    path = tmp_path / f"model{suffix}"
    codebook = torch.from_numpy(CORNERS).to(dtype)
    torch.save({"vector_quantizer": {"codebook": codebook}, "step": 3}, path)
    read = load_quantizer(path)
    assert isinstance(read, SpaceFillingVQ)
    np.testing.assert_allclose(read.corners(), codebook.float().numpy())
    assert read.provenance == Provenance()


def test_published_torch_layout_with_a_parameter(tmp_path):
    path = tmp_path / "model.pt"
    parameter = torch.nn.Parameter(torch.from_numpy(CORNERS))
    torch.save({"vector_quantizer": {"codebook": parameter}}, path)
    np.testing.assert_array_equal(load_quantizer(path).corners(), CORNERS)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4"])
@pytest.mark.parametrize("name", ["codebook_3bit.npy", "codebook.npy"])
def test_published_array_layout(name, dtype, tmp_path):
    np.save(tmp_path / name, CORNERS.astype(dtype))
    read = load_quantizer(tmp_path / name)
    assert isinstance(read, SpaceFillingVQ)
    np.testing.assert_array_equal(read.corners(), CORNERS)


def test_a_name_that_states_other_bits_is_refused(tmp_path):
    np.save(tmp_path / "codebook_5bit.npy", CORNERS)
    refused(tmp_path / "codebook_5bit.npy", "its name says 5 bits, it has 8 codewords")


@pytest.mark.parametrize("wrong", [np.arange(8), np.zeros((4, 2), int), np.zeros((2, 2, 2))])
def test_an_array_that_is_no_codebook_is_refused(wrong, tmp_path):
    np.save(tmp_path / "codebook.npy", wrong)
    refused(tmp_path / "codebook.npy", f"it holds {wrong.dtype} of shape")


@pytest.mark.parametrize(
    "stored",
    [
        {"codebook": torch.zeros(4, 2)},
        {"vector_quantizer": torch.zeros(4, 2)},
        {"vector_quantizer": {"codebook": [[0.0], [1.0]]}},
        [1, 2],
    ],
)
def test_a_torch_file_of_another_layout_is_refused(stored, tmp_path):
    torch.save(stored, tmp_path / "model.pt")
    refused(tmp_path / "model.pt", "it has no vector_quantizer.codebook")


# What isn't a checkpoint


class Attack:
    """Writes a marker if it is ever unpickled by a loader that runs what it reads."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (Path(self.marker),)


def test_the_attack_works_on_a_loader_that_trusts(tmp_path):
    pickle.loads(pickle.dumps(Attack(tmp_path / "marker")))  # noqa: S301 (our own bytes)
    assert (tmp_path / "marker").exists()


def write_pickle(path, content):
    path.write_bytes(pickle.dumps(content, protocol=2))


def write_object_array(path, content):
    with path.open("wb") as file:
        np.save(file, np.array([content], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("zip.pt", lambda path, content: torch.save(content, path)),
        ("plain.pt", write_pickle),
        ("plain.npy", write_pickle),
        ("codebook_3bit.npy", write_object_array),
        ("plain.safetensors", write_pickle),
    ],
)
def test_code_in_a_file_is_never_run(name, write, tmp_path):
    path, marker = tmp_path / name, tmp_path / "marker"
    write(path, {"vector_quantizer": {"codebook": torch.zeros(4, 2)}, "extra": Attack(marker)})
    assert path.exists()
    refused(path, r"not a (torch file of weights alone|plain \.npy|safetensors file)")
    assert not marker.exists()


def test_a_missing_file_and_a_folder(tmp_path):
    refused(tmp_path / "none.safetensors", "no such checkpoint")
    (tmp_path / "folder.pt").mkdir()
    refused(tmp_path / "folder.pt", "no such checkpoint")


def test_an_unknown_suffix(tmp_path):
    (tmp_path / "model.ckpt").write_bytes(b"x")
    refused(tmp_path / "model.ckpt", r"suffix '\.ckpt'; give \.safetensors, \.pt or \.npy")


def whole_files(folder):
    """One file of each layout."""
    save_quantizer(sfvq(), folder / "q.safetensors")
    torch.save({"vector_quantizer": {"codebook": torch.from_numpy(CORNERS)}}, folder / "q.pt")
    np.save(folder / "q.npy", CORNERS)
    return [folder / name for name in ("q.safetensors", "q.pt", "q.npy")]


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
def test_truncated_files_are_refused(share, tmp_path):
    for path in whole_files(tmp_path):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        refused(path, r"not a (torch file of weights alone|plain \.npy|safetensors file)")


def test_text_is_refused(tmp_path):
    for name in ("a.safetensors", "a.pt", "a.npy"):
        (tmp_path / name).write_text("<html>404 Not Found</html>")
        refused(tmp_path / name, "not a ")


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt", "a.npy"])
@pytest.mark.parametrize(
    ("codebook", "message"),
    [
        (np.float32([[0, 1], [np.nan, 1]]), "codebook holds NaN or infinity"),
        (np.float32([[0, 1], [np.inf, 1]]), "codebook holds NaN or infinity"),
        (np.float32([[0, 1]]), "K >= 2"),
        (np.zeros((0, 3), np.float32), "K >= 2"),
    ],
)
def test_values_that_are_no_codebook_are_refused(name, codebook, message, tmp_path):
    path = tmp_path / name
    match path.suffix:
        case ".safetensors":
            save_file({"codebook": codebook}, path, metadata=kind_header("vq"))
        case ".pt":
            torch.save({"vector_quantizer": {"codebook": torch.from_numpy(codebook)}}, path)
        case ".npy":
            np.save(path, codebook)
    refused(path, message)


def damaged(**changed):
    provenance = {"encoder": {}, "fit": {}, "log": []} | changed
    return kind_header(provenance={k: v for k, v in provenance.items() if v is not None})


@pytest.mark.parametrize(
    ("tensors", "metadata", "message"),
    [
        ({"codebook": CORNERS}, None, "its header isn't that of a quantizer"),
        ({"weight": CORNERS}, {"format": "pt"}, "its header isn't that of a quantizer"),
        ({"codebook": CORNERS}, {"sfvq_analysis": "{"}, "its header isn't that of a quantizer"),
        ({"codebook": CORNERS}, {"sfvq_analysis": "[1]"}, "its header isn't that of a quantizer"),
        ({"codebook": CORNERS}, kind_header(format=2), "its header isn't that of a quantizer"),
        ({"weight": CORNERS}, kind_header(), "it holds no tensor 'codebook'"),
        ({"codebook": CORNERS}, kind_header("tree"), "its kind is 'tree'"),
        ({"codebook": CORNERS}, kind_header(provenance=None), "its provenance is damaged"),
        ({"codebook": CORNERS}, damaged(log=None), "its provenance is damaged"),
        ({"codebook": CORNERS}, damaged(fit=None), "its provenance is damaged"),
        ({"codebook": CORNERS, "stage_0008": CORNERS}, kind_header(), "stages have shapes"),
    ],
)
def test_foreign_safetensors_are_refused(tensors, metadata, message, tmp_path):
    save_file(tensors, tmp_path / "q.safetensors", metadata=metadata)
    refused(tmp_path / "q.safetensors", message)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pt", b"\x80\x02."),
        ("a.pt", b"\x80\x02h\x00."),
        ("a.pt", b"."),
        ("a.npy", b"\x93NUMPY\x01\x00\x10\x00{(((((((((((((\n\n"),
    ],
)
def test_damaged_files_are_refused(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "not a ")
