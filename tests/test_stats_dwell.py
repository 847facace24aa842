from __future__ import annotations

from itertools import groupby, permutations

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
)

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS, fold, phone_group
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.time.dwell import dwell_times

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=30, n_bootstraps=40, seed=3)
SECOND = 0.1
"""Hop of made tables."""


def tokens(table, value_of):
    """Return (value, speaker, codes) of every token that owns a frame and has a value."""
    rows = [row for row in frame_rows(table) if row["phone"] is not None]
    found = []
    for (_, _), part in groupby(rows, lambda row: (row["utterance"], row["phone_segment"])):
        mine = list(part)
        value = value_of(mine[0]["phone"])
        if value is not None:
            found.append((value, mine[0]["speaker"], [row["codeword"] for row in mine]))
    return found


def lengths(codes):
    return [len(list(run)) for _, run in groupby(codes)]


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from(["phone_group", "phone", 39]))
def test_everything_but_the_null_equals_loops(seed, how):
    table = random_table(seed, codebook_size=3, longest=5)
    by = "phone" if how == 39 else how
    value_of = {"phone_group": phone_group, "phone": str, 39: lambda name: fold(name, 39)}[how]
    phone_set = 39 if how == 39 else 61
    found = dwell_times(table, by=by, phone_set=phone_set, inference=FEW)
    said = tokens(table, value_of)
    values = {value for value, _, _ in said}
    order = list(PHONE_GROUPS) if how == "phone_group" else sorted(values)
    assert found[by].astype(str).tolist() == [value for value in order if value in values]
    speakers = sorted(set(table.utterances["speaker"]))
    weights = resampling_weights(len(speakers), FEW)
    for row in found.itertuples():
        mine = [(who, codes) for value, who, codes in said if value == getattr(row, by)]
        runs = [length for _, codes in mine for length in lengths(codes)]
        assert (row.n_runs, row.n_frames, row.n_tokens) == (len(runs), sum(runs), len(mine))
        assert row.mean == pytest.approx(np.mean(runs) * SECOND)
        assert row.median == pytest.approx(np.median(runs) * SECOND)
        assert row.q90 == pytest.approx(np.quantile(runs, 0.9) * SECOND)
        expected = [
            np.mean([len(lengths(order)) for order in permutations(codes)]) for _, codes in mine
        ]
        assert row.expected == pytest.approx(sum(runs) / sum(expected) * SECOND)
        drawn = []
        for weight in weights:
            repeated = [
                length
                for who, codes in mine
                for length in lengths(codes) * int(weight[speakers.index(who)])
            ]
            drawn.append(np.mean(repeated) * SECOND if repeated else np.nan)
        low, high = interval(drawn, len(speakers), FEW)
        assert (row.low, row.high) == pytest.approx((float(low), float(high)), nan_ok=True)


def test_the_null_is_that_of_shuffled_frames():
    rng = np.random.default_rng(1)
    said = [
        Said(f"u{i}", [("iy", rng.integers(0, 3, 6).tolist()) for _ in range(4)], f"f{i:03d}")
        for i in range(5)
    ]
    table = made_table(said, 3)
    codes = [one for _, _, one in tokens(table, str)]
    found = dwell_times(table, inference=Inference(199, 0)).iloc[0]
    assert found["n_permutations"] == 199
    drawn = []
    for _ in range(4000):
        n_runs = sum(len(lengths(rng.permutation(one))) for one in codes)
        drawn.append(sum(map(len, codes)) / n_runs * SECOND)
    error = np.std(drawn) / np.sqrt(199)
    assert found["null_mean"] == pytest.approx(np.mean(drawn), abs=5 * error)
    assert found["null_sd"] == pytest.approx(np.std(drawn), rel=0.3)


def test_equal_codes_in_a_row_are_found_and_alternating_ones_are_not():
    said = [
        Said(
            f"u{i}",
            [("iy", [1, 1, 1, 1, 2, 2, 2, 2]), ("s", [1, 2, 1, 2, 1, 2, 1, 2])],
            f"f{i:03d}",
        )
        for i in range(4)
    ]
    found = dwell_times(made_table(said), by="phone", inference=FEW).set_index("phone")
    assert found.loc["iy", "mean"] == pytest.approx(4 * SECOND)
    assert found.loc["iy", "p"] == pytest.approx(1 / 31)
    assert found.loc["s", "mean"] == pytest.approx(SECOND)
    assert found.loc["s", "p"] == 1


def test_tokens_that_no_order_can_change_have_a_null_without_spread():
    said = [Said("u", [("iy", [1, 1, 1]), ("s", [1, 2, 3])])]
    found = dwell_times(made_table(said), by="phone", inference=FEW).set_index("phone")
    assert (found["null_sd"] == 0).all()
    assert (found["p"] == 1).all()
    assert found.loc["iy", "mean"] == found.loc["iy", "expected"] == pytest.approx(3 * SECOND)
    assert found["reason"].unique().tolist() == ["one utterance: no interval"]


def test_a_run_ends_where_its_token_does():
    found = dwell_times(made_table([Said("u", [("iy", [1, 1]), ("ae", [1, 1, 1])])]))
    assert found["n_runs"].tolist() == [2]
    assert found["mean"].iloc[0] == pytest.approx(2.5 * SECOND)


def test_relabelling_codes_changes_nothing():
    table = random_table(8, codebook_size=6, longest=6)
    relabel = np.random.default_rng(0).permutation(6)
    moved = table.frames.assign(codeword=relabel[table.frames["codeword"]].astype("int32"))
    moved["curve_segment"], moved["t"] = np.int32(0), np.float32(0)
    other = type(table)(table.utterances, table.segments, moved, 6, table.grid, table.provenance)
    columns = ["mean", "low", "high", "expected", "p", "null_mean"]
    one, two = (dwell_times(each, inference=FEW)[columns] for each in (table, other))
    assert one.to_numpy() == pytest.approx(two.to_numpy(), nan_ok=True)


UNLABELLED = made_table([Said(f"u{i}", [(None, [1, 2])], f"f{i:03d}") for i in range(3)])


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames(), UNLABELLED])
def test_nothing_to_measure(table):
    found = dwell_times(table, inference=FEW)
    assert len(found) == 0
    assert {"mean", "low", "high", "p", "p_corrected", "reason"} <= set(found.columns)


def test_refuses_other_properties_and_leaves_the_table():
    table = random_table(2)
    before = copies(table)
    dwell_times(table, inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="by is 'speaker'"):
        dwell_times(table, by="speaker")
