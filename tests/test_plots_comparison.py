import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.comparison import comparison
from sfvq_analysis.plots.style import SMALL_TEXT_SIZE
from sfvq_analysis.stats import Inference, compare
from sfvq_analysis.tables import Simulation, simulated_table

ROWS = pd.DataFrame(
    {
        "method": ["VQ", "SFVQ", "SOM", "2 bits"],
        "measure": "arcs",
        "better": "high",
        "effect": [0.05, 0.25, 0.2, np.nan],
        "low": [0.04, 0.23, np.nan, np.nan],
        "high": [0.06, 0.27, np.nan, np.nan],
        "fit_sd": [0.01, 0.02, np.nan, np.nan],
        "n_fits": [5, 5, 1, 1],
        "baseline": ["", "VQ", "VQ", "VQ"],
        "difference": [np.nan, 0.2, -0.15, np.nan],
        "claimed": [False, True, False, False],
        "reason": ["", "", "fewer than 5 fits: no claim", "4 codes make no 16 equal arcs"],
    }
)


@pytest.fixture
def frame():
    other = ROWS.assign(measure="relative_step", better="low", effect=ROWS["effect"] + 1)
    return pd.concat([ROWS, other], ignore_index=True)


def _dots(ax):
    lines = [line for line in ax.lines if len(line.get_xdata()) == 1]
    return {line.get_ydata()[0]: line for line in lines}


def _names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_rows_are_methods_with_effect_interval_and_sd_of_fits(frame):
    kept = frame.copy()
    ax = comparison(frame)
    assert _names(ax) == ["VQ", "SFVQ", "SOM", "2 bits"]
    assert {at: line.get_xdata()[0] for at, line in _dots(ax).items()} == {0: 0.05, 1: 0.25, 2: 0.2}
    lines = [line for one in ax.collections for line in one.get_segments()]
    assert {line[0][1]: tuple(line[:, 0]) for line in lines} == {0: (0.04, 0.06), 1: (0.23, 0.27)}
    bars = {round(bar.get_y() + bar.get_height() / 2): bar for bar in ax.patches}
    assert set(bars) == {0, 1}
    assert (bars[1].get_x(), bars[1].get_width()) == pytest.approx((0.23, 0.04))
    assert ax.yaxis_inverted()
    pd.testing.assert_frame_equal(frame, kept)


def test_claimed_differences_are_marked(frame):
    ax = comparison(frame)
    dots = _dots(ax)
    assert [dots[at].get_marker() for at in range(3)] == ["D", "o", "o"]
    assert dots[1].get_markerfacecolor() == dots[1].get_markeredgecolor()
    assert dots[2].get_markerfacecolor() == "white"
    written = {text.get_text(): text.get_fontweight() for text in ax.texts}
    assert written["+0.200"] == "bold"
    assert written["−0.150"] == "normal"  # noqa: RUF001 (a minus sign)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["baseline", "difference claimed", "not claimed", "± sd of fits"]


def test_a_missing_effect_says_why(frame):
    reasons = [text for text in comparison(frame).texts if text.get_fontstyle() == "italic"]
    assert [text.get_text() for text in reasons] == ["4 codes make no 16 equal arcs"]
    assert reasons[0].get_position()[1] == 3


def test_the_baseline_is_a_line_through_all_rows(frame):
    (line,) = (one for one in comparison(frame).lines if len(one.get_xdata()) == 2)
    assert set(line.get_xdata()) == {0.05}
    turned = frame.assign(baseline=["SFVQ", "", "SFVQ", "SFVQ"] * 2)
    (line,) = (one for one in comparison(turned).lines if len(one.get_xdata()) == 2)
    assert set(line.get_xdata()) == {0.25}


def test_the_measure_and_its_direction_are_named(frame):
    assert comparison(frame).get_xlabel() == "arcs (higher is better)"
    ax = comparison(frame, measure="relative_step")
    assert ax.get_xlabel() == "relative step (lower is better)"
    assert _dots(ax)[0].get_xdata()[0] == 1.05


def test_one_method_has_no_line_and_no_difference(frame):
    ax = comparison(frame.iloc[:1])
    assert len(ax.lines) == 1
    assert [text.get_text() for text in ax.texts] == []
    without_baseline = comparison(frame.iloc[1:3])
    assert {len(line.get_xdata()) for line in without_baseline.lines} == {1}


def test_nothing_measured_is_a_picture_of_reasons(frame):
    ax = comparison(frame.assign(effect=np.nan, difference=np.nan, reason="no permutation"))
    assert [text.get_text() for text in ax.texts] == ["no permutation"] * 4
    assert len(ax.lines) == 0
    assert ax.get_legend() is None
    assert list(ax.get_xticks()) == []


def test_frames_of_compare_are_drawn():
    tables = {
        name: simulated_table(Simulation(n_speakers=4, ordered=ordered))
        for name, ordered in (("VQ", False), ("SFVQ", True))
    }
    found = compare(tables, inference=Inference(9, 19))
    for measure in found["measure"].unique():
        ax = comparison(found, measure=measure)
        effect = found.loc[found["measure"] == measure, "effect"]
        drawn = [line.get_xdata()[0] for line in _dots(ax).values()]
        assert drawn == pytest.approx(effect.dropna().tolist())
        sizes = [text.get_fontsize() for text in [*ax.texts, *ax.get_yticklabels()]]
        assert min(sizes) >= SMALL_TEXT_SIZE
        plt.close(ax.figure)


def test_given_axes_are_drawn_on(frame):
    _, ax = plt.subplots()
    assert comparison(frame, ax) is ax


def test_options_are_checked(frame):
    with pytest.raises(OptionError, match="measure is 'pnmi'; use one of arcs, relative_step"):
        comparison(frame, measure="pnmi")
    with pytest.raises(OptionError, match="lacks the columns"):
        comparison(frame.drop(columns="claimed"))


def test_names_of_methods_are_written_as_they_are(frame):
    ax = comparison(frame.assign(method="$" + frame["method"] + "$", baseline="$VQ$"))
    ax.figure.draw_without_rendering()
    assert {text.get_text()[:2] for text in ax.get_yticklabels()} == {"\\$"}
