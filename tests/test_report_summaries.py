"""The summary, and the claims and the axis as text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from made_tables import nothing_labelled, random_table

from sfvq_analysis import stats
from sfvq_analysis.report.statistics import all_statistics
from sfvq_analysis.report.summaries import (
    SUMMARISED,
    findings_text,
    number,
    span,
    summary,
    summary_of,
    summary_text,
)
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=39, n_bootstraps=20)


@pytest.fixture(scope="module")
def tables():
    return {
        "curve": simulated_table(Simulation(n_speakers=8)),
        "shuffled": simulated_table(Simulation(n_speakers=8, ordered=False)),
    }


@pytest.fixture(scope="module")
def found(tables):
    return all_statistics(tables, names=SUMMARISED, inference=FEW)


def test_summary_has_a_row_a_table():
    one, other = random_table(seed=0), random_table(seed=1)
    frame = summary({"a": one, "b": other})
    assert list(frame.index) == ["a", "b"]
    assert frame.loc["a", "pnmi"] == stats.axis_measures(one)["pnmi"].iloc[0]
    text = summary_text({"a": one}, summary({"a": one}))
    assert f"{frame.loc['a', 'pnmi']:.3f}" in text


def test_summary_of_what_is_there_is_the_same(tables, found):
    pd.testing.assert_frame_equal(summary_of(found), summary(tables))


def test_long_names_stay_apart():
    table = random_table(seed=0)
    names = ["hubert_layer_6_sfvq", "hubert_layer_9_sfvq"]
    text = summary_text(dict.fromkeys(names, table), summary(dict.fromkeys(names, table)))
    assert "  ".join(names) in text


def test_each_claim_is_a_row_with_its_numbers(tables, found):
    text = findings_text(tables, found, FEW)
    blocks = text.split("the paper's claims")
    assert len(blocks) == 3
    for block, frames in zip(blocks[1:], found.values(), strict=True):
        for row in frames["claims"].itertuples():
            line = re.search(rf"^{row.claim} .*$", block, re.MULTILINE).group()
            assert line.endswith(row.verdict)
            assert number(row.effect) in line
            assert span(row.low, row.high) in line
            assert f"{row.p_corrected:.3f}".lstrip("0") in line
    assert "39 permutations, 20 resamplings of 8 speakers" in text
    assert "C4, C6, C9, C11: not about order" in text
    assert max(map(len, text.splitlines()[2:])) <= 100


def test_statements_are_whole(tables, found):
    words = " ".join(findings_text(tables, found, FEW).split())
    for row in found["curve"]["claims"].itertuples():
        statement = row.statement.split()
        assert statement[0] in words
        assert statement[-1] in words


def test_the_axis_is_told_in_its_own_words(tables, found):
    words = " ".join(findings_text(tables, found, FEW).split())
    for text in found["curve"]["describe_axis"]["text"]:
        assert text in words
    assert "no group keeps to a range" in words


def test_what_is_untestable_says_why():
    table = nothing_labelled()
    found = all_statistics({"none": table}, names=SUMMARISED, inference=FEW)
    text = findings_text({"none": table}, found, FEW)
    claims = found["none"]["claims"]
    untestable = claims[claims["verdict"] == "untestable"]
    assert len(untestable) >= 10
    assert text.count("untestable") == len(untestable)
    for reason in untestable["reason"]:
        assert reason in " ".join(text.split())
    assert "nan" not in text.lower().replace("consonant", "")


def test_numbers_have_three_digits():
    assert [number(value) for value in (9.9994, 9.9996, 99.94, 99.96, -0.5)] == [
        "9.999", "10.0", "99.9", "100", "-0.500",
    ]  # fmt: skip
    assert span(np.nan, 1.0) == ""
