import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import nothing_labelled

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.claims import claims
from sfvq_analysis.plots.style import SMALL_TEXT_SIZE
from sfvq_analysis.stats import Inference
from sfvq_analysis.stats import claims as claims_of
from sfvq_analysis.tables import Simulation, simulated_table

ROWS = {
    "claim": ["C1", "C4", "C9", "C11"],
    "family": ["order", "speech", "units", "speech"],
    "statement": ["the index is structured", "the same picture", "names", "nasals rarely follow"],
    "measure": ["relative step", "P(within)", "PNMI", "log odds"],
    "effect": [0.4, np.nan, 0.25, -0.7],
    "low": [0.3, np.nan, np.nan, -1.0],
    "high": [0.5, np.nan, np.nan, -0.4],
    "null_mean": [1.0, np.nan, 0.0, 0.0],
    "null_sd": [0.1, np.nan, 0.05, np.nan],
    "p": [0.001, np.nan, 0.2, 0.01],
    "p_corrected": [0.003, np.nan, 0.2, 0.015],
    "verdict": ["holds", "untestable", "not shown", "holds"],
    "reason": ["", "no sentence is said by two speakers", "one utterance: no interval", ""],
}


@pytest.fixture
def frame():
    return pd.DataFrame(ROWS)


def _texts(ax, at):
    """Return the texts of a row, from left to right."""
    mine = [text for text in ax.texts if abs(text.get_position()[1] - at) < 0.4]
    return [text.get_text() for text in sorted(mine, key=lambda one: one.get_position())]


def _dots(ax):
    with_marker = [line for line in ax.lines if line.get_marker() == "o"]
    return {line.get_ydata()[0]: line.get_xdata()[0] for line in with_marker}


def _segments(ax):
    lines = [line for one in ax.collections for line in one.get_segments()]
    flat = {line[0][1]: tuple(line[:, 0]) for line in lines if line[0][1] == line[1][1]}
    ticks = {line[:, 1].mean().round(6): line[0][0] for line in lines if line[0][1] != line[1][1]}
    return flat, ticks


def test_every_row_says_what_was_claimed_and_found(frame):
    kept = frame.copy()
    ax = claims(frame)
    assert _texts(ax, 0) == [
        *("C1", "the index is structured", "order", "0.40 [0.30, 0.50]", "relative step"),
        *(".003", "holds"),
    ]
    assert _texts(ax, 2) == ["C9", "names", "units", "0.25", "PNMI", ".200", "not shown"]
    assert _texts(ax, 3)[3] == "−0.70 [−1.00, −0.40]"  # noqa: RUF001 (a minus sign)
    pd.testing.assert_frame_equal(frame, kept)


def test_what_cannot_be_tested_says_why_and_is_not_drawn(frame):
    ax = claims(frame)
    assert _texts(ax, 1) == [
        *("C4", "the same picture", "speech", "no sentence is said by two speakers"),
        "untestable",
    ]
    assert set(_dots(ax)) == {0, 2, 3}


def test_effect_interval_and_null_stand_on_the_rows_own_scale(frame):
    ax = claims(frame)
    flat, ticks = _segments(ax)
    bars = {round(one.get_y() + one.get_height() / 2): one for one in ax.patches}
    assert set(bars) == {0, 2}  # a null without a spread is a tick
    assert set(ticks) == {0, 2, 3}
    assert set(flat) == {0, 3}
    left, right = flat[0][0], bars[0].get_x() + bars[0].get_width()
    per_unit = (right - left) / (1.2 - 0.3)
    assert _dots(ax)[0] == pytest.approx(left + 0.1 * per_unit)
    assert flat[0][1] == pytest.approx(left + 0.2 * per_unit)
    assert ticks[0] == pytest.approx(left + 0.7 * per_unit)
    assert bars[0].get_width() == pytest.approx(0.4 * per_unit)
    assert flat[3][0] == pytest.approx(left)
    assert ticks[3] == pytest.approx(right)  # rows fill the same column


def test_a_row_of_one_number_is_in_the_middle(frame):
    alone = frame.iloc[[2]].assign(null_mean=np.nan, null_sd=np.nan)
    flat, ticks = _segments(claims(alone))
    assert (flat, ticks) == ({}, {})
    both = claims(frame)
    left, right = _segments(both)[0][3][0], _segments(both)[1][3]
    assert _dots(claims(alone))[0] == pytest.approx((left + right) / 2)


def test_verdicts_are_told_apart_by_more_than_colour(frame):
    ax = claims(frame)
    looks = {text.get_text(): text for text in ax.texts}
    assert looks["holds"].get_fontweight() == "bold"
    assert looks["not shown"].get_fontweight() == "normal"
    assert looks["untestable"].get_fontstyle() == "italic"
    assert len({looks[name].get_color() for name in ("holds", "not shown", "untestable")}) == 3
    assert min(text.get_fontsize() for text in ax.texts) >= SMALL_TEXT_SIZE


def test_long_texts_are_broken_and_shortened(frame):
    long = frame.assign(statement="a claim of " + "many words " * 8, reason="why not " * 40)
    texts = claims(long).texts
    (statement,) = {text.get_text() for text in texts if text.get_text().startswith("a claim")}
    assert "\n" in statement
    (reason,) = (text.get_text() for text in texts if text.get_text().startswith("why not"))
    assert reason.endswith(" …")
    assert "\n" not in reason


def test_texts_of_a_row_do_not_overlap():
    found = claims_of(simulated_table(Simulation(n_speakers=3)), inference=Inference(19, 19))
    ax = claims(found)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
    for at, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[at + 1 :])
    bounds = ax.figure.bbox
    assert all(bounds.x0 <= one.x0 and one.x1 <= bounds.x1 for one in boxes)


def test_a_table_without_labels_gives_a_card_of_reasons():
    ax = claims(claims_of(nothing_labelled(), inference=Inference(9, 9)))
    verdicts = [text.get_text() for text in ax.texts]
    assert verdicts.count("untestable") == 11
    assert set(_dots(ax)) == {0}


def test_given_axes_are_drawn_on(frame):
    _, ax = plt.subplots()
    assert claims(frame, ax) is ax
    assert not ax.axison


def test_frames_are_checked(frame):
    with pytest.raises(OptionError, match="verdict"):
        claims(frame.drop(columns="verdict"))
    with pytest.raises(OptionError, match="frame has no row"):
        claims(frame.iloc[:0])
