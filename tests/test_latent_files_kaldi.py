"""Kaldi's files: kaldi_native_io is the oracle, and no command is ever run."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from latent_samples import kaldi_ark, made_latents, text_ark

from sfvq_analysis.encoders.latent_files import open_latent_file, read_latents
from sfvq_analysis.errors import EncoderError

LATENTS = made_latents()
kaldi = pytest.importorskip("kaldi_native_io")


def refusal(path, **options):
    with pytest.raises(EncoderError) as caught:
        read_latents(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def matrix(values, token=b"FM ", dtype="<f4"):
    rows, columns = np.shape(values)
    header = b"\0B" + token + struct.pack("<bibi", 4, rows, 4, columns)
    return header + np.asarray(values, dtype).tobytes()


def read_by_kaldi(specifier):
    with kaldi.SequentialFloatMatrixReader(specifier) as reader:
        return {key: np.array(values) for key, values in reader}


def same(path, expected):
    file = open_latent_file(path)
    assert list(file.keys) == list(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(read_latents(path, key=key), values)


@pytest.mark.parametrize("text", ["", ",t"])
@pytest.mark.parametrize("kind", ["Float", "Double"])
def test_what_kaldi_writes_is_what_kaldi_reads(text, kind, tmp_path):
    ark, scp = tmp_path / "a.ark", tmp_path / "a.scp"
    writer = getattr(kaldi, f"{kind}MatrixWriter")
    with writer(f"ark,scp{text}:{ark},{scp}") as file:
        for key, values in LATENTS.items():
            file.write(key, values.astype({"Float": "f4", "Double": "f8"}[kind]))
    expected = read_by_kaldi(f"ark:{ark}")
    assert list(expected) == list(LATENTS)
    same(ark, expected)
    same(scp, expected)


@pytest.mark.parametrize("method", sorted(kaldi.CompressionMethod.__members__))
def test_compressed_matrices_expand_as_in_kaldi(method, tmp_path):
    ark, scp = tmp_path / "a.ark", tmp_path / "a.scp"
    rng = np.random.default_rng(0)
    with kaldi.CompressedMatrixWriter(f"ark,scp:{ark},{scp}") as file:
        for rows in (1, 5, 9, 70):
            values = (rng.normal(size=(rows, 11)) * 3).astype(np.float32)
            file.write(f"u{rows}", values, method=kaldi.CompressionMethod.__members__[method])
    expected = read_by_kaldi(f"ark:{ark}")
    assert len(expected) == 4
    same(ark, expected)
    same(scp, expected)


def test_our_samples_are_kaldis(tmp_path):
    for name, content in (("b.ark", kaldi_ark(LATENTS)[0]), ("t.ark", text_ark(LATENTS))):
        (tmp_path / name).write_bytes(content)
        same(tmp_path / name, read_by_kaldi(f"ark:{tmp_path / name}"))


def test_a_matrix_without_a_key(tmp_path):
    (tmp_path / "x.ark").write_bytes(matrix(LATENTS["a_1"]))
    np.testing.assert_array_equal(read_latents(tmp_path / "x.ark"), LATENTS["a_1"])
    (tmp_path / "x.scp").write_text("u x.ark\n")
    np.testing.assert_array_equal(read_latents(tmp_path / "x.scp"), LATENTS["a_1"])
    (tmp_path / "x.scp").write_text("u x.ark:0\n")
    np.testing.assert_array_equal(read_latents(tmp_path / "x.scp"), LATENTS["a_1"])


def test_one_row_written_by_kaldi_is_a_matrix_and_a_vector_is_none(tmp_path):
    path = tmp_path / "x.ark"
    path.write_text("u  [\n  1 2 3 ]\n")
    assert read_latents(path).tolist() == [[1, 2, 3]]
    path.write_text("u  [ 1 2 3 ]\n")
    assert refusal(path) == (
        "'u': it holds a vector, no matrix of floats; store float matrices with copy-feats"
    )
    with kaldi.FloatVectorWriter(f"ark:{path}") as file:
        file.write("u", np.ones(3, np.float32))
    assert "it holds a vector" in refusal(path)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"u " + matrix(np.ones((2, 2)))[:-1], "is 16 bytes, 15 are left"),
        (b"u " + matrix(np.ones((2, 2)))[:9], "it ends inside a matrix"),
        (b"u \0BFM \x04\xff\xff\xff\x7f\x04\xff\xff\xff\x7f", "are left"),
        (b"u \0BFM \x04\xff\xff\xff\xff\x04\x02\0\0\0", "shape (-1, 2)"),
        (b"u \0BFM \x04\0\0\0\0\x04\x02\0\0\0", "shape (0, 2)"),
        (b"u \0BFM \x08" + bytes(20), "no int32 sizes"),
        (b"u \0BCM " + struct.pack("<ffii", 0, 1, 1 << 30, 1 << 30), "are left"),
        (b"u \0BSM " + bytes(40), "a sparse matrix"),
        (b"u \0B\x04\x01\0\0\0", "no matrix of floats"),
        (b"u \0BXXXXXXXX", "b'XXXX', no matrix of floats"),
        (b"u 1 2 3\n", "where a matrix should begin"),
        (b"u  [\n 1 2\n 3 ]\n", "row 1 has 1 numbers, row 0 has 2"),
        (b"u  [\n 1 2\n 3 nan ]\n", "row 1 holds b'nan'"),
        (b"u  [\n 1 2\n 3 1e999 ]\n", "latents hold NaN or infinity, the first at frame 1"),
        (b"u  [\n 1 2\n 3 1_0 ]\n", "row 1 holds b'1_0'"),
        ("u  [\n 1 2\n 3 \u0664 ]\n".encode(), "row 1 holds"),
        (b"u  [\n 1 2\n 3 -+1 ]\n", "row 1: could not convert"),
        (b"u  [\n 1 2\n 3 4", "it ends inside a matrix"),
        (b"u  [ ]\n", "latents are empty"),
        (b"u " + matrix(np.zeros((0, 0))), "latents are empty"),
        (b"u " + matrix(np.ones((2, 2))) + b"garbage", "is no key"),
        (b"\xff\xfe " + matrix(np.ones((2, 2))), "isn't UTF-8"),
        (b"a\x07 " + matrix(np.ones((2, 2))), "isn't printable"),
        (2 * (b"u " + matrix(np.ones((2, 2)))), "it holds 'u' twice"),
        (b"x" * 5000 + b" " + matrix(np.ones((2, 2))), "is no key"),
        (b" \n" * 3000, "it holds no array"),
    ],
)
def test_archives_that_hold_no_latents(content, shown, tmp_path):
    (tmp_path / "x.ark").write_bytes(content)
    assert shown in refusal(tmp_path / "x.ark")


@pytest.mark.parametrize(
    "line",
    [
        "u touch marker |",
        "u gunzip -c c.ark.gz |",
        "u | touch marker",
        "u touch marker; cat c.ark|",
    ],
)
def test_a_pipe_is_never_run(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.scp").write_text(line + "\n")
    message = refusal(tmp_path / "x.scp")
    assert message.startswith("line 1: ")
    assert "is a pipe; commands are never run" in message
    assert not (tmp_path / "marker").exists()


@pytest.fixture
def corpus(tmp_path):
    content, offsets = kaldi_ark(LATENTS)
    (tmp_path / "c.ark").write_bytes(content)
    return tmp_path, offsets


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("a_1 c.ark:{a_1}[0:2]\n", "is a range of rows"),
        ("a_1 -\n", "is no file"),
        ("a_1\n", "names no file"),
        ("a_1 none.ark:4\n", "line 1: 'none.ark' is missing"),
        ("\na_1 c.ark:999999\n", "line 2: byte 999999 of c.ark is not where the matrix of"),
        ("a_1 c.ark:{b_2}\n", "is not where the matrix of 'a_1' begins"),
        ("a_1 c.ark:3\n", "is not where the matrix of 'a_1' begins"),
        ("a_1 c.ark\n", "where a matrix should begin"),
        ("a_1 c.ark:0\n", "where a matrix should begin"),
        ("a_1 c.ark:{a_1}\na_1 c.ark:{a_1}\n", "line 2: 'a_1' is also on line 1"),
        ("a_1 " + "c" * 70000 + ":4\n", "longer than 65536 bytes"),
        ("a_1 " + "c" * 6000 + ":4\n", "File name too long"),
        ("a_1 .:4\n", "is missing"),
        ("a_1 /dev/zero:4\n", "is missing"),
        ("", "it holds no array"),
    ],
)
def test_scripts_that_lead_to_no_latents(corpus, lines, shown):
    folder, offsets = corpus
    (folder / "x.scp").write_text(lines.format(**offsets))
    message = refusal(folder / "x.scp", key="a_1") if lines else refusal(folder / "x.scp")
    assert shown in message


def test_script_that_is_no_text(corpus):
    folder, _ = corpus
    (folder / "x.scp").write_bytes(b"a_1 \xff\xfe.ark:4\n")
    assert "line 1: b'\\xff\\xfe.ark:4' isn't UTF-8" in refusal(folder / "x.scp")


def test_names_count_from_the_script_or_the_working_folder(corpus, tmp_path_factory, monkeypatch):
    folder, offsets = corpus
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    line = f"a_1 c.ark:{offsets['a_1']}\n"
    monkeypatch.chdir(elsewhere)
    (folder / "x.scp").write_text(line)  # beside the script
    np.testing.assert_array_equal(read_latents(folder / "x.scp"), LATENTS["a_1"])
    (elsewhere / "x.scp").write_text(line)
    monkeypatch.chdir(folder)  # in the working folder
    np.testing.assert_array_equal(read_latents(elsewhere / "x.scp"), LATENTS["a_1"])
    (elsewhere / "c.ark").write_bytes(kaldi_ark({"a_1": LATENTS["a_1"] + 1})[0])
    assert "'c.ark' is in the script's folder and in the working folder" in refusal(
        elsewhere / "x.scp"
    )
    (elsewhere / "x.scp").write_text(f"a_1 {folder / 'c.ark'}:{offsets['a_1']}\r\n")
    np.testing.assert_array_equal(read_latents(elsewhere / "x.scp"), LATENTS["a_1"])
