from __future__ import annotations

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
from recoded import mirrored, recoded
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import arc_pnmi, phone_counts, pnmi
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, interval, permuted_codes, resampling_weights
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.order.merging import arcs_information, merge_information, numbers_of_arcs

FEW = Inference(n_permutations=25, n_bootstraps=25)
EMPTY = ["pnmi", "low", "high", "corrected", "random_mean", "gain", "gain_low", "p"]


def by_sklearn(counts: np.ndarray, n_arcs: int) -> float:
    """Return I(phone; arc) / H(phone) frame by frame."""
    phone, index = np.nonzero(counts)
    times = counts[phone, index].astype(int)
    phone, arc = np.repeat(phone, times), np.repeat(index // (counts.shape[1] // n_arcs), times)
    return float(mutual_info_score(phone, arc) / entropy(np.bincount(phone)))


@pytest.fixture(scope="module")
def table():
    return random_table(3, codebook_size=24, n_utterances=20)


def test_arcs_equal_another_library(table):
    found = merge_information(table, inference=FEW)
    assert found["n_arcs"].tolist() == [12, 8, 6, 4, 3, 2]
    assert found["codes_per_arc"].tolist() == [2, 3, 4, 6, 8, 12]
    counts = phone_counts(table)
    expected = [by_sklearn(counts.to_numpy(), n) for n in found["n_arcs"]]
    np.testing.assert_allclose(found["pnmi"], expected)
    np.testing.assert_allclose(found["pnmi"], [arc_pnmi(counts, n) for n in found["n_arcs"]])


def test_random_merges_permute_used_codes_then_cut(table):
    found = merge_information(table, inference=FEW)
    total = phone_counts(table).to_numpy()
    draws = np.array(
        [
            [by_sklearn(total[:, codes], n) for n in found["n_arcs"]]
            for codes in permuted_codes(total.any(axis=0), FEW)
        ]
    )
    np.testing.assert_allclose(found["random_mean"], draws.mean(axis=0))
    np.testing.assert_allclose(found["random_sd"], draws.std(axis=0))
    np.testing.assert_allclose(found["gain"], found["pnmi"] - draws.mean(axis=0))
    larger = (draws >= found["pnmi"].to_numpy() - 1e-12).sum(axis=0)
    np.testing.assert_allclose(found["p"], (1 + larger) / 26)


def test_label_null_permutes_segments(table):
    found = merge_information(table, inference=FEW)
    draws = [
        [by_sklearn(counts, n) for n in found["n_arcs"]]
        for counts in relabelled_counts(reduce(table), FEW)
    ]
    np.testing.assert_allclose(found["label_null_mean"], np.mean(draws, axis=0))
    np.testing.assert_allclose(found["corrected"], found["pnmi"] - np.mean(draws, axis=0))
    many = merge_information(table, inference=Inference(n_permutations=130, n_bootstraps=0))
    hundred = merge_information(table, inference=Inference(n_permutations=100, n_bootstraps=0))
    pd.testing.assert_series_equal(many["label_null_mean"], hundred["label_null_mean"])


def test_intervals_resample_speakers(table):
    found = merge_information(table, inference=FEW)
    counts = unit_counts(table)
    orders = permuted_codes(counts.total().any(axis=0), FEW)[:2]
    rows = []
    for block in counts.weighted(resampling_weights(3, FEW)):
        for one in block:
            own = np.array([by_sklearn(one, n) for n in found["n_arcs"]])
            changes = [
                [by_sklearn(each[:, codes], n) for n in found["n_arcs"]]
                for codes in orders
                for each in (one, counts.total())
            ]
            change = np.mean(changes[::2], axis=0) - np.mean(changes[1::2], axis=0)
            rows.append([own, own - found["random_mean"] - change])
    draws = np.array(rows)
    observed = found[["pnmi", "gain"]].to_numpy().T
    low, high = interval(draws - draws.mean(axis=0) + observed, 3, FEW)
    np.testing.assert_allclose(found[["low", "gain_low"]].to_numpy().T, low)
    np.testing.assert_allclose(found[["high", "gain_high"]].to_numpy().T, high)


def ordered_table(*, shuffled: int | None = None):
    """Return four speakers' table in which every four of 32 codes stand for one phone."""
    phones = ["h#", "s", "f", "m", "n", "iy", "ae", "l"]
    code = np.arange(32) if shuffled is None else np.random.default_rng(shuffled).permutation(32)
    tokens = [(phone, [int(code[4 * at + i])]) for at, phone in enumerate(phones) for i in range(4)]
    said = [Said(f"u{i}", tokens * 3, speaker=f"f{i}") for i in range(4)]
    return made_table(said, 32)


def test_perfect_order_is_kept_until_phones_are_merged():
    found = merge_information(ordered_table(), inference=FEW).set_index("n_arcs")
    np.testing.assert_allclose(found.loc[[16, 8, 4, 2], "pnmi"], [1, 1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(found["low"], found["pnmi"])  # speakers don't differ
    assert (found["p"] == 1 / 26).all()
    assert (found["gain_low"] > 0).all()


def test_shuffles_are_like_random_merges():
    rows = [
        merge_information(ordered_table(shuffled=seed), inference=FEW).set_index("n_arcs")
        for seed in range(20)
    ]
    gains = np.array([row["gain"] for row in rows])
    sd = np.array([row["random_sd"] for row in rows])
    assert np.abs((gains / sd).mean(axis=0)).max() < 0.8  # 0 but for 1 / sqrt(20) = .22
    assert sum(row.loc[8, "p"] <= 0.05 for row in rows) <= 4  # 1 is expected


@pytest.mark.parametrize("seed", range(3))
def test_the_direction_of_the_axis_does_not_matter(seed):
    table = random_table(seed, codebook_size=12, n_utterances=9)
    straight, back = (merge_information(one, inference=FEW) for one in (table, mirrored(table)))
    for name in ("pnmi", "low", "high", "label_null_mean"):
        np.testing.assert_allclose(straight[name], back[name])


def test_dedicated_codebooks_are_the_yardstick(table):
    few = random_table(3, codebook_size=4, n_utterances=20)
    found = merge_information(table, dedicated={4: few}, inference=FEW).set_index("n_arcs")
    own = pnmi(phone_counts(few))
    assert found.loc[4, "dedicated"] == pytest.approx(own)
    assert found.loc[4, "dedicated_ratio"] == pytest.approx(found.loc[4, "pnmi"] / own)
    others = found.drop(index=4)[["dedicated", "dedicated_ratio"]]
    assert others.isna().all(axis=None)
    assert set(found["reason"]) == {""}
    folded = merge_information(table, dedicated={4: few}, phone_set=39, inference=FEW)
    assert folded["dedicated"].max() == pytest.approx(pnmi(phone_counts(few, 39)))


def test_dedicated_codebooks_must_fit(table):
    with pytest.raises(OptionError, match=r"dedicated has 5 arcs; give some of \[12, 8"):
        merge_information(table, dedicated={5: random_table(0)})
    with pytest.raises(OptionError, match="table of 8 codes for 4 arcs"):
        merge_information(table, dedicated={4: random_table(0)})


def test_arcs_of_a_power_of_two_and_of_a_prime():
    assert numbers_of_arcs(256) == [128, 64, 32, 16, 8, 4, 2]
    found = merge_information(random_table(0, codebook_size=7), inference=FEW)
    assert len(found) == 1
    assert found["n_arcs"].isna().all()
    assert found[EMPTY].isna().all(axis=None)
    assert found.loc[0, "reason"] == "7 codes can't be cut into equal arcs of several"
    assert str(found["n_arcs"].dtype) == "Int32"


def test_codes_can_stand_elsewhere():
    counts = np.random.default_rng(0).poisson(2.0, (5, 3, 8)).astype(np.float64)
    codes = np.random.default_rng(1).permutation(8)
    expected = arcs_information(counts[:, :, codes], [4, 2])
    np.testing.assert_array_equal(arcs_information(counts, [4, 2], codes), expected)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no labelled frame"),
        (no_frames(), "no labelled frame"),
        (made_table([Said("u", [("s", [3, 3]), ("iy", [3])])]), "1 used code, fewer than 2"),
        (made_table([Said("u", [("s", [1, 2, 3])])]), "fewer than two phones"),
    ],
)
def test_what_cannot_be_measured_is_nan_with_a_reason(table, reason):
    found = merge_information(table, inference=FEW)
    assert found["n_arcs"].tolist() == [4, 2]
    assert found[[*EMPTY, "dedicated", "dedicated_ratio"]].isna().all(axis=None)
    assert set(found["reason"]) == {reason}


def test_one_utterance_has_no_interval():
    found = merge_information(made_table([Said("u", [("s", [1, 2]), ("iy", [5])])]), inference=FEW)
    assert found[["low", "high", "gain_low", "gain_high"]].isna().all(axis=None)
    assert set(found["reason"]) == {"one utterance: no interval"}
    assert found["p"].notna().all()


def test_without_draws_there_is_the_information_alone(table):
    found = merge_information(table, inference=Inference(n_permutations=0, n_bootstraps=0))
    assert found["pnmi"].notna().all()
    assert found[EMPTY[1:]].isna().all(axis=None)
    assert (found["reason"] != "").all()
    boot = merge_information(table, inference=Inference(n_permutations=0, n_bootstraps=9))
    assert boot[["low", "high"]].notna().all(axis=None)
    assert boot[["gain", "gain_low"]].isna().all(axis=None)


def test_the_table_stays_as_it_was(table):
    before = copies(table)
    merge_information(table, dedicated={8: random_table(0)}, inference=FEW)
    assert_unchanged(table, before)


def test_relabelling_codes_changes_it(table):
    codes = np.random.default_rng(0).permutation(24)
    straight, shuffled = (
        merge_information(one, inference=FEW)["pnmi"] for one in (table, recoded(table, codes))
    )
    assert (np.abs(straight - shuffled) > 1e-6).all()
