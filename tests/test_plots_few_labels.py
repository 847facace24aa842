import numpy as np
import pandas as pd
import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.few_labels import few_labels_curve
from sfvq_analysis.plots.style import SMALL_TEXT_SIZE

METHODS = ("index map", "smoothed map", "unordered map", "permuted map", "probe")


@pytest.fixture
def frame():
    rows = []
    for place, minutes in enumerate((1.0, 0.5, 10.0)):
        for at, method in enumerate(METHODS):
            score = np.nan if minutes == 10 else 0.3 + 0.05 * at + 0.1 * (place == 0)
            agreement = np.nan if method == "probe" else score
            rows.append({
                "minutes": minutes, "method": method,
                **{f"{name}{end}": value + shift
                   for name, value in (("balanced_accuracy", score), ("agreement", agreement))
                   for end, shift in (("", 0.0), ("_low", -0.02), ("_high", 0.03))},
            })  # fmt: skip
    return pd.DataFrame(rows)


def test_a_line_each_method_over_minutes_in_order(frame):
    kept = frame.copy()
    ax = few_labels_curve(frame)
    pd.testing.assert_frame_equal(frame, kept)
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines) == set(METHODS)
    for at, method in enumerate(METHODS):
        x, y = lines[method].get_data()
        assert list(x) == [0.5, 1.0]  # the table has no ten minutes
        assert y == pytest.approx([0.3 + 0.05 * at, 0.4 + 0.05 * at])
    assert len({(line.get_color(), line.get_marker()) for line in lines.values()}) == 5
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0.5", "1"]
    assert ax.get_xlabel() == "labelled minutes"


def test_bands_of_two_methods(frame):
    ax = few_labels_curve(frame)
    assert len(ax.collections) == 2
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(0.33)
    assert heights.max() == pytest.approx(0.48)


def test_agreement_has_no_probe(frame):
    ax = few_labels_curve(frame, score="agreement")
    assert "probe" not in {line.get_label() for line in ax.lines}
    assert "agreement" in ax.get_ylabel()


def test_text_is_of_print_size_and_axes_can_be_given(frame):
    ax = few_labels_curve(frame)
    assert few_labels_curve(frame, ax=ax) is ax
    texts = [*ax.get_xticklabels(), *ax.get_legend().get_texts(), ax.xaxis.label]
    assert min(text.get_fontsize() for text in texts) >= SMALL_TEXT_SIZE


def test_what_is_refused(frame):
    with pytest.raises(OptionError, match="score is 'loss'"):
        few_labels_curve(frame, score="loss")
    with pytest.raises(OptionError, match="lacks the columns"):
        few_labels_curve(frame.drop(columns="method"))
    with pytest.raises(OptionError, match="frame has no balanced_accuracy"):
        few_labels_curve(frame[frame["minutes"] == 10])
