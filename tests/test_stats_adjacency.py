from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from recoded import counts_by_hand, mirrored, recoded

from sfvq_analysis.errors import OptionError, TableError
from sfvq_analysis.phones import phone_group, similar_pairs
from sfvq_analysis.stats import index_histogram, peak_adjacency, peaks
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference, interval, permuted_codes, resampling_weights
from sfvq_analysis.stats.order.adjacency import adjacency_test

if TYPE_CHECKING:
    from sfvq_analysis.tables import IndexTable

PEAKS = {"f": 5, "v": 7, "s": 20, "sh": 23, "iy": 28, "ih": 30, "h#": 0, "tcl": 2, "m": 15}
SIZE = 32
FEW = Inference(n_permutations=30, n_bootstraps=30)


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


def peak_by_hand(counts: np.ndarray) -> int | None:
    """Return the middle of the first run of highest places of the smoothed counts."""
    if counts.sum() == 0:
        return None
    window = np.array([0.13, 0.63, 1.0, 0.63, 0.13])
    smoothed = np.convolve(np.concatenate([[0, 0], counts, [0, 0]]), window, mode="valid")
    first = next(k for k, height in enumerate(smoothed) if height > smoothed.max() - 1e-9)
    last = first
    while last + 1 < len(smoothed) and smoothed[last + 1] > smoothed.max() - 1e-9:
        last += 1
    return (first + last) // 2


def adjacency_by_hand(counts: dict[str, np.ndarray], phones: list[str]) -> dict[str, float]:
    """Return the measures of `adjacency_test` for the counts of some phones."""
    distance = {}
    for a, b in combinations(phones, 2):
        group = phone_group(a)
        if group is None or group != phone_group(b):
            continue
        there = peak_by_hand(counts[a]), peak_by_hand(counts[b])
        back = peak_by_hand(counts[a][::-1]), peak_by_hand(counts[b][::-1])
        if None not in there:
            mean = (abs(there[0] - there[1]) + abs(back[0] - back[1])) / 2
            distance[group, tuple(sorted((a, b))) in similar_pairs(), (a, b)] = mean
    wins, comparisons = defaultdict(float), defaultdict(int)
    for (group, is_similar, _), near in distance.items():
        for (other_group, other_similar, _), far in distance.items():
            if is_similar and not other_similar and group == other_group:
                for name in ("adjacency", f"adjacency_{group}"):
                    wins[name] += 1.0 if near < far else 0.5 if near == far else 0.0
                    comparisons[name] += 1
    found = {name: wins[name] / n for name, n in comparisons.items()}
    for name, kind in (("similar", True), ("other", False)):
        chosen = [one for (_, is_similar, _), one in distance.items() if is_similar == kind]
        found[f"median_distance_{name}"] = float(np.median(chosen)) if chosen else np.nan
    return found


PHONES = ("s", "z", "sh", "f", "v", "th", "iy", "ih", "ae", "ey", "tcl", "m", "n", "ng")


@pytest.fixture(scope="module")
def noisy():
    return reduce(random_table(5, codebook_size=24, n_utterances=100, phones=PHONES))


class TestAdjacencyTest:
    def test_effects_equal_a_loop_over_pairs_of_pairs(self, noisy):
        found = adjacency_test(noisy, min_tokens=20, inference=FEW).set_index("measure")
        enough = [
            phone
            for phone, n in noisy.tokens[noisy.tokens["n_frames"] > 0]["phone"]
            .value_counts()
            .items()
            if n >= 20
        ]
        expected = adjacency_by_hand(counts_by_hand(noisy), sorted(enough))
        assert len(expected) >= 5
        assert found["effect"].to_dict() == pytest.approx(expected)

    def test_nulls_find_every_peak_anew(self, noisy):
        found = adjacency_test(noisy, min_tokens=0, inference=FEW).set_index("measure")
        counts = counts_by_hand(noisy)
        observed = adjacency_by_hand(counts, sorted(counts))
        draws = [
            adjacency_by_hand({phone: row[codes] for phone, row in counts.items()}, sorted(counts))
            for codes in permuted_codes(np.ones(24), FEW)
        ]
        for name, row in found.iterrows():
            null = np.array([draw[name] for draw in draws])
            tail = null <= observed[name] if "median" in name else null >= observed[name]
            assert row["null_mean"] == pytest.approx(null.mean())
            assert row["null_sd"] == pytest.approx(null.std())
            assert row["p"] == pytest.approx((1 + tail.sum()) / (1 + len(draws)))

    def test_intervals_resample_speakers_and_find_peaks_anew(self, noisy):
        found = adjacency_test(noisy, min_tokens=0, inference=FEW).set_index("measure")
        weights = resampling_weights(3, FEW)
        draws = [counts_by_hand(noisy, row) for row in weights]
        phones = sorted(counts_by_hand(noisy))
        by_draw = [adjacency_by_hand(counts, phones) for counts in draws]
        for name, row in found.iterrows():
            expected = interval([draw[name] for draw in by_draw], 3, FEW)
            assert (row["low"], row["high"]) == pytest.approx([float(one) for one in expected])
        assert (found["unit"] == "speaker").all()
        assert (found["n_units"] == 3).all()

    def test_neighbours_are_found_and_shuffling_loses_them(self):
        places = dict(
            zip(("f", "v", "s", "z", "th", "dh", "hh", "hv"), range(2, 31, 4), strict=True)
        )
        table = table_with_peaks({**places, "sh": 12, "iy": 31, "ih": 30, "ae": 3})
        found = adjacency_test(table, inference=Inference(n_permutations=199))
        found = found.set_index("measure")
        assert found.loc["adjacency_vowel", "effect"] == 1.0
        assert found.loc["adjacency", "effect"] > 0.8
        assert found.loc["adjacency", "p"] < 0.05
        assert found.loc["adjacency", "null_mean"] == pytest.approx(0.5, abs=0.06)
        rng = np.random.default_rng(1)
        shuffled = [
            adjacency_test(recoded(table, rng.permutation(SIZE)), inference=FEW).loc[0]
            for _ in range(40)
        ]
        assert np.mean([row["effect"] for row in shuffled]) == pytest.approx(0.5, abs=0.1)
        assert sum(row["p"] <= 0.05 for row in shuffled) <= 6  # 2 are expected

    def test_worst_order_is_0_and_ties_are_halves(self):
        far = adjacency_test(table_with_peaks({"iy": 0, "ae": 10, "ih": 20}), inference=FEW)
        assert far.loc[0, "effect"] == 0.0
        assert far["effect"].tolist()[2:] == [20.0, 10.0]
        same = adjacency_test(table_with_peaks({"iy": 10, "ae": 20, "ih": 20}), inference=FEW)
        assert same.loc[0, "effect"] == 0.25  # 10 against 10 and against 0

    @pytest.mark.parametrize("seed", range(6))
    def test_the_direction_of_the_axis_does_not_matter(self, seed):
        table = random_table(seed, n_utterances=20, phones=PHONES)  # few frames: many ties
        straight, back = (
            adjacency_test(one, min_tokens=0, inference=FEW) for one in (table, mirrored(table))
        )
        for name in ("measure", "effect", "low", "high"):
            pd.testing.assert_series_equal(straight[name], back[name])

    def test_own_pairs_in_any_order_and_spelling(self):
        table = table_with_peaks(PEAKS)
        found = adjacency_test(table, similar=[("SH1", "f")], inference=FEW)
        assert found["measure"].tolist()[1] == "adjacency_fricative"
        assert found.loc[0, "effect"] == 0.0  # 18 is the largest distance

    def test_pairs_are_folded_like_the_phones(self):
        table = table_with_peaks({"s": 3, "sh": 5, "zh": 7, "f": 20, "v": 22, "th": 12})
        found = adjacency_test(table, phone_set=39, inference=FEW).set_index("measure")
        assert found.loc["median_distance_similar", "effect"] == 2.5  # s sh, f v; not sh sh
        assert found.loc["adjacency", "effect"] == 1.0

    def test_rare_phones_are_left_out(self):
        table = table_with_peaks({**PEAKS, "z": 2}, rare=("z",))
        found = adjacency_test(table, inference=FEW).set_index("measure")
        without = adjacency_test(table_with_peaks(PEAKS), inference=FEW).set_index("measure")
        pd.testing.assert_series_equal(found["effect"], without["effect"])
        with_it = adjacency_test(table, min_tokens=3, inference=FEW).set_index("measure")
        assert with_it.loc["adjacency", "effect"] != found.loc["adjacency", "effect"]

    @pytest.mark.parametrize(
        ("table", "reason"),
        [
            (nothing_labelled(), "no labelled frame"),
            (no_frames(), "no labelled frame"),
            (made_table([Said("u", [("s", [3]), ("f", [3]), ("z", [3])] * 25)]), "1 used code"),
            (made_table([Said("u", [("s", [1, 2, 3])] * 25)]), "no similar phones"),
            (made_table([Said("u", [("s", [1, 2, 3]), ("z", [2])] * 25)]), "no group has other"),
        ],
    )
    def test_what_cannot_be_measured_is_nan_with_a_reason(self, table, reason):
        found = adjacency_test(table, inference=FEW)
        assert np.isnan(found.loc[0, "effect"])
        assert np.isnan(found.loc[0, "p"])
        assert reason in found.loc[0, "reason"]

    def test_one_utterance_has_no_interval(self):
        found = adjacency_test(table_with_peaks(PEAKS), inference=FEW)
        assert found[["low", "high"]].isna().all(axis=None)
        assert set(found["unit"]) == {"utterance"}
        assert set(found["reason"]) == {"one utterance: no interval"}
        assert found[["effect", "p"]].notna().all(axis=None)

    def test_without_draws_there_is_the_effect_alone(self, noisy):
        none = Inference(n_permutations=0, n_bootstraps=0)
        found = adjacency_test(noisy, inference=none)
        assert found["effect"].notna().all()
        assert found[["low", "high", "null_mean", "null_sd", "p"]].isna().all(axis=None)

    def test_bad_options_are_refused(self, noisy):
        with pytest.raises(OptionError, match="min_tokens is -1"):
            adjacency_test(noisy, min_tokens=-1)

    def test_the_table_stays_as_it_was(self):
        table = random_table(3, n_utterances=20, phones=PHONES)
        before = copies(table)
        adjacency_test(table, min_tokens=0, inference=FEW)
        assert_unchanged(table, before)
