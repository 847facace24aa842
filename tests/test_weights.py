"""Weights on disk: what is written is read back, what isn't weights is refused, nothing is run."""

import json
import pickle
import struct

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from voice_files import Attack

from sfvq_analysis import __version__
from sfvq_analysis.errors import EncoderError, QuantizerError
from sfvq_analysis.weights import (
    as_weights,
    is_dense,
    load_weights,
    read_safetensors,
    read_torch_weights,
    weights_digest,
    write_safetensors,
)

TENSORS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float64)}
KNOWN = {"kind": "thing", "names": ["a", "ä"], "rate": 0.5}


def refused(read, path, match, refusal=EncoderError):
    with pytest.raises(refusal, match=match) as caught:
        read(path, refusal)
    assert "\n" not in str(caught.value)


# Safetensors


def test_round_trip(tmp_path):
    path = tmp_path / "new" / "w.safetensors"
    write_safetensors(path, TENSORS, KNOWN)
    header, tensors = read_safetensors(path, EncoderError)
    assert header == {"format": 1, "version": __version__, **KNOWN}
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[::-1], lambda a: a[:, ::2]])
def test_round_trip_whatever_the_layout_in_memory(layout, tmp_path):
    array = layout(TENSORS["a.weight"])
    write_safetensors(tmp_path / "w.safetensors", {"a": array}, {})
    np.testing.assert_array_equal(
        read_safetensors(tmp_path / "w.safetensors", EncoderError)[1]["a"], array
    )


def test_same_weights_same_bytes(tmp_path):
    for name, known in (("a", KNOWN), ("b", dict(reversed(KNOWN.items())))):
        write_safetensors(tmp_path / name, TENSORS, known)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_header_is_readable_by_others(tmp_path):
    write_safetensors(tmp_path / "w.safetensors", TENSORS, KNOWN)
    with safe_open(tmp_path / "w.safetensors", framework="numpy") as file:
        assert json.loads(file.metadata()["sfvq_analysis"])["kind"] == "thing"


def failing(*_args, **_options):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("what", ["safetensors.numpy.save", "pathlib.Path.replace"])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failing_write_leaves_nothing_behind(what, before, tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    if before is not None:
        path.write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr(what, failing)
        with pytest.raises(OSError, match="No space left"):
            write_safetensors(path, TENSORS, KNOWN)
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({} if before is None else {path.name: before})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_named(value, tmp_path):
    array = np.ones((2, 2), np.float32)
    array[1, 0] = value
    write_safetensors(tmp_path / "w.safetensors", {"a": np.ones(1), "b.weight": array}, {})
    refused(read_safetensors, tmp_path / "w.safetensors", "^b.weight holds NaN or infinity")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"format": "pt"},
        {"sfvq_analysis": "{"},
        {"sfvq_analysis": "[1]"},
        {"sfvq_analysis": '{"format": 2}'},
        {"sfvq_analysis": "{}"},
    ],
)
def test_a_foreign_header_reads_as_empty(metadata, tmp_path):
    save_file(TENSORS, tmp_path / "w.safetensors", metadata=metadata)
    assert read_safetensors(tmp_path / "w.safetensors", EncoderError)[0] == {}


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("refusal", [EncoderError, QuantizerError])
def test_truncated_files_are_refused(share, refusal, tmp_path):
    ours, torchs = tmp_path / "w.safetensors", tmp_path / "w.pt"
    write_safetensors(ours, TENSORS, KNOWN)
    torch.save({"a": torch.ones(100)}, torchs)
    for path, read in ((ours, read_safetensors), (torchs, read_torch_weights)):
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        refused(read, path, "^not a (safetensors file|torch file of weights alone)", refusal)


def test_folders_and_missing_files_are_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        refused(read_safetensors, path, "^not a safetensors file")
        refused(read_torch_weights, path, "^not a torch file of weights alone")


# Torch files


@pytest.mark.parametrize("zipped", [True, False])
def test_torch_files_of_both_formats(zipped, tmp_path):
    path = tmp_path / "w.pt"
    torch.save(
        {"net": {"a": torch.ones(3)}, "step": 2}, path, _use_new_zipfile_serialization=zipped
    )
    stored = read_torch_weights(path, EncoderError)
    assert stored["step"] == 2
    assert torch.equal(stored["net"]["a"], torch.ones(3))


@pytest.mark.parametrize(
    "write", [torch.save, lambda c, path: path.write_bytes(pickle.dumps(c, 2))]
)
def test_code_in_a_file_is_never_run(write, tmp_path):
    path, marker = tmp_path / "w.pt", tmp_path / "marker"
    write({"net": {"a": torch.ones(3)}, "extra": Attack(marker)}, path)
    for read in (read_torch_weights, read_safetensors):
        refused(read, path, "^not a ")
    assert not marker.exists()
    pickle.loads(pickle.dumps(Attack(marker)))  # noqa: S301 (the attack is one)
    assert marker.exists()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats_become_float32(dtype):
    weights = as_weights({"a": torch.tensor([0.5, 2.0], dtype=dtype)}, EncoderError)
    assert weights["a"].dtype == np.float32
    assert weights["a"].tolist() == [0.5, 2.0]


def test_integers_and_parameters_are_weights_too():
    weights = as_weights(
        {"n": torch.tensor(3), "p": torch.nn.Parameter(torch.ones(2))}, EncoderError
    )
    assert weights["n"].dtype == np.int64
    assert weights["p"].tolist() == [1, 1]


@pytest.mark.parametrize(
    "value",
    [
        [1.0],
        None,
        torch.ones(2, device="meta"),
        torch.ones(2).to_sparse(),
        torch.ones(2, dtype=torch.complex64),
    ],
    ids=["list", "None", "meta", "sparse", "complex"],
)
def test_what_is_no_plain_tensor_is_refused(value):
    with pytest.raises(EncoderError, match=r"^a\.weight isn't a plain tensor"):
        as_weights({"a.weight": value}, EncoderError)


def test_a_tensor_that_is_not_finite_is_named():
    with pytest.raises(EncoderError, match=r"^a\.weight holds NaN or infinity"):
        as_weights({"a.weight": torch.tensor([1.0, torch.nan])}, EncoderError)


# Nets


def net(device="cpu"):
    with torch.device(device):
        return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("arrays", [True, False])
def test_a_net_gets_its_weights(device, arrays):
    source = net()
    torch.nn.init.normal_(source[1].running_mean)
    state = as_weights(source.state_dict(), EncoderError) if arrays else source.state_dict()
    target = net(device)
    load_weights(target, state, EncoderError)
    for name, tensor in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], tensor)
    assert all(parameter.requires_grad for parameter in target.parameters())
    state["0.bias"][:] = 9  # the net has copies
    assert not (target[0].bias == 9).any()


def test_the_count_of_batches_may_be_missing():
    state = net().state_dict()
    del state["1.num_batches_tracked"]
    target = net("meta")
    load_weights(target, state, EncoderError)
    assert target[1].num_batches_tracked == 0


def without(name):
    return {key: tensor for key, tensor in net().state_dict().items() if key != name}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (without("0.bias"), "0.bias is missing; it should have shape (3,)"),
        (
            without("0.bias") | {"0.bias": torch.ones(1, 3)},
            "0.bias has shape (1, 3); this net needs (3,) there",
        ),
        (
            without("") | {"2.bias": torch.ones(3)},
            "2.bias isn't a weight of this net; give another checkpoint",
        ),
        (
            without("") | {"1.running_var": torch.tensor([1.0, torch.inf, 1.0])},
            "1.running_var holds NaN or infinity; restore the file",
        ),
    ],
)
def test_weights_of_another_net_are_refused(state, message):
    target = net()
    before = weights_digest(target.state_dict())
    with pytest.raises(EncoderError) as caught:
        load_weights(target, state, EncoderError)
    assert str(caught.value) == message
    assert weights_digest(target.state_dict()) == before


def test_a_digest_names_weights():
    state = net().state_dict()
    digest = weights_digest(state)
    assert len(digest) == 16
    assert set(digest) <= set("0123456789abcdef")
    assert weights_digest(dict(reversed(state.items()))) == digest
    assert weights_digest(state | {"1.num_batches_tracked": torch.tensor(7)}) == digest
    assert weights_digest({f"x{name}": tensor for name, tensor in state.items()}) != digest
    assert weights_digest(state | {"0.weight": state["0.weight"].reshape(2, 3)}) != digest
    for name in without("1.num_batches_tracked"):
        nudged = state[name].clone()
        nudged.view(-1)[-1] += 1e-3
        assert weights_digest(state | {name: nudged}) != digest


def test_a_digest_stays_from_version_to_version():
    # A changed digest would make every stored quantizer refuse its own encoder.
    assert weights_digest({"a": torch.tensor([[1.0, 2.0]])}) == "15d161f108cd4196"


def test_only_arrays_of_numbers_are_dense():
    assert is_dense(torch.zeros(2, dtype=torch.complex64))
    assert not is_dense(torch.zeros(2).to_sparse())
    assert not is_dense(torch.zeros(2, device="meta"))


def test_floats_of_8_bits_are_refused_by_name(tmp_path):
    header = b'{"codebook":{"dtype":"F8_E4M3","shape":[4,2],"data_offsets":[0,8]}}'
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    refused(read_safetensors, path, "^'codebook' holds F8_E4M3; store it as float32")


@pytest.mark.parametrize(
    "dtype", ["bool", *(f"{kind}int{n}" for kind in ("", "u") for n in (8, 16, 32, 64)), "float16"]
)
def test_every_dtype_that_numpy_has_is_read(tmp_path, dtype):
    arrays = {"a": np.array([[0, 1]], dtype), "scalar": np.array(1, dtype)}
    write_safetensors(tmp_path / "a.safetensors", arrays, {})
    _, read = read_safetensors(tmp_path / "a.safetensors", EncoderError)
    assert {name: str(array.dtype) for name, array in read.items()} == dict.fromkeys(arrays, dtype)
    assert read["scalar"] == 1
