from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from made_tables import Said, made_table, random_table

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import phone_group, similar_pairs
from sfvq_analysis.stats import index_histogram, peak_adjacency, peaks

if TYPE_CHECKING:
    from sfvq_analysis.tables import IndexTable

PEAKS = {"f": 5, "v": 7, "s": 20, "sh": 23, "iy": 28, "ih": 30, "h#": 0, "tcl": 2, "m": 15}
SIZE = 32


def table_with_peaks(places: dict[str, int], *, rare: tuple[str, ...] = ()) -> IndexTable:
    tokens = [
        (phone, [k]) for phone, k in places.items() for _ in range(3 if phone in rare else 25)
    ]
    return made_table([Said("u", tokens)], SIZE)


def distances(table: IndexTable, column: str = "distance") -> dict[tuple[str, str], object]:
    found = peak_adjacency(peaks(index_histogram(table, "phone")))
    pairs = zip(found["phone_a"], found["phone_b"], strict=True)
    return dict(zip(pairs, found[column], strict=True))


def test_every_pair_inside_a_group_once_with_its_absolute_distance():
    expected = {
        (a, b): abs(PEAKS[a] - PEAKS[b])
        for a, b in combinations(sorted(PEAKS), 2)
        if phone_group(a) is not None and phone_group(a) == phone_group(b)
    }
    assert distances(table_with_peaks(PEAKS)) == expected
    assert distances(table_with_peaks(PEAKS), "distance_raw") == expected
    assert len(expected) == 7


def test_groups_and_similar_pairs_are_marked():
    found = peak_adjacency(peaks(index_histogram(table_with_peaks(PEAKS), "phone")))
    marked = set(zip(found["phone_a"], found["phone_b"], found["similar"], strict=True))
    assert {pair[:2] for pair in marked if pair[2]} == {("f", "v"), ("s", "sh"), ("ih", "iy")}
    assert {tuple(sorted(pair[:2])) in similar_pairs() for pair in marked if pair[2]} == {True}
    assert set(found["group"]) == {"fricative", "vowel"}


def test_similar_pairs_can_be_replaced_in_any_order_and_spelling():
    found = peaks(index_histogram(table_with_peaks(PEAKS), "phone"))
    own = peak_adjacency(found, similar=[("S", "F"), ("iy", "s")])
    assert own.loc[own["similar"], ["phone_a", "phone_b"]].to_numpy().tolist() == [["f", "s"]]
    assert not peak_adjacency(found, similar=[])["similar"].any()


def test_reversing_the_axis_leaves_distances_unchanged():
    table = table_with_peaks(PEAKS)
    mirrored = table_with_peaks({phone: SIZE - 1 - k for phone, k in PEAKS.items()})
    assert distances(mirrored) == distances(table)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_reversing_the_axis_of_random_codes(seed):
    rng = np.random.default_rng(seed)
    codes = {
        phone: np.clip(rng.normal(rng.uniform(0, SIZE), 3.0, 200).round(), 0, SIZE - 1).astype(int)
        for phone in ("f", "v", "s", "sh", "iy", "ih", "ae")
    }
    straight, mirrored = (
        made_table([Said("u", [(p, [k]) for p, ks in each.items() for k in ks.tolist()])], SIZE)
        for each in (codes, {phone: SIZE - 1 - k for phone, k in codes.items()})
    )
    assert distances(mirrored) == distances(straight)
    assert max(distances(straight).values()) > 0


def test_a_phone_without_a_peak_has_no_distance():
    found = distances(table_with_peaks(PEAKS, rare=("v",)))
    assert {pair for pair, distance in found.items() if pd.isna(distance)} == {
        ("f", "v"),
        ("s", "v"),
        ("sh", "v"),
    }
    assert found["f", "s"] == 15


def test_only_main_peaks_count():
    tokens = [("f", [2])] * 30 + [("f", [20])] * 20 + [("v", [19])] * 30
    table = made_table([Said("u", tokens)], SIZE)
    assert distances(table) == {("f", "v"): 17}


def test_smoothed_and_raw_distances_are_told_apart():
    tokens = [("f", [k]) for k in (6, 7, 8) for _ in range(10)] + [("f", [1])] * 11
    tokens += [("v", [20])] * 25
    table = made_table([Said("u", tokens)], SIZE)
    assert distances(table) == {("f", "v"): 13}
    assert distances(table, "distance_raw") == {("f", "v"): 19}


def test_one_phone_only_gives_no_row():
    found = peak_adjacency(peaks(index_histogram(table_with_peaks({"s": 3}), "phone")))
    assert len(found) == 0
    assert str(found["distance"].dtype) == "Int32"


def test_peaks_by_something_else_are_refused():
    found = peaks(index_histogram(table_with_peaks(PEAKS), "phone_group"))
    with pytest.raises(TableError, match="peaks aren't by phone"):
        peak_adjacency(found)


def test_the_peaks_stay_as_they_were():
    found = peaks(index_histogram(table_with_peaks(PEAKS), "phone"))
    before = found.copy()
    peak_adjacency(found)
    pd.testing.assert_frame_equal(found, before)


def test_peaks_by_more_than_the_phone_are_refused():
    histogram = index_histogram(random_table(3, n_utterances=30), ["phone", "sex"])
    with pytest.raises(TableError, match="by phone alone"):
        peak_adjacency(peaks(histogram, min_tokens=1))
