"""TextGrids that we write, read back by our reader and opened by Praat (parselmouth)."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd
import parselmouth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Said, made_table, no_frames
from test_labels_textgrid import our_tiers, praat_tiers

from sfvq_analysis import to_textgrid
from sfvq_analysis.errors import TableError
from sfvq_analysis.labels import read_labels
from sfvq_analysis.tables import FRAME_COLUMNS, SEGMENT_COLUMNS, IndexTable, as_contract
from sfvq_analysis.textgrids import write_textgrids
from sfvq_analysis.timeline import FrameGrid, Segment, owners

Row = tuple[str, int, int, str]
"""Tier, start, stop, label."""


def labelled(
    rows: list[Row],
    codewords: list[int],
    *,
    rate: int = 16_000,
    n_samples: int | None = None,
    grid: FrameGrid | None = None,
    name: str = "u",
) -> IndexTable:
    """Return a table of one utterance with these labels, none of which owns a frame."""
    table = made_table([Said(name, [(None, codewords)])])
    grid = grid or FrameGrid(rate, rate // 50, rate // 80)
    frames = table.frames.assign(centre=grid.centres(len(codewords)))
    segments = pd.DataFrame(rows, columns=["tier", "start", "stop", "label"])
    segments = segments.assign(utterance=name, phone_group=None, n_frames=0)
    segments["ordinal"] = segments.groupby("tier").cumcount()
    segments["utterance"] = pd.Categorical(segments["utterance"], [name])
    last = int(grid.centres(len(codewords))[-1])
    utterances = table.utterances.assign(
        sample_rate=rate,
        n_samples=last * rate // grid.sample_rate + 1 if n_samples is None else n_samples,
    )
    return replace(
        table,
        utterances=utterances,
        segments=as_contract(segments, SEGMENT_COLUMNS),
        frames=as_contract(frames, FRAME_COLUMNS),
        grid=grid,
    )


def opened(path) -> dict[str, list[tuple[float, float, str]]]:
    """Return what Praat shows, having checked that it is what we read, and has no gap."""
    tiers = praat_tiers(path)
    assert tiers == our_tiers(path)
    grid = parselmouth.read(str(path))
    for _, rows in tiers:
        assert rows[0][0] == 0.0
        assert rows[-1][1] == grid.xmax
        assert [row[1] for row in rows[:-1]] == [row[0] for row in rows[1:]]
    return dict(tiers)


RATES = (16_000, 44_100, 22_050)
LABELS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"),
    min_size=1,
    max_size=6,
)


@st.composite
def tables(draw) -> IndexTable:
    rate = draw(st.sampled_from(RATES))
    rows: list[Row] = []
    for tier in draw(st.sampled_from([[], ["word"]])):
        edges = sorted(draw(st.sets(st.integers(0, 100_000), max_size=8)))
        spans = list(pairwise(edges))
        kept = draw(st.lists(st.booleans(), min_size=len(spans), max_size=len(spans)))
        rows += [
            (tier, *span, draw(LABELS)) for span, keep in zip(spans, kept, strict=True) if keep
        ]
    grid_rate = draw(st.sampled_from([*RATES, 50]))
    hop = draw(st.integers(2, 441)) if grid_rate > 50 else 1
    grid = FrameGrid(grid_rate, hop, draw(st.integers(0, hop)))
    codewords = draw(st.lists(st.integers(0, 3), min_size=1, max_size=30))
    return labelled(rows, codewords, rate=rate, n_samples=draw(st.integers(1, 200_000)), grid=grid)


@settings(max_examples=50, deadline=None)
@given(tables())
def test_reading_gives_the_segments_and_frames_again(tmp_path_factory, table):
    path = tmp_path_factory.getbasetemp() / "written.TextGrid"
    to_textgrid(table, "u", path)
    opened(path)
    rate = int(table.utterances["sample_rate"][0])
    for tier, labels in table.segments.groupby("tier", observed=True):
        read = read_labels(path, tier=tier, sample_rate=rate)
        columns = (labels[name].tolist() for name in ("start", "stop", "label"))
        assert [one for one in read if one.label] == [
            Segment(*row) for row in zip(*columns, strict=True)
        ]
    runs = [one for one in read_labels(path, tier="index", sample_rate=192_000) if one.label]
    owned = owners(runs, 192_000, table.grid, len(table.frames))
    assert [int(runs[at].label) for at in owned] == table.frames["codeword"].tolist()
    assert all(one.label != next_one.label for one, next_one in pairwise(runs))


def test_times_are_written_as_praat_writes_them(tmp_path):
    table = labelled([("word", 100, 1500, "a"), ("word", 1500, 44_100, "b")], [1], rate=44_100)
    to_textgrid(table, "u", tmp_path / "ours.TextGrid")
    grid = parselmouth.read(str(tmp_path / "ours.TextGrid"))
    parselmouth.praat.call(grid, "Save as text file...", str(tmp_path / "praats.TextGrid"))
    ours = (tmp_path / "ours.TextGrid").read_text()
    praats = (tmp_path / "praats.TextGrid").read_text()
    by_line = list(zip(ours.splitlines(), praats.splitlines(), strict=True))
    numbers = [(a, b) for a, b in by_line if "xm" in a]
    assert [(a, b) for a, b in by_line if "xm" not in a and a != b] == []
    for mine, theirs in numbers:  # Praat may write 17 digits where fewer say the same
        (key, time), (other_key, other_time) = mine.split(" = "), theirs.split(" = ")
        assert key == other_key
        assert float(time) == float(other_time)
        assert len(time) <= len(other_time)
        assert "e" not in time


@pytest.mark.parametrize(
    "label", ['say "ah"', '"', '""', "a\nb", " ", "d̪", "\\ae", "! x", "<p>", "7"]
)
def test_labels_survive(tmp_path, label):
    table = labelled([("word", 0, 160, label)], [1])
    to_textgrid(table, "u", tmp_path / "u.TextGrid")
    assert opened(tmp_path / "u.TextGrid")["word"][0] == (0.0, 0.01, label)


@pytest.mark.parametrize("label", ["a\rb", "a\0b"])
def test_what_a_textgrid_cannot_hold_is_refused(tmp_path, label):
    table = labelled([("word", 0, 160, label)], [1])
    with pytest.raises(TableError, match="utterance 'u'") as caught:
        to_textgrid(table, "u", tmp_path / "u.TextGrid")
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(TableError, match=r"utterance 'u': .* can't stand in a TextGrid"):
        to_textgrid({"\udc80": labelled([], [1])}, "u", tmp_path / "u.TextGrid")
    assert list(tmp_path.iterdir()) == []


def test_labels_beyond_the_audio(tmp_path):
    table = labelled([("word", 0, 16_000, "long")], [1, 1], n_samples=500)
    to_textgrid(table, "u", tmp_path / "u.TextGrid")
    tiers = opened(tmp_path / "u.TextGrid")
    assert tiers["word"] == [(0.0, 1.0, "long")]
    assert tiers["index"][-1] == (500 / 16_000, 1.0, "")


def test_frames_beyond_the_audio(tmp_path):
    table = labelled([], [1, 2, 3], n_samples=500)  # centres at 200, 520, 840
    to_textgrid(table, "u", tmp_path / "u.TextGrid")
    assert opened(tmp_path / "u.TextGrid")["index"] == [
        (0.0, 40 / 16_000, ""),
        (40 / 16_000, 360 / 16_000, "1"),
        (360 / 16_000, 680 / 16_000, "2"),
        (680 / 16_000, 1000 / 16_000, "3"),
    ]


def test_overlapping_and_unsorted_words(tmp_path):
    rows = [("word", 3200, 4800, "two"), ("word", 0, 4000, "one"), ("word", 3200, 8000, "three")]
    to_textgrid(labelled(rows, [1]), "u", tmp_path / "u.TextGrid")
    words = opened(tmp_path / "u.TextGrid")["word"]
    assert words == [(0.0, 0.2, "one"), (0.2, 0.5, "three")]


def test_no_labels(tmp_path):
    to_textgrid(labelled([], [1]), "u", tmp_path / "u.TextGrid")
    assert list(opened(tmp_path / "u.TextGrid")) == ["index"]


def test_several_tables_give_a_tier_each(tmp_path):
    rows = [("phone", 0, 1600, "a")]
    both = {"sfvq": labelled(rows, [1, 1, 2]), 'my "vq"': labelled(rows, [3, 0, 0])}
    grid = to_textgrid(both, "u", tmp_path / "u.TextGrid")
    names = ["phone", "index sfvq", 'index my "vq"']
    assert grid.getNames() == names
    tiers = opened(tmp_path / "u.TextGrid")
    assert list(tiers) == names
    assert [row[2] for row in tiers['index my "vq"'] if row[2]] == ["3", "0"]


def test_tables_of_different_labels_are_refused():
    ours, theirs = (labelled([("phone", 0, stop, "a")], [1]) for stop in (1600, 1601))
    with pytest.raises(TableError, match="tables differ in the labels of utterance 'u'"):
        to_textgrid({"a": ours, "b": theirs}, "u")
    with pytest.raises(TableError, match="there is no table"):
        to_textgrid({}, "u")


class TestFolder:
    def test_a_file_for_each_utterance_with_frames(self, tmp_path):
        table = made_table(
            [Said("a/1", [("s", [1, 2])]), Said("b", [("s", [])]), Said("c d", [("iy", [3])])]
        )
        write_textgrids(table, tmp_path / "new")
        found = sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*.*"))
        assert found == ["new/a/1.TextGrid", "new/c d.TextGrid"]
        assert [row[2] for row in opened(tmp_path / "new/a/1.TextGrid")["index"]] == ["1", "2"]
        assert [row[2] for row in opened(tmp_path / "new/c d.TextGrid")["phone"]] == ["iy"]

    def test_what_is_written_is_what_one_utterance_gives(self, tmp_path):
        table = made_table([Said(f"u{n:03d}", [("s", [n % 7, 1])]) for n in range(130)])
        write_textgrids(table, tmp_path / "all")
        for name in ("u000", "u127", "u128", "u129"):  # beyond what an int8 counts
            to_textgrid(table, name, tmp_path / "one.TextGrid")
            one = (tmp_path / "one.TextGrid").read_bytes()
            assert (tmp_path / "all" / f"{name}.TextGrid").read_bytes() == one

    def test_an_utterance_without_a_frame_is_passed_over(self, tmp_path):
        write_textgrids(no_frames(), tmp_path / "new")
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize("name", ["../u", "a/../../u", "/u"])
    def test_nothing_is_written_outside(self, tmp_path, name):
        write_textgrids(labelled([], [1], name=name), tmp_path / "new")
        assert [one.name for one in tmp_path.iterdir()] == ["new"]
        assert sum(one.is_file() for one in tmp_path.rglob("*")) == 1

    def test_a_failure_leaves_the_old_file(self, tmp_path):
        write_textgrids(labelled([], [1]), tmp_path)
        before = (tmp_path / "u.TextGrid").read_bytes()
        with pytest.raises(TableError):
            write_textgrids(labelled([("phone", 0, 160, "\0")], [1]), tmp_path)
        assert [one.name for one in tmp_path.iterdir()] == ["u.TextGrid"]
        assert (tmp_path / "u.TextGrid").read_bytes() == before
