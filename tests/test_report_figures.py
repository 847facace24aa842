"""Figures of tables that speech isn't like: big groups, no labels, no frames, independent rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made_tables import made_table, no_frames, nothing_labelled
from typer.testing import CliRunner

from sfvq_analysis import SpaceFillingVQ, report
from sfvq_analysis.cli import app
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
    names, skipped = write(drawn(table), tmp_path)
    notes = (tmp_path / LEFT_OUT).read_text().splitlines()
    assert notes == skipped
    assert [line.partition(": ")[0].split("_")[1] for line in notes] == list(left)
    assert all(line.partition(": ")[2] for line in notes)
    assert {name.split("_")[1] for name in names} == set("45689") - set(left)


def test_nothing_is_noted_where_all_is_drawn(tmp_path):
    from sfvq_analysis.tables import Simulation, simulated_table

    names, skipped = write(drawn(simulated_table(Simulation(n_speakers=2, n_tokens=40))), tmp_path)
    assert [name.split("_")[1] for name in names] == list("45689")
    assert skipped == []
    assert not (tmp_path / LEFT_OUT).exists()


LEFT = [
    "figure_5_histogram_by_group: no frame of a phone group",
    "figure_6_jensen_shannon: no frame of a phone group",
    "figure_9_histogram_of_one_group: no frame of a phone group",
]


def test_the_manifest_of_an_analysis_says_which_figures_it_lacks_and_why(tmp_path):
    out = report.write(nothing_labelled(), tmp_path / "out")
    skipped = json.loads((out / "manifest.json").read_text())["skipped"]
    assert [line for line in skipped if line.startswith("figure_")] == LEFT


def test_the_command_that_draws_figures_says_so_too(tmp_path):
    nothing_labelled().save(tmp_path / "table")
    out = tmp_path / "out"
    said = CliRunner().invoke(app, ["figures", str(tmp_path / "table"), "-o", str(out)])
    assert said.exit_code == 0, said.output
    assert json.loads((out / "manifest.json").read_text())["skipped"] == LEFT
    assert [f"  left out: {line}" for line in LEFT] == said.output.splitlines()[1:4]
