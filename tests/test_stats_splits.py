from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from sklearn.metrics import roc_auc_score

from sfvq_analysis.phones import CONSONANT_GROUPS, PHONE_GROUPS, VOWEL_GROUPS
from sfvq_analysis.stats import axis_measures
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.groups.splits import splits
from sfvq_analysis.stats.inference import (
    Inference,
    interval,
    permuted_codes,
    resampling_weights,
)
from sfvq_analysis.tables.simulated import Simulation, simulated_table

FEW = Inference(n_permutations=39, n_bootstraps=60)
NONE = Inference(n_permutations=0, n_bootstraps=0)
DIRECTED = ["threshold", "above", "threshold_share", "threshold_low", "threshold_high",
            "range_first", "range_last"]  # fmt: skip
NULL = ["null_mean", "null_sd", "p", "p_corrected", "range_null_mean", "range_null_sd", "range_p",
        "range_p_corrected"]  # fmt: skip


def weighted_frames(rows, first_groups):
    """Return index, side and weight of frames, groups and then sides weighing the same."""
    rows = [row for row in rows if row["phone_group"] is not None]
    groups = [row["phone_group"] for row in rows]
    sides = {group: group in first_groups for group in groups}
    weight = [
        1 / groups.count(group) / sum(sides[group] == other for other in sides.values())
        for group in groups
    ]
    return (
        np.array([row["codeword"] for row in rows]),
        np.array([not sides[group] for group in groups]),
        np.array(weight),
    )


def best_threshold(index, second, weight, size):
    best = 0.0
    for k in range(size):
        for above in (True, False):
            right = ((index > k) == above) == second
            best = max(best, sum(weight[right & second]) / 2 + sum(weight[right & ~second]) / 2)
    return best


def best_interval(index, second, weight, size):
    best = 0.5
    for first in range(size):
        for last in range(first, size):
            inside = (index >= first) & (index <= last)
            right = inside != second
            best = max(best, sum(weight[right]) / 2)
    return best


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_equal_a_search_over_all_thresholds_and_ranges(seed):
    table = random_table(seed, n_utterances=9)
    found = splits(table, inference=NONE).set_index("split")
    assert list(found.index) == ["consonant_vowel", *PHONE_GROUPS]
    rows = frame_rows(table)
    present = {row["phone_group"] for row in rows} - {None}
    for name, groups in [("consonant_vowel", CONSONANT_GROUPS), *((g, (g,)) for g in PHONE_GROUPS)]:
        if not present & set(groups) or not present - set(groups):
            assert np.isnan(found.loc[name, "accuracy"])
            assert found.loc[name, "reason"]
            continue
        index, second, weight = weighted_frames(rows, groups)
        best = best_threshold(index, second, weight, 8)
        assert found.loc[name, "accuracy"] == pytest.approx(best)
        auc = roc_auc_score(second, index, sample_weight=weight)
        assert found.loc[name, "auc"] == pytest.approx(max(auc, 1 - auc))
        if name != "consonant_vowel":
            best = best_interval(index, second, weight, 8)
            assert found.loc[name, "range_accuracy"] == pytest.approx(best)


def test_consonants_and_vowels_are_those_of_axis_measures():
    table = random_table(3, codebook_size=32, n_utterances=20)
    row, measures = splits(table, inference=NONE).iloc[0], axis_measures(table).iloc[0]
    assert row["accuracy"] == measures["split"]
    assert row["ceiling"] == measures["split_ceiling"]
    assert row["threshold"] == measures["threshold"]
    assert row["share_of_ceiling"] == (row["accuracy"] - 0.5) / (row["ceiling"] - 0.5)


def test_the_null_optimises_anew_in_every_permutation_of_used_codes():
    table = random_table(5, codebook_size=8, n_utterances=9)
    flipped = table.frames["codeword"].replace({2: 1, 6: 5})  # 2 and 6 are unused now
    table = dataclasses.replace(table, frames=table.frames.assign(codeword=flipped))
    found = splits(table, inference=FEW).set_index("split")
    owned = [row["codeword"] for row in frame_rows(table) if row["phone_group"] is not None]
    draws = permuted_codes(np.bincount(owned, minlength=8) > 0, FEW)
    assert (draws[:, [2, 6]] == [2, 6]).all()
    null, range_null = [], []
    for draw in draws:
        place = np.argsort(draw)
        moved = table.frames["codeword"].map(dict(enumerate(place))).astype("int32")
        permuted = dataclasses.replace(table, frames=table.frames.assign(codeword=moved))
        again = splits(permuted, inference=NONE).set_index("split")
        null.append(again.loc["fricative", "accuracy"])
        range_null.append(again.loc["fricative", "range_accuracy"])
    row = found.loc["fricative"]
    for prefix, draws_of, observed in (
        ("", null, row["accuracy"]),
        ("range_", range_null, row["range_accuracy"]),
    ):
        assert row[f"{prefix}null_mean"] == pytest.approx(np.mean(draws_of))
        assert row[f"{prefix}null_sd"] == pytest.approx(np.std(draws_of))
        as_good = sum(one >= observed - 1e-9 for one in draws_of)
        assert row[f"{prefix}p"] == (1 + as_good) / 40


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_group_in_the_middle_is_parted_by_a_range_and_by_no_threshold(mirrored):
    tokens = [("h#", [0, 0, 1]), ("s", [1, 2]), ("m", [4, 4, 5]), ("iy", [6, 7]), ("ey", [7, 9])]
    if mirrored:
        tokens = [(phone, [9 - code for code in codes]) for phone, codes in tokens]
    found = splits(made_table([Said("u", tokens)], 10), inference=NONE).set_index("split")
    nasal = found.loc["nasal"]
    assert nasal["range_accuracy"] == 1.0
    assert [nasal["range_first"], nasal["range_last"]] == [4, 5]
    assert nasal["accuracy"] == 0.75
    assert nasal["ceiling"] == 1.0
    assert nasal["share_of_ceiling"] == 0.5
    assert nasal["auc"] == pytest.approx(0.5)
    first = found.iloc[0]
    assert (first["accuracy"], first["auc"]) == (1.0, 1.0)
    assert first["above"] == ("consonant" if mirrored else "vowel")
    assert first["threshold_share"] == (0.4 if mirrored else 0.6)
    assert first[["range_first", "range_accuracy", "range_p"]].isna().all()


def test_order_is_told_from_its_absence():
    plan = Simulation(n_speakers=6, seed=1)
    ordered = splits(simulated_table(plan), inference=FEW)
    shuffled = splits(
        simulated_table(dataclasses.replace(plan, ordered=False)), inference=FEW
    ).set_index("split")
    assert (ordered["p"].iloc[0], ordered["range_p"].max()) == (1 / 40, 1 / 40)
    assert ordered["share_of_ceiling"].iloc[0] > 0.9
    assert shuffled.loc["consonant_vowel", "p"] > 0.05
    assert (shuffled["ceiling"].to_numpy() > 0.9).all()


def test_intervals_hold_what_was_observed():
    found = splits(simulated_table(Simulation(n_speakers=8)), inference=FEW)
    for name, low, high in (
        ("accuracy", "low", "high"),
        ("threshold_share", "threshold_low", "threshold_high"),
        ("range_accuracy", "range_low", "range_high"),
    ):
        known = found.dropna(subset=[name])
        assert (known[low] <= known[name] + 0.02).all()
        assert (known[high] >= known[name] - 0.02).all()
        assert (known[low] <= known[high]).all()
        assert (known[low] < known[high]).any()
    assert (found["unit"] == "speaker").all()
    assert (found["n_units"] == 8).all()


def test_a_resampling_is_parted_where_the_data_were():
    table = simulated_table(Simulation(n_speakers=6, token_spread=0.1, seed=3))
    found = splits(table, inference=FEW).set_index("split")
    rows = pd.DataFrame(frame_rows(table)).dropna(subset=["phone_group"])
    speaker = table.utterances.set_index("utterance")["speaker"]
    rows["unit"] = speaker[rows["utterance"]].astype("category").cat.codes.to_numpy()
    for name, groups in (("consonant_vowel", VOWEL_GROUPS), ("fricative", ("fricative",))):
        row = found.loc[name]
        above = rows["codeword"] > row["threshold"]
        second = rows["phone_group"].isin(groups)
        right = {"accuracy": (above == second) == (row["above"] in ("vowel", name))}
        if name == "fricative":
            inside = rows["codeword"].between(row["range_first"], row["range_last"])
            right["range_accuracy"] = inside == second
        for measure, hits in right.items():
            draws = []
            for weights in resampling_weights(6, FEW):
                weight = weights[rows["unit"]]
                n = pd.Series(weight).groupby(rows["phone_group"].to_numpy()).sum()
                share = pd.Series(weight * hits).groupby(rows["phone_group"].to_numpy()).sum() / n
                side = share.index.isin(groups)
                draws.append((share[side].mean() + share[~side].mean()) / 2)
            ends = {"accuracy": ("low", "high"), "range_accuracy": ("range_low", "range_high")}
            expected = interval(np.array(draws), 6, FEW)
            assert row[[*ends[measure]]].tolist() == pytest.approx([float(one) for one in expected])


def test_reversing_the_axis_changes_no_measure():
    table = random_table(4, codebook_size=32, n_utterances=20)
    flipped = table.frames.assign(codeword=(31 - table.frames["codeword"]).astype("int32"))
    mirrored = dataclasses.replace(table, frames=flipped)
    one, other = (splits(each, inference=FEW).drop(columns=[*DIRECTED, *NULL])
                  for each in (table, mirrored))  # fmt: skip
    pd.testing.assert_frame_equal(one, other)


def test_one_used_code_parts_nothing():
    found = splits(made_table([Said("u", [("s", [3, 3]), ("iy", [3])])]), inference=FEW)
    row = found.iloc[0]
    assert (row["accuracy"], row["ceiling"], row["auc"], row["p"]) == (0.5, 0.5, 0.5, 1.0)
    assert np.isnan(row["share_of_ceiling"])
    assert row["reason"] == "both sides are alike: no order parts them"
    assert found["range_first"].isna().all()


def test_one_unit_has_no_interval_but_a_null():
    table = made_table([Said("u", [("s", [0, 1, 1]), ("iy", [5, 6]), ("m", [2])])])
    row = splits(table, inference=FEW).iloc[0]
    assert np.isnan(row["low"])
    assert row["p"] > 0
    assert row["reason"] == "one utterance: no interval"


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_nothing_labelled(table):
    found = splits(table, inference=FEW)
    assert len(found) == 8
    assert found[["accuracy", "ceiling", "auc", "p", "low", "range_accuracy"]].isna().all(axis=None)
    assert (found["reason"] == "no frame in a group").all()


def test_one_group_only():
    found = splits(made_table([Said("u", [("s", [1, 2])])]), inference=FEW).set_index("split")
    assert found["accuracy"].isna().all()
    assert found.loc["fricative", "reason"] == "no frame of the side rest"
    assert found.loc["consonant_vowel", "reason"] == "no frame of the side vowel"


def test_a_table_and_its_reductions_give_the_same_and_stay_as_they_were():
    table = random_table(6, n_utterances=9)
    before = copies(table)
    one = splits(table, inference=FEW)
    assert_unchanged(table, before)
    pd.testing.assert_frame_equal(one, splits(reduce(table), inference=FEW))
    pd.testing.assert_index_equal(one.index, pd.RangeIndex(8))
