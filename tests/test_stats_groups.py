from __future__ import annotations

import dataclasses
from itertools import combinations

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
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import index_histogram, jensen_shannon
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.groups.distances import group_distances
from sfvq_analysis.stats.inference import Inference, interval, permuted_codes, resampling_weights
from sfvq_analysis.stats.inference.pair_relabelling import null_of_pairs
from sfvq_analysis.tables.simulated import Simulation, simulated_table

FEW = Inference(n_permutations=39, n_bootstraps=60)
NONE = Inference(n_permutations=0, n_bootstraps=0)


def distance(p: np.ndarray, q: np.ndarray) -> float:
    """Return the square root of the divergence in bits, term by term."""
    total = 0.0
    for a, b in zip(p, q, strict=True):
        middle = (a + b) / 2
        total += a * np.log2(a / middle) / 2 if a else 0.0
        total += b * np.log2(b / middle) / 2 if b else 0.0
    return float(np.sqrt(max(total, 0.0)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_distances_equal_scipy_and_the_formula(seed):
    table = random_table(seed, n_utterances=9)
    found = jensen_shannon(index_histogram(table))
    rows = [row for row in frame_rows(table) if row["phone_group"] is not None]
    groups = sorted({row["phone_group"] for row in rows})
    assert sorted(found.index) == groups
    assert list(found.columns) == list(found.index)
    density = {}
    for group in groups:
        codes = [row["codeword"] for row in rows if row["phone_group"] == group]
        density[group] = np.bincount(codes, minlength=8) / len(codes)
    for a in groups:
        for b in groups:
            expected = distance(density[a], density[b])
            assert found.loc[a, b] == pytest.approx(expected, abs=1e-9)
            if not np.array_equal(density[a], density[b]):
                independent = jensenshannon(density[a], density[b], base=2)
                assert found.loc[a, b] == pytest.approx(independent, abs=1e-9)
    np.testing.assert_array_equal(found, found.T)


def test_raw_densities_are_compared():
    table = made_table([Said("u", [("s", [3, 3]), ("iy", [4, 4])])])
    found = jensen_shannon(index_histogram(table))
    assert found.loc["fricative", "vowel"] == pytest.approx(1.0)  # smoothed they would overlap


def test_closed_form():
    table = made_table([Said("u", [("s", [0, 1]), ("iy", [1, 1]), ("m", [0, 1, 0, 1])])])
    found = jensen_shannon(index_histogram(table))
    divergence = 0.5 * (0.5 * np.log2(0.5 / 0.25) + 0.5 * np.log2(0.5 / 0.75))
    divergence += 0.5 * np.log2(1 / 0.75)
    assert found.loc["fricative", "vowel"] == pytest.approx(np.sqrt(divergence))
    assert found.loc["fricative", "nasal"] == 0.0
    assert (np.diag(found) == 0).all()


def test_relabelling_codes_changes_nothing():
    tokens = [("s", [0, 1, 1, 2]), ("iy", [2, 3, 3]), ("m", [0, 5])]
    relabel = np.random.default_rng(0).permutation(8)
    moved = [(phone, relabel[codes].tolist()) for phone, codes in tokens]
    straight, other = (
        jensen_shannon(index_histogram(made_table([Said("u", one)]))) for one in (tokens, moved)
    )
    pd.testing.assert_frame_equal(straight, other)


def test_groups_stand_in_the_papers_order_and_empty_ones_are_left_out():
    table = made_table([Said("u", [("iy", [1]), ("m", []), ("s", [2]), ("h#", [0])])])
    found = jensen_shannon(index_histogram(table))
    assert list(found.index) == ["silence", "fricative", "vowel"]


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labelled_frames_there_is_no_distance(table):
    assert jensen_shannon(index_histogram(table)).shape == (0, 0)


def test_one_group_only():
    table = made_table([Said("u", [("s", [1, 2])])])
    assert jensen_shannon(index_histogram(table)).to_numpy().tolist() == [[0.0]]


def test_the_histogram_stays_as_it_was():
    histogram = index_histogram(random_table(2))
    before = histogram.copy()
    jensen_shannon(histogram)
    pd.testing.assert_frame_equal(histogram, before)


def test_proportional_histograms_are_at_distance_nought():
    spoken = [[0, 1, 1, 1, 6, 6], [0, 0, 2, 3, 4], [2, 1, 5, 5], [0]]
    tokens = [("s", one) for one in spoken] + [("iy", one) for one in spoken * 3]
    table = made_table([Said("u", tokens)])
    found = jensen_shannon(index_histogram(table, "phone_group", weight="token"))
    assert found.loc["fricative", "vowel"] == pytest.approx(0, abs=1e-7)


def histograms(table, by):
    """Return the codes of each value's frames."""
    found = {}
    for row in frame_rows(table):
        if row[by] is not None:
            found.setdefault(row[by], []).append(row["codeword"])
    return found


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["phone", "phone_group"]))
def test_pairs_equal_scipy(seed, by):
    table = random_table(seed, n_utterances=9)
    found = group_distances(table, by=by, inference=NONE)
    codes = histograms(table, by)
    expected = {frozenset(pair) for pair in combinations(codes, 2)}
    assert {frozenset(pair) for pair in zip(found["a"], found["b"], strict=True)} == expected
    far = {
        pair: wasserstein_distance(codes[a], codes[b])
        for pair in expected
        for a, b in [tuple(pair)]
    }
    for row in found.to_dict("records"):
        p, q = (np.bincount(codes[row[side]], minlength=8) / len(codes[row[side]]) for side in "ab")
        if not np.array_equal(p, q):
            assert row["js"] == pytest.approx(jensenshannon(p, q, base=2), abs=1e-9)
        emd = far[frozenset((row["a"], row["b"]))]
        assert row["emd"] == pytest.approx(emd)
        if len(far) > 1:
            assert row["emd_relative"] == pytest.approx(emd / np.mean(list(far.values())))
    nulls = [name for name in found if "null" in name or "low" in name or "_p" in name]
    assert found[nulls].isna().all(axis=None)


def test_the_distance_is_that_of_jensen_shannon():
    table = random_table(1, n_utterances=9)
    square = jensen_shannon(index_histogram(table))
    for row in group_distances(table, inference=NONE).to_dict("records"):
        assert row["js"] == pytest.approx(square.loc[row["a"], row["b"]])


def test_correction_and_intervals_are_as_stated():
    reductions = reduce(random_table(2, n_utterances=40))
    counts = unit_counts(reductions, "phone_group")
    found = group_distances(reductions, inference=FEW)
    pairs = list(combinations(range(len(counts.values)), 2))

    def divergence(block):
        p, q = (side / side.sum(axis=1, keepdims=True) for side in (block[:, 0], block[:, 1]))
        return np.array([distance(*one) ** 2 for one in zip(p, q, strict=True)])

    null, alike = (
        null_of_pairs(reductions, pairs, divergence, FEW, alike=one) for one in (False, True)
    )
    blocks = np.concatenate(list(counts.weighted(resampling_weights(counts.n_units, FEW))))
    for at, (a, b) in enumerate(pairs):
        row, observed = found.iloc[at], divergence(counts.total()[None, [a, b]])[0]
        assert row["js"] == pytest.approx(np.sqrt(observed))
        excess = observed - null[:, at].mean()
        assert row["js_corrected"] == pytest.approx(np.sqrt(max(excess, 0)))
        assert row["js_null_mean"] == pytest.approx(np.sqrt(null[:, at]).mean())
        assert row["js_p"] == (1 + np.sum(alike[:, at] >= observed - 1e-9)) / 40
        both = blocks[:, [a, b]][(blocks[:, [a, b]].sum(axis=2) > 0).all(axis=1)]
        draws = divergence(both)
        low, high = interval(draws, counts.n_units, FEW)
        moved = np.array([low, high]) - draws.mean()
        for name, centre in (("js", observed), ("js_corrected", excess)):
            bounds = np.sqrt(np.clip(centre + moved, 0, 1))
            assert row[[f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(bounds)
    assert (found["n_units"] == 3).all()
    assert (found["reason"] == "").all()


def test_the_order_null_moves_the_used_codes():
    table = made_table(
        [
            Said("u", [("s", [0, 0, 1]), ("iy", [5, 6, 6]), ("m", [2, 5])]),
            Said("v", [("s", [1]), ("m", [2])], "fbbb0"),
        ],
        8,
    )
    found = group_distances(table, inference=FEW)
    codes = histograms(table, "phone_group")
    used = np.isin(np.arange(8), [0, 1, 2, 5, 6])
    pairs = list(zip(found["a"], found["b"], strict=True))
    null = []
    for draw in permuted_codes(used, FEW):
        place = np.argsort(draw)
        null.append([wasserstein_distance(place[codes[a]], place[codes[b]]) for a, b in pairs])
    null = np.array(null)
    relative = null / null.mean(axis=1, keepdims=True)
    for at, row in enumerate(found.to_dict("records")):
        for name, draws in (("emd", null[:, at]), ("emd_relative", relative[:, at])):
            assert row[f"{name}_null_mean"] == pytest.approx(draws.mean())
            assert row[f"{name}_null_sd"] == pytest.approx(draws.std())
            tails = [np.sum(draws >= row[name] - 1e-9), np.sum(draws <= row[name] + 1e-9)]
            assert row[f"{name}_p"] == pytest.approx(min(1, 2 * (1 + min(tails)) / 40))


def test_two_that_are_alike_are_not_told_apart_however_far_the_others_are():
    rng = np.random.default_rng(0)
    said = [
        Said(
            f"u{number:02d}",
            [("s", [0] * 6), ("s", [0, 0]), *[(phone, rng.integers(1, 30, 2).tolist())
                               for phone in rng.permutation(["iy", "ey"] * 5)]],
            f"f{number:03d}0",
        )
        for number in range(12)
    ]  # fmt: skip
    found = group_distances(made_table(said, 32), inference=Inference(199, 0)).set_index(["a", "b"])
    alike = found.loc[("vowel", "diphthong")]
    assert alike["js_p"] > 0.05
    assert alike["js_corrected"] < 0.5 * alike["js"]
    assert found.loc[("fricative", "vowel"), "js_p"] == 1 / 200
    assert found.loc[("fricative", "vowel"), "js"] == pytest.approx(1)


def test_order_sets_groups_apart_and_its_absence_does_not():
    plan = Simulation(n_speakers=6, seed=2)
    ordered = group_distances(simulated_table(plan), inference=FEW)
    shuffled = group_distances(
        simulated_table(dataclasses.replace(plan, ordered=False)), inference=FEW
    )
    assert (ordered["js_p"] == 1 / 40).all()
    pd.testing.assert_series_equal(ordered["js"], shuffled["js"])
    far = ordered.set_index(["a", "b"]).loc[("silence", "approximant")]
    assert far["emd_p"] == 2 / 40
    assert far["emd"] > 2 * far["emd_null_mean"]
    assert (shuffled["emd_p"] > 0.05).mean() > 0.7


def test_reversing_the_axis_changes_no_distance():
    table = random_table(4, codebook_size=32, n_utterances=20)
    flipped = table.frames.assign(codeword=(31 - table.frames["codeword"]).astype("int32"))
    mirrored = dataclasses.replace(table, frames=flipped)
    one, other = (group_distances(each, inference=FEW) for each in (table, mirrored))
    kept = [
        name for name in one if not (name.startswith("emd") and ("null" in name or "_p" in name))
    ]
    pd.testing.assert_frame_equal(one[kept], other[kept])


def test_one_pair_has_no_relative_distance():
    table = made_table([Said("u", [("s", [0, 1]), ("iy", [4, 4])])])
    row = group_distances(table, inference=FEW).iloc[0]
    assert (row["js"], row["emd"]) == (1.0, 3.5)
    assert np.isnan(row["emd_relative"])
    assert row["reason"] == "one pair: nothing to be nearer than; one utterance: no interval"


def test_labels_that_cannot_be_permuted():
    table = made_table([Said("u", [("s", [0, 1])]), Said("v", [("iy", [4, 4]), ("m", [3])])])
    found = group_distances(table, inference=FEW).set_index(["a", "b"])
    row = found.loc[("fricative", "vowel")]
    assert row[["js_p", "js_corrected", "js_null_mean"]].isna().all()
    assert "labels can't be permuted" in row["reason"]
    row = found.loc[("nasal", "vowel")]
    assert row[["js_corrected", "js_null_mean"]].notna().all()
    assert np.isnan(row["js_p"])
    assert "no js_p" in row["reason"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no labelled frame"),
        (no_frames(), "no labelled frame"),
        (made_table([Said("u", [("s", [1, 2])])]), "one phone group only"),
    ],
)
def test_without_a_pair_one_row_says_why(table, reason):
    found = group_distances(table, inference=FEW)
    assert found["reason"].tolist() == [reason]
    assert found[["js", "js_low", "js_p", "emd", "emd_p"]].isna().all(axis=None)


def test_options_are_checked():
    with pytest.raises(OptionError, match="by is 'speaker'"):
        group_distances(random_table(0), by="speaker", inference=NONE)


def test_the_table_stays_as_it_was():
    table = random_table(7)
    before = copies(table)
    group_distances(table, inference=FEW)
    assert_unchanged(table, before)


def test_jensen_shannon_of_a_table_is_that_of_its_groups():
    table = random_table(3)
    pd.testing.assert_frame_equal(jensen_shannon(table), jensen_shannon(index_histogram(table)))
    for wrong in (table.frames, [1]):
        with pytest.raises(OptionError, match=r"histogram is .*give what stats.index_histogram"):
            jensen_shannon(wrong)
