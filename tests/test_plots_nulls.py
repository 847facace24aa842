import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import random_table

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.nulls import null
from sfvq_analysis.stats.inference import Inference, Measure, as_frame
from sfvq_analysis.stats.order.autocorrelation import morans_i

ROWS = [
    Measure("adjacency", 0.75, 0.6, 0.85, 0.5, 0.1, 0.004, "speaker", 9),
    Measure("path_length", 95.0, null_mean=500.0, null_sd=10.0, p=0.001, reason="no interval"),
    Measure("pairs", reason="no similar phones"),
    Measure("bare", 2.0, 1.0, 3.0, reason="no null"),
]


@pytest.fixture
def measures():
    return as_frame(ROWS)


def _dots(ax):
    return {round(line.get_ydata()[0]): line.get_xdata()[0] for line in ax.lines}


def _bars(ax):
    return {
        round(bar.get_y() + bar.get_height() / 2): (bar.get_x(), bar.get_x() + bar.get_width())
        for bar in ax.patches
    }


def _segments(ax):
    lines = [line for one in ax.collections for line in one.get_segments()]
    flat = [line for line in lines if line[0][1] == line[1][1]]
    return {round(line[0][1]): tuple(line[:, 0]) for line in flat}


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def test_dots_intervals_and_nulls_are_the_frames(measures):
    kept = measures.copy()
    ax = null(measures)
    assert _dots(ax) == {0: 0.75, 1: 95.0, 3: 2.0}
    assert _segments(ax) == {0: (0.6, 0.85), 3: (1.0, 3.0)}
    assert _bars(ax) == {0: pytest.approx((0.3, 0.7)), 1: pytest.approx((480, 520))}
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "adjacency",
        "path length",
        "pairs",
        "bare",
    ]
    assert ax.yaxis_inverted()
    pd.testing.assert_frame_equal(measures, kept)


def test_effect_p_and_reasons_are_written(measures):
    written = _texts(null(measures))
    assert written == [
        *("0.750", "p = .004", "95.0", "p = .001", "2.00"),
        "no similar phones",
    ]


def test_in_standard_deviations_measures_share_an_axis(measures):
    ax = null(measures, scale="null_sd")
    assert _dots(ax) == {0: pytest.approx(2.5), 1: pytest.approx(-40.5)}
    assert _segments(ax) == {0: pytest.approx((1.0, 3.5))}
    assert _bars(ax) == {0: (-2, 2), 1: (-2, 2)}
    assert _texts(ax)[-2:] == ["no similar phones", "no null"]
    assert ax.get_xscale() == "symlog"
    assert ax.get_xlabel() == "standard deviations of the null, from its mean"
    low, high = ax.get_xlim()
    assert low < -40.5
    assert high > 3.5


def test_corrected_p_and_other_names_of_rows():
    frame = morans_i(
        random_table(0, n_utterances=20), inference=Inference(n_permutations=20, n_bootstraps=20)
    )
    ax = null(frame)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == frame["phone_group"].tolist()
    written = [text for text in _texts(ax) if text.startswith("p = ")]
    assert written == [f"p = {p:.3f}".replace("0.", ".") for p in frame["p_corrected"]]


def test_a_null_that_does_not_vary_has_no_scale():
    frame = as_frame([Measure("one", 0.5, null_mean=0.5, null_sd=0.0, p=1.0)])
    ax = null(frame, scale="null_sd")
    assert _dots(ax) == {}
    assert _texts(ax) == ["0.500", "p = 1.000", "no null"]


def test_nothing_measurable_is_text_alone():
    frame = as_frame([Measure("pairs", reason="no similar phones " * 20)])
    ax = null(frame)
    ax.figure.draw_without_rendering()
    assert len(ax.lines) == len(ax.patches) == len(ax.get_xticks()) == 0
    assert ax.texts[0].get_text().endswith(" …")


@pytest.mark.parametrize("scale", ["measure", "null_sd"])
def test_all_is_on_paper(measures, scale):
    figure = null(measures, scale=scale).figure
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    assert all(text.get_fontsize() >= 7 for text in figure.axes[0].texts)


def test_given_axes_is_used(measures):
    figure, ax = plt.subplots()
    assert null(measures, ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_bad_frames_and_options_are_refused(measures):
    with pytest.raises(OptionError, match="scale is 'z'"):
        null(measures, scale="z")
    with pytest.raises(OptionError, match="measures has no row"):
        null(measures.iloc[:0])
    with pytest.raises(OptionError, match=r"measures lacks the columns \['p'\]"):
        null(measures.drop(columns="p"))
    assert np.isfinite(measures["effect"]).sum() == 3
