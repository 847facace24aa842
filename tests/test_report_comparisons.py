"""A comparison as text."""

from __future__ import annotations

import numpy as np
import pytest

from sfvq_analysis.report.comparisons import comparison_text
from sfvq_analysis.report.summaries import number, span
from sfvq_analysis.stats import Inference, compare
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=10, n_bootstraps=50)


@pytest.fixture(scope="module")
def compared():
    """Five fits of the same speech with an order, and five without."""
    curve = [
        simulated_table(Simulation(n_speakers=8, n_own=0, codebook_size=32, frame_spread=spread))
        for spread in (0.02, 0.021, 0.022, 0.023, 0.024)
    ]
    plain = [
        simulated_table(
            Simulation(n_speakers=8, n_own=0, codebook_size=32, frame_spread=spread, ordered=False)
        )
        for spread in (0.02, 0.021, 0.022, 0.023, 0.024)
    ]
    return compare({"plain": plain, "curve": curve}, inference=FEW)


def line_of(text, row):
    """Return the line of a method's measure."""
    lines = text.splitlines()
    start = next(
        at for at, line in enumerate(lines) if line.startswith(f"{row.measure} ({row.better})")
    )
    after = (line for line in lines[start:] if f" {row.method} " in line)
    return next(after)


def test_every_number_is_in_its_line(compared):
    text = comparison_text(compared, 0.9)
    for row in compared.itertuples():
        line = line_of(text, row)
        assert number(row.effect) in line
        assert span(row.low, row.high) in line
        assert ("*" in line) == row.claimed
        if np.isfinite(row.fit_sd):
            assert f"± {number(row.fit_sd)}" in line
        if np.isfinite(row.difference):
            assert span(row.difference_low, row.difference_high) in line
            assert f"± {number(row.difference_fit_sd)}" in line


def test_order_is_claimed_and_stands_apart_from_units(compared):
    assert compared.set_index(["method", "measure"]).loc[("curve", "morans_i"), "claimed"]
    units, order = comparison_text(compared, 0.9).split("order: ")
    for measure, family in compared.groupby("measure")["family"].first().items():
        assert (f"{measure} (" in units) == (family == "units")
        assert (f"{measure} (" in order) == (family == "order")


def test_reasons_stand_below_once(compared):
    reasons = compared.loc[compared["reason"] != "", "reason"]
    below = " ".join(comparison_text(compared, 0.9).split("What is missing")[1].split())
    for reason in set(reasons):
        assert below.count(reason) == 1


def test_one_method_has_nothing_to_differ_from(compared):
    alone = compared[compared["method"] == "plain"]
    text = comparison_text(alone, 0.8)
    assert "less" not in text
    assert "*" not in text
    assert "[80 % interval over speakers]" in text


def test_single_fits_have_no_deviation(compared):
    single = compared.assign(fit_sd=np.nan, difference_fit_sd=np.nan)
    tables = comparison_text(single, 0.9).split("units: ")[1]
    assert "±" not in tables
    assert "nan" not in tables
