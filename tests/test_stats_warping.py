from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Said, frame_rows, made_table, no_frames, random_table

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.speakers.warping import index_series, sentence_distances, warped_distance


def by_table(one, other):
    """Return the distance from the whole table of least sums."""
    least = np.full((len(one) + 1, len(other) + 1), np.inf)
    least[0, 0] = 0
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            before = min(least[i, j], least[i, j + 1], least[i + 1, j])
            least[i + 1, j + 1] = abs(a - b) + before
    return least[-1, -1] / (len(one) + len(other))


CODES = st.lists(st.integers(0, 40), min_size=1, max_size=15)


@settings(max_examples=100, deadline=None)
@given(CODES, CODES)
def test_distance_is_the_least_of_all_paths(one, other):
    a, b = np.array(one, dtype=np.float64), np.array(other, dtype=np.float64)
    assert warped_distance(a, b) == pytest.approx(by_table(one, other))
    assert warped_distance(b, a) == pytest.approx(warped_distance(a, b))
    assert warped_distance(40 - a, 40 - b) == pytest.approx(warped_distance(a, b))


def test_tempo_costs_nothing():
    slow = np.repeat([3.0, 8.0, 1.0], [4, 2, 7])
    assert warped_distance(np.array([3.0, 8.0, 1.0]), slow) == 0


def test_series_are_the_frames_of_utterances():
    table = random_table(3)
    rows = frame_rows(table)
    for name, series in zip(
        table.utterances["utterance"], index_series(reduce(table)), strict=True
    ):
        assert series.tolist() == [row["codeword"] for row in rows if row["utterance"] == name]


def spoken(ids, size=9):
    """Return a table of utterances named speaker_sentence, codes at random."""
    rng = np.random.default_rng(0)
    said = [
        Said(one, [(None, rng.integers(0, size, 5).tolist())], one.partition("_")[0])
        for one in sorted(ids)
    ]
    return made_table(said, size)


def test_the_matrix_holds_the_sentences_most_speakers_say():
    ids = ["fa_s1", "fb_s1", "fc_s1", "fa_s2", "fb_s2", "fc_s3", "fb_s3", "fc_s4"]
    table = spoken(ids)
    found = sentence_distances(table, n_sentences=2, n_speakers=2)
    names = [("s1", "fa"), ("s1", "fb"), ("s2", "fa"), ("s2", "fb")]
    assert list(found.index) == list(found.columns) == names
    series = dict(zip(table.utterances["utterance"], index_series(reduce(table)), strict=True))
    for (s, a), row in found.iterrows():
        for (t, b), distance in row.items():
            expected = by_table(series[f"{a}_{s}"], series[f"{b}_{t}"])
            assert distance == pytest.approx(expected)
    assert len(sentence_distances(table)) == 7  # s4 is said by one


def test_no_repeated_sentence_gives_an_empty_matrix():
    for table in (spoken(["fa_s1", "fb_s2"]), spoken(["fa_", "fb_"]), no_frames()):
        assert sentence_distances(table).shape == (0, 0)


def test_refuses_no_sentence():
    with pytest.raises(OptionError, match="n_sentences is 0"):
        sentence_distances(no_frames(), n_sentences=0)
