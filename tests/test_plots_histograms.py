import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sfvq_analysis import (
    demo_corpus,
    demo_quantizers,
    index_table,
    load_encoder,
    plots,
    stats,
)
from sfvq_analysis.errors import OptionError

FRICATIVES = ("s", "sh", "z", "zh", "f", "th", "v", "dh", "hh", "hv")


@pytest.fixture(scope="module")
def table():
    corpus = demo_corpus().select(speaker="fslt0")
    return index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])


@pytest.fixture(scope="module")
def by_group(table):
    return stats.index_histogram(table)


@pytest.fixture(scope="module")
def by_phone(table):
    return stats.index_histogram(table, by="phone")


def _lines(ax):
    return {line.get_label().split(" (")[0]: line for line in ax.lines}


def _legend_overlaps_panel(ax):
    ax.figure.draw_without_rendering()
    return ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())


def test_every_group_is_a_line_of_its_colour(by_group):
    kept = by_group.copy()
    ax = plots.histogram(by_group)
    assert {name: line.get_color() for name, line in _lines(ax).items()} == plots.group_colours()
    for name, part in by_group.groupby("phone_group", observed=True):
        x, y = _lines(ax)[name].get_data()
        assert np.array_equal(x, np.arange(256))
        assert np.allclose(y, part["smoothed"] / part["smoothed"].max())
    assert ax.get_xlabel() == "SFVQ index"
    assert ax.get_xlim() == (-0.5, 255.5)
    pd.testing.assert_frame_equal(by_group, kept)


def test_densities_can_be_compared(by_group):
    ax = plots.histogram(by_group, palette="colorblind", normalise="density")
    nasal = by_group[by_group["phone_group"] == "nasal"]
    assert np.array_equal(_lines(ax)["nasal"].get_ydata(), nasal["smoothed"])
    assert _lines(ax)["nasal"].get_color() == plots.group_colours("colorblind")["nasal"]


def test_yellow_has_a_rim(by_group):
    lines = _lines(plots.histogram(by_group))
    assert lines["diphthong"].get_path_effects()
    assert not lines["vowel"].get_path_effects()


def test_legend_says_what_lines_rest_on(by_group):
    ax = plots.histogram(by_group)
    frames = by_group.groupby("phone_group", observed=True)["n_frames"].first()
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"{name} ({n:,})" for name, n in frames.items()]


@pytest.mark.parametrize("width", [3.4, 7.0])
def test_legend_covers_no_data(by_group, width):
    _, ax = plt.subplots(figsize=(width, 2.5), layout="constrained")
    assert plots.histogram(by_group, ax=ax) is ax
    assert not _legend_overlaps_panel(ax)


def test_phones_of_a_group(by_phone):
    ax = plots.phone_histograms(by_phone, "fricative")
    assert list(_lines(ax)) == [phone for phone in FRICATIVES if phone in set(by_phone["phone"])]
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
    assert len(looks) == len(ax.lines)
    assert ax.get_legend().get_title().get_text() == "fricative (frames)"


def test_value_without_a_frame_has_no_line(by_phone):
    chosen = by_phone[by_phone["phone"].isin(["s", "iy"])].copy()
    nothing = chosen["phone"] == "iy"
    chosen.loc[nothing, ["density", "smoothed"]] = np.nan
    chosen.loc[nothing, "n_frames"] = 0
    ax = plots.histogram(chosen)
    ax.figure.draw_without_rendering()
    assert np.isnan(_lines(ax)["iy"].get_ydata()).all()
    assert ax.get_legend().get_texts()[0].get_text() == "iy (0)"


def test_other_properties_are_drawn(table):
    ax = plots.histogram(stats.index_histogram(table, by="sentence"))
    assert len(ax.lines) == 6


def test_too_many_lines_are_refused(by_phone):
    with pytest.raises(OptionError, match=r"values of phone, too many lines.*at most 20"):
        plots.histogram(by_phone)


def test_several_properties_are_refused(table):
    both = stats.index_histogram(table, by=["sex", "phone_group"])
    with pytest.raises(OptionError, match=r"hist is by \['sex', 'phone_group'\]"):
        plots.histogram(both)


def test_empty_or_foreign_frames_are_refused(by_group):
    with pytest.raises(OptionError, match="hist is empty"):
        plots.histogram(by_group.iloc[:0])
    with pytest.raises(OptionError, match=r"hist lacks the columns \['smoothed'\]"):
        plots.histogram(by_group.drop(columns="smoothed"))


def test_options_are_checked(by_group, by_phone):
    with pytest.raises(OptionError, match="normalise is 'sum'"):
        plots.histogram(by_group, normalise="sum")
    with pytest.raises(OptionError, match="palette is 'grey'"):
        plots.histogram(by_group, palette="grey")
    with pytest.raises(OptionError, match="group is 'stop'"):
        plots.phone_histograms(by_phone, "stop")
    with pytest.raises(OptionError, match="hist isn't by phone"):
        plots.phone_histograms(by_group, "vowel")
    with pytest.raises(OptionError, match="hist has no nasal"):
        plots.phone_histograms(by_phone[by_phone["phone"] == "s"], "nasal")


def test_what_is_no_histogram_is_refused_in_a_line(table):
    with pytest.raises(OptionError, match=r"hist is a table; give stats.index_histogram\(table\)"):
        plots.histogram(table)
    with pytest.raises(OptionError, match=r"hist is list; give what stats.index_histogram gives"):
        plots.histogram([1])
    with pytest.raises(OptionError, match="distances is IndexTable"):
        plots.jensen_shannon(table)
