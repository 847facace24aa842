from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from sklearn.metrics import mutual_info_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import arc_pnmi, phone_counts, pnmi, usage
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.units.usage import code_frames, dead_codes

SEEDS = st.integers(0, 10_000)


def pairs(table) -> tuple[list[str], list[int]]:
    rows = [row for row in frame_rows(table) if row["phone_segment"] >= 0]
    return [row["phone"] for row in rows], [row["codeword"] for row in rows]


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_pnmi_equals_scikit_learn(seed):
    table = random_table(seed, codebook_size=4, n_utterances=8)
    phones, codes = pairs(table)
    entropy = mutual_info_score(phones, phones)
    found = pnmi(phone_counts(table))
    assert found == pytest.approx(mutual_info_score(phones, codes) / entropy, abs=1e-12)
    assert -1e-12 <= found <= 1 + 1e-12


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_arcs_are_neighbouring_codes(seed, n_arcs):
    table = random_table(seed, codebook_size=12, n_utterances=8)
    phones, codes = pairs(table)
    arcs = [k // (12 // n_arcs) for k in codes]
    expected = mutual_info_score(phones, arcs) / mutual_info_score(phones, phones)
    assert arc_pnmi(phone_counts(table), n_arcs) == pytest.approx(expected, abs=1e-12)


def test_relabelling_changes_arcs_but_not_pnmi():
    counts = pd.DataFrame([[9, 9, 0, 0], [0, 0, 9, 9]])
    shuffled = counts[[0, 2, 1, 3]]
    assert pnmi(counts) == pytest.approx(1)
    assert pnmi(shuffled) == pytest.approx(1)
    assert arc_pnmi(counts, 2) == pytest.approx(1)
    assert arc_pnmi(shuffled, 2) == pytest.approx(0, abs=1e-12)


def test_one_used_code_says_nothing():
    assert pnmi(pd.DataFrame([[0, 3, 0], [0, 5, 0]])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "counts",
    [pd.DataFrame([[3, 4]]), pd.DataFrame([[3, 4], [0, 0]]), pd.DataFrame([[0, 0], [0, 0]])],
    ids=["one phone", "one phone that occurs", "no frame"],
)
def test_fewer_than_two_phones_give_nan(counts):
    assert np.isnan(pnmi(counts))
    assert np.isnan(arc_pnmi(counts, 2))


@pytest.mark.parametrize("n_arcs", [0, -1, 3, 5, 16])
def test_arcs_must_divide_the_axis(n_arcs):
    with pytest.raises(OptionError, match=f"n_arcs is {n_arcs}; use a divisor of 8"):
        arc_pnmi(phone_counts(random_table(1)), n_arcs)


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labelled_frames_pnmi_is_nan(table):
    assert np.isnan(pnmi(phone_counts(table)))


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_usage_equals_a_loop(seed):
    table = random_table(seed, codebook_size=20)
    codes = [row["codeword"] for row in frame_rows(table)]
    found = usage(table).iloc[0]
    assert (found["codebook_size"], found["n_frames"]) == (20, len(codes))
    assert found["used"] == len(set(codes))
    assert found["dead"] == 20 - len(set(codes))
    if codes:
        share = np.array([codes.count(k) for k in set(codes)]) / len(codes)
        assert found["perplexity"] == pytest.approx(2 ** -(share * np.log2(share)).sum())
        assert found["top_share"] == pytest.approx(share.max())


def test_usage_in_closed_form():
    everything = usage(made_table([Said("u", [(None, list(range(8)))])])).iloc[0]
    assert everything[["used", "dead"]].tolist() == [8, 0]
    assert everything["perplexity"] == pytest.approx(8)
    one = usage(made_table([Said("u", [("s", [3] * 5)])])).iloc[0]
    assert one[["used", "dead"]].tolist() == [1, 7]
    assert one[["perplexity", "top_share"]].tolist() == [1, 1]
    nothing = usage(no_frames()).iloc[0]
    assert nothing[["n_frames", "used", "dead"]].tolist() == [0, 0, 8]
    assert nothing[["perplexity", "top_share"]].isna().all()


def test_counts_stay_as_they_were():
    counts = phone_counts(random_table(2))
    before = counts.copy()
    pnmi(counts)
    arc_pnmi(counts, 4)
    pd.testing.assert_frame_equal(counts, before)


def test_arcs_without_labelled_frames():
    assert np.isnan(arc_pnmi(phone_counts(nothing_labelled()), 4))


def test_counts_join_spellings():
    table = made_table([Said("u", [("AH0", [1]), ("ah", [2]), ("AH1", [3]), ("SH", [3])])])
    assert list(phone_counts(table).index) == ["ah", "sh"]


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_frames_of_codes_are_those_of_the_whole_table(seed):
    table = random_table(seed, codebook_size=20)
    codes = [row["codeword"] for row in frame_rows(table)]
    expected = [codes.count(k) for k in range(20)]
    assert code_frames(table).tolist() == expected
    assert code_frames(reduce(table)).tolist() == expected
    pd.testing.assert_frame_equal(usage(reduce(table)), usage(table))
    pd.testing.assert_frame_equal(dead_codes(reduce(table)), dead_codes(table))


@pytest.mark.parametrize(
    ("codes", "ranges"),
    [
        ([2, 3, 6], [[0, 1, 2], [4, 5, 2], [7, 7, 1]]),
        ([0, 7], [[1, 6, 6]]),
        (list(range(8)), []),
        ([], [[0, 7, 8]]),
    ],
    ids=["at both ends", "inside", "none", "all"],
)
def test_dead_codes_are_ranges(codes, ranges):
    tokens = [(None, codes[:1]), ("s", codes[1:])]
    found = dead_codes(made_table([Said("u", tokens)]))
    assert list(found.columns) == ["first", "last", "n_codes"]
    assert (found.dtypes == "int32").all()
    assert found.to_numpy().tolist() == ranges
