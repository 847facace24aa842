from __future__ import annotations

import dataclasses
from itertools import groupby

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

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.arithmetic.shortest import shortest_range
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.groups.ranges import dead_ranges, group_ranges, stretches
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    interval,
    permuted_codes,
    resampling_weights,
)
from sfvq_analysis.tables.simulated import Simulation, simulated_table

FEW = Inference(n_permutations=39, n_bootstraps=60)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["phone", "phone_group"]))
def test_rows_are_what_is_counted_by_hand(seed, by):
    table = random_table(seed, n_utterances=9)
    found = group_ranges(table, mass=[0.5, 0.9], by=by, inference=Inference(0, 0))
    rows = [row for row in frame_rows(table) if row["phone"] is not None]
    values = {row[by] for row in rows} - {None}
    assert set(found[by]) == values
    assert len(found) == 2 * len(values)
    for row in found.to_dict("records"):
        codes = [one["codeword"] for one in rows if one[by] == row[by]]
        inside = [code for code in codes if row["first"] <= code <= row["last"]]
        every = [one for one in rows if row["first"] <= one["codeword"] <= row["last"]]
        counts = np.bincount(codes, minlength=8)
        assert (row["first"], row["last"]) == shortest_range(counts, row["mass"])
        assert row["held"] == pytest.approx(len(inside) / len(codes))
        assert row["held"] >= row["mass"]
        assert row["purity"] == pytest.approx(len(inside) / len(every))
        assert row["base_rate"] == pytest.approx(len(codes) / len(rows))
        assert row["width"] == row["last"] - row["first"] + 1 == 8 * row["width_share"]
        assert row["n_frames"] == len(codes)


def test_interval_and_null_are_those_of_the_width():
    reductions = reduce(random_table(3, n_utterances=30))
    found = group_ranges(reductions, mass=[0.8], inference=FEW)
    counts = unit_counts(reductions, "phone_group")
    total = counts.total()
    blocks = np.concatenate(list(counts.weighted(resampling_weights(counts.n_units, FEW))))
    draws = permuted_codes(total.any(axis=0), FEW)

    def width(one):
        first, last = shortest_range(one.astype(np.int64), 0.8)
        return last - first + 1

    for at, row in enumerate(found.to_dict("records")):
        resampled = [width(one) for one in blocks[:, at] if one.any()]
        low, high = interval(resampled, counts.n_units, FEW)
        assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))
        null = np.array([width(total[at][draw]) for draw in draws])
        assert row["null_mean"] == pytest.approx(null.mean())
        assert row["null_sd"] == pytest.approx(null.std())
        assert row["p"] == (1 + np.sum(null <= row["width"])) / 40
    assert found["p_corrected"].tolist() == pytest.approx(corrected_p(found["p"]))


def test_order_makes_ranges_short_and_its_absence_does_not():
    plan = Simulation(n_speakers=6, seed=1)
    ordered = group_ranges(simulated_table(plan), mass=[0.8], inference=FEW)
    shuffled = group_ranges(
        simulated_table(dataclasses.replace(plan, ordered=False)), mass=[0.8], inference=FEW
    )
    assert (ordered["p"] < 0.05).mean() > 0.8
    assert (shuffled["p"] < 0.05).mean() < 0.3
    assert ordered["width"].sum() < 0.5 * shuffled["width"].sum()


def test_reversing_the_axis_changes_no_width():
    table = random_table(4, codebook_size=32, n_utterances=20)
    flipped = table.frames.assign(codeword=(31 - table.frames["codeword"]).astype("int32"))
    mirrored = dataclasses.replace(table, frames=flipped)
    one, other = (group_ranges(each, inference=FEW) for each in (table, mirrored))
    kept = ["phone_group", "mass", "width", "low", "high", "base_rate", "n_frames", "n_tokens"]
    pd.testing.assert_frame_equal(one[kept], other[kept])


def test_one_unit_has_no_interval():
    table = made_table([Said("u", [("s", [1, 1, 2]), ("iy", [6])])])
    found = group_ranges(table, inference=FEW)
    assert found[["low", "high"]].isna().all(axis=None)
    assert (found["reason"] == "one utterance: no interval").all()
    assert found["p"].notna().all()


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labels_one_row_says_why(table):
    found = group_ranges(table, inference=FEW)
    assert found["reason"].tolist() == ["no labelled frame"]
    assert found[["first", "last", "width", "low", "p", "purity"]].isna().all(axis=None)
    assert found["n_frames"].tolist() == [0]


@pytest.mark.parametrize("mass", [(), (0.0,), (0.8, 1.2), (float("nan"),)])
def test_shares_are_checked(mass):
    with pytest.raises(OptionError, match="mass is"):
        group_ranges(random_table(0), mass=mass, inference=FEW)


def test_by_is_checked():
    with pytest.raises(OptionError, match="by is 'sex'"):
        group_ranges(random_table(0), by="sex", inference=FEW)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(1, 4),
       st.sampled_from([0.0, 0.3, 1.0]))  # fmt: skip
def test_dead_ranges_are_the_longest_stretches(codes, at_least, most_share):
    table = made_table([Said("u", [("s", codes[:5]), (None, codes[5:])])], 41)
    counts = np.bincount(codes, minlength=41)
    expected = []
    for dead, run in groupby(range(41), key=lambda k: counts[k] * 41 <= most_share * len(codes)):
        places = list(run)
        if dead and len(places) >= at_least:
            expected.append((places[0], places[-1], int(counts[places].sum())))
    found = dead_ranges(table, at_least=at_least, most_share=most_share)
    assert list(zip(found["first"], found["last"], found["n_frames"], strict=True)) == expected
    assert (found["width_share"] == (found["last"] - found["first"] + 1) / 41).all()
    assert found["frame_share"].tolist() == pytest.approx(found["n_frames"] / len(codes))
    if most_share == 0:
        assert (found["n_frames"] == 0).all()


def test_frames_without_a_label_count_as_use():
    table = made_table([Said("u", [("s", [0, 1]), (None, [4, 4]), ("tcl", [5])])], 8)
    assert reduce(table).code_frames().tolist() == [1, 1, 0, 0, 2, 1, 0, 0]
    assert dead_ranges(table)["first"].tolist() == [2, 6]


def test_an_empty_table_has_no_dead_range_but_a_reason():
    found = dead_ranges(no_frames())
    assert found["reason"].tolist() == ["no frame"]
    assert found["first"].isna().all()


def test_a_codebook_in_use_has_no_dead_range():
    found = dead_ranges(made_table([Said("u", [("s", [0, 1, 2, 3])])], 4))
    assert found.empty
    assert found["first"].dtype == "Int32"


@pytest.mark.parametrize(("option", "value"), [("at_least", 0), ("most_share", -0.1)])
def test_options_of_dead_ranges_are_checked(option, value):
    with pytest.raises(OptionError, match=f"{option} is"):
        dead_ranges(random_table(0), **{option: value})


def test_stretches_of_nothing_and_of_everything():
    assert stretches(np.zeros(3, dtype=bool)) == []
    assert stretches(np.ones(3, dtype=bool)) == [(0, 2)]
    assert stretches(np.zeros(0, dtype=bool)) == []


def test_the_table_stays_as_it_was():
    table = random_table(7)
    before = copies(table)
    group_ranges(table, inference=FEW)
    dead_ranges(table)
    assert_unchanged(table, before)
