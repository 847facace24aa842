"""Whatever an utterance is called, its file is in the folder and nobody else's."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfvq_analysis.safe_names import safe_relative, safe_relatives

SUFFIX = ".TextGrid"
NASTY = [
    "",
    ".",
    "..",
    "../../x",
    "/abs",
    "a/../../b",
    "a//b",
    "a/",
    "C:\\x",
    "\\\\server\\share",
    "a\0b",
    "x" * 300,
    "x" * 299 + "y",
    "é" * 200,
    "/".join(["abcdefgh"] * 300),
    "/".join(["abcdefgh"] * 299 + ["other"]),
    "a.",
    "a ",
    "con",
    "NUL.txt",
    "com1",
    "%41",
    "A",
    "a",
    "a.TextGrid/b",
    "a.textgrid/b",
    "a%2ETextGrid/b",
    ".hidden",
    "new\nline",
    "\ud800",
    "\U0001f600",
    "%_",
    "%~" + "0" * 32,
]
hostile = st.text(st.sampled_from("aA./\\%_~ \0:éß\ud800\U0001f600"), max_size=12) | st.text()


@pytest.mark.parametrize(
    "identity",
    [
        "sa1",
        "dr1/fcjf0/sa1",
        "84-121123-0000",
        "dev/84/121123/x_y",
        "Zoë/Wort 1",
        "日本",
        "a.b/c.d",
    ],
)
def test_normal_ids_are_their_own_path(identity):
    assert str(safe_relative(identity)) == identity
    assert str(safe_relative(identity, ".npy")) == f"{identity}.npy"


@given(identity=hostile, suffix=st.sampled_from(["", ".pt", SUFFIX]))
@example("../../x", SUFFIX)
def test_it_stays_in_the_folder_and_every_system_can_hold_it(identity, suffix):
    path = safe_relative(identity, suffix)
    assert not path.is_absolute()
    assert str(path).endswith(suffix)
    assert str(PurePosixPath(str(path))) == str(path)
    for part in path.parts:
        assert part not in {"", ".", ".."}
        assert not part.startswith(".")
        assert not part.endswith((".", " "))
        assert len(part.encode()) <= 255
        assert not re.search(r'[\x00-\x1f\x7f\\:*?"<>|]', part)
        stem = part.split(".")[0].strip().upper()
        assert stem not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert len(str(path).encode()) <= 1024 + len(suffix)


@pytest.mark.parametrize("identity", NASTY)
def test_nasty_ids_can_be_written(identity, tmp_path):
    folder = tmp_path / "out"
    path = folder / safe_relative(identity, SUFFIX)
    path.parent.mkdir(parents=True)
    path.write_text(ascii(identity))
    assert path.resolve().is_relative_to(folder)
    assert [found.name for found in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("suffix", ["", SUFFIX])
def test_no_two_nasty_ids_share_a_file(suffix):
    paths = {safe_relative(identity, suffix) for identity in NASTY}
    assert len(paths) == len(NASTY)
    if suffix:
        folders = {parent for path in paths for parent in path.parents}
        assert not folders & paths


@given(st.lists(hostile, unique=True, min_size=2, max_size=6))
def test_no_two_ids_share_a_file(identities):
    assert len({safe_relative(one, SUFFIX) for one in identities}) == len(identities)


@given(hostile.filter(lambda text: len(text) < 60))
def test_a_short_id_can_be_read_back(identity):
    parts = str(safe_relative(identity)).split("/")
    read = [
        "" if part == "%_" else urllib.parse.unquote(part, errors="surrogatepass") for part in parts
    ]
    assert "/".join(read) == identity


def test_a_long_id_begins_as_it_did_and_cuts_no_escape():
    for padding in range(6):
        path = str(safe_relative("x" * padding + "é\0" * 200, SUFFIX))
        head, digest = path.removesuffix(SUFFIX).split("%~")
        assert re.fullmatch(r"x*(é%00)*é?", head)
        assert re.fullmatch(r"[0-9a-f]{32}", digest)
        assert len(path.encode()) > 240


def test_ids_that_differ_by_capitals_or_accents_alone_get_names_that_do_not():
    ids = ["SA1", "sa1", "é", "e\u0301", "dr1/Sa1", "DR1/sA1", "x"]
    paths = safe_relatives(ids, SUFFIX)
    assert set(paths) == set(ids)
    assert len({str(path).casefold() for path in paths.values()}) == len(ids)
    assert str(paths["x"]) == "x.TextGrid"
    assert str(paths["SA1"]) == "SA1.TextGrid"
    assert str(paths["sa1"]).startswith("sa1%~")
    assert safe_relatives(reversed(ids), SUFFIX) == paths
