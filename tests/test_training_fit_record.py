"""`training.fit_record`: the rows a fit leaves behind, and its progress bar."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import gaussian
from oracles import path_length

from sfvq_analysis.quantizers import PlainVQ, Provenance
from sfvq_analysis.training import fit_log
from sfvq_analysis.training.fit_record import FitRow, as_log, curve_length, progress_bar

ROWS = [
    FitRow(32, "map", None, 0.25, 0, 2.5, None, None, 0.5, 7.0, kept=True),
    FitRow(4, "curve", "arcs", None, 3, None, 1.5, 1.25, 1.0, 9.0, kept=False),
]


def test_a_log_has_the_columns_of_a_row_and_a_line_for_each():
    log = fit_log(PlainVQ(np.eye(2), Provenance(log=as_log(ROWS))))
    assert tuple(log.columns) == FitRow._fields
    assert log["stage"].tolist() == [32, 4]
    assert log["kept"].tolist() == [True, False]
    assert log["map_mse"].isna().tolist() == [False, True]
    assert log["start"].tolist()[1] == "arcs"


def test_a_quantizer_without_a_log_has_an_empty_one():
    log = fit_log(PlainVQ(np.eye(2)))
    assert tuple(log.columns) == FitRow._fields
    assert log.empty


def test_rows_are_json_as_they_stand():
    assert [FitRow(**row) for row in json.loads(json.dumps(as_log(ROWS)))] == ROWS


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 5))
def test_the_length_of_a_curve_is_that_of_the_loop(seed, size, dim):
    corners = gaussian(size, dim, seed)
    assert curve_length(corners) == pytest.approx(path_length(corners), rel=1e-5)


def test_the_bar_shows_share_and_time_left_where_it_is_shown(capsys):
    for shown in (False, True):
        with progress_bar(8.0, shown=shown) as bar:
            bar.update(2.0)
            bar.refresh()
        said = capsys.readouterr().err
        assert all((text in said) is shown for text in ("fitting the curve", " 25% |", " left"))
