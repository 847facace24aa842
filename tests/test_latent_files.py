"""Latents in files: what is right is read to the last bit, what isn't is refused by name."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from latent_samples import kaldi_ark, made_latents, text_ark, write_all

from sfvq_analysis.encoders.latent_files import open_latent_file, read_latents
from sfvq_analysis.encoders.latent_files.reading import read_array
from sfvq_analysis.errors import EncoderError, OptionError

ARRAY = np.random.default_rng(1).normal(size=(6, 3)).astype(np.float32)
FORMATS = ("npy", "npz", "pt", "h5", "ark", "txt.ark")


def refusal(path, **options):
    """The one-line error that names the file."""
    with pytest.raises(EncoderError) as caught:
        read_latents(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 500 + len(str(path))
    return message.removeprefix(f"{path}: ")


def written(folder, kind, array=ARRAY):
    """A file of one array."""
    path = folder / f"x.{kind}"
    match kind:
        case "npy":
            np.save(path, array)
        case "npz":
            np.savez(path, array)
        case "pt":
            torch.save(torch.from_numpy(np.array(array, order="C")), path)
        case "h5":
            with h5py.File(path, "w") as file:
                file["x"] = array
        case "ark":
            path.write_bytes(kaldi_ark({"x": array})[0])
        case "txt.ark":
            path.write_bytes(text_ark({"x": array}))
    return path


# Reading


@pytest.mark.parametrize("kind", FORMATS)
def test_the_only_array_is_read_without_its_name(kind, tmp_path):
    values = read_latents(written(tmp_path, kind), 3)
    np.testing.assert_array_equal(values, ARRAY)
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    assert values.flags.writeable


def test_a_corpus_is_the_same_in_every_format(tmp_path):
    latents = made_latents()
    for path in write_all(tmp_path, latents):
        file = open_latent_file(str(path))
        assert sorted(file.keys) == sorted(latents)
        for key, matrix in latents.items():
            np.testing.assert_array_equal(read_latents(path, 4, key=key), matrix)
        again = pickle.loads(pickle.dumps(file))  # noqa: S301 (our own bytes)
        assert list(again.keys) == list(file.keys)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8", np.longdouble])
@pytest.mark.parametrize("kind", ["npy", "npz", "h5"])
def test_floats_of_any_width_and_byte_order(kind, dtype, tmp_path):
    values = read_latents(written(tmp_path, kind, np.array([[0.5, -2], [3, 1]], dtype)))
    assert values.tolist() == [[0.5, -2], [3, 1]]
    assert values.dtype == np.dtype("=f4")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_tensors_of_any_width(dtype, tmp_path):
    torch.save(torch.tensor([[0.5, -2], [3, 1]], dtype=dtype), tmp_path / "x.pt")
    assert read_latents(tmp_path / "x.pt").tolist() == [[0.5, -2], [3, 1]]


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_columns_first(kind, tmp_path):
    values = read_latents(written(tmp_path, kind, np.asfortranarray(ARRAY)))
    np.testing.assert_array_equal(values, ARRAY)
    assert values.flags.c_contiguous


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_npy(version, tmp_path):
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array(file, ARRAY, version=version)
    np.testing.assert_array_equal(read_latents(tmp_path / "x.npy"), ARRAY)


def test_npy_of_python_2(tmp_path):
    content = written(tmp_path, "npy").read_bytes().replace(b"(6, 3), }  ", b"(6L, 3L), }")
    (tmp_path / "x.npy").write_bytes(content)
    np.testing.assert_array_equal(read_latents(tmp_path / "x.npy"), ARRAY)


def test_tensor_views_parameters_and_what_stands_beside_them(tmp_path):
    path = tmp_path / "x.pt"
    torch.save(torch.from_numpy(ARRAY.copy()).T, path)
    np.testing.assert_array_equal(read_latents(path), ARRAY.T)
    torch.save({"feats": torch.nn.Parameter(torch.from_numpy(ARRAY)), "rate": 16000}, path)
    np.testing.assert_array_equal(read_latents(path), ARRAY)


@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_suffixes_in_capitals(kind, tmp_path):
    path = written(tmp_path, kind)
    np.testing.assert_array_equal(read_latents(path.rename(tmp_path / f"x.{kind.upper()}")), ARRAY)


# What isn't latents, in every format


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(kind, value, tmp_path):
    array = ARRAY.copy()
    array[4, 1] = value
    message = refusal(written(tmp_path, kind, array))
    shown = (
        "row 4 holds" if kind == "txt.ark" else "latents hold NaN or infinity, the first at frame 4"
    )
    assert shown in message


@pytest.mark.parametrize("kind", ["npy", "npz", "pt", "h5", "txt.ark"])
def test_doubles_that_are_no_floats(kind, tmp_path):
    array = ARRAY.astype(np.float64)
    array[2, 0] = -1e39
    assert "too large for float32, the first at frame 2" in refusal(written(tmp_path, kind, array))


@pytest.mark.parametrize("kind", ["npy", "npz", "pt", "h5"])
@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (ARRAY[0], "latents are float32 of shape (3,)"),
        (ARRAY[None], "take off the axis of the batch"),
        (ARRAY[None, None], "latents are float32 of shape (1, 1, 6, 3)"),
        (np.float32(3), "latents are float32 of shape ()"),
        (ARRAY[:0], "latents are empty, of shape (0, 3)"),
        (ARRAY[:, :0], "latents are empty, of shape (6, 0)"),
        (np.zeros((2, 3), np.int16), "latents are int16 of shape (2, 3)"),
        (np.zeros((2, 3), np.uint8), "latents are uint8 of shape (2, 3)"),
        (np.zeros((2, 3), bool), "latents are bool of shape (2, 3)"),
        (np.zeros((2, 3), np.complex64), "latents are complex64 of shape (2, 3)"),
    ],
)
def test_other_types_and_shapes(kind, array, shown, tmp_path):
    assert shown in refusal(written(tmp_path, kind, array))


@pytest.mark.parametrize("kind", FORMATS)
def test_another_dimension(kind, tmp_path):
    path = written(tmp_path, kind)
    assert "latents have 3 dimensions, not 4; store" in refusal(path, dim=4)
    assert "latents have 3 dimensions, not 6; transpose" in refusal(path, dim=6)
    with pytest.raises(OptionError, match="dim is 0"):
        read_latents(path, 0)


@pytest.mark.parametrize("kind", ["npz", "pt", "h5", "ark"])
def test_a_key_is_needed_where_there_are_several(kind, tmp_path):
    latents = {f"u{n}": ARRAY + n for n in range(7)}
    path = tmp_path / f"x.{kind}"
    match kind:
        case "npz":
            np.savez(path, **latents)
        case "pt":
            torch.save({k: torch.from_numpy(m) for k, m in latents.items()}, path)
        case "h5":
            with h5py.File(path, "w") as file:
                for key, matrix in latents.items():
                    file[key] = matrix
        case "ark":
            path.write_bytes(kaldi_ark(latents)[0])
    names = "7: 'u0', 'u1', 'u2', 'u3', 'u4', …"
    assert refusal(path) == f"it holds several arrays; give a key, of {names}"
    assert refusal(path, key="u9") == f"it holds no array 'u9'; give one of {names}"
    np.testing.assert_array_equal(read_latents(path, key="u6"), ARRAY + 6)


def test_an_array_without_a_name_has_no_key(tmp_path):
    for kind in ("npy", "pt"):
        assert "it holds no array 'u'" in refusal(written(tmp_path, kind), key="u")


@pytest.mark.parametrize("suffix", ["npy", "npz", "pt", "pth", "h5", "hdf5", "ark", "scp"])
def test_what_is_no_such_file(suffix, tmp_path):
    path = tmp_path / f"x.{suffix}"
    assert refusal(path) == "latents are missing; store them there"
    path.mkdir()
    assert refusal(path) == "it is a folder; name a file, or an encoder: latents:<folder>"
    path.rmdir()
    for content in (b"", b"<html>404 Not Found</html>\n", b"\0" * 600, bytes(range(256)) * 9):
        path.write_bytes(content)
        refusal(path)


@pytest.mark.parametrize("name", ["x", "x.wav", "x.npy.gz", ".npy"])
def test_an_unknown_suffix(name, tmp_path):
    (tmp_path / name).write_bytes(b"x")
    assert "latents have suffix" in refusal(tmp_path / name)


def test_every_format_under_the_name_of_another(tmp_path):
    for kind in FORMATS:
        content = written(tmp_path, kind).read_bytes()
        for suffix in ("npy", "npz", "pt", "h5", "ark", "scp"):
            if suffix == kind.removeprefix("txt."):
                continue
            path = tmp_path / f"other.{suffix}"
            path.write_bytes(content)
            refusal(path)


class Attack:
    """Writes a marker if it is ever unpickled by a loader that runs what it reads."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (Path(self.marker),)


def test_code_is_never_run(tmp_path):
    marker = tmp_path / "marker"
    objects = np.array([Attack(marker), None], dtype=object)
    torch.save({"x": torch.zeros(2, 2), "more": Attack(marker)}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Attack(marker), protocol=2))
    np.save(tmp_path / "c.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "d.npz", x=objects)
    (tmp_path / "e.npy").write_bytes(pickle.dumps(Attack(marker)))
    for path in sorted(tmp_path.glob("?.*")):
        refusal(path)
    assert not marker.exists()
    pickle.loads((tmp_path / "b.pt").read_bytes())  # noqa: S301 (it does write)
    assert marker.exists()


# npy and npz


def npy_with(header, data=b""):
    text = header.encode("latin-1") + b" " * 20 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4,<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<M8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 'no', 'shape': (2, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, -2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 2]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 2)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'shape': (1, 4)}",
        "{'descr': '<f4', 'shape': (2, 2), 'shape': (1, 4)}",
        "{'descr': '<f4', 'fortran_order': False, **{'shape': (2, 2)}}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387903, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ", 2)}",
        "__import__('os').abort()",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').abort(), 2)}",
        "(" * 5000,
        "-" * 9000 + "1",
        "[1]",
        "{{",
        "",
    ],
)
def test_headers_of_npy_that_lie(header, tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(npy_with(header, bytes(16)))
    assert refusal(path).startswith("not a plain .npy (")


def test_a_second_array_in_an_npy_is_not_passed_over(tmp_path):
    with (tmp_path / "x.npy").open("wb") as file:
        np.save(file, ARRAY)
        np.save(file, ARRAY)
    assert refusal(tmp_path / "x.npy") == (
        "not a plain .npy (float32 of shape (6, 3) is 72 bytes, it has 272); "
        "restore it, or store one array in it with numpy.save"
    )


def zipped(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)


def npy_bytes(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice(tmp_path):
    zipped(tmp_path / "x.npz", [("u.npy", npy_bytes(ARRAY)), ("u.npy", npy_bytes(ARRAY + 1))])
    assert refusal(tmp_path / "x.npz") == "it holds 'u' twice; store each name once"


def test_names_in_a_zip_write_nothing(tmp_path):
    path = tmp_path / "in" / "x.npz"
    path.parent.mkdir()
    zipped(path, [("../escaped.npy", npy_bytes(ARRAY)), ("/etc/x.npy", npy_bytes(ARRAY + 1))])
    np.testing.assert_array_equal(read_latents(path, key="/etc/x"), ARRAY + 1)
    np.testing.assert_array_equal(read_latents(path, key="../escaped"), ARRAY)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_read_and_bombs_refused(compression, tmp_path):
    path = tmp_path / "x.npz"
    zipped(path, [("u.npy", npy_bytes(ARRAY))], compression)
    np.testing.assert_array_equal(read_latents(path), ARRAY)
    bomb = npy_with(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 262144)}", bytes(20 << 20)
    )
    zipped(path, [("u.npy", bomb)], compression)
    assert "bytes claim to inflate to 209" in refusal(path)


def test_a_checksum_that_does_not_fit(tmp_path):
    path = written(tmp_path, "npz")
    content = bytearray(path.read_bytes())
    content[content.index(ARRAY[3].tobytes())] ^= 1
    path.write_bytes(content)
    assert refusal(path).startswith("'arr_0': it is damaged (Bad CRC-32")


def test_other_members_of_a_zip_are_no_arrays(tmp_path):
    zipped(tmp_path / "x.npz", [("readme.txt", b"x")])
    assert refusal(tmp_path / "x.npz") == "it holds no array; store the latents in it"


# torch


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ([torch.zeros(2, 2)], "it holds a list"),
        ("text", "it holds a str"),
        ({"u": [1.0]}, "it holds no array"),
        ({3: torch.zeros(2, 2)}, "it holds no array"),
        (torch.zeros(1).expand(1 << 40, 4), "repeats the same numbers"),
        (torch.zeros(2, 2).to_sparse(), "sparse"),
        (torch.zeros(2, 2, device="meta"), "empty-handed"),
        (torch.zeros(2, 2, dtype=torch.complex64).conj(), "latents are complex64"),
    ],
)
def test_torch_files_that_hold_no_latents(stored, shown, tmp_path):
    torch.save(stored, tmp_path / "x.pt")
    assert shown in refusal(tmp_path / "x.pt")


def test_a_torch_file_whose_checksum_does_not_fit(tmp_path):
    path = written(tmp_path, "pt")
    content = bytearray(path.read_bytes())
    content[content.index(ARRAY[3].tobytes())] ^= 1
    path.write_bytes(content)
    assert torch.load(path).shape == (6, 3)  # torch doesn't look
    assert refusal(path).startswith("it is damaged (Bad CRC-32")


def test_a_torch_file_with_numbers_marked_as_a_folder(tmp_path):
    """Torch would return what happens to be in memory."""
    path = written(tmp_path, "pt")
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"/data/0"))
    content[entry + 38] |= 0x10
    path.write_bytes(content)
    assert refusal(path) == "it is damaged (a part of it is a folder); restore it"


def test_a_torch_file_without_checksums(tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        path = written(tmp_path, "pt")
    finally:
        torch.serialization.set_crc32_options(True)
    np.testing.assert_array_equal(read_latents(path), ARRAY)


def test_a_torch_file_that_would_inflate(tmp_path):
    torch.save(torch.zeros(20 << 20, 1), tmp_path / "whole.pt")
    with zipfile.ZipFile(tmp_path / "whole.pt") as whole:
        members = [(name, whole.read(name)) for name in whole.namelist()]
    zipped(tmp_path / "x.pt", members, zipfile.ZIP_DEFLATED)
    assert "claim to inflate" in refusal(tmp_path / "x.pt")


# HDF5


def hdf5(path, make):
    with h5py.File(path, "w") as file:
        make(file)
    return path


def unwritten_chunks(file):
    file.create_dataset("u", (6, 3), "f4", chunks=(2, 3))[:2] = 1


def virtual(file):
    layout = h5py.VirtualLayout((6, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "u", (6, 3))
    file.create_virtual_dataset("u", layout)


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda f: f.create_dataset("u", (6, 3), "f4"), "all of its 1 chunks were never written"),
        (unwritten_chunks, "2 of its 3 chunks were never written"),
        (
            lambda f: f.create_dataset("u", (1 << 20, 1 << 20), "f4", chunks=(1 << 12, 16)),
            "never written",
        ),
        (lambda f: f.create_dataset("u", data=h5py.Empty("f4")), "it is an empty dataset"),
        (lambda f: f.create_dataset("u", data="text"), "no plain numbers"),
        (lambda f: f.create_dataset("u", (2, 2), h5py.vlen_dtype("f4")), "never written"),
        (lambda f: f.create_dataset("u", data=np.zeros(2, "f4,f4")), "no plain numbers"),
        (virtual, "its numbers are in other files"),
        (
            lambda f: f.create_dataset("u", (2, 2), "f4", external=[("secret", 0, 16)]),
            "its numbers are in other files",
        ),
        (lambda f: f.create_group("u"), "it holds no array"),
        (
            lambda f: f.create_dataset(
                "u", data=np.zeros((8 << 20, 1), "f4"), chunks=(1 << 20, 1), compression=9
            ),
            "claim to inflate",
        ),
    ],
)
def test_hdf5_that_holds_no_latents(make, shown, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(16))
    assert shown in refusal(hdf5(tmp_path / "x.h5", make))


@pytest.mark.parametrize("link", [h5py.SoftLink("/real"), h5py.ExternalLink("other.h5", "/real")])
def test_links_are_not_followed(link, tmp_path):
    hdf5(tmp_path / "other.h5", lambda f: f.create_dataset("real", data=ARRAY))

    def make(file):
        file["real"] = ARRAY
        file["u"] = link

    path = hdf5(tmp_path / "x.h5", make)
    np.testing.assert_array_equal(read_latents(path), ARRAY)
    assert refusal(path, key="u") == "'u' is a link; store the array itself"


@pytest.mark.parametrize(
    "key", ["", "/", ".", "..", "g", "g/", "/g/u", "g//u", "g/u/x", "\0", "g/none"]
)
def test_keys_that_are_no_dataset(key, tmp_path):
    path = hdf5(tmp_path / "x.h5", lambda f: f.create_dataset("g/u", data=ARRAY))
    assert "it holds no array" in refusal(path, key=key)
    np.testing.assert_array_equal(read_latents(path, key="g/u"), ARRAY)


def test_without_h5py_it_says_how_to_get_it(tmp_path, monkeypatch):
    path = written(tmp_path, "h5")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    assert refusal(path) == "reading HDF5 needs h5py; pip install 'sfvq-analysis[latents]'"


# Damage: whatever is done to a file, it is read or refused


@pytest.mark.parametrize("kind", FORMATS)
def test_truncated_files(kind, tmp_path):
    path = written(tmp_path, kind)
    content = path.read_bytes()
    for length in sorted(
        {*range(0, len(content) - 4, max(1, len(content) // 97)), len(content) - 5}
    ):
        path.write_bytes(content[:length])
        refusal(path)


def check_read_or_refused(path, key):
    try:
        values = read_latents(path, key=key)
    except EncoderError as error:
        message = str(error)
    else:
        assert values.dtype == np.float32
        assert values.ndim == 2
        assert np.isfinite(values).all()
        return
    assert message.startswith(str(path))
    assert "\n" not in message


@pytest.mark.parametrize(
    "name", ["c.npz", "small.npz", "c.pt", "c.h5", "small.hdf5", "c.ark", "c.scp", "text.ark"]
)
def test_damaged_files(name, tmp_path):
    write_all(tmp_path, made_latents())
    content, path = (tmp_path / name).read_bytes(), tmp_path / f"damaged_{name}"
    for seed in range(150):
        rng = random.Random(seed)  # noqa: S311
        changed = bytearray(content)
        for _ in range(rng.choice([1, 1, 2, 5])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        path.write_bytes(changed)
        for key in (*made_latents(), None):
            check_read_or_refused(path, key)


def test_an_archive_that_is_gone_since_it_was_opened(tmp_path):
    path = written(tmp_path, "ark")
    place = open_latent_file(path)
    path.unlink()
    with pytest.raises(EncoderError, match="can't be read") as caught:
        read_array(place, "x")
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("names", [("u", "u.npy"), ("u.npy", "u")])
def test_a_name_that_is_there_with_and_without_its_suffix(names, tmp_path):
    zipped(tmp_path / "x.npz", [(name, npy_bytes(ARRAY)) for name in names])
    assert refusal(tmp_path / "x.npz") == "it holds 'u' twice; store each name once"


@pytest.mark.parametrize("kind", ["npz", "pt"])
@pytest.mark.parametrize("before", ["archive", "bytes"])
def test_what_stands_before_an_archive_is_not_passed_over(kind, before, tmp_path):
    path = written(tmp_path, kind)
    whole = path.read_bytes()
    octets = whole if before == "archive" or kind == "pt" else b"bytes"
    path.write_bytes(octets + whole)
    assert refusal(path) == (
        f"{len(octets)} bytes, or another archive, stand before its first part; restore it"
    )
