"""Every statistic of a dataset is that of the same rows in one table, to the last bit."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from shards_of_tables import cut, stored

from sfvq_analysis import stats
from sfvq_analysis.stats.counting.reductions import Reductions
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.tables import Simulation, save_in_shards, simulated_table

FEW = Inference(n_permutations=20, n_bootstraps=20)
TAKE_SOMETHING_ELSE = {
    *("Inference", "Probe", "Reductions", "arc_pnmi", "bit_ladder", "codebook_order", "compare"),
    *("corner_distances", "describe_axis_text", "feature_distances", "feature_vectors"),
    *("ladder_meanings", "ladder_splits", "peak_adjacency", "peaks", "pnmi", "reduce"),
}
OF_TABLES = sorted(set(stats.__all__) - TAKE_SOMETHING_ELSE)
"""All functions of `stats` that take a table; a new one is here without being named."""


@pytest.fixture(scope="module", params=["many speakers", "one speaker", "one shard"])
def both(request, tmp_path_factory):
    """A table and the dataset it is cut into, within speakers too."""
    folder = tmp_path_factory.mktemp("both")
    n_speakers = 2 if request.param == "one speaker" else 6
    whole = simulated_table(Simulation(n_speakers=n_speakers))
    if request.param == "one speaker":
        n = int((whole.utterances["speaker"] == whole.utterances["speaker"][0]).sum())
        whole = cut(whole, [n])[0]
    table = stored(whole, folder)
    n = len(table.utterances)
    bounds = [] if request.param == "one shard" else [1, n // 3, n // 2, n - 1]
    return table, save_in_shards(cut(table, bounds), folder / "shards")


@pytest.fixture(scope="module")
def reductions(both):
    return stats.reduce(both[0]), stats.reduce(both[1])


@pytest.mark.parametrize("name", OF_TABLES)
def test_a_statistic_of_a_dataset_is_that_of_its_rows(both, name):
    function = getattr(stats, name)
    known = {"inference": FEW} if "inference" in inspect.signature(function).parameters else {}
    wanted, found = (_value(function, one, known) for one in both)
    assert type(found) is type(wanted)
    if isinstance(wanted, pd.DataFrame):
        pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    else:
        assert found == wanted


def _value(function, table, known):
    try:
        return function(table, **known)
    except ValueError as error:  # of one speaker some can't be had
        return f"{type(error).__name__}: {error}"


WEIGHTS, TRIMS = ("frame", "token", "speaker"), (0.0, 0.02)
BY = ("phone", "phone_group", "speaker", "sex", ["phone", "split"])
HISTOGRAMS = [
    pytest.param(WEIGHTS[w], BY[b], TRIMS[t], marks=pytest.mark.thorough if (w + b + t) % 2 else ())
    for w, b, t in np.ndindex(len(WEIGHTS), len(BY), len(TRIMS))
]
"""All choices; every two of them stand together in the half that isn't left to `make fuzz`, too."""


@pytest.mark.parametrize(("weight", "by", "trim"), HISTOGRAMS)
def test_histograms_of_a_dataset(both, weight, by, trim):
    wanted, found = (
        stats.index_histogram(one, by, weight=weight, trim=trim, exclude=["s"], phone_set=39)
        for one in both
    )
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


@pytest.mark.parametrize("name", ["counts", "transitions", "runs", "tokens", "utterances"])
def test_reductions_of_a_dataset(reductions, name):
    wanted, found = (getattr(one, name) for one in reductions)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_what_else_reductions_know(reductions):
    wanted, found = reductions
    assert isinstance(found, Reductions)
    for name in ("units", "unit", "codebook_size", "frame_seconds", "temporal", "inventory"):
        assert getattr(found, name) == getattr(wanted, name)
    np.testing.assert_array_equal(found.code_frames(), wanted.code_frames())
    for name in ("token_numbers", "tokens_at_indices"):
        got, right = getattr(found, name)(), getattr(wanted, name)()
        np.testing.assert_array_equal(got.loc[right.index], right)
        assert got.to_numpy().sum() == right.to_numpy().sum()


def test_counts_need_no_shard_twice(both, monkeypatch):
    _, dataset = both
    reductions = stats.reduce(dataset)
    monkeypatch.setattr(type(dataset), "tables", lambda _: pytest.fail("shards are read again"))
    stats.information(reductions, inference=Inference(n_permutations=0, n_bootstraps=20))
    stats.transitions(reductions)
    stats.usage(reductions)
    stats.index_meanings(reductions)
    stats.group_ranges(reductions, inference=Inference(n_permutations=0, n_bootstraps=20))
    stats.describe_axis(reductions)
    stats.group_distances(reductions, inference=Inference(n_permutations=0, n_bootstraps=20))
    stats.phone_counts(reductions)


def test_methods_compare_as_datasets(both):
    table, dataset = both
    if table.utterances["speaker"].nunique() < 2:
        pytest.skip("differences need speakers")
    wanted, found = (stats.compare({"a": one, "b": one}, inference=FEW) for one in both)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    mixed = stats.compare({"a": table, "b": dataset}, inference=FEW)
    pd.testing.assert_frame_equal(mixed, wanted, check_exact=True)
