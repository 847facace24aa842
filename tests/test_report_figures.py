"""Figures of tables that speech isn't like: big groups, no labels, no frames, independent rows."""

from __future__ import annotations

import numpy as np
import pytest
from made_tables import made_table, no_frames, nothing_labelled

from sfvq_analysis import SpaceFillingVQ
from sfvq_analysis.pipeline import index_latents
from sfvq_analysis.report.figures import LEFT_OUT, LeftOut, figures_of, shown_utterance
from sfvq_analysis.report.figures import write_figures as write

LINE = SpaceFillingVQ(np.arange(8.0)[:, None])


def of_classes(n, groups=None):
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(n), rng.integers(0, n, 200)])
    return index_latents(rng.uniform(0, 7, (len(labels), 1)), labels, LINE, groups=groups)


def drawn(table):
    return list(figures_of({"table": table}, utterance=shown_utterance(table)))


def named(figures, name):
    return next(one for one in figures if one.name.startswith(name))


def test_of_a_group_of_many_phones_the_commonest_are_shown():
    table = of_classes(24, {str(one): "many" for one in range(24)})
    figure = named(drawn(table), "figure_9")
    ax = figure.figure.axes[0]
    assert ax.get_title() == "Index by many, the 20 commonest of 24 phones"
    assert len(ax.lines) == 20
    frames = table.frames["phone"].value_counts()
    shown = frames[list(figure.data["phone"].unique())]
    assert shown.min() >= frames.drop(shown.index).max()


def test_of_many_groups_the_commonest_are_shown():
    figure = named(drawn(of_classes(64)), "figure_5")
    assert figure.figure.axes[0].get_title().endswith(", the 60 commonest of 64 phone groups")
    assert len(figure.figure.axes[0].lines) == 60


def test_independent_rows_have_no_transitions():
    figure = named(drawn(of_classes(5)), "figure_8")
    assert figure == LeftOut("figure_8_transitions", "no frame follows another in its utterance")


@pytest.mark.parametrize(
    ("table", "left"),
    [(nothing_labelled(), "569"), (no_frames(), "45689"), (made_table([]), "45689")],
)
def test_what_has_nothing_to_draw_is_left_out_with_a_note(table, left, tmp_path):
    names = write(drawn(table), tmp_path)
    notes = (tmp_path / LEFT_OUT).read_text().splitlines()
    assert [line.partition(": ")[0].split("_")[1] for line in notes] == list(left)
    assert all(line.partition(": ")[2] for line in notes)
    assert {name.split("_")[1] for name in names} == set("45689") - set(left)


def test_nothing_is_noted_where_all_is_drawn(tmp_path):
    from sfvq_analysis.tables import Simulation, simulated_table

    names = write(drawn(simulated_table(Simulation(n_speakers=2, n_tokens=40))), tmp_path)
    assert [name.split("_")[1] for name in names] == list("45689")
    assert not (tmp_path / LEFT_OUT).exists()
