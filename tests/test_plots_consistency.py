import numpy as np
import pandas as pd
import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.consistency import consistency_matrix


def frame(n_speakers=(3, 2, 4)):
    names = [(f"sa{s}", f"mabc{i}") for s, n in enumerate(n_speakers) for i in range(n)]
    values = np.random.default_rng(0).uniform(1, 9, (len(names), len(names)))
    values = values + values.T
    np.fill_diagonal(values, 0)
    index = pd.MultiIndex.from_tuples(names, names=["sentence", "speaker"])
    return pd.DataFrame(values, index=index, columns=index)


def inside(figure):
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    tight = figure.get_tightbbox()
    return tight.x0 >= 0 and tight.y0 >= 0 and tight.x1 <= width and tight.y1 <= height


def test_distances_edges_and_names():
    made = frame()
    kept = made.copy()
    ax = consistency_matrix(made)
    drawn = ax.images[0].get_array()
    assert np.ma.getmaskarray(drawn).diagonal().all()
    off = ~np.eye(9, dtype=bool)
    assert np.allclose(np.asarray(drawn)[off], made.to_numpy()[off])
    assert [line.get_ydata()[0] for line in ax.lines[::2]] == [2.5, 4.5]
    assert [line.get_xdata()[0] for line in ax.lines[1::2]] == [2.5, 4.5]
    speakers = [name for _, name in made.index]
    assert [label.get_text() for label in ax.get_xticklabels()] == speakers
    assert [label.get_text() for label in ax.get_yticklabels()] == speakers
    assert [text.get_text() for text in ax.texts] == ["sa0", "sa0", "sa1", "sa1", "sa2", "sa2"]
    assert [text.xy[0] for text in ax.texts[::2]] == [1, 3.5, 6.5]
    assert ax.images[0].colorbar.ax.get_ylabel() == "distance per frame (indices)"
    assert inside(ax.figure)
    pd.testing.assert_frame_equal(made, kept)


def test_names_do_not_lie_on_each_other():
    ax = consistency_matrix(frame())
    ax.figure.draw_without_rendering()
    renderer = ax.figure.canvas.get_renderer()
    below = max(text.get_window_extent(renderer).y1 for text in ax.texts[::2])
    assert below < min(label.get_window_extent(renderer).y0 for label in ax.get_xticklabels())
    left = max(text.get_window_extent(renderer).x1 for text in ax.texts[1::2])
    assert left < min(label.get_window_extent(renderer).x0 for label in ax.get_yticklabels())


def test_of_many_utterances_only_sentences_are_named():
    ax = consistency_matrix(frame((25, 20)))
    assert len(ax.get_xticks()) == 0
    assert [text.get_text() for text in ax.texts[::2]] == ["sa0", "sa1"]
    assert inside(ax.figure)


def test_draws_where_it_is_told():
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert consistency_matrix(frame(), ax=ax) is ax


def test_refusals():
    with pytest.raises(OptionError, match="give a square matrix"):
        consistency_matrix(frame().iloc[:2])
    with pytest.raises(OptionError, match="give a square matrix"):
        consistency_matrix(frame().iloc[:0, :0])
    plain = frame().reset_index(drop=True)
    plain.columns = range(len(plain))
    with pytest.raises(OptionError, match="no rows of"):
        consistency_matrix(plain)
