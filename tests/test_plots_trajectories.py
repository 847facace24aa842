import numpy as np
import pandas as pd
import pytest
from made_tables import Said, made_table

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.trajectories import trajectory_bands
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.time.trajectories import trajectories


def frame(by="phone"):
    rng = np.random.default_rng(0)
    said = [
        Said(
            f"u{i}",
            [(phone, rng.integers(0, 30, 5).tolist()) for phone in ("ay", "iy", "s")]
            + [("t", [1])],
            f"f{i:03d}",
        )
        for i in range(4)
    ]
    return trajectories(made_table(said, 30), by=by, n_points=5, inference=Inference(0, 50))


def test_a_line_and_two_bands_a_phone():
    made = frame()
    kept = made.copy()
    ax = trajectory_bands(made, ["iy", "ay"])
    assert [line.get_label() for line in ax.lines] == ["iy (4)", "ay (4)"]
    assert len(ax.collections) == 4
    for line, name in zip(ax.lines, ("iy", "ay"), strict=True):
        part = made[made["phone"] == name]
        assert np.allclose(line.get_ydata(), part["mean"])
        assert np.allclose(line.get_xdata(), part["time"])
    part = made[made["phone"] == "iy"]
    for band, (low, high) in zip(ax.collections, (("q25", "q75"), ("low", "high")), strict=False):
        vertices = band.get_paths()[0].vertices[:, 1]
        assert vertices.min() == pytest.approx(part[low].min())
        assert vertices.max() == pytest.approx(part[high].max())
    assert ax.get_xlim() == (0, 1)
    assert ax.get_ylabel() == "index"
    pd.testing.assert_frame_equal(made, kept)


def test_a_phone_without_tokens_says_so():
    ax = trajectory_bands(frame(), ["t", "s"])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["t (too short)", "s (4)"]
    assert len(ax.lines[0].get_xdata()) == 0


def test_groups_and_all_of_them_by_default():
    ax = trajectory_bands(frame("phone_group"))
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["plosive (too short)", "fricative (4)", "vowel (4)", "diphthong (4)"]
    assert ax.get_legend().get_title().get_text() == "phone group (tokens)"


def test_it_fits_on_its_paper_and_no_text_is_small():
    figure = trajectory_bands(frame()).figure
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    assert tight.x0 >= 0
    assert tight.y0 >= 0
    assert tight.x1 <= width
    assert tight.y1 <= height
    ax = figure.axes[0]
    texts = [*ax.get_legend().get_texts(), *ax.get_xticklabels(), ax.xaxis.label]
    assert all(text.get_fontsize() >= 7 for text in texts)


def test_draws_where_it_is_told():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert trajectory_bands(frame(), ["s"], ax=ax) is ax


def test_refusals():
    with pytest.raises(OptionError, match="lacks the columns"):
        trajectory_bands(frame().drop(columns="low"))
    with pytest.raises(OptionError, match=r"frame has no phone \['zh'\]"):
        trajectory_bands(frame(), ["zh"])
    with pytest.raises(OptionError, match="0 trajectories"):
        trajectory_bands(frame(), [])
