import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.plots.strips import (
    fit_upright,
    points_per_second,
    stagger,
    text_width,
    write_level,
    write_upright,
)


@pytest.fixture
def ax():
    _, ax = plt.subplots(figsize=(7, 3))
    ax.set_xlim(0, 2)
    return ax


def _boxes(ax):
    ax.figure.draw_without_rendering()
    return [text.get_window_extent() for text in ax.texts]


def _glyphs(box, upright):
    """Return the part of a text's box that digits fill: no descender, a little less than a line."""
    if not upright:
        return box
    return box.from_extents(box.x0 + 0.2 * box.width, box.y0, box.x1 - 0.2 * box.width, box.y1)


@given(
    st.lists(st.floats(0, 100), max_size=40),
    st.integers(1, 4),
    st.floats(0.1, 20),
)
def test_texts_of_a_row_never_touch(centres, most_rows, width):
    centres = np.sort(np.array(centres))
    rows = stagger(centres, np.full(len(centres), width), most_rows)
    assert rows.max(initial=-1) < most_rows
    for row in range(most_rows):
        assert (np.diff(centres[rows == row]) >= width - 1e-9).all()


def test_rows_are_as_many_as_it_takes():
    rows = stagger(np.zeros(5), np.ones(5))
    assert rows.tolist() == [0, 1, 2, 3, 4]


def test_text_that_fits_nowhere_has_no_row():
    assert stagger(np.zeros(3), np.ones(3), 2).tolist() == [0, 1, -1]


def test_scale_is_that_of_the_panel(ax):
    assert points_per_second(ax) == pytest.approx(72 * 7 * 0.775 / 2)


def test_level_texts_are_centred_and_apart(ax):
    at = np.cumsum(np.full(30, 0.06))
    top = write_level(ax, at, ["axr", "h#", "t"] * 10, lift=3.0)
    boxes = _boxes(ax)
    pixels = ax.transData.transform(np.column_stack([at, np.zeros(30)]))[:, 0]
    assert np.allclose([(box.x0 + box.x1) / 2 for box in boxes], pixels, atol=1.0)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    panel = ax.get_window_extent()
    assert min(box.y0 for box in boxes) > panel.y1
    assert max(box.y1 for box in boxes) <= panel.y1 + (top + 1) * ax.figure.dpi / 72


def test_upright_numbers_are_centred_and_apart(ax):
    at, numbers = np.arange(100) * 0.02, np.arange(100, 200, dtype=np.int32)
    rows = fit_upright(ax, at, 3)
    assert set(rows) == {0, 1}
    write_upright(ax, at, numbers, rows, lift=0.0, colour="navy")
    boxes = [_glyphs(box, upright=True) for box in _boxes(ax)]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert [text.get_text() for text in ax.texts] == [str(number) for number in numbers]


def test_numbers_without_a_row_are_left_out(ax):
    write_upright(ax, np.zeros(2), np.array([1, 2]), np.array([0, -1]), lift=0.0, colour="navy")
    assert [text.get_text() for text in ax.texts] == ["1"]


def test_texts_outside_a_zoomed_panel_go(ax):
    write_level(ax, np.array([0.5, 1.5]), ["a", "b"], lift=0.0)
    ax.set_xlim(1, 2)
    gone, kept = ax.texts
    ax.figure.draw_without_rendering()
    assert not np.isfinite(gone.get_tightbbox().width)
    assert kept.get_tightbbox().width > 0


def test_width_of_odd_texts():
    assert text_width("") == 0
    assert text_width("$") > 0
    assert text_width("$a$b") > text_width("$")
