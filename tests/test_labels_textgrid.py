"""Reading TextGrids, with Praat itself (parselmouth) as the oracle.

In UTF-16 Praat takes a form feed, U+0085, U+2028 and U+2029 for line breaks; here they stay what
they are, as they do in UTF-8, and so does a byte order mark inside of a label.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import parselmouth
import pytest
from fuzz_textgrid import fuzz
from hypothesis import given, settings
from hypothesis import strategies as st
from made_textgrids import BREAKS, ENCODINGS, FORMS, MadeGrid, MadeTier, write_text

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import read_label_file, read_labels
from sfvq_analysis.labels.textgrid import read_textgrid
from sfvq_analysis.timeline import Segment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = tuple[float, float, str]
ROWS = [("0", "0.5", "x"), ("0.5", "1", "y")]


def one_tier(rows=ROWS, **changed) -> MadeGrid:
    return MadeGrid([MadeTier("a", list(rows), **changed)])


def praat_tiers(path: Path) -> list[tuple[str, list[Row] | None]]:
    """Return names and intervals of the tiers, as Praat reads them; None for points."""
    return tiers_in(parselmouth.read(str(path)))


def tiers_in(grid: parselmouth.TextGrid) -> list[tuple[str, list[Row] | None]]:
    def ask(what: str, *of: int):
        return parselmouth.praat.call(grid, f"{what}...", *of)

    found: list[tuple[str, list[Row] | None]] = []
    for tier in range(1, int(parselmouth.praat.call(grid, "Get number of tiers")) + 1):
        rows = None
        if ask("Is interval tier", tier):
            rows = [
                (
                    ask("Get start time of interval", tier, row),
                    ask("Get end time of interval", tier, row),
                    ask("Get label of interval", tier, row),
                )
                for row in range(1, int(ask("Get number of intervals", tier)) + 1)
            ]
        found.append((ask("Get tier name", tier), rows))
    return found


def our_tiers(path: Path) -> list[tuple[str, list[Row] | None]]:
    return [
        (
            name,
            [(float(one.start), float(one.stop), one.text) for one in tier.labels]
            if tier.kind == "intervals"
            else None,
        )
        for name, tier in read_textgrid(path)[""].items()
    ]


def refusal(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        read_textgrid(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    return str(caught.value).removeprefix(f"{path.parent}/")


PAUSES = MadeGrid(
    [
        MadeTier("phones", [("0", "0.1", ""), ("0.1", ".25".zfill(4), "AH0"), ("0.25", "1", "ə")]),
        MadeTier("tones", [("0.2", "H*"), ("0.7", "L%")], points=True),
        MadeTier('say "words"', [("0.0", "1.0", 'he said "ah"\nand \\ae left')]),
        MadeTier("none", [], points=True),
    ]
)


@pytest.mark.parametrize("line_break", BREAKS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_and_encoding_reads_as_in_praat(tmp_path, form, encoding, line_break):
    path = PAUSES.write(tmp_path / "a.TextGrid", form, encoding, line_break)
    assert our_tiers(path) == praat_tiers(path)
    assert our_tiers(path) == [
        ("phones", [(0.0, 0.1, ""), (0.1, 0.25, "AH0"), (0.25, 1.0, "ə")]),
        ("tones", None),
        ('say "words"', [(0.0, 1.0, 'he said "ah"\nand \\ae left')]),
        ("none", None),
    ]


def test_times_are_exact_and_lines_are_those_of_the_file(tmp_path):
    path = one_tier([("0", "0.1", "a\nb"), ("0.1", "1", "c")]).write(tmp_path / "a.TextGrid")
    first, second = read_textgrid(path)[""]["a"].labels
    assert (first.stop, second.start, second.stop) == (Fraction(1, 10), Fraction(1, 10), 1)
    lines = path.read_text().splitlines()
    assert lines[first.line - 1].strip() == "xmin = 0"
    assert lines[second.line - 1].strip() == "xmin = 0.1"


@pytest.mark.parametrize("line_break", BREAKS)
def test_lines_are_counted_the_same_whatever_ends_them(tmp_path, line_break):
    grid = one_tier([("0", "0.1", "a\nb"), ("0.1", "1", "c")])
    path = grid.write(tmp_path / "a.TextGrid", line_break=line_break)
    assert [label.line for label in read_textgrid(path)[""]["a"].labels] == [16, 21]


MFA = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.25
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2.25
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.41
            text = ""
        intervals [2]:
            xmin = 0.41
            xmax = 2.2
            text = "don't"
        intervals [3]:
            xmin = 2.2
            xmax = 2.25
            text = ""
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 2.25
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.41
            text = ""
        intervals [2]:
            xmin = 0.41
            xmax = 2.2
            text = "d̪"
        intervals [3]:
            xmin = 2.2
            xmax = 2.25
            text = "spn"
"""
MFA_SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0.0
2.25
<exists>
1
"IntervalTier"
"spk_01 - phones"
0.0
2.25
2
0.0
0.41
"AH0"
0.41
2.25
""
"""
ELAN = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.25
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Mary@refs"
        xmin = 0
        xmax = 2.25
        intervals: size = 1
        intervals [1]
            xmin = 0
            xmax = 2.25
            text = "pʰa ""quoted"" "
    item [2]:
        class = "IntervalTier"
        name = "empty"
        xmin = 0
        xmax = 2.25
        intervals: size = 0
"""
PYPI = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0.0
xmax = 1.0
tiers? <exists>
size = 2
item []:
\titem [1]:
\t\tclass = "IntervalTier"
\t\tname = "a"
\t\txmin = 0.0
\t\txmax = 1.0
\t\tintervals: size = 1
\t\t\tintervals [1]:
\t\t\t\txmin = 0.0
\t\t\t\txmax = 1e-05
\t\t\t\ttext = "x"
\titem [2]:
\t\tclass = "TextTier"
\t\tname = "p"
\t\txmin = 0.0
\t\txmax = 1.0
\t\tpoints: size = 1
\t\t\tpoints [1]:
\t\t\t\ttime = 0.3
\t\t\t\tmark = "x"
"""
OLD_SHORT = '''File type = "ooTextFile short"
"TextGrid"

0
1
<exists>
1
"IntervalTier"
"a"
0
1
1
0
1
"x"'''


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "text", [MFA, MFA_SHORT, PYPI, OLD_SHORT], ids=["mfa", "mfa short", "pypi", "old"]
)
def test_what_other_programs_write_reads_as_in_praat(tmp_path, text, encoding):
    path = write_text(tmp_path / "a.TextGrid", text, encoding)
    assert our_tiers(path) == praat_tiers(path)


def test_elan_export(tmp_path):
    path = write_text(tmp_path / "a.TextGrid", ELAN)
    ours, praats = our_tiers(path), praat_tiers(path)
    assert ours[0] == praats[0] == ("Mary@refs", [(0.0, 2.25, 'pʰa "quoted" ')])
    assert ours[1] == ("empty", [])
    assert praats[1] == ("empty", [(0.0, 2.25, "")])  # Praat makes one where there is none


def test_mfa_tiers_are_chosen_by_name(tmp_path):
    path = write_text(tmp_path / "a.TextGrid", MFA)
    assert read_labels(path, tier="phones") == (
        Segment(0, 6560, ""),
        Segment(6560, 35200, "d̪"),
        Segment(35200, 36000, "spn"),
    )
    with pytest.raises(CorpusError, match=r"no tier 'Phones'; its tiers are 'words', 'phones'"):
        read_labels(path, tier="Phones")
    with pytest.raises(CorpusError, match=r"it has 2 tiers of intervals; its tiers are 'words'"):
        read_labels(path)


def test_a_tier_of_points_is_named_as_such(tmp_path):
    path = PAUSES.write(tmp_path / "a.TextGrid")
    with pytest.raises(CorpusError, match="tier 'tones' is one of points"):
        read_labels(path, tier="tones")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("0", "0.4", "x"), ("0.5", "1", "y")], "gap"),
        ([("0.1", "0.5", "x"), ("0.5", "0.9", "y")], "gaps at the ends"),
        ([("0", "0.30000000000000004", "x"), ("0.3", "1", "y")], "last digit"),
        ([("0", "5E-1", "x"), ("+0.5", "1.", "y")], "forms of numbers"),
        ([("-0.0", "0.5", "  x "), ("0.5", "1.0005", "\t")], "blanks; length rounded elsewhere"),
        ([("0", "0.5", "e\u0301\U0001f600"), ("0.5", "1", "\x85\u2028\v\x1c")], "odd characters"),
        ([("0", "0.5", '"'), ("0.5", "1", '""')], "quotes only"),
        ([("0", "0.5", "<exists>"), ("0.5", "1", "! text = 3")], "values in strings"),
        ([("0", "1", "ba" * 1_000_000)], "megabytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_awkward_but_sound(tmp_path, rows, why):
    path = one_tier(rows).write(tmp_path / "a.TextGrid")
    assert (
        our_tiers(path)
        == praat_tiers(path)
        == [("a", [(float(a), float(b), t) for a, b, t in rows])]
    )


def test_a_tier_may_be_shorter_than_the_textgrid(tmp_path):
    grid = one_tier(xmin="0.0", xmax="1")
    grid.xmax = "5"
    path = grid.write(tmp_path / "a.TextGrid")
    assert our_tiers(path) == praat_tiers(path)


@pytest.mark.parametrize("flag", ["<exists>\n0", "<absent>"])
def test_without_tiers(tmp_path, flag):
    text = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n{flag}\n'
    path = write_text(tmp_path / "a.TextGrid", text)
    assert read_textgrid(path) == {"": {}}
    with pytest.raises(CorpusError, match=r"it has 0 tiers of intervals; its tiers are none"):
        read_labels(path)


def test_tiers_that_share_a_name_are_told_apart_by_their_position(tmp_path):
    grid = MadeGrid([MadeTier("a", ROWS[:1]), MadeTier("b", ROWS), MadeTier("a", ROWS[1:])])
    path = grid.write(tmp_path / "a.TextGrid")
    assert list(read_label_file(path)[""]) == ["a (tier 1)", "b", "a (tier 3)"]
    assert read_labels(path, tier="a (tier 3)") == (Segment(8000, 16000, "y"),)
    with pytest.raises(CorpusError, match=r"no tier 'a'; its tiers are 'a \(tier 1\)', 'b', 'a \("):
        read_labels(path, tier="a")
    grid.tiers.append(MadeTier("a (tier 1)", ROWS))
    assert "several tiers are called 'a (tier 1)'" in refusal(grid.write(tmp_path / "b.TextGrid"))


LABELS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\f\x85\u2028\u2029\ufeff"),
    max_size=8,
)
NUMBERS: list[Callable[[int], str]] = [
    lambda n: f"{n / 1000}",
    lambda n: f"{n}e-3",
    lambda n: f"+{n // 1000}.{n % 1000:03d}00",
    lambda n: f"{n / 1000:.17f}",
]


@st.composite
def grids(draw) -> MadeGrid:
    stop = 5000
    tiers = []
    for name in draw(st.lists(LABELS, max_size=3, unique_by=in_lf)):
        edges = sorted(draw(st.sets(st.integers(1, stop - 1), max_size=4)))
        write = draw(st.sampled_from(NUMBERS))
        if draw(st.booleans()):
            rows = [(write(edge), draw(LABELS)) for edge in edges]
            tiers.append(MadeTier(name, rows, points=True, xmax="5"))
        else:
            spans = zip([0, *edges], [*edges, stop], strict=True)
            rows = [(write(low), write(high), draw(LABELS)) for low, high in spans]
            tiers.append(MadeTier(name, rows, xmax=write(stop)))
    return MadeGrid(tiers, xmax="5.0")


def in_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@settings(deadline=None)
@given(grids(), st.sampled_from(FORMS), st.sampled_from(ENCODINGS), st.sampled_from(BREAKS))
def test_made_grids_read_as_in_praat(tmp_path_factory, grid, form, encoding, line_break):
    path = tmp_path_factory.getbasetemp() / "made.TextGrid"
    grid.write(path, form, encoding, line_break)
    ours = our_tiers(path)
    assert ours == praat_tiers(path)
    assert [name for name, _ in ours] == [in_lf(tier.name) for tier in grid.tiers]
    for (_, rows), tier in zip(ours, grid.tiers, strict=True):
        if rows is not None:
            assert [row[2] for row in rows] == [in_lf(row[2]) for row in tier.rows]
            assert [row[0] for row in rows] == [float(row[0]) for row in tier.rows]


@settings(deadline=None)
@given(
    st.lists(st.floats(1e-6, 1, exclude_max=True), min_size=1, max_size=4, unique=True),
    st.lists(LABELS.filter(lambda text: "\r" not in text), min_size=5, max_size=5),
    st.sampled_from(["text", "short text"]),
)
def test_what_praat_writes_is_read_exactly(tmp_path_factory, edges, labels, form):
    path = tmp_path_factory.getbasetemp() / "praats.TextGrid"
    grid = parselmouth.TextGrid(0.0, 1.0, "a b c", "c")
    for edge in edges:
        parselmouth.praat.call(grid, "Insert boundary...", 1, edge)
        parselmouth.praat.call(grid, "Insert point...", 3, edge, labels[0])
    for number in range(len(edges) + 1):
        parselmouth.praat.call(grid, "Set interval text...", 1, number + 1, labels[number])
    parselmouth.praat.call(grid, f"Save as {form} file...", str(path))
    assert our_tiers(path) == tiers_in(grid)


def test_a_few_mutants():
    """The small version of `python tests/fuzz_textgrid.py`."""
    read, refused = fuzz(mutants=400, seed=1, praat_tiers=praat_tiers, compare_every=1)
    assert read > 20
    assert refused > 100
