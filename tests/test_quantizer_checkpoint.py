"""Checkpoints: what is written is read back, what isn't one is refused, nothing is run."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_torch_file

from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.quantizers import (
    PlainVQ,
    Provenance,
    SpaceFillingVQ,
    load_quantizer,
    save_quantizer,
)
from sfvq_analysis.quantizers.codewords import CodebookWarning

NONE = "no frame goes to them"
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
    refused(tmp_path / "codebook.npy", r"(it holds int64|codebook has) .*shape \(")


@pytest.mark.parametrize(
    "stored",
    [
        {"vector_quantizer": torch.zeros(4, 2)},
        {"vector_quantizer": {"codebooks": torch.zeros(4, 2)}},
        {"model": {"codebook": torch.zeros(4, 2)}},
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
        refused(path, r"not a (torch file of weights alone|plain \.npy|safe)|it is damaged \(")


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


# What a file says it holds, and what it doesn't


@pytest.mark.parametrize(
    "stored", [torch.from_numpy(CORNERS), {"codebook": torch.from_numpy(CORNERS)}]
)
def test_a_bare_codebook_needs_its_kind(stored, tmp_path):
    path = tmp_path / "bare.pt"
    torch.save(stored, path)
    refused(path, "it doesn't say whether its codebook is a curve; give load_quantizer its kind")
    for kind in (SpaceFillingVQ, PlainVQ):
        read = load_quantizer(path, kind.kind)
        assert type(read) is kind
        np.testing.assert_array_equal(read.corners(), CORNERS)
    with pytest.raises(OptionError, match="kind is 'tree'"):
        load_quantizer(path, "tree")


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        ({"model.vector_quantizer.codebook": CORNERS, "model.linear.weight": CORNERS[:2]}, "sfvq"),
        ({"model": {"vector_quantizer": {"codebook": CORNERS}}, "epoch": 3}, "sfvq"),
        ({"encoder": {"codebook.embedding": CORNERS, "codebook.ema_count": CORNERS[:, 0]}}, "vq"),
        ({"codebook.embedding": CORNERS}, "vq"),
    ],
)
def test_layouts_that_say_what_they_hold(stored, kind, tmp_path):
    def tensors(value):
        if isinstance(value, dict):
            return {name: tensors(inner) for name, inner in value.items()}
        return torch.from_numpy(value) if isinstance(value, np.ndarray) else value

    path = tmp_path / "x.pt"
    torch.save(tensors(stored), path)
    for asked in (None, kind):
        read = load_quantizer(path, asked)
        assert read.kind == kind
        np.testing.assert_array_equal(read.corners(), CORNERS)
    other = {"vq": "sfvq", "sfvq": "vq"}[kind]
    with pytest.raises(
        QuantizerError, match=f"its kind is '{kind}'; it can't be read as '{other}'"
    ):
        load_quantizer(path, other)


def test_two_codebooks_are_one_too_many(tmp_path):
    corners = torch.from_numpy(CORNERS)
    torch.save(
        {name: {"vector_quantizer": {"codebook": corners}} for name in "ab"}, tmp_path / "x.pt"
    )
    refused(tmp_path / "x.pt", r"it has 2 vector_quantizer\.codebook")


@pytest.mark.parametrize(
    "stored",
    [
        {"codebook": torch.eye(3), "other": {"codebook": torch.ones(3, 3)}},
        {"vector_quantizer": {"codebook": torch.eye(3)}, "model.other.codebook": torch.ones(2)},
        {"codebook": {"embedding": torch.eye(3)}, "other": {"codebook": torch.eye(2)}},
    ],
)
def test_another_tensor_that_is_named_codebook_is_refused(stored, tmp_path):
    torch.save(stored, tmp_path / "a.pt")
    kind = "vq" if "codebook" in stored else None
    with pytest.raises(QuantizerError, match="more tensors named codebook") as caught:
        load_quantizer(tmp_path / "a.pt", kind)
    assert "\n" not in str(caught.value)


def test_our_files_and_arrays_and_the_kind_asked_for(tmp_path):
    path = save_quantizer(PlainVQ(CORNERS), tmp_path / "q.safetensors")
    assert load_quantizer(path, "vq").kind == "vq"
    with pytest.raises(QuantizerError, match="its kind is 'vq'; it can't be read as 'sfvq'"):
        load_quantizer(path, "sfvq")
    np.save(tmp_path / "c.npy", CORNERS)
    assert isinstance(load_quantizer(tmp_path / "c.npy", "vq"), PlainVQ)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_our_format_in_another_precision(dtype, tmp_path):
    codebook = torch.from_numpy(CORNERS).to(dtype)
    save_torch_file({"codebook": codebook}, tmp_path / "q.safetensors", metadata=kind_header())
    np.testing.assert_array_equal(
        load_quantizer(tmp_path / "q.safetensors").corners(), codebook.float().numpy()
    )


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"codebook": CORNERS, "other": CORNERS}, "1 tensors that no quantizer has, 'other'"),
        ({"codebook": CORNERS, "stage_4": CORNERS[:4]}, "no quantizer has, 'stage_4'"),
        ({"codebook": CORNERS, "stage_0004": CORNERS[:2]}, "stages have shapes that don't fit"),
        ({"codebook": CORNERS, "stage_0004": CORNERS[:4, :2]}, "stages have shapes"),
        ({"codebook": np.zeros((4, 2), np.int32)}, "it holds int32 of shape"),
    ],
)
def test_tensors_that_no_curve_has(tensors, message, tmp_path):
    save_file(tensors, tmp_path / "q.safetensors", metadata=kind_header())
    refused(tmp_path / "q.safetensors", message)


def test_a_plain_codebook_has_no_stages(tmp_path):
    tensors = {"codebook": CORNERS, "stage_0004": CORNERS[:4]}
    save_file(tensors, tmp_path / "q.safetensors", metadata=kind_header("vq"))
    refused(tmp_path / "q.safetensors", "no quantizer has, 'stage_0004'")


def layouts(folder, codebook):
    """The same codebook in each layout."""
    save_file({"codebook": codebook}, folder / "q.safetensors", metadata=kind_header())
    torch.save({"vector_quantizer": {"codebook": torch.from_numpy(codebook)}}, folder / "q.pt")
    np.save(folder / "q.npy", codebook)
    return [folder / name for name in ("q.safetensors", "q.pt", "q.npy")]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [([4, 5, 6, 7], "4 to 7"), ([6, 7], "6 to 7"), ([1, 3, 5, 7], "1, 3, 5, 7"), ([2, 7], "2, 7")],
)
def test_half_grown_codebooks_are_refused(rows, shown, tmp_path):
    codebook = CORNERS.copy()
    codebook[rows] = 0
    for path in layouts(tmp_path, codebook):
        refused(path, rf"{len(rows)} of 8 codewords are all zeros, {shown}; finish its growth")


def test_a_codebook_of_one_codeword_many_times_is_refused(tmp_path):
    for path in layouts(tmp_path, np.repeat(CORNERS[:1], 8, axis=0)):
        refused(path, "all 8 codewords are the same")


def test_repeated_codewords_are_told_of_and_the_lower_gets_the_frames(tmp_path):
    codebook = CORNERS.copy()
    codebook[[3, 6]] = codebook[1]
    frames = np.random.default_rng(2).normal(size=(500, 3))
    for path in layouts(tmp_path, codebook):
        with pytest.warns(CodebookWarning) as caught:
            read = load_quantizer(path)
        assert [str(warning.message) for warning in caught] == [
            f"{path}: 2 of 8 codewords repeat an earlier one (codeword 3 is codeword 1): {NONE}"
        ]
        used = set(read.encode(frames).codeword)
        assert 1 in used
        assert not used & {3, 6}


def test_a_last_codeword_of_zeros_is_told_of(tmp_path):
    np.save(tmp_path / "c.npy", np.float32([[1, 0], [0, 1], [0, 0]]))
    with pytest.warns(CodebookWarning, match=r"c\.npy: the last codeword is all zeros$"):
        assert load_quantizer(tmp_path / "c.npy").codebook_size == 3


def test_doubles_that_are_no_floats_are_refused(tmp_path):
    codebook = CORNERS.astype(np.float64)
    codebook[5, 1] = 1e39
    for path in layouts(tmp_path, codebook):
        refused(path, "codebook holds numbers too large for float32, the first at codeword 5")


def test_archives_of_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "c.npz", codebook=CORNERS)
    for name in ("c.npz", "none.npz"):
        refused(tmp_path / name, "an .npz may hold many arrays; store the codebook with numpy")


def safetensors_bytes(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def stated(shape, end, dtype="F32"):
    known = {"codebook": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}
    return known | {"__metadata__": kind_header()}


@pytest.mark.parametrize(
    "content",
    [
        safetensors_bytes(b"{}", length=(1 << 64) - 1),
        safetensors_bytes(b"{}", length=1 << 40),
        safetensors_bytes(b"{}", length=99_000_000),
        safetensors_bytes(b"["),
        safetensors_bytes(b"{" * 50_000),
        safetensors_bytes(stated([1 << 40, 1 << 20], (1 << 62)), bytes(16)),
        safetensors_bytes(stated([4, 2], 32), bytes(16)),
        safetensors_bytes(stated([4, 2], 16), bytes(16)),
        safetensors_bytes(stated([2, 2], 16), bytes(32)),
        safetensors_bytes(stated([(1 << 63) + 1, 2], 16), bytes(16)),
        safetensors_bytes(stated([-2, -2], 16), bytes(16)),
        safetensors_bytes(stated([2, 2], 16, "OBJECT"), bytes(16)),
    ],
)
def test_headers_of_safetensors_that_lie(content, tmp_path):
    (tmp_path / "q.safetensors").write_bytes(content)
    refused(tmp_path / "q.safetensors", "not a safetensors file")


def test_a_tensor_larger_than_its_memory_is_refused(tmp_path):
    torch.save(
        {"vector_quantizer": {"codebook": torch.ones(1).expand(1 << 40, 4)}}, tmp_path / "x.pt"
    )
    refused(tmp_path / "x.pt", "repeats the same numbers")


@pytest.mark.parametrize("name", ["q.safetensors", "q.pt", "q.npy"])
@pytest.mark.filterwarnings("ignore::sfvq_analysis.quantizers.codewords.CodebookWarning")
def test_damaged_bytes_are_read_or_refused(name, tmp_path):
    content = dict(zip(("q.safetensors", "q.pt", "q.npy"), whole_files(tmp_path), strict=True))
    whole, path = content[name].read_bytes(), tmp_path / f"damaged_{name}"
    for seed in range(200):
        rng = random.Random(seed)  # noqa: S311
        changed = bytearray(whole[: rng.choice([len(whole), rng.randrange(len(whole))])])
        for _ in range(rng.choice([0, 1, 1, 3]) if changed else 0):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed)
        try:
            read = load_quantizer(path)
        except QuantizerError as error:
            message = str(error)
        else:
            assert np.isfinite(read.corners()).all()
            continue
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
