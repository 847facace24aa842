from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import textgrid
from made_tables import Said, assert_unchanged, copies, made_table, no_frames, random_table

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, to_textgrid
from sfvq_analysis.errors import TableError
from sfvq_analysis.tables import SEGMENT_COLUMNS, IndexTable, as_contract

UTTERANCE = "fslt0_sa1"


def intervals(grid: textgrid.TextGrid, tier: str) -> list[tuple[float, float, str]]:
    return [(one.minTime, one.maxTime, one.mark) for one in grid.getFirst(tier)]


def with_words(table: IndexTable, words: list[tuple[int, int, str]]) -> IndexTable:
    """Return a table of one utterance with a word tier."""
    rows = pd.DataFrame(words, columns=["start", "stop", "label"]).assign(
        utterance=table.utterances["utterance"].iloc[0],
        tier="word",
        ordinal=range(len(words)),
        phone_group=None,
        n_frames=0,
    )
    both = pd.concat([table.segments.astype(object), rows.astype(object)], ignore_index=True)
    segments = as_contract(both, SEGMENT_COLUMNS)
    return IndexTable(
        table.utterances,
        segments,
        table.frames,
        table.codebook_size,
        table.grid,
        table.provenance,
    )


@pytest.fixture(scope="module")
def table():
    corpus = demo_corpus().select(id=[UTTERANCE, "fslt0_sa2"])
    return index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])


class TestDemo:
    def test_tiers(self, table):
        assert to_textgrid(table, UTTERANCE).getNames() == ["phone", "word", "index"]

    @pytest.mark.parametrize("tier", ["phone", "word"])
    def test_labels_and_times_are_those_of_the_file(self, table, tier):
        grid = to_textgrid(table, UTTERANCE)
        labels = demo_corpus()[UTTERANCE].load().tiers[tier]
        found = intervals(grid, tier)
        assert [mark for _, _, mark in found] == [segment.label for segment in labels]
        for (start, stop, _), segment in zip(found, labels, strict=True):
            assert start == pytest.approx(segment.start / 16000, abs=1e-12)
            assert stop == pytest.approx(segment.stop / 16000, abs=1e-12)

    def test_index_intervals_cover_the_audio_without_gap(self, table):
        found = intervals(to_textgrid(table, UTTERANCE), "index")
        row = table.utterance(UTTERANCE)
        assert found[0][0] == (240 - 160) / 16000  # half a hop before the first centre
        last_centre = (320 * (row["n_frames"] - 1) + 240) / 16000
        assert found[-1][1] == pytest.approx(min(row["n_samples"] / 16000, last_centre + 0.01))
        assert all(before[1] == after[0] for before, after in pairwise(found))
        assert all(before[2] != after[2] for before, after in pairwise(found))

    def test_every_frame_centre_lies_in_an_interval_of_its_codeword(self, table):
        found = intervals(to_textgrid(table, UTTERANCE), "index")
        starts = [start for start, _, _ in found]
        _, frames = table.of_utterance(UTTERANCE)
        at = np.searchsorted(starts, frames["centre"] / 16000, side="right") - 1
        assert [found[i][2] for i in at] == [str(k) for k in frames["codeword"]]

    def test_it_is_read_back_with_textgrid(self, table, tmp_path):
        path = tmp_path / "new" / "one.TextGrid"
        grid = to_textgrid(table, UTTERANCE, path)
        read = textgrid.TextGrid()
        read.read(str(path), round_digits=12)
        assert read.getNames() == grid.getNames()
        assert read.maxTime == pytest.approx(grid.maxTime)
        for tier in grid.getNames():
            mine, theirs = intervals(grid, tier), [i for i in intervals(read, tier) if i[2]]
            assert [i[2] for i in theirs] == [i[2] for i in mine]
            np.testing.assert_allclose([i[:2] for i in theirs], [i[:2] for i in mine], atol=1e-9)

    def test_no_file_is_written_without_a_path(self, table, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        to_textgrid(table, UTTERANCE)
        assert list(tmp_path.iterdir()) == []


def test_runs_of_one_codeword_are_one_interval():
    table = made_table([Said("u", [("s", [3, 3, 3, 0]), ("iy", [0, 7])])])
    grid = to_textgrid(table, "u")
    assert intervals(grid, "index") == [(0.0, 0.3, "3"), (0.3, 0.5, "0"), (0.5, 0.6, "7")]
    assert intervals(grid, "phone") == [(0.0, 0.4, "s"), (0.4, 0.6, "iy")]
    assert grid.getNames() == ["phone", "index"]
    assert grid.name == "u"


def test_rates_of_audio_and_grid_may_differ():
    table = made_table([Said("u", [("s", [1]), ("iy", [2, 2])], audio_rate=3000)])
    grid = to_textgrid(table, "u")
    assert intervals(grid, "phone") == [(0.0, 0.1, "s"), (0.1, 0.3, "iy")]
    assert intervals(grid, "index") == [(0.0, 0.1, "1"), (0.1, 0.3, "2")]


def test_overlapping_words_are_cut_at_the_start_of_the_next():
    table = made_table([Said("u", [("s", [1, 2, 3, 4, 5])])])
    table = with_words(table, [(0, 250, "one"), (200, 300, "two"), (400, 500, "three")])
    grid = to_textgrid(table, "u")
    assert intervals(grid, "word") == [(0.0, 0.2, "one"), (0.2, 0.3, "two"), (0.4, 0.5, "three")]


def test_labels_past_the_audio_stretch_the_grid():
    table = made_table([Said("u", [("s", [1, 2])])])
    table = with_words(table, [(0, 900, "long")])
    grid = to_textgrid(table, "u")
    assert grid.maxTime == 0.9
    assert {tier.maxTime for tier in grid.tiers} == {0.9}
    assert intervals(grid, "index")[-1][1] == 0.2


def test_quotes_in_a_label_survive(tmp_path):
    table = with_words(made_table([Said("u", [("s", [1, 2])])]), [(0, 100, 'say "ah"')])
    to_textgrid(table, "u", tmp_path / "u.TextGrid")
    read = textgrid.TextGrid.fromFile(str(tmp_path / "u.TextGrid"))
    assert intervals(read, "word")[0] == (0.0, 0.1, 'say "ah"')


def test_the_table_stays_as_it_was():
    table = random_table(3)
    before = copies(table)
    to_textgrid(table, table.utterances["utterance"].iloc[1])
    assert_unchanged(table, before)


def test_a_missing_utterance_is_refused(table):
    with pytest.raises(TableError, match="no utterance 'nobody'"):
        to_textgrid(table, "nobody")


def test_an_utterance_without_a_frame_is_refused():
    with pytest.raises(TableError, match="'u' has no frame"):
        to_textgrid(no_frames(), "u")
