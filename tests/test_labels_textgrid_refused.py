"""TextGrids that are refused, and what Praat itself (parselmouth) makes of them.

What Praat opens and we refuse, and what Praat makes of it (each is tested below):

| in the file                                | Praat                                          |
|--------------------------------------------|------------------------------------------------|
| size of a tier too small                   | drops the rows past it, or all that follows    |
| size of the TextGrid too small             | drops the tiers past it                        |
| size negative, `+2`, `2.0`, `2nd`          | 0 intervals, or the digits it begins with      |
| values after the last tier                 | ignores them                                   |
| an interval of no length                   | keeps one of those that start there            |
| intervals out of order                     | sorts them                                     |
| intervals that overlap                     | keeps the overlap                              |
| an interval past its tier, a tier past the | keeps it                                       |
| TextGrid                                   |                                                |
| `0,5` / `1_000` / `0.5x` / `1/2` / `50%`   | 0 / 1 / 0.5 / 0.5 / 0.5                        |
| `1e999`, `-inf`, `--undefined--`           | 1.8e308, 0, undefined                          |
| `0.5!comment`                              | 0.5                                            |
| times that don't start at 0                | keeps them                                     |
| `xmax = ` where an xmin belongs            | takes it for the xmin                          |
| `xmin=7 xmin = 0`                          | ignores the word `xmin=7`                      |
| a no-break space before a number           | takes it for a space                           |
| Latin-1, UTF-16 without a byte order mark  | guesses                                        |
| NUL characters                             | drops them                                     |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import parselmouth
import pytest
from made_textgrids import MadeGrid, MadeTier
from test_labels_textgrid import ROWS, one_tier, praat_tiers, refusal

if TYPE_CHECKING:
    from pathlib import Path


REFUSED_BUT_READ_BY_PRAAT: dict[str, tuple[MadeGrid | str | bytes, str, object]] = {
    "too few": (
        one_tier(size=1),
        "a.TextGrid:14: tier 'a' has 2 intervals, its size says 1",
        [("a", [(0, 0.5, "x")])],
    ),
    "no rows": (
        one_tier(size=0),
        "tier 'a' has 2 intervals, its size says 0",
        [("a", [(0, 1, "")])],
    ),
    "negative": (one_tier(size=-2), "size is '-2'", [("a", [(0, 1, "")])]),
    "float": (one_tier(size="2.0"), "size is '2.0'", ...),
    "signed": (one_tier(size="+2"), "size is '+2'", ...),
    "ordinal": (one_tier(size="2nd"), "size is '2nd'", ...),
    "few tiers": (
        MadeGrid([MadeTier("a", ROWS)], size=0),
        "a.TextGrid:7: the TextGrid has 1 tiers, its size says 0",
        [],
    ),
    "values past the end": (one_tier().text() + "7 8", "the file ends where text belongs", ...),
    "flag past the end": (
        one_tier().text() + "<exists>",
        "flag '<exists>' after the last tier",
        ...,
    ),
    "no length": (
        one_tier([("0", "0.5", "x"), ("0.5", "0.5", "z"), ("0.5", "1", "y")]),
        "a.TextGrid:20: interval 2 'z' of tier 'a' is [0.5, 0.5)",
        [("a", [(0, 0.5, "x"), (0.5, 0.5, "z")])],
    ),
    "out of order": (
        one_tier(ROWS[::-1]),
        "interval 2 'x' of tier 'a' starts at 0, before the end",
        [("a", [(0, 0.5, "x"), (0.5, 1, "y")])],
    ),
    "overlap": (
        one_tier([("0", "0.6", "x"), ("0.5", "1", "y")]),
        "interval 2 'y' of tier 'a' starts at 0.5",
        ...,
    ),
    "past the tier": (
        one_tier([("0", "0.5", "x"), ("0.5", "2", "y")]),
        "is [0.5, 2), outside of [0, 1]",
        ...,
    ),
    "before the tier": (one_tier(xmin="0.2"), "is [0, 0.5), outside of [0.2, 1]", ...),
    "tier past the grid": (one_tier(xmax="7"), "tier 'a' spans [0, 7] s, outside of [0, 1]", ...),
    "comma": (
        one_tier([("0", "0,5", "x")]),
        "a.TextGrid:17: xmax is '0,5'",
        [("a", [(0, 0, "x")])],
    ),
    "underscore": (one_tier([("0", "1_000", "x")]), "xmax is '1_000'", [("a", [(0, 1, "x")])]),
    "unit": (one_tier([("0", "0.5s", "x")]), "xmax is '0.5s'", [("a", [(0, 0.5, "x")])]),
    "fraction": (one_tier([("0", "1/2", "x")]), "xmax is '1/2'", [("a", [(0, 0.5, "x")])]),
    "percent": (one_tier([("0", "50%", "x")]), "xmax is '50%'", [("a", [(0, 0.5, "x")])]),
    "glued comment": (
        one_tier([("0", "0.5!half", "x")]),
        "xmax is '0.5!half'",
        [("a", [(0, 0.5, "x")])],
    ),
    "hex": (one_tier([("0", "0x1", "x")]), "xmax is '0x1'", ...),
    "overflow": (one_tier([("0", "1e999", "x")]), "xmax is '1e999'", ...),
    "-inf": (one_tier([("0", "-inf", "x")]), "xmax is '-inf'", ...),
    "undefined": (one_tier([("--undefined--", "1", "x")]), "xmin is '--undefined--'", ...),
    "preserved times": (
        MadeGrid([MadeTier("a", ROWS[1:], xmin="0.5")], xmin="0.5"),
        "a.TextGrid:5: its times start at 0.5 s",
        [("a", [(0.5, 1, "y")])],
    ),
    "negative times": (
        MadeGrid([MadeTier("a", [("-1", "1", "x")], xmin="-1")], xmin="-1"),
        "its times start at -1 s",
        ...,
    ),
    "negative interval": (
        one_tier([("-0.0001", "1", "x")]),
        "interval 1 'x' of tier 'a' is [-0.0001, 1)",
        ...,
    ),
    "swapped keys": (
        one_tier().text().replace("xmax = 0.5", "xmin = 0.5"),
        "a.TextGrid:17: xmin stands where xmax belongs",
        ...,
    ),
    "glued key": (
        one_tier().text().replace("xmax = 0.5", "xmax=7 xmax = 0.5"),
        "'xmax=7' is no value",
        ...,
    ),
    "no-break space": (
        one_tier().text().replace("xmax = 0.5", "xmax =\n\u00a00.5"),
        "is no plain number",
        ...,
    ),
    "absent tiers": (
        one_tier().text("short").replace("<exists>", "<absent>"),
        "number '1' after the last tier",
        None,
    ),
    "Latin-1": (
        one_tier([("0", "1", "é")]).text().encode("latin-1"),
        "not UTF-8 text",
        [("a", [(0, 1, "é")])],
    ),
    "NUL": (one_tier([("0", "1", "a\0b")]), "it holds NUL characters", None),
    "UTF-16 unmarked": (one_tier().text().encode("utf-16-le"), "it holds NUL characters", None),
}


def put(path: Path, what: MadeGrid | str | bytes) -> Path:
    text = what.text() if isinstance(what, MadeGrid) else what
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize("name", REFUSED_BUT_READ_BY_PRAAT)
def test_refused_though_praat_reads_it(tmp_path, name):
    made, message, praats = REFUSED_BUT_READ_BY_PRAAT[name]
    path = put(tmp_path / "a.TextGrid", made)
    assert message in refusal(path)
    if praats is ...:
        assert praat_tiers(path)
    elif praats is not None:  # Praat crashes on some
        assert praat_tiers(path) == praats


HEAD = 'File type = "ooTextFile"\nObject class = '
REFUSED_BY_BOTH: dict[str, tuple[MadeGrid | str | bytes, str]] = {
    "too many": (one_tier(size=3), "a.TextGrid:14: tier 'a' has 2 intervals, its size says 3"),
    "huge": (one_tier(size=999999999999), "tier 'a' has 2 intervals, its size says 999999999999"),
    "too many digits": (one_tier(size="9" * 5000), "size is '99999999999999999"),
    "many tiers": (
        MadeGrid([MadeTier("a", ROWS)], size=2),
        "the TextGrid has 1 tiers, its size says 2",
    ),
    "reversed": (
        one_tier([("0.5", "0", "x")]),
        "a.TextGrid:16: interval 1 'x' of tier 'a' is [0.5, 0)",
    ),
    "nan": (one_tier([("0", "nan", "x")]), "a.TextGrid:17: 'nan' is no plain number"),
    "inf": (one_tier([("0", "inf", "x")]), "a.TextGrid:17: 'inf' is no plain number"),
    "Arabic digits": (
        one_tier([("0", "\u0661", "x")]),
        "a.TextGrid:17: '\u0661' is no plain number",
    ),
    "Bengali digits": (one_tier([("0", "0.১", "x")]), "xmax is '0.১'"),
    "no leading digit": (one_tier([("0", ".5", "x")]), "a.TextGrid:17: '.5' is no plain number"),
    "long number": (one_tier([("0", "0." + "1" * 90, "x")]), "xmax is '0.111"),
    "no spaces": (one_tier().text().replace("xmin = 0.5", "xmin=0.5"), "'xmin=0.5' is no value"),
    "undoubled": (
        one_tier().text().replace('"x"', '"say "ah" x"'),
        "a.TextGrid:18: 'a' follows the end of a string",
    ),
    "glued string": (one_tier().text().replace('"x" ', '"x"0'), "'0' follows the end of a string"),
    "string in a word": (
        one_tier().text().replace('= "x"', '="x"'),
        "a.TextGrid:18: '=\"x\"' is no value",
    ),
    "row without text": (
        one_tier().text().replace('text = "x"', ""),
        "number '0.5' where text belongs",
    ),
    "row without xmax": (
        one_tier().text().replace("xmax = 0.5", ""),
        "a.TextGrid:18: string 'x' where xmax belongs",
    ),
    "no name": (one_tier().text().replace('name = "a"', ""), "number '0' where name belongs"),
    "no flag": (one_tier().text().replace("<exists>", ""), "number '1' where <exists> belongs"),
    "other flag": (
        one_tier().text().replace("<exists>", "<maybe>"),
        "a.TextGrid:6: tiers? '<maybe>'",
    ),
    "other tier": (
        one_tier().text().replace("IntervalTier", "intervalTier"),
        "a.TextGrid:10: a tier of class 'intervalTier'",
    ),
    "newer": (
        one_tier().text().replace('"TextGrid"', '"TextGrid 1"'),
        "a.TextGrid:2: it holds an object of class 'TextGrid 1'",
    ),
    "blank first line": ("\n" + one_tier().text(), "a.TextGrid:1: the first line is ''"),
    "no first line": (
        one_tier().text().split("\n", 1)[1],
        "the first line is 'Object class = \"TextGrid\"'",
    ),
    "other text": ("0 1600 h#\n", "the first line is '0 1600 h#'"),
    "empty": ("", "the first line is ''"),
    "one line": ('File type = "ooTextFile"', "the file ends where class belongs"),
    "cut in a string": (one_tier().text()[:-4], "a string isn't closed"),
    "cut in a row": (one_tier().text().rpartition("text")[0], "the file ends where text belongs"),
    "UTF-8 broken": (
        one_tier([("0", "1", "é")]).text().encode().replace(b"\xa9", b""),
        "a.TextGrid:18: not UTF-8 text",
    ),
    "UTF-16 cut": (b"\xff\xfe" + one_tier().text().encode("utf-16-le")[:-1], "not UTF-16 text"),
}
PRAAT_READS_ANYWAY = {"UTF-8 broken", "UTF-16 cut"}


@pytest.mark.parametrize("name", REFUSED_BY_BOTH)
def test_refused_as_by_praat(tmp_path, name):
    made, message = REFUSED_BY_BOTH[name]
    path = put(tmp_path / "a.TextGrid", made)
    assert message in refusal(path)
    if name not in PRAAT_READS_ANYWAY:
        with pytest.raises(parselmouth.PraatError):
            praat_tiers(path)


def test_other_objects_are_refused_by_name(tmp_path):
    path = tmp_path / "a.TextGrid"
    pitch = parselmouth.Sound(np.sin(np.arange(8000) / 20)).to_pitch()
    parselmouth.praat.call(pitch, "Save as text file...", str(path))
    assert "it holds an object of class 'Pitch 1'" in refusal(path)
    grids = [parselmouth.TextGrid(0, 1, "a", ""), parselmouth.TextGrid(0, 1, "b", "")]
    parselmouth.praat.call(grids, "Save as text file...", str(path))
    assert "it holds an object of class 'Collection'" in refusal(path)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("binary", "a.TextGrid: a binary Praat file; save it with Praat's Save as text file"),
        ("chronological text", "a.TextGrid:1: a chronological TextGrid; open it in Praat and use"),
    ],
)
def test_praats_other_formats_are_refused_by_name(tmp_path, how, message):
    grid = parselmouth.TextGrid(0, 1, "a b", "b")
    parselmouth.praat.call(grid, f"Save as {how} file...", str(tmp_path / "a.TextGrid"))
    assert refusal(tmp_path / "a.TextGrid").startswith(message)


def test_extracted_with_times_preserved_is_refused(tmp_path):
    path = tmp_path / "a.TextGrid"
    part = parselmouth.praat.call(
        parselmouth.TextGrid(0, 1, "a", ""), "Extract part...", 0.1, 0.9, "yes"
    )
    parselmouth.praat.call(part, "Save as text file...", str(path))
    assert "its times start at 0.1 s; shift or extend it" in refusal(path)


def test_missing_and_folder(tmp_path):
    assert "label file is missing" in refusal(tmp_path / "a.TextGrid")
    (tmp_path / "b.TextGrid").mkdir()
    assert "that is a folder" in refusal(tmp_path / "b.TextGrid")


def test_messages_are_short_whatever_the_label(tmp_path):
    path = one_tier([("0.5", "0", "x\n" * 1_000_000)]).write(tmp_path / "a.TextGrid")
    assert len(refusal(path)) < 300
    path = put(path, HEAD + '"x' + "<" * 1_000_000)
    assert len(refusal(path)) < 300
