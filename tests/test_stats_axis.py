from __future__ import annotations

import dataclasses
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from scipy.stats import wasserstein_distance

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import CONSONANT_GROUPS, VOWEL_GROUPS, phone_group, similar_pairs
from sfvq_analysis.stats import arc_pnmi, axis_measures, consonant_vowel_split, phone_counts, pnmi
from sfvq_analysis.stats.order.axis import similar_pair_distance
from sfvq_analysis.stats.time.transitions import relative_step

SEEDS = st.integers(0, 10_000)
PHONES = ["h#", "pau", "s", "sh", "z", "m", "n", "iy", "ih", "ey", "l"]


def random_counts(seed: int, size: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, (len(PHONES), size)) * (rng.random((len(PHONES), size)) < 0.6)
    counts[:, 0] += 1  # every phone occurs
    return pd.DataFrame(counts, index=PHONES)


def accuracy(counts: pd.DataFrame, vowel_codes: set[int]) -> float:
    """Return the mean over groups, then over sides, of the frames on the right side."""
    sides = []
    for groups, wanted in ((CONSONANT_GROUPS, False), (VOWEL_GROUPS, True)):
        shares = []
        for group in groups:
            rows = counts.to_numpy()[[phone_group(phone) == group for phone in counts.index]]
            mine = rows.sum(axis=0).tolist()
            if sum(mine):
                right = sum(n for k, n in enumerate(mine) if (k in vowel_codes) == wanted)
                shares.append(right / sum(mine))
        sides.append(sum(shares) / len(shares))
    return sum(sides) / 2


def best_split(counts: pd.DataFrame) -> float:
    """Return the best accuracy over all thresholds and both directions."""
    size = counts.shape[1]
    above = [accuracy(counts, set(range(k, size))) for k in range(size + 1)]
    below = [accuracy(counts, set(range(k))) for k in range(size + 1)]
    return max(above + below)


class TestSplit:
    @settings(max_examples=15, deadline=None)
    @given(SEEDS, st.integers(2, 9))
    def test_it_is_the_best_over_thresholds_and_directions(self, seed, size):
        counts = random_counts(seed, size)
        found = consonant_vowel_split(counts).iloc[0]
        assert found["accuracy"] == pytest.approx(best_split(counts))
        lower = set(range(found["threshold"] + 1))
        vowel_codes = set(range(size)) - lower if found["vowels_above"] else lower
        assert accuracy(counts, vowel_codes) == pytest.approx(found["accuracy"])

    @pytest.mark.parametrize("size", [2, 3, 4, 5])
    def test_ceiling_is_the_best_over_all_orders(self, size):
        counts = random_counts(size, size)
        found = consonant_vowel_split(counts).iloc[0]
        best = max(
            best_split(counts[list(order)])
            for order in permutations(range(size))
            if order <= order[::-1]  # both directions are tried anyway
        )
        assert found["ceiling"] == pytest.approx(best)

    @settings(max_examples=5, deadline=None)
    @given(SEEDS)
    def test_ceiling_over_the_orders_of_six(self, seed):
        counts = random_counts(seed, 6)
        best = max(  # any set of codes can be brought above a threshold
            accuracy(counts, set(chosen)) for n in range(7) for chosen in combinations(range(6), n)
        )
        found = consonant_vowel_split(counts).iloc[0]
        assert found["ceiling"] == pytest.approx(best)
        assert 0.5 <= found["accuracy"] <= found["ceiling"] + 1e-12

    @pytest.mark.parametrize("mirrored", [False, True])
    def test_perfect_order(self, mirrored):
        counts = pd.DataFrame(
            [[4, 4, 1, 0, 0], [0, 2, 2, 0, 0], [0, 0, 0, 3, 1]], index=["h#", "s", "iy"]
        )
        counts = counts[counts.columns[::-1]] if mirrored else counts
        found = consonant_vowel_split(counts).iloc[0]
        assert found[["accuracy", "ceiling"]].tolist() == [1.0, 1.0]
        assert found["vowels_above"] is not mirrored
        assert found["threshold"] == (1 if mirrored else 2)

    def test_groups_weigh_the_same_however_many_frames_they_have(self):
        counts = pd.DataFrame([[1000, 0], [0, 1], [0, 1]], index=["h#", "s", "iy"])
        assert consonant_vowel_split(counts)["accuracy"].iloc[0] == pytest.approx(0.75)

    def test_phones_of_no_group_do_not_count(self):
        counts = pd.DataFrame([[5, 0], [0, 7], [0, 900]], index=["s", "iy", "tcl"])
        assert consonant_vowel_split(counts)["accuracy"].iloc[0] == 1.0

    def test_one_used_code(self):
        counts = pd.DataFrame([[0, 4, 0], [0, 5, 0]], index=["s", "iy"])
        found = consonant_vowel_split(counts).iloc[0]
        assert found[["accuracy", "ceiling"]].tolist() == [0.5, 0.5]

    @pytest.mark.parametrize("phones", [["s", "h#"], ["iy", "ey"], ["tcl", "q"]])
    def test_a_side_without_a_frame_gives_nan(self, phones):
        found = consonant_vowel_split(pd.DataFrame([[1, 2], [3, 4]], index=phones)).iloc[0]
        assert found[["accuracy", "ceiling", "threshold", "vowels_above"]].isna().all()


class TestPairs:
    @settings(max_examples=15, deadline=None)
    @given(SEEDS, st.integers(2, 40))
    def test_it_equals_scipys_earth_movers_distance(self, seed, size):
        counts = random_counts(seed, size)
        places = np.arange(size)
        distance = {
            frozenset((a, b)): wasserstein_distance(places, places, counts.loc[a], counts.loc[b])
            for a, b in combinations(PHONES, 2)
        }
        near = [distance[frozenset(pair)] for pair in similar_pairs("sixteen")
                if set(pair) <= set(PHONES)]  # fmt: skip
        assert len(near) == 4
        expected = np.mean(near) / np.mean(list(distance.values()))
        assert similar_pair_distance(counts) == pytest.approx(expected)

    def test_closed_form(self):
        counts = pd.DataFrame([[2, 0, 0, 0], [0, 3, 0, 0], [0, 0, 0, 1]], index=["s", "z", "iy"])
        assert similar_pair_distance(counts) == pytest.approx(1 / ((1 + 3 + 2) / 3))

    def test_the_sixteen_pairs_are_those_of_the_definition(self):
        stated = (
            "f v, th dh, s z, sh zh, p b, t d, k g, ch jh, m n, n ng, iy ih, er r, aa ao, uw uh, "
            "ey iy, l w"
        )
        pairs = {tuple(sorted(pair.split())) for pair in stated.split(", ")}
        assert set(similar_pairs("sixteen")) == pairs
        assert len(pairs) == 16

    @pytest.mark.parametrize("phones", [["s"], ["s", "iy"], ["tcl", "q", "h#"]])
    def test_no_similar_pair_gives_nan(self, phones):
        counts = pd.DataFrame(np.eye(len(phones), 4, dtype=int), index=phones)
        assert np.isnan(similar_pair_distance(counts))

    def test_no_phone_gives_nan(self):
        assert np.isnan(similar_pair_distance(phone_counts(nothing_labelled())))


class TestMeasures:
    def test_one_row_of_all_measures(self):
        table = random_table(3, codebook_size=32, n_utterances=20)
        table = dataclasses.replace(table, provenance={"quantizer": {"fit": {"variance": 4.0}}})
        counts = phone_counts(table)
        split = consonant_vowel_split(counts).iloc[0]
        found = axis_measures(table)
        assert len(found) == 1
        assert found.iloc[0].to_dict() == pytest.approx(
            {
                "mse": 0.25,
                "pnmi": pnmi(counts),
                "arcs": arc_pnmi(counts, 16),
                "split": split["accuracy"],
                "split_ceiling": split["ceiling"],
                "threshold": split["threshold"],
                "step": relative_step(table),
                "step_optimised": False,
                "pairs": similar_pair_distance(counts),
            }
        )
        assert found.notna().all(axis=None)

    def test_a_perfect_order(self):
        tokens = [("s", [0, 1]), ("z", [1, 2]), ("sh", [2, 3]), ("m", [5, 4]), ("n", [5, 6])]
        tokens += [("l", [8, 8]), ("iy", [15, 14]), ("ih", [14, 13])]
        found = axis_measures(made_table([Said("u", tokens)], codebook_size=16)).iloc[0]
        assert found["split"] == found["split_ceiling"] == 1.0
        assert found["arcs"] == pytest.approx(found["pnmi"])
        assert found["pairs"] < 0.2
        assert found["step"] < 0.5

    def test_reversing_the_axis_changes_nothing_but_the_threshold(self):
        table = random_table(4, codebook_size=32, n_utterances=20)
        flipped = table.frames.assign(codeword=(31 - table.frames["codeword"]).astype("int32"))
        mirrored = dataclasses.replace(table, frames=flipped)
        one, other = (axis_measures(each).drop(columns="threshold") for each in (table, mirrored))
        pd.testing.assert_frame_equal(one, other)

    def test_what_cannot_be_measured_is_nan(self):
        table = made_table([Said("u", [("s", [1, 2, 1])])], codebook_size=8)
        found = axis_measures(table).iloc[0]
        assert found.drop(["step", "step_optimised"]).isna().all()
        assert found["step"] == pytest.approx(1 / 3)

    @pytest.mark.parametrize("make", [nothing_labelled, no_frames])
    def test_without_labelled_frames_all_but_step_is_nan(self, make):
        assert axis_measures(make()).iloc[0].drop(["step", "step_optimised"]).isna().all()

    def test_the_table_stays_as_it_was(self):
        table = random_table(5, codebook_size=16)
        before = copies(table)
        axis_measures(table)
        assert_unchanged(table, before)


def test_measures_without_labelled_frames():
    assert axis_measures(nothing_labelled(256))["arcs"].isna().all()


def test_pairs_of_one_used_code():
    counts = pd.DataFrame([[0, 2], [0, 1]], index=["s", "z"])
    assert np.isnan(similar_pair_distance(counts))


def test_the_split_of_a_table_is_that_of_its_counts():
    table = random_table(3)
    of_counts = consonant_vowel_split(phone_counts(table), inventory=table.inventory)
    pd.testing.assert_frame_equal(consonant_vowel_split(table), of_counts)
    with pytest.raises(OptionError, match="counts is list; give a table or its phone_counts"):
        consonant_vowel_split([1, 2])
