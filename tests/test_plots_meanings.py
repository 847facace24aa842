from __future__ import annotations

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import Said, made_table, nothing_labelled, random_table
from matplotlib.colors import same_color, to_rgba
from matplotlib.text import Text

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS, phone_table
from sfvq_analysis.plots.meanings import meanings_heatmap
from sfvq_analysis.plots.style import group_colours
from sfvq_analysis.stats.units.meanings import conditional, index_meanings


def said():
    """Return a table whose fricatives lie in the order z, s, f; indices 3, 6 and 7 are unused."""
    tokens = [
        ("s", [1, 2]),
        ("z", [0, 0, 0, 1]),
        ("f", [5]),
        ("tcl", [4]),
        ("h#", [0]),
        ("ey", [2]),
    ]
    return made_table([Said("u", tokens)])


def labels(axis) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


def strip_of(ax):
    return next(child for child in ax.child_axes if child.patches)


def test_rows_stand_by_group_then_by_mean_index():
    shares = conditional(said(), "phone")
    before = shares.copy()
    ax = meanings_heatmap(shares)
    order = ["h#", "z", "s", "f", "ey", "tcl"]
    assert labels(ax.yaxis) == order
    scaled = shares.loc[order].to_numpy()
    scaled = scaled / scaled.max(axis=1, keepdims=True)
    assert np.allclose(np.ma.filled(ax.images[0].get_array(), np.nan), scaled)
    assert ax.images[0].get_clim() == (0, 1)
    assert ax.yaxis_inverted()
    assert [text.get_text() for text in ax.texts] == ["silence", "fricative", "diphthong", "other"]
    pd.testing.assert_frame_equal(shares, before)


@pytest.mark.parametrize("palette", ["paper", "colorblind"])
def test_groups_have_their_colours_beside_the_rows(palette):
    ax = meanings_heatmap(conditional(said(), "phone"), palette=palette)
    colours = group_colours(palette)
    blocks = {patch.get_label(): patch for patch in ax.patches if patch.get_label() in colours}
    assert list(blocks) == ["silence", "fricative", "diphthong"]
    for group, patch in blocks.items():
        assert same_color(patch.get_facecolor(), colours[group])
    assert (blocks["fricative"].get_y(), blocks["fricative"].get_height()) == (0.5, 3)


@pytest.mark.parametrize("given", ["phone", "index"])
def test_unused_indices_are_hatched(given):
    ax = meanings_heatmap(conditional(said(), given))
    hatched = [patch.get_extents() for patch in ax.patches if patch.get_hatch()]
    spans = [ax.transData.inverted().transform(box)[:, 0].tolist() for box in hatched]
    assert np.allclose(spans, [[2.5, 3.5], [5.5, 7.5]])


def test_strip_shows_the_commonest_group_and_its_share():
    table = said()
    meanings = index_meanings(table)
    before = meanings.copy()
    ax = meanings_heatmap(conditional(table, "phone"), meanings=meanings)
    bars = strip_of(ax).patches
    assert [bar.get_x() + bar.get_width() / 2 for bar in bars] == list(range(8))
    expected = meanings["group_share"].fillna(0)
    assert [bar.get_height() for bar in bars] == pytest.approx(expected.tolist())
    colours = group_colours()
    groups = ["fricative", "fricative", "fricative", None, None, "fricative"]
    assert meanings["phone_group"].astype(object).tolist()[:3] == groups[:3]
    for bar, group in zip(bars, groups, strict=False):
        assert bar.get_facecolor() == to_rgba(colours.get(group, "white"))
    pd.testing.assert_frame_equal(meanings, before)


def test_without_meanings_there_is_no_strip():
    ax = meanings_heatmap(conditional(said(), "phone"))
    assert len(ax.child_axes) == 1  # the colour bar


def test_groups_as_rows_are_named_once():
    ax = meanings_heatmap(conditional(random_table(1), "phone", by="phone_group"))
    found = labels(ax.yaxis)
    assert found == [group for group in PHONE_GROUPS if group in found]
    assert len(found) > 2
    assert [text.get_text() for text in ax.texts] == []


def test_a_page_holds_all_phones_and_indices():
    rng = np.random.default_rng(0)
    phones = pd.Index(sorted(phone_table()), name="phone")
    shares = pd.DataFrame(rng.dirichlet(np.full(256, 0.1), len(phones)), index=phones)
    meanings = index_meanings(made_table([Said("u", [("s", list(range(256)))])], 256))
    ax = meanings_heatmap(shares, meanings=meanings)
    figure = ax.figure
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    assert width == 7
    assert height < 10
    tight = figure.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= 7
    boxes = [label.get_window_extent() for label in ax.yaxis.get_ticklabels()]
    assert len(boxes) == 61
    assert not any(upper.overlaps(lower) for upper, lower in pairwise(boxes))


def test_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert meanings_heatmap(conditional(said(), "phone"), ax) is ax


def test_refuses_what_it_cannot_draw():
    shares = conditional(said(), "phone")
    meanings = index_meanings(said())
    with pytest.raises(OptionError, match="shares has no row"):
        meanings_heatmap(conditional(nothing_labelled(), "phone"))
    with pytest.raises(OptionError, match=r"meanings lacks the columns \['group_share'\]"):
        meanings_heatmap(shares, meanings=meanings.drop(columns="group_share"))
    with pytest.raises(OptionError, match="meanings is of 7 indices, shares of 8"):
        meanings_heatmap(shares, meanings=meanings[:7])
    with pytest.raises(OptionError, match="palette is 'grey'"):
        meanings_heatmap(shares, palette="grey")


def test_meanings_are_no_shares():
    with pytest.raises(OptionError, match=r"shares has the columns index, .*go"):
        meanings_heatmap(index_meanings(said()))
    with pytest.raises(OptionError, match="shares is IndexTable"):
        meanings_heatmap(said())
