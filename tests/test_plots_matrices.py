import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sfvq_analysis import plots, stats
from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS


def _symmetric(names, seed=0):
    values = np.random.default_rng(seed).uniform(size=(len(names), len(names)))
    values = (values + values.T) / 2
    np.fill_diagonal(values, 0.0)
    return pd.DataFrame(values, index=names, columns=names)


def _inside(figure):
    """Whether all that a figure shows lies on its paper."""
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    return tight.x0 >= 0 and tight.y0 >= 0 and tight.x1 <= width and tight.y1 <= height


def test_jensen_shannon_writes_its_values():
    distances = _symmetric(list(PHONE_GROUPS))
    kept = distances.copy()
    ax = plots.jensen_shannon(distances)
    assert [text.get_text() for text in ax.texts] == [f"{v:.2f}" for v in distances.to_numpy().flat]
    assert np.allclose(np.asarray(ax.collections[0].get_array()).reshape(7, 7), distances)
    assert ax.collections[0].get_clim() == (0, 1)
    short = ["sil", "pls", "frc", "nsl", "vwl", "dph", "apr"]
    assert [label.get_text() for label in ax.get_xticklabels()] == short
    assert [label.get_text() for label in ax.get_yticklabels()] == short
    assert ax.yaxis_inverted()
    assert _inside(ax.figure)
    pd.testing.assert_frame_equal(distances, kept)


def test_jensen_shannon_of_many_phones_has_names_but_no_values():
    names = [f"p{i}" for i in range(40)]
    ax = plots.jensen_shannon(_symmetric(names))
    assert len(ax.texts) == 0
    assert [label.get_text() for label in ax.get_xticklabels()] == names


def test_long_names_leave_room_for_the_matrix():
    names = [f"_of </script><img src=x onerror=alert({at})>" for at in range(3)]
    ax = plots.jensen_shannon(_symmetric(names))
    ax.figure.draw_without_rendering()
    box = ax.get_window_extent()
    assert box.width > 0.15 * ax.figure.bbox.width
    assert [text.get_text().strip() for text in ax.get_yticklabels()] == names


def test_corner_distances_has_index_0_at_the_top_left():
    corners = np.random.default_rng(0).normal(size=(16, 5))
    distances = stats.corner_distances(corners)
    ax = plots.corner_distances(distances)
    image = ax.images[0]
    assert np.array_equal(image.get_array(), distances)
    assert ax.yaxis_inverted()
    assert not ax.xaxis_inverted()
    assert ax.get_aspect() == 1
    assert image.colorbar.ax.get_ylabel() == "Euclidean distance"
    assert _inside(ax.figure)


def test_transitions_are_logarithms_and_nothing_is_white():
    counts = pd.DataFrame({"index": [0, 0, 2], "next_index": [0, 3, 1], "count": [8, 1, 2]})
    kept = counts.copy()
    ax = plots.transitions(counts, 4)
    image = ax.images[0]
    values = np.ma.filled(image.get_array(), np.nan)
    expected = np.full((4, 4), np.nan)
    expected[0, 0], expected[0, 3], expected[2, 1] = 3, 0, 1
    assert np.array_equal(values, expected, equal_nan=True)
    colours = image.to_rgba(image.get_array())
    assert np.array_equal(colours[1, 1], [1, 1, 1, 1])
    assert colours[0, 3][:3].min() < 0.5  # a single transition is seen on white
    assert colours[0, 0].sum() < colours[2, 1].sum() < colours[0, 3].sum()  # darker for more
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("index", "next index")
    assert ax.yaxis_inverted()
    pd.testing.assert_frame_equal(counts, kept)


def test_no_transitions_is_a_white_matrix():
    counts = pd.DataFrame({"index": [], "next_index": [], "count": []}, dtype=np.int64)
    ax = plots.transitions(counts, 4)
    ax.figure.draw_without_rendering()
    assert ax.images[0].get_array().count() == 0


def test_given_axes_is_used():
    figure, axes = plt.subplots(1, 3)
    counts = pd.DataFrame({"index": [0], "next_index": [1], "count": [1]})
    assert plots.transitions(counts, 2, ax=axes[0]) is axes[0]
    assert plots.corner_distances(_symmetric(["a", "b"]), ax=axes[1]) is axes[1]
    assert plots.jensen_shannon(_symmetric(["a", "b"]), ax=axes[2]) is axes[2]
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize("draw", [plots.jensen_shannon, plots.corner_distances])
def test_matrices_must_be_square(draw):
    with pytest.raises(OptionError, match=r"distances has shape \(2, 3\)"):
        draw(pd.DataFrame(np.zeros((2, 3))))


@pytest.mark.parametrize("size", [0, 2])
def test_transitions_must_fit_the_codebook(size):
    counts = pd.DataFrame({"index": [0], "next_index": [2], "count": [1]})
    with pytest.raises(OptionError, match=f"codebook_size is {size}"):
        plots.transitions(counts, size)


def test_transitions_must_have_their_columns():
    with pytest.raises(OptionError, match=r"counts lacks the columns \['next_index'\]"):
        plots.transitions(pd.DataFrame({"index": [0], "count": [1]}), 4)
