from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
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
    token_rows,
)

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS, is_known, phone_group
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.time.group_transitions import (
    _sign_p,
    group_of_index,
    group_transitions,
    log_odds,
    quasi_independent,
)

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_bootstraps=60, seed=3)
CLOSURES = ("bcl", "dcl", "gcl", "pcl", "tcl", "kcl")
PHONES = ("h#", "s", "sh", "iy", "ey", "m", "tcl", "t", "r", "q", "pau", "xx", None)


def counted(frame):
    rows = frame[frame["count"] > 0]
    return {(a, b): n for a, b, n in rows[["group", "next_group", "count"]].to_numpy()}


def map_by_loop(table):
    groups = {}
    for row in frame_rows(table):
        if row["phone_group"] is not None:
            groups.setdefault(row["codeword"], Counter())[row["phone_group"]] += 1
    return {
        k: min(n, key=lambda group: (-n[group], PHONE_GROUPS.index(group)))
        for k, n in groups.items()
    }


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([3, 8, 20]))
def test_moves_of_the_index_equal_a_loop(seed, size):
    table = random_table(seed, codebook_size=size, phones=PHONES)
    group = map_by_loop(table)
    named = [PHONE_GROUPS[g] if g >= 0 else None for g in group_of_index(table)]
    assert named == [group.get(k) for k in range(size)]
    expected = Counter()
    for one, other in pairwise(frame_rows(table)):
        a, b = group.get(one["codeword"]), group.get(other["codeword"])
        if one["utterance"] == other["utterance"] and a and b and a != b:
            expected[a, b] += 1
    assert counted(group_transitions(table, inference=FEW)) == expected


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_moves_of_labels_equal_a_loop(seed):
    table = random_table(seed, phones=PHONES)
    expected = Counter()
    for utterance in table.utterances["utterance"]:
        previous = None
        for row in token_rows(table):
            if row["utterance"] != utterance or row["label"] in CLOSURES:
                continue
            group = phone_group(row["label"]) if is_known(row["label"]) else None
            if previous and group and group != previous:
                expected[previous, group] += 1
            previous = group
    assert counted(group_transitions(table, source="label", inference=FEW)) == expected


def test_closures_are_passed_over_and_other_sounds_without_a_group_break():
    said = Said("u", [(one, [0]) for one in ("iy", "tcl", "t", "q", "s", "pau", "m", "xx", "r")])
    found = group_transitions(made_table([said]), source="label", inference=FEW)
    assert counted(found) == {("vowel", "plosive"): 1}


def expected_by_newton(moves):
    """Return the quasi-independent table by a Poisson regression."""
    from scipy.optimize import minimize

    n = len(moves)
    off = ~np.eye(n, dtype=bool)

    def loss(beta):
        eta = beta[:n, None] + beta[None, n:]
        mean = np.exp(eta)
        gradient = np.where(off, mean - moves, 0.0)
        value = np.where(off, mean - moves * eta, 0.0).sum()
        return value, np.concatenate([gradient.sum(axis=1), gradient.sum(axis=0)])

    start = np.log(np.concatenate([moves.sum(axis=1), moves.sum(axis=0)]) / np.sqrt(moves.sum()))
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-8}).x
    return np.where(off, np.exp(found[:n, None] + found[None, n:]), 0.0)


def test_expected_moves_are_those_of_a_poisson_regression():
    moves = np.random.default_rng(0).integers(1, 40, (5, 5)).astype(float)
    np.fill_diagonal(moves, 0)
    found = quasi_independent(moves)
    assert found == pytest.approx(expected_by_newton(moves), rel=1e-4)
    assert found.sum(axis=0) == pytest.approx(moves.sum(axis=0))
    assert found.sum(axis=1) == pytest.approx(moves.sum(axis=1))


def odds_by_loop(m):
    """Return the pooled odds ratios, from all complete 2x2 tables."""
    n = len(m)
    found = np.full((n, n), np.nan)
    for a in range(n):
        for b in range(n):
            others = [c for c in range(n) if c not in (a, b)]
            if a == b:
                continue
            tables = [(c, d) for c in others for d in others if c != d]
            top = sum(m[a, b] * m[c, d] for c, d in tables)
            found[a, b] = top / sum(m[a, d] * m[c, b] for c, d in tables)
    return found


@pytest.mark.parametrize("n", [4, 5, 7])
def test_odds_pool_all_complete_tables(n):
    moves = np.random.default_rng(n).integers(1, 9, (3, n, n)) * 1e9  # so that 0.5 is nothing
    moves *= ~np.eye(n, dtype=bool)
    found = log_odds(moves)
    for one, m in zip(found, moves, strict=True):
        assert np.exp(one) == pytest.approx(odds_by_loop(m), nan_ok=True)


def test_half_a_move_is_added_to_each_of_the_four():
    m = np.array([[0, 2, 3, 1], [4, 0, 0, 2], [1, 1, 0, 5], [2, 0, 3, 0]], dtype=float)
    moves_on, elsewhere = m[0, 1], m[2, 3] + m[3, 2]
    out, into, pairs = m[0, 2] + m[0, 3], m[2, 1] + m[3, 1], m[0, 2] * m[2, 1] + m[0, 3] * m[3, 1]
    odds = (moves_on + 0.5) * (elsewhere + 0.5) / ((out + 0.5) * (into + 0.5) - pairs)
    assert log_odds(m)[0, 1] == pytest.approx(np.log(odds))


def test_odds_are_one_under_quasi_independence():
    rng = np.random.default_rng(1)
    moves = np.outer(rng.uniform(1, 5, 6), rng.uniform(1, 5, 6)) * 1e8
    np.fill_diagonal(moves, 0)
    off = ~np.eye(6, dtype=bool)
    assert log_odds(moves)[off] == pytest.approx(0, abs=1e-6)


def test_intervals_and_p_resample_speakers():
    table = random_table(5, n_utterances=60, codebook_size=40, phones=("h#", "s", "t", "m", "iy"))
    found = group_transitions(table, inference=FEW)
    speakers = sorted(set(table.utterances["speaker"]))
    present = [name for name in PHONE_GROUPS if name in set(found["group"])]
    group = map_by_loop(table)
    of_unit = np.zeros((3, len(present), len(present)))
    for one, other in pairwise(frame_rows(table)):
        a, b = group[one["codeword"]], group[other["codeword"]]
        if one["utterance"] == other["utterance"] and a != b:
            place = speakers.index(one["speaker"]), present.index(a), present.index(b)
            of_unit[place] += 1
    weights = resampling_weights(3, FEW)
    drawn = log_odds(np.einsum("bu,uij->bij", weights, of_unit))
    low, high = interval(drawn, 3, FEW)
    at = (
        [present.index(name) for name in found["group"]],
        [present.index(name) for name in found["next_group"]],
    )
    assert len(found) >= 12
    assert found["low"].to_numpy() == pytest.approx(low[at])
    assert found["high"].to_numpy() == pytest.approx(high[at])
    assert found["log_odds"].to_numpy() == pytest.approx(log_odds(of_unit.sum(axis=0))[at])


def test_p_turns_the_interval_around():
    rng = np.random.default_rng(2)
    draws = rng.normal(rng.normal(0, 2, 200), 1, (999, 200))
    p = _sign_p(draws, 12)
    for level in (0.5, 0.8, 0.9):
        low, high = interval(draws, 12, Inference(level=level))
        clear = np.abs(p - (1 - level)) > 0.02
        assert clear.sum() > 100
        assert ((p < 1 - level) == ((low > 0) | (high < 0)))[clear].all()


def test_p_is_not_too_small_where_groups_follow_each_other_at_random():
    rng = np.random.default_rng(3)
    share = np.outer(rng.uniform(1, 3, 5), rng.uniform(1, 3, 5)) * ~np.eye(5, dtype=bool)
    share /= share.sum()
    some = Inference(n_bootstraps=199)
    weights = resampling_weights(25, some)
    p = []
    for _ in range(60):
        of_unit = rng.multinomial(80, share.ravel(), size=25)
        drawn = log_odds((weights @ of_unit).reshape(-1, 5, 5))
        p.append(_sign_p(drawn, 25)[~np.eye(5, dtype=bool)])
    wrong = np.mean(np.array(p) <= 0.05)  # of 1200, some of them correlated
    assert 0.01 < wrong < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_a_rare_move_is_told_from_a_common_one():
    rng = np.random.default_rng(0)
    said = []
    for i in range(12):
        groups = ["h#"]
        while len(groups) < 60:
            allowed = [g for g in ("h#", "s", "t", "m", "iy") if g != groups[-1]]
            if groups[-1] == "h#" and rng.random() < 0.95:
                allowed.remove("iy")
            groups.append(str(rng.choice(allowed)))
        codes = {"h#": 0, "s": 1, "t": 2, "m": 3, "iy": 4}
        said.append(Said(f"u{i:02d}", [(g, [codes[g]]) for g in groups], f"f{i:03d}"))
    for source in ("index", "label"):
        found = group_transitions(made_table(said), source=source, inference=Inference())
        row = found[(found["group"] == "silence") & (found["next_group"] == "vowel")].iloc[0]
        assert row["count"] < row["expected"] / 2
        assert row["high"] < 0
        assert row["p_corrected"] < 0.1


@pytest.mark.parametrize("source", ["index", "label"])
def test_nothing_to_measure(source):
    unlabelled = made_table([Said(f"u{i}", [(None, [1, 2])], f"f{i:03d}") for i in range(3)])
    for table in (nothing_labelled(), no_frames(), unlabelled):
        found = group_transitions(table, source=source, inference=FEW)
        assert found["log_odds"].isna().all()
    one = made_table([Said("u", [("s", [1, 1]), ("iy", [2])])])
    found = group_transitions(one, source=source, inference=FEW)
    assert found["count"].tolist() == [1, 0]
    assert found["log_odds"].isna().all()
    assert found["p"].isna().all()
    assert found["reason"].str.contains("fewer than four groups").all()


def test_few_expected_moves_have_no_p():
    found = group_transitions(random_table(5, n_utterances=4), inference=FEW)
    few = found["expected"] < 5
    assert few.any()
    assert found.loc[few, "p"].isna().all()
    assert found.loc[few, "reason"].str.contains("fewer than").all()


def test_refuses_another_source_and_leaves_the_table():
    table = random_table(2)
    before = copies(table)
    group_transitions(table, source="label", inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="source is 'phone'"):
        group_transitions(table, source="phone")
