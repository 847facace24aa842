import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import Said, made_table, nothing_labelled, random_table

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.merging import merge_curve
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.order.merging import merge_information

FEW = Inference(n_permutations=20, n_bootstraps=20)


@pytest.fixture(scope="module")
def frame():
    dedicated = {4: random_table(1, codebook_size=4, n_utterances=20)}
    table = random_table(1, codebook_size=16, n_utterances=20)
    return merge_information(table, dedicated=dedicated, inference=FEW)


def _line(ax, label):
    handles, labels = ax.get_legend_handles_labels()
    handle = dict(zip(labels, handles, strict=True))[label]
    return handle[0] if isinstance(handle, tuple) else handle


def test_curve_bars_and_band_are_the_frames(frame):
    kept = frame.copy()
    ax = merge_curve(frame)
    back = frame.sort_values("n_arcs")
    x, y = _line(ax, "neighbours on the axis").get_data()
    assert x.tolist() == [2, 4, 8]
    assert np.allclose(y, back["pnmi"])
    bars = np.array(ax.containers[0][2][0].get_segments())[:, :, 1]
    assert np.allclose(bars, back[["low", "high"]])
    assert np.allclose(_line(ax, "random merges (± 2 sd)").get_ydata(), back["random_mean"])
    edge = ax.collections[-1].get_paths()[0].vertices
    two = back["random_mean"] + 2 * back["random_sd"]
    assert {*two.round(9)} <= {*edge[:, 1].round(9)}
    assert np.allclose(_line(ax, "labels permuted").get_ydata(), back["label_null_mean"])
    pd.testing.assert_frame_equal(frame, kept)


def test_dedicated_codebooks_are_points_where_there_are_some(frame):
    ax = merge_curve(frame)
    points = _line(ax, "dedicated codebooks")
    known = np.isfinite(points.get_ydata())
    assert points.get_xdata()[known].tolist() == [4]
    assert points.get_ydata()[known] == pytest.approx(frame["dedicated"].max())
    assert points.get_linestyle() == "None"
    ax = merge_curve(frame.assign(dedicated=np.nan))
    assert "dedicated codebooks" not in ax.get_legend_handles_labels()[1]


def test_axes_are_labelled_at_every_number_of_arcs(frame):
    ax = merge_curve(frame)
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "4", "8"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("number of arcs", "PNMI")
    assert ax.get_ylim()[0] <= 0
    assert ax.get_legend().get_texts()[0].get_text() == "neighbours on the axis"


def test_the_legend_covers_no_data_and_all_is_on_paper(frame):
    ax = merge_curve(frame)
    figure = ax.figure
    figure.draw_without_rendering()
    box, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
    assert box.y0 >= panel.y1
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height


def test_one_speaker_has_no_bars_and_no_null_no_band():
    table = made_table([Said("u", [("s", [1, 2, 6]), ("iy", [5, 4])])])
    ax = merge_curve(merge_information(table, inference=Inference(n_permutations=0)))
    ax.figure.draw_without_rendering()
    assert ax.get_legend_handles_labels()[1] == ["neighbours on the axis"]
    assert not ax.containers[0].has_yerr
    assert len(ax.collections) == 0


def test_given_axes_is_used(frame):
    figure, ax = plt.subplots()
    assert merge_curve(frame, ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_nothing_to_draw_is_refused(frame):
    with pytest.raises(OptionError, match=r"frame has no PNMI \(no labelled frame\)"):
        merge_curve(merge_information(nothing_labelled(), inference=FEW))
    with pytest.raises(OptionError, match=r"frame lacks the columns \['random_sd'\]"):
        merge_curve(frame.drop(columns="random_sd"))
