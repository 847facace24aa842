from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import nothing_labelled
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.ranges import description_strip, range_strip
from sfvq_analysis.plots.style import group_colours
from sfvq_analysis.stats import index_histogram, peaks
from sfvq_analysis.stats.groups.description import describe_axis
from sfvq_analysis.stats.groups.ranges import group_ranges
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.tables.simulated import simulated_table

FEW = Inference(n_permutations=99, n_bootstraps=20)


@pytest.fixture(scope="module")
def table():
    return simulated_table()


@pytest.fixture(scope="module")
def ranges(table):
    return group_ranges(table, inference=FEW)


@pytest.fixture(scope="module")
def description(table):
    return describe_axis(table, inference=FEW)


def bars(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def inside(figure):
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    return tight.x0 >= 0 and tight.y0 >= 0 and tight.x1 <= width and tight.y1 <= height


def one_range(first, last, groups="", **more):
    row = {
        "first": first, "last": last, "groups": groups, "share": 0.5, "share_checked": np.nan,
        "exceptions": "", "dead": "",
    }  # fmt: skip
    return row | more


def test_each_range_is_a_bar_in_its_place(ranges):
    kept = ranges.copy()
    ax = range_strip(ranges)
    found = sorted((bar.get_x(), bar.get_width()) for bar in bars(ax))
    ends = zip(ranges["first"], ranges["last"], strict=True)
    assert found == sorted((first - 0.5, last - first + 1) for first, last in ends)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == list(dict.fromkeys(ranges["phone_group"]))
    assert ax.yaxis_inverted()
    assert ax.get_xlim() == (-0.5, 63.5)
    assert inside(ax.figure)
    pd.testing.assert_frame_equal(ranges, kept)


def test_the_shortest_bar_is_the_thickest_and_has_the_full_colour(ranges):
    ax = range_strip(ranges[ranges["phone_group"] == "silence"], palette="colorblind")
    long, short = bars(ax)
    assert long.get_height() < short.get_height()
    assert short.get_facecolor()[:3] == to_rgb(group_colours("colorblind")["silence"])
    assert sum(long.get_facecolor()) > sum(short.get_facecolor())
    assert long.get_zorder() <= short.get_zorder()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["80 % of frames", "90 % of frames"]


def test_ranges_that_chance_explains_are_hatched(ranges):
    chance = ranges.assign(p_corrected=np.where(ranges["mass"] == 0.8, 0.01, 0.4))
    ax = range_strip(chance)
    assert {bar.get_hatch() for bar in bars(ax)} == {None, "/////"}
    assert sum(bar.get_hatch() is not None for bar in bars(ax)) == len(ranges) / 2
    assert "random order" in ax.get_legend().get_texts()[2].get_text()


def test_peaks_are_marked(table, ranges):
    main = peaks(index_histogram(table))
    ax = range_strip(ranges, main)
    marked = ax.lines[0]
    main = main[main["rank"] == 0]
    assert marked.get_xdata().tolist() == main["peak"].tolist()
    assert list(marked.get_ydata()) == list(range(len(main)))
    assert ax.get_legend().get_texts()[-1].get_text() == "peak"


def test_phones_stand_by_group_in_its_colour(table):
    found = group_ranges(table, mass=[0.8], by="phone", inference=FEW)
    ax = range_strip(found)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names.index("s") < names.index("m") < names.index("iy") < names.index("l")
    assert len(names) == len(found)
    colours = {names[round(bar.get_y() + bar.get_height() / 2)]: bar.get_facecolor()[:3]
               for bar in bars(ax)}  # fmt: skip
    assert colours["s"] == to_rgb(group_colours()["fricative"])
    assert colours["iy"] == to_rgb(group_colours()["vowel"])
    assert inside(ax.figure)


def test_the_ribbon_is_the_axis(description):
    kept = description.copy()
    ax = description_strip(description)
    area = sum(bar.get_width() * bar.get_height() for bar in bars(ax) if not bar.get_hatch())
    assert area == pytest.approx(64)
    first = bars(ax)[0]
    assert first.get_facecolor()[:3] == to_rgb(group_colours()["silence"])
    assert first.get_width() == description["last"].iloc[0] + 1
    assert inside(ax.figure)
    pd.testing.assert_frame_equal(description, kept)


def test_the_ribbon_says_what_it_shows(description):
    ax = description_strip(description)
    texts = [text.get_text() for text in ax.texts]
    checked = 100 * description["share_checked"].iloc[0]
    assert texts[0] == f"silence\n{checked:.0f} %"
    assert len(texts) == len(description)
    ax.figure.draw_without_rendering()
    assert all(text.get_fontsize() >= 7 for text in ax.texts)


def test_two_names_are_two_stripes_and_none_is_grey():
    frame = pd.DataFrame(
        [
            one_range(0, 9, "plosive, nasal"),
            one_range(10, 19, dead="12-14"),
            one_range(20, 31, "vowel", exceptions="iy, ih"),
        ]
    )
    ax = description_strip(frame)
    low, high, bare, dead, vowel = bars(ax)
    assert (low.get_height(), high.get_y()) == (0.5, 0.5)
    assert high.get_facecolor()[:3] == to_rgb(group_colours()["plosive"])
    assert bare.get_facecolor()[0] == bare.get_facecolor()[1] == bare.get_facecolor()[2]
    assert (dead.get_x(), dead.get_width(), dead.get_hatch()) == (11.5, 3, "//////")
    assert vowel.get_height() == 1
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["plosive\nnasal\n50 %", "no name\n50 %", "vowel\n50 %\nexcept iy, ih"]


def test_names_of_narrow_ranges_do_not_touch():
    edges = [0, 60, 62, 63, 65, 67, 68, 200]
    groups = ["silence", "approximant", "diphthong", "fricative", "nasal", "vowel", "plosive"]
    frame = pd.DataFrame(
        [one_range(a, b - 1, g) for a, b, g in zip(edges, edges[1:], groups, strict=False)]
    )
    ax = description_strip(frame)
    ax.figure.draw_without_rendering()
    words = [Text.get_window_extent(text) for text in ax.texts]  # their leaders left out
    assert len(words) == 7
    assert not any(a.overlaps(b) for i, a in enumerate(words) for b in words[:i])
    assert inside(ax.figure)


def test_many_exceptions_are_counted():
    frame = pd.DataFrame([one_range(0, 63, "vowel", exceptions="iy, ih, ax, uw")])
    assert description_strip(frame).texts[0].get_text() == "vowel\n50 %\nexcept 4 phones"


def test_given_axes_are_used(ranges, description):
    figure, axes = plt.subplots(2)
    assert range_strip(ranges, ax=axes[0]) is axes[0]
    assert description_strip(description, ax=axes[1]) is axes[1]
    assert plt.get_fignums() == [figure.number]


def test_a_table_without_labels_is_refused_or_grey():
    with pytest.raises(OptionError, match="ranges holds no range"):
        range_strip(group_ranges(nothing_labelled(), inference=FEW))
    ax = description_strip(describe_axis(nothing_labelled(), inference=FEW))
    assert ax.texts[0].get_text() == "no name"


def test_frames_of_something_else_are_refused(ranges, description):
    with pytest.raises(OptionError, match=r"ranges lacks the columns \['mass'\]"):
        range_strip(ranges.drop(columns="mass"))
    with pytest.raises(OptionError, match=r"peaks lacks the columns"):
        range_strip(ranges, pd.DataFrame({"phone": ["s"], "rank": [0], "peak": [1]}))
    with pytest.raises(OptionError, match=r"description lacks the columns \['dead'\]"):
        description_strip(description.drop(columns="dead"))
    with pytest.raises(OptionError, match="description has no row"):
        description_strip(description.iloc[:0])
    with pytest.raises(OptionError, match="palette is 'grey'"):
        range_strip(ranges, palette="grey")
