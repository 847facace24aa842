"""Phones in which two tables differ: against slow oracles."""

from __future__ import annotations

import numpy as np
import pytest
from made_tables import nothing_labelled, random_table

from sfvq_analysis.report.phone_differences import BETTER, phone_differences
from sfvq_analysis.stats import Inference, phone_counts
from sfvq_analysis.stats.inference import corrected_p
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=5, n_bootstraps=50)
WITHOUT_NULL = Inference(n_permutations=0, n_bootstraps=20)


@pytest.fixture(scope="module")
def tables():
    return [
        simulated_table(Simulation(n_speakers=8, frame_spread=spread, ordered=ordered))
        for spread, ordered in ((0.02, True), (0.08, False))
    ]


def bits(counts, phone):
    """What indices tell of a phone, term by term."""
    mine, base = counts.loc[phone], counts.sum()
    told = 0.0
    for index in counts.columns:
        share = mine[index] / mine.sum()
        if share > 0:
            told += share * np.log2(share / (base[index] / base.sum()))
    return told


def width(counts, phone):
    """The shortest range with .8 of a phone's frames, by trying them all."""
    mine = counts.loc[phone].to_numpy()
    size = len(mine)
    held = [
        last - first + 1
        for first in range(size)
        for last in range(first, size)
        if 10 * mine[first : last + 1].sum() >= 8 * mine.sum()
    ]
    return min(held) / size


@pytest.mark.parametrize(("measure", "oracle"), [("bits", bits), ("width", width)])
def test_effects_are_those_of_the_tables(tables, measure, oracle):
    found = phone_differences(*tables, WITHOUT_NULL)
    mine = found[found["measure"] == measure]
    counts = [phone_counts(table) for table in tables]
    for row in mine.sample(5, random_state=0).itertuples():
        assert row.effect == pytest.approx(oracle(counts[0], row.phone))
        assert row.baseline_effect == pytest.approx(oracle(counts[1], row.phone))
        assert row.difference == pytest.approx(row.effect - row.baseline_effect)


def test_the_label_null_is_taken_off(tables):
    with_null, without = (phone_differences(*tables, one) for one in (FEW, WITHOUT_NULL))
    both = [
        one[one["measure"] == "bits"].set_index("phone")["effect"] for one in (with_null, without)
    ]
    assert (both[0] < both[1].loc[both[0].index]).all()


def test_who_is_better_and_by_how_much_comes_first(tables):
    found = phone_differences(*tables, FEW)
    assert set(found["verdict"]) <= {"better", "not shown"}
    assert (found["verdict"] == "better").sum() > len(found) / 2
    for measure, part in found.groupby("measure", sort=False):
        assert part["difference"].abs().is_monotonic_decreasing
        np.testing.assert_allclose(part["p_corrected"], corrected_p(part["p"]))
        sign = 1 if BETTER[measure] == "high" else -1
        better = part[part["verdict"] == "better"]
        assert (sign * better["difference"] > 0).all()
        assert (better["difference_low"] * better["difference_high"] > 0).all()


def test_a_table_does_not_differ_from_itself(tables):
    found = phone_differences(tables[0], tables[0], FEW)
    assert (found["difference"] == 0).all()
    assert set(found["verdict"]) == {"not shown"}


def test_few_tokens_and_nothing_labelled_have_no_row():
    table = random_table(1)
    assert phone_differences(table, table, FEW).empty  # none has 20 tokens
    assert phone_differences(nothing_labelled(), nothing_labelled(), FEW).empty
