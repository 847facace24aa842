"""Pictures of the measures: which are drawn, what lies behind them, and why some aren't."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_tables import nothing_labelled

from sfvq_analysis.phones import phone_group
from sfvq_analysis.report.pictures import write_pictures
from sfvq_analysis.report.statistics import QUICK, statistics_of
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=19, n_bootstraps=20)


@pytest.fixture(scope="module")
def table():
    return simulated_table(Simulation(n_speakers=6, n_tokens=40))


@pytest.fixture(scope="module")
def found(table):
    return statistics_of(table, names=QUICK, inference=FEW)


@pytest.fixture(scope="module")
def written(table, found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, write_pictures(found, table, folder)


def test_all_are_drawn_with_the_data_behind(written):
    folder, done = written
    assert done.skipped == []
    assert len(done.drawn) == len(set(done.drawn))
    files = {path.name for path in folder.iterdir()}
    assert files == {f"{name}.{kind}" for name in done.drawn for kind in ("svg", "png", "csv")}
    assert not plt.get_fignums()


def test_order_measures_are_those_of_the_statistics(written, found):
    folder, _ = written
    drawn = pd.read_csv(folder / "order_against_chance.csv").set_index("measure")
    assert drawn.loc["index step", "effect"] == pytest.approx(found["steps"]["effect"][0], 1e-4)
    accuracy = found["splits"].set_index("split").loc["consonant_vowel", "accuracy"]
    assert drawn.loc["consonants | vowels, accuracy", "effect"] == pytest.approx(accuracy, 1e-4)
    mean = found["morans_i"].set_index("phone_group").loc["all", "effect"]
    assert drawn.loc["Moran's I of the groups", "effect"] == pytest.approx(mean, 1e-4)
    assert len(drawn) == 5
    assert drawn["p"].notna().all()


def test_trajectories_are_of_the_commonest_diphthongs_and_vowels(written, found):
    folder, _ = written
    shown = list(pd.read_csv(folder / "trajectories.csv")["phone"].unique())
    tokens = found["trajectories_by_phone"].groupby("phone", observed=True)["n_tokens"].max()
    groups = pd.Series([phone_group(phone) for phone in tokens.index], tokens.index, dtype=object)
    for group in ("diphthong", "vowel"):
        chosen = [phone for phone in shown if groups[phone] == group]
        assert len(chosen) == 3
        assert min(tokens[chosen]) >= max(tokens[groups == group].drop(chosen))


def test_title_carries_the_corpus_note(table, found, tmp_path):
    from dataclasses import replace

    noted = replace(table, provenance={"corpus": {"notes": "synthetic speech"}})
    done = write_pictures(found, noted, tmp_path, "colorblind")
    for name in done.drawn:
        assert "(synthetic speech)" in (tmp_path / f"{name}.svg").read_text()


def test_what_cannot_be_drawn_says_why(tmp_path):
    table = nothing_labelled()
    done = write_pictures(statistics_of(table, names=QUICK, inference=FEW), table, tmp_path)
    skipped = dict(line.split(": ", 1) for line in done.skipped)
    assert {"measures/merge_curve", "measures/meanings", "measures/group_ranges"} <= set(skipped)
    assert "no sentence is said by two speakers" in skipped["measures/consistency"]
    assert not plt.get_fignums()
    assert np.all([(tmp_path / f"{name}.png").is_file() for name in done.drawn])
