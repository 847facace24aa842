import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.ladder import ladder_strips
from sfvq_analysis.plots.style import SMALL_TEXT_SIZE, group_colours


@pytest.fixture
def meanings():
    rows = [(1, 1, "vowel", 0.9), (1, 0, "silence", 0.5)]
    rows += [(2, 0, "silence", 1.0), (2, 1, None, np.nan), (2, 2, "nasal", 0.0), (2, 3, "vowel", 1)]
    rows += [(6, at, "vowel", 0.5) for at in range(64)]
    return pd.DataFrame(rows, columns=["bits", "index", "phone_group", "group_share"])


def test_cells_tile_the_axis_at_each_rate(meanings):
    kept = meanings.copy()
    ax = ladder_strips(meanings)
    pd.testing.assert_frame_equal(meanings, kept)
    assert len(ax.patches) == 70
    for row, size in enumerate((2, 4, 64)):
        cells = [cell for cell in ax.patches if round(cell.get_y() + cell.get_height() / 2) == row]
        assert [cell.get_x() for cell in cells] == pytest.approx(np.arange(size) / size)
        assert {round(cell.get_width(), 9) for cell in cells} == {round(1 / size, 9)}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2", "6"]
    assert ax.get_ylim() == (2.5, -0.5)


@pytest.mark.parametrize("palette", ["paper", "colorblind"])
def test_colour_is_the_group_and_opacity_its_share(meanings, palette):
    ax = ladder_strips(meanings, palette=palette)
    colours = group_colours(palette)
    names = ["silence", "vowel", "silence", None, "nasal", "vowel"]
    for cell, name in zip(ax.patches, names, strict=False):
        if name is None:
            assert cell.get_hatch()
            assert cell.get_facecolor()[:3] == (1, 1, 1)
        else:
            assert cell.get_facecolor()[:3] == pytest.approx(to_rgb(colours[name]))
            assert not cell.get_hatch()
    opacity = [cell.get_alpha() for cell in ax.patches[:6]]
    assert opacity[0] < opacity[1] < opacity[2] == 1
    assert opacity[3] is None
    assert 0 < opacity[4] < opacity[0]


def test_wide_cells_alone_have_edges(meanings):
    ax = ladder_strips(meanings)
    assert ax.patches[0].get_linewidth() > 0
    assert ax.patches[-1].get_linewidth() == 0


def test_legend_names_what_occurs(meanings):
    ax = ladder_strips(meanings)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["silence", "nasal", "vowel", "no group"]
    whole = ladder_strips(meanings.dropna())
    assert "no group" not in [text.get_text() for text in whole.get_legend().get_texts()]
    ax.figure.draw_without_rendering()
    assert not ax.get_legend().get_window_extent().overlaps(ax.patches[0].get_window_extent())
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), *ax.get_legend().get_texts()]
    assert min(text.get_fontsize() for text in texts) >= SMALL_TEXT_SIZE


def test_what_is_refused(meanings):
    with pytest.raises(OptionError, match="lacks the columns"):
        ladder_strips(meanings.drop(columns="bits"))
    with pytest.raises(OptionError, match="meanings is empty"):
        ladder_strips(meanings[:0])
    ax = ladder_strips(meanings)
    assert ladder_strips(meanings, ax=ax) is ax
