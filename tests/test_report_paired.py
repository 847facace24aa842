"""Paired differences of tables: p values, verdicts, and what can't be paired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_tables import assert_unchanged, copies, made_table, nothing_labelled, random_table
from renamed_tables import renamed
from scipy.stats import t as student

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PhoneSet
from sfvq_analysis.report.paired import (
    default_baseline,
    p_of_interval,
    paired,
    why_not_paired,
    with_p,
)
from sfvq_analysis.stats import Inference, compare
from sfvq_analysis.stats.inference import corrected_p
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=10, n_bootstraps=100)


@pytest.fixture(scope="module")
def tables():
    return {
        "curve": simulated_table(Simulation(n_speakers=10)),
        "plain": simulated_table(Simulation(n_speakers=10, ordered=False)),
    }


@pytest.fixture(scope="module")
def found(tables):
    return paired(tables, FEW, baseline="plain").frame.set_index("measure")


class TestP:
    def test_an_interval_that_just_reaches_zero_has_p_of_its_level(self):
        p = p_of_interval(
            np.array([2.0, -2.0]), (np.array([0.0, -3.0]), np.array([3.0, 0.0])), 7, 0.9
        )
        np.testing.assert_allclose(p, 0.1)

    def test_it_is_that_of_students_t_of_a_normal_interval(self):
        n, se, difference, level = 12, 0.7, 1.3, 0.95
        reach = student.ppf(0.975, n - 1) * se
        p = p_of_interval(
            np.array([difference]), (np.array([difference - reach]), np.array([9.0])), n, level
        )
        np.testing.assert_allclose(p, 2 * student.sf(difference / se, n - 1))

    def test_nothing_is_certain_without_an_interval_and_no_difference_is_none(self):
        nan = np.nan
        difference = np.array([1.0, nan, 0.0, 1.0])
        bounds = np.array([nan, nan, 0.0, 1.0]), np.array([nan, nan, 0.0, 1.0])
        np.testing.assert_array_equal(p_of_interval(difference, bounds, 9, 0.9), [nan, nan, 1, nan])

    def test_p_is_below_one_less_level_just_where_the_interval_excludes_zero(self, found):
        known = found[found["p"].notna() & (found["difference"].abs() > 1e-9)]
        excludes = (known["difference_low"] > 0) | (known["difference_high"] < 0)
        assert excludes.any()
        assert ((known["p"] < 0.1) == excludes).all()


class TestVerdicts:
    def test_order_is_found_and_what_knows_no_order_is_the_same(self, found):
        assert set(found.loc[found["family"] == "order", "verdict"]) <= {"better", "not shown"}
        assert found.loc["arcs", "verdict"] == found.loc["relative_step", "verdict"] == "better"
        assert set(found.loc[found["family"] == "units", "verdict"]) == {"not shown"}

    def test_the_other_way_round_better_is_worse(self, tables, found):
        other = paired(tables, FEW, baseline="curve").frame.set_index("measure")
        turned = {"better": "worse", "not shown": "not shown"}
        assert other["verdict"].to_list() == [turned[one] for one in found["verdict"]]
        np.testing.assert_allclose(other["p"], found["p"], rtol=1e-6)

    def test_p_is_corrected_over_the_measures_of_a_pair(self, tables, found):
        np.testing.assert_allclose(found["p_corrected"], corrected_p(found["p"]))
        three = {**tables, "same": tables["plain"]}
        frame = paired(three, FEW, baseline="plain").frame
        mine = frame[frame["method"] == "curve"]
        np.testing.assert_allclose(mine["p_corrected"], found["p_corrected"])

    def test_baseline_stands_beside_each(self, tables, found):
        compared = compare(tables, baseline="plain", inference=FEW)
        base = compared[compared["method"] == "plain"].set_index("measure")
        for name in ("effect", "low", "high"):
            np.testing.assert_array_equal(found[f"baseline_{name}"], base[name])

    def test_codebooks_of_other_sizes_differ_only_in_what_is_corrected(self):
        small = simulated_table(Simulation(n_speakers=6, codebook_size=32))
        large = simulated_table(Simulation(n_speakers=6, codebook_size=64))
        frame = paired({"large": large, "small": small}, FEW).frame.set_index("measure")
        fair = frame.index[frame["verdict"] != "not comparable"]
        assert set(fair) == {"pnmi", "phone_purity", "arcs"}
        assert frame.loc["perplexity", "reason"] == "codebooks differ in size"
        assert np.isnan(frame.loc["perplexity", "p"])

    def test_that_fits_are_few_is_no_reason_to_say_nothing(self, tables):
        frame = with_p(compare(tables, inference=FEW), FEW.level)
        assert not frame["reason"].str.contains("fits").any()


class TestUnpaired:
    def test_other_utterances_speakers_labels_and_order(self):
        table = random_table(1)
        said = table.utterances
        fewer = made_table([])
        others = replace(table, utterances=said.assign(speaker=["x", *said["speaker"][1:]]))
        relabelled = renamed(table, PhoneSet("timit61"), {"s": "z"})
        for other, why in (
            (fewer, "are in one of them only"),
            (others, "other speakers"),
            (relabelled, "other labels"),
        ):
            text = why_not_paired(("a", table), ("b", other))
            assert why in text
            assert text.startswith("a can't be paired with b: ")
            assert "Read" in text
        assert why_not_paired(("a", table), ("b", table)) == ""

    def test_those_that_can_are_compared_and_the_others_told(self, tables):
        more = {**tables, "other": simulated_table(Simulation(n_speakers=3))}
        found = paired(more, FEW)
        assert set(found.frame["method"]) == {"plain"}
        assert list(found.unpaired) == ["other"]

    def test_without_a_pair_there_is_no_frame(self):
        found = paired({"a": random_table(1), "b": random_table(2, n_utterances=3)}, FEW)
        assert found.frame is None
        assert list(found.unpaired) == ["b"]

    def test_nothing_labelled_is_compared_in_what_needs_no_label(self):
        frame = paired({"a": nothing_labelled(), "b": nothing_labelled()}, FEW).frame
        assert set(frame.loc[frame["measure"] == "pnmi", "verdict"]) == {"not comparable"}
        assert (frame.loc[frame["verdict"] == "not comparable", "reason"] != "").all()


def test_the_plain_codebook_is_the_baseline_wherever_it_stands(tables):
    assert default_baseline(tables) == "plain" or tables["plain"].is_curve
    plain = made_table([], curve=False)
    assert default_baseline({"a": random_table(1), "b": plain}) == "b"


def test_a_baseline_that_is_no_table_is_refused(tables):
    with pytest.raises(OptionError, match="baseline is 'x'"):
        paired(tables, FEW, baseline="x")


def test_tables_stay_as_they_are(tables):
    before = {name: copies(table) for name, table in tables.items()}
    paired(tables, FEW)
    for name, table in tables.items():
        assert_unchanged(table, before[name])
