import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.plots.style import label_axes, line_styles, literal, new_axes


def test_paper_colours():
    assert plots.group_colours() == {
        "silence": "lightseagreen",
        "plosive": "blue",
        "fricative": "black",
        "nasal": "magenta",
        "vowel": "red",
        "diphthong": "yellow",
        "approximant": "deeppink",
    }


def test_colorblind_colours_are_distinct_and_visible_on_white():
    colours = plots.group_colours("colorblind")
    assert list(colours) == list(PHONE_GROUPS)
    rgb = np.array([to_rgb(colour) for colour in colours.values()])
    apart = np.linalg.norm(rgb[:, None] - rgb[None], axis=2)[np.triu_indices(7, 1)]
    assert apart.min() > 0.25
    assert (rgb @ [0.2126, 0.7152, 0.0722]).max() < 0.7


@pytest.mark.parametrize("palette", ["paper", "colorblind"])
def test_other_groups_take_further_colours_and_the_papers_keep_theirs(palette):
    groups = [f"own {at}" for at in range(18)]
    colours = plots.group_colours(palette, [*groups[:9], "nasal", *groups[9:]])
    assert list(colours) == [*groups[:9], "nasal", *groups[9:]]
    assert colours["nasal"] == plots.group_colours(palette)["nasal"]
    assert len(set(colours.values())) == 19
    rgb = np.array([to_rgb(colour) for colour in colours.values()])
    apart = np.linalg.norm(rgb[:, None] - rgb[None], axis=2)[np.triu_indices(19, 1)]
    assert apart.min() > 0.1


@pytest.mark.parametrize("palette", ["paper", "colorblind"])
def test_many_groups_have_lines_that_differ(palette):
    groups = [f"own {at}" for at in range(55)]
    looks = line_styles(groups, palette, groups)
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 55


def test_any_text_is_written_as_it_is():
    _, ax = plt.subplots()
    for text in ("_hidden", "$x$", r"a\$b$", "$$"):
        ax.plot([0], [0], label=literal(text))
    written = [text.get_text() for text in ax.legend().get_texts()]
    assert len(written) == 4
    plt.gcf().canvas.draw()


def test_unknown_palette_is_refused():
    with pytest.raises(OptionError, match="palette is 'rainbow'; use one of 'paper', 'colorblind'"):
        plots.group_colours("rainbow")


def test_only_pale_lines_have_a_rim():
    styles = line_styles(list(PHONE_GROUPS))
    rimmed = [name for name, look in zip(PHONE_GROUPS, styles, strict=True) if look["path_effects"]]
    assert rimmed == ["diphthong"]


@pytest.mark.parametrize("palette", ["paper", "colorblind"])
def test_twenty_lines_differ_in_colour_or_dash(palette):
    styles = line_styles([f"phone {i}" for i in range(20)], palette)
    assert len({(look["color"], str(look["linestyle"])) for look in styles}) == 20


def test_new_axes_keeps_a_given_one():
    _, ax = plt.subplots()
    assert new_axes(ax, (1, 1)) is ax
    assert tuple(new_axes(None, (3.4, 2.0)).figure.get_size_inches()) == (3.4, 2.0)


def test_titles_are_not_read_as_formulas():
    _, ax = plt.subplots()
    label_axes(ax, title="costs $5 and $")
    ax.figure.draw_without_rendering()


def _figure():
    figure, ax = plt.subplots(figsize=(3.4, 2.0), layout="compressed")
    ax.plot([0, 1, 2], [0, 1, 0], label="line")
    ax.imshow(np.eye(3))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def test_saved_bytes_are_the_same_every_time(tmp_path):
    figure = _figure()
    first = plots.save_figure(figure, tmp_path / "a" / "hist.phone")
    again = plots.save_figure(figure, tmp_path / "again")
    other = _figure()
    other.savefig(tmp_path / "shown.png", dpi=137)
    anew = plots.save_figure(other, tmp_path / "anew")
    assert [path.name for path in first] == ["hist.phone.svg", "hist.phone.png"]
    for one, two, three in zip(first, again, anew, strict=True):
        assert one.read_bytes() == two.read_bytes() == three.read_bytes()


def test_saved_bytes_of_a_matrix_are_the_same_every_time(tmp_path):
    counts = pd.DataFrame({"index": [0, 2], "next_index": [3, 1], "count": [900, 2]})
    figure = plots.transitions(counts, 4).figure
    first = plots.save_figure(figure, tmp_path / "first")
    again = plots.save_figure(figure, tmp_path / "again")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_figure_without_a_layout_is_saved(tmp_path):
    figure, _ = plt.subplots()
    assert plots.save_figure(figure, tmp_path / "figure", formats=("svg",))[0].is_file()


def test_files_hold_text_but_no_date_or_software(tmp_path):
    svg, png = plots.save_figure(_figure(), tmp_path / "figure")
    text = svg.read_text()
    assert ">line</text>" in text
    assert "dc:date" not in text
    assert b"Software" not in png.read_bytes()
    assert b"tEXt" not in png.read_bytes()


def test_save_closes_nothing_and_sets_nothing(tmp_path):
    figure = _figure()
    before, engine = dict(mpl.rcParams), figure.get_layout_engine()
    plots.save_figure(figure, tmp_path / "figure", formats=("png",))
    assert plt.fignum_exists(figure.number)
    assert figure.get_layout_engine() is engine
    assert all(ax.get_in_layout() for ax in figure.axes)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(("formats", "words"), [(("pdf",), "format is 'pdf'"), ((), "no format")])
def test_other_formats_are_refused(tmp_path, formats, words):
    with pytest.raises(OptionError, match=words):
        plots.save_figure(_figure(), tmp_path / "figure", formats=formats)
    assert list(tmp_path.iterdir()) == []


def test_import_needs_neither_torch_nor_librosa():
    code = (
        "import sys, sfvq_analysis.plots as p; "
        "assert not {'torch', 'librosa', 'numba', 'seaborn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
