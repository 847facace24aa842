"""Reports of a dataset in shards: those of its rows, of a large one a sample that says so."""

from __future__ import annotations

import pandas as pd
import pytest
from shards_of_tables import assert_same_table, cut, stored

from sfvq_analysis import load_table, report
from sfvq_analysis.report.page import write_page
from sfvq_analysis.report.seen import seen_tables
from sfvq_analysis.tables import IndexDataset, Simulation, save_in_shards, simulated_table


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    table = stored(simulated_table(Simulation(n_speakers=5)), folder)
    return table, save_in_shards(cut(table, [3, 11, 20]), folder / "shards")


def test_a_page_of_a_dataset_is_that_of_its_rows(both, tmp_path):
    pages = [
        write_page({"t": one}, tmp_path / f"{n}.html").read_bytes() for n, one in enumerate(both)
    ]
    assert pages[0] == pages[1]


def test_so_is_a_folder(both, tmp_path, unrendered):
    folder = report.write({"t": both[1]}, tmp_path / "out")
    assert_same_table(load_table(folder / "tables" / "t"), both[0])
    usage = pd.read_csv(folder / "stats" / "t" / "usage.csv")
    assert usage["n_frames"].item() == len(both[0].frames)
    assert (folder / "figures" / "figure_5_histogram_by_group.csv").exists()


def test_what_is_seen_of_a_large_one_is_said(both, tmp_path, monkeypatch):
    kept = IndexDataset.sample
    monkeypatch.setattr(IndexDataset, "sample", lambda dataset: kept(dataset, 2000))
    (seen,) = seen_tables(both[1]).values()
    assert len(seen.frames) < 2500
    page = write_page(both[1], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "of 4 shards" in page
