from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Said, assert_unchanged, copies, made_table, no_frames, random_table

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.speakers import sentence_nulls
from sfvq_analysis.stats.speakers.consistency import COLUMNS, _compared, sentence_consistency
from sfvq_analysis.stats.speakers.sentence_nulls import (
    Distances,
    nearer_within,
    permuted_sentences,
    sentence_null,
)
from sfvq_analysis.stats.speakers.sentence_pairs import COMPARISONS, sentence_pairs
from sfvq_analysis.stats.speakers.warping import index_series, warped_distance
from sfvq_analysis.tables import Simulation, simulated_table

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=30, n_bootstraps=40, seed=3)


def spoken(noise, n_speakers=8, sentences=("sa1", "sa2", "sx1"), seed=0, relabel=None):
    """Return a table in which a sentence is a course of the index, and speakers add noise."""
    rng = np.random.default_rng(seed)
    courses = [np.clip(np.cumsum(rng.integers(-6, 7, 12)) + 20, 0, 39) for _ in sentences]
    said = []
    for i in range(n_speakers):
        speaker = f"{'fm'[i % 2]}{i:03d}"
        for sentence, course in zip(sentences, courses, strict=True):
            slower = np.repeat(course, rng.integers(1, 4, len(course)))
            codes = np.clip(slower + rng.integers(-noise, noise + 1, len(slower)), 0, 39)
            codes = codes if relabel is None else relabel[codes]
            tokens = [("s", codes[:5].tolist()), ("iy", codes[5:].tolist())]
            name = f"{speaker}_{sentence}"
            said.append(Said(name, tokens, speaker, dialect=f"dr{1 + i % 3}"))
    return made_table(sorted(said, key=lambda one: one.id), 40)


def effect_by_loop(within, between, a=None, b=None):
    """Return the weighted share of pairs of pairs in which the within pair is nearer."""
    a = np.ones(len(within)) if a is None else a
    b = np.ones(len(between)) if b is None else b
    won = sum(
        a[i] * b[j] * ((one < other) + 0.5 * (one == other))
        for i, one in enumerate(within)
        for j, other in enumerate(between)
    )
    whole = a.sum() * b.sum()
    return won / whole if whole else np.nan


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 9), st.integers(1, 9))
def test_effect_equals_a_loop(seed, n, m):
    rng = np.random.default_rng(seed)
    within, between = rng.integers(0, 5, n) / 2, rng.integers(0, 6, m) / 2  # with ties
    a, b = rng.integers(0, 3, (4, n)).astype(float), rng.integers(0, 3, (4, m)).astype(float)
    found = nearer_within(Distances(within, between), a, b)
    expected = [effect_by_loop(within, between, *each) for each in zip(a, b, strict=True)]
    assert found == pytest.approx(expected, nan_ok=True)


def test_rows_equal_loops():
    table = spoken(12, seed=1)
    reductions = reduce(table)
    pairs = sentence_pairs(reductions, 20_000, FEW)
    series = index_series(reductions)
    distance = [[warped_distance(series[i], series[j]) for i, j in some] for some in pairs[:2]]
    sex = reductions.utterances["sex"]
    same = [np.array([sex[i] == sex[j] for i, j in some]) for some in pairs[:2]]
    speakers = sorted(set(reductions.utterances["speaker"]))
    who = [speakers.index(one) for one in reductions.utterances["speaker"]]
    found = sentence_consistency(table, inference=FEW).set_index("comparison")
    assert list(found.index) == list(COMPARISONS)
    masks = {"all": [np.ones(len(one), bool) for one in same], "same sex": same}
    for name, chosen in masks.items():
        parts = [np.array(d)[mask] for d, mask in zip(distance, chosen, strict=True)]
        row = found.loc[name]
        assert row["effect"] == pytest.approx(effect_by_loop(*parts))
        assert row["within_median"] == pytest.approx(np.median(parts[0]))
        assert row["between_median"] == pytest.approx(np.median(parts[1]))
        assert [row["n_pairs_within"], row["n_pairs_between"]] == [len(one) for one in parts]
        drawn = []
        for weights in resampling_weights(len(speakers), FEW):
            each = [
                np.array([weights[who[i]] * weights[who[j]] for i, j in some])[mask]
                for some, mask in zip(pairs[:2], chosen, strict=True)
            ]
            drawn.append(effect_by_loop(*parts, *each))
        low, high = interval(drawn, len(speakers), FEW)
        assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


def test_the_null_permutes_the_sentences_of_a_speaker():
    reductions = reduce(spoken(12, seed=1))
    compared = _compared(reductions, sentence_pairs(reductions, 300, FEW))
    ends = np.concatenate(compared.pairs[:2])
    distance = np.concatenate(compared.distances)
    expected = []
    for sentence in permuted_sentences(compared.pairs, FEW):
        for speaker in set(compared.pairs.speaker):
            mine = compared.pairs.speaker == speaker
            assert sorted(sentence[mine]) == sorted(compared.pairs.sentence[mine])
        same = sentence[ends[:, 0]] == sentence[ends[:, 1]]
        expected.append(effect_by_loop(distance[same], distance[~same]))
    assert np.std(expected) > 0
    assert sentence_null(compared, FEW)["all"] == pytest.approx(expected)


def test_where_nobody_says_two_sentences_they_are_permuted_among_all():
    said = [Said(f"f{i:03d}_s{i % 3}", [("s", [i % 3, 5, i % 2])], f"f{i:03d}") for i in range(12)]
    reductions = reduce(made_table(said))
    pairs = sentence_pairs(reductions, 1000, FEW)
    drawn = list(permuted_sentences(pairs, FEW))
    assert all(sorted(one) == sorted(pairs.sentence) for one in drawn)
    assert any((one != pairs.sentence).any() for one in drawn)


def test_a_sentence_that_is_always_the_same_and_one_that_is_not():
    found = sentence_consistency(spoken(0), inference=Inference(99, 50)).set_index("comparison")
    row = found.loc["all"]
    assert row["within_median"] == 0
    assert row["between_median"] > 0
    assert (row["effect"], row["low"], row["high"]) == (1, 1, 1)
    assert row["p"] == 0.01
    assert row["null_mean"] == pytest.approx(0.5, abs=0.1)
    assert (found["reason"] == "").all()
    rng = np.random.default_rng(0)
    said = [
        Said(f"f{i:03d}_s{k}", [("s", rng.integers(0, 40, 12).tolist())], f"f{i:03d}")
        for i in range(8)
        for k in range(3)
    ]
    row = sentence_consistency(made_table(said, 40), inference=Inference(99, 50)).iloc[0]
    assert row["p"] > 0.05
    assert row["low"] < 0.5 < row["high"]


@pytest.mark.parametrize(
    ("n_tables", "too_far"), [(20, 0.25), pytest.param(60, 0.15, marks=pytest.mark.thorough)]
)
def test_p_is_not_too_small_without_an_effect(n_tables, too_far):
    p = []
    for seed in range(n_tables):
        rng = np.random.default_rng(seed)
        said = [
            Said(f"f{i:03d}_s{k}", [("s", rng.integers(0, 40, 6).tolist())], f"f{i:03d}")
            for i in range(6)
            for k in range(3)
        ]
        reductions = reduce(made_table(said, 40))
        some = Inference(n_permutations=39, seed=seed)
        compared = _compared(reductions, sentence_pairs(reductions, 200, some))
        null = sentence_null(compared, some)["all"]
        p.append((1 + np.sum(null >= effect_by_loop(*compared.distances))) / 40)
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / n_tables)
    assert abs(np.mean(p) - 0.5) < too_far


def test_order_helps_where_speakers_differ_by_neighbouring_codes(monkeypatch):
    monkeypatch.setattr(sentence_nulls, "ORDER_PAIRS", 60)
    some = Inference(19, 0)
    relabel = np.random.default_rng(5).permutation(40)
    ordered = sentence_consistency(spoken(3), inference=some).iloc[0]
    shuffled = sentence_consistency(spoken(3, relabel=relabel), inference=some).iloc[0]
    assert ordered["order_p"] == 0.05
    assert ordered["order_effect"] > ordered["order_null_mean"]
    assert shuffled["order_p"] > 0.05
    assert (ordered["n_order_pairs"], ordered["n_order_permutations"]) == (60, 19)


def test_a_baseline_is_paired():
    relabel = np.random.default_rng(5).permutation(40)
    table, other = spoken(3), spoken(3, relabel=relabel)
    found = sentence_consistency(table, baseline=other, inference=FEW)
    assert found["of"].tolist() == [
        name for name in ("table", "baseline", "difference") for _ in COMPARISONS
    ]
    rows = found.set_index(["of", "comparison"])
    alone = [
        sentence_consistency(one, inference=FEW).set_index("comparison") for one in (table, other)
    ]
    for name, one in zip(("table", "baseline"), alone, strict=True):
        columns = ["effect", "low", "high", "p"]
        assert np.array_equal(rows.loc[name][columns], one[columns])
    difference = rows.loc["difference"]
    assert difference["effect"].to_numpy() == pytest.approx(
        (alone[0]["effect"] - alone[1]["effect"]).to_numpy()
    )
    assert (difference["reason"] == "a difference has no null").all()
    same = sentence_consistency(table, baseline=table, inference=FEW)
    same = same[same["of"] == "difference"]
    assert (same[["effect", "low", "high"]] == 0).all(axis=None)


def test_a_baseline_of_other_utterances_is_refused():
    with pytest.raises(OptionError, match="baseline holds other utterances"):
        sentence_consistency(spoken(0), baseline=spoken(0, n_speakers=4), inference=FEW)


def test_reversing_the_axis_changes_nothing():
    one = sentence_consistency(spoken(9), inference=Inference(20, 20))
    backwards = np.arange(40)[::-1]
    other = sentence_consistency(spoken(9, relabel=backwards), inference=Inference(20, 20))
    columns = ["within_median", "between_median", "effect", "low", "high", "p", "order_effect"]
    assert one[columns].to_numpy() == pytest.approx(other[columns].to_numpy(), nan_ok=True)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (random_table(1), "no sentence is said by two speakers"),
        (no_frames(), "no sentence is said by two speakers"),
        (spoken(0, n_speakers=1), "no sentence is said by two speakers"),
        (spoken(0, sentences=("sa1",)), "no other sentence to compare with"),
    ],
)
def test_nothing_to_compare(table, reason):
    found = sentence_consistency(table, inference=FEW)
    assert list(found.columns) == list(COLUMNS)
    assert found["effect"].isna().all()
    assert found["p"].isna().all()
    assert found["reason"].unique().tolist() == [reason]


def test_what_is_not_known_is_not_compared():
    said = [
        Said(f"m{i}_s{k}", [(None, [k, i])], f"m{i}", dialect="")
        for i in range(3)
        for k in range(2)
    ]
    found = sentence_consistency(made_table(said), inference=FEW).set_index("comparison")
    assert found.loc["all", "reason"] == ""
    assert found.loc["different sex", "reason"] == "no pair within of different sex"
    assert found.loc["same dialect", "reason"] == "no pair within of same dialect"
    assert found.loc["similar rate", "reason"] == "no pair with known rates"
    assert found.loc["similar rate", ["effect", "low", "p"]].isna().all()


def test_refuses_too_few_pairs_and_leaves_the_table():
    table = spoken(2)
    before = copies(table)
    sentence_consistency(table, inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="max_pairs is 1"):
        sentence_consistency(table, max_pairs=1)


def test_the_slow_null_can_be_left_out():
    table = simulated_table(Simulation(n_speakers=4, n_own=0))
    few = Inference(n_permutations=9, n_bootstraps=9)
    whole = sentence_consistency(table, inference=few)
    short = sentence_consistency(table, with_order=False, inference=few)
    order = [name for name in whole if "order" in name]
    pd.testing.assert_frame_equal(whole.drop(columns=order), short.drop(columns=order))
    assert np.isfinite(whole.loc[0, "order_p"])
    assert np.isnan(short.loc[0, "order_p"])
    assert short.loc[0, "n_order_permutations"] == 0
