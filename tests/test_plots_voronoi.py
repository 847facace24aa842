from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.voronoi import cell_borders, frame_of


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(400, 2))


@pytest.fixture
def codewords():
    return np.random.default_rng(1).normal(size=(32, 2))


def _borders(ax):
    return np.array(ax.collections[0].get_segments())


def test_data_codewords_and_cells_are_drawn(points, codewords):
    kept = points.copy(), codewords.copy()
    ax = plots.voronoi(points, codewords)
    data, centres = ax.lines
    assert np.array_equal(np.column_stack(data.get_data()), points)
    assert np.array_equal(np.column_stack(centres.get_data()), codewords)
    assert centres.get_color() == "blue"
    assert tuple(ax.collections[0].get_color()[0]) == plt.matplotlib.colors.to_rgba("green")
    assert ax.get_aspect() == 1
    assert np.array_equal(points, kept[0])
    assert np.array_equal(codewords, kept[1])


def test_borders_are_halfway_between_the_two_nearest_codewords(points, codewords):
    low, high = frame_of(np.concatenate([points, codewords]))
    borders = cell_borders(codewords, low, high)
    along = np.array([0.2, 0.5, 0.8])[:, None, None]
    on_border = ((1 - along) * borders[:, 0] + along * borders[:, 1]).reshape(-1, 2)
    nearest = np.sort(cdist(on_border, codewords), axis=1)
    assert np.allclose(nearest[:, 0], nearest[:, 1])


def test_borders_separate_every_two_cells_along_the_frame(points, codewords):
    ax = plots.voronoi(points, codewords)
    low, high = (np.array(limits) for limits in zip(ax.get_xlim(), ax.get_ylim(), strict=True))
    ends = _borders(ax).reshape(-1, 2)
    on_frame = np.isclose(ends, low, atol=1e-9) | np.isclose(ends, high, atol=1e-9)
    assert ((ends >= low - 1e-9) & (ends <= high + 1e-9)).all()
    walk = np.linspace(0, 1, 4001)[:, None]
    corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]], low])
    rim = np.concatenate([a + walk[:-1] * (b - a) for a, b in pairwise(corners)])
    owner = cdist(rim, codewords).argmin(axis=1)
    assert on_frame.any(axis=1).sum() == (owner != np.roll(owner, 1)).sum()


def test_two_codewords_have_one_border_across_the_frame():
    borders = cell_borders(np.array([[-1.0, 0.0], [1.0, 0.0]]), np.full(2, -2.0), np.full(2, 2.0))
    assert np.allclose(np.sort(borders[0], axis=0), [[0, -2], [0, 2]])
    assert len(borders) == 1


def test_one_codeword_has_no_border(points):
    ax = plots.voronoi(points, [[0.0, 0.0]])
    assert len(_borders(ax)) == 0


def test_many_points_are_drawn_as_an_image():
    many = np.random.default_rng(0).normal(size=(5000, 2))
    assert plots.voronoi(many, many[:4]).lines[0].get_rasterized()


@pytest.mark.parametrize(
    ("points", "codewords", "words"),
    [
        (np.zeros((3, 3)), np.zeros((2, 2)), r"points has shape \(3, 3\)"),
        (np.zeros((3, 2)), np.zeros((0, 2)), "codewords has shape"),
        (np.full((3, 2), np.nan), np.zeros((2, 2)), "points holds NaN"),
    ],
)
def test_other_arrays_are_refused(points, codewords, words):
    with pytest.raises(OptionError, match=words):
        plots.voronoi(points, codewords)
    assert plt.get_fignums() == []
