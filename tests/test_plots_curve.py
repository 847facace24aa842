import matplotlib.pyplot as plt
import numpy as np
import pytest

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(300, 2))


def _spiral(n, turns=2.0):
    angle = np.linspace(0.3, turns * 2 * np.pi, n)
    return np.column_stack([angle * np.cos(angle), angle * np.sin(angle)]) / 6


def _mark_boxes(ax):
    ax.figure.draw_without_rendering()
    return [mark.get_window_extent() for mark in ax.texts]


def test_curve_joins_corners_in_order(points):
    corners = _spiral(16)
    ax = plots.curve(points, corners)
    data, line, dots = ax.lines
    assert np.array_equal(np.column_stack(data.get_data()), points)
    assert np.array_equal(np.column_stack(line.get_data()), corners)
    assert (line.get_color(), line.get_marker()) == ("black", "None")
    assert (dots.get_color(), dots.get_linestyle()) == ("blue", "None")
    assert np.array_equal(np.column_stack(dots.get_data()), corners)


def test_ends_are_marked(points):
    ax = plots.curve(points, _spiral(16))
    assert [mark.get_text() for mark in ax.texts] == ["0", "15"]
    assert np.array_equal([mark.xy for mark in ax.texts], _spiral(16)[[0, -1]])


def test_marks_lie_on_neither_corners_nor_each_other(points):
    angle = np.linspace(0.05, 2 * np.pi - 0.05, 20)
    corners = np.column_stack([np.cos(angle), np.sin(angle)])  # an almost closed ring
    ax = plots.curve(points, corners)
    first, last = _mark_boxes(ax)
    assert not first.overlaps(last)
    pixels = ax.transData.transform(corners)
    for box in (first, last):
        assert not any(box.contains(*pixel) for pixel in pixels)


def test_given_axes_is_used_and_frame_holds_everything(points):
    _, ax = plt.subplots()
    corners = _spiral(8) * 10
    assert plots.curve(points, corners, ax=ax) is ax
    low, high = (np.array(limits) for limits in zip(ax.get_xlim(), ax.get_ylim(), strict=True))
    assert (corners > low).all()
    assert (corners < high).all()


@pytest.mark.parametrize("corners", [np.zeros((1, 2)), np.zeros(4), np.full((3, 2), np.inf)])
def test_other_corners_are_refused(points, corners):
    with pytest.raises(OptionError, match="corners"):
        plots.curve(points, corners)
