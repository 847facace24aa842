"""`sfvq index --engine dask` and `sfvq status`, and what other commands make of a dataset."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest
from command_line import refused, sfvq
from quick_clusters import quiet_clusters
from shards_of_tables import assert_same_table

from sfvq_analysis import demo_corpus, demo_quantizers, load_table, save_quantizer, stats
from sfvq_analysis.stores import Store
from sfvq_analysis.tables import open_dataset

pytestmark = quiet_clusters


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster that is there already."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with codebooks and a small tree of speech."""
    folder = tmp_path_factory.mktemp("home")
    for name, quantizer in demo_quantizers().items():
        save_quantizer(quantizer, folder / f"{name}.safetensors")
    for utterance in list(demo_corpus().select(speaker=["fslt0", "mawb0"]))[:8]:
        place = folder / "speech" / utterance.speaker
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(utterance.audio_path, place / f"{utterance.sentence}.wav")
        shutil.copy(utterance.label_paths["phone"], place / f"{utterance.sentence}.phn")
    return folder


CODEBOOKS = ("-q", "sfvq.safetensors", "-q", "vq.safetensors")


@pytest.fixture(scope="module")
def both(home, scheduler):
    """The same tables of one process and of a cluster."""
    sfvq("index", "speech", *CODEBOOKS, "-o", "plain", cwd=home)
    sfvq(
        *("index", "speech", *CODEBOOKS, "-o", "shards", "--engine", "dask"),
        *("--cluster", scheduler, "--shard-hours", "0.002"),
        cwd=home,
    )
    return home


@pytest.mark.parametrize("name", ["sfvq", "vq"])
def test_the_rows_are_those_of_one_process(both, name):
    dataset = open_dataset(both / "shards" / name)
    assert len(dataset) > 2
    whole = load_table(both / "plain" / name)
    assert_same_table(dataset.load(), whole)
    assert dataset.provenance == whole.provenance


def test_the_statistics_are(both, tmp_path):
    few = ("--permutations", "20", "--bootstraps", "20")
    for name in ("plain", "shards"):
        sfvq("stats", both / name / "sfvq", *few, "-o", tmp_path / name, cwd=both)
    frames = sorted((tmp_path / "plain" / "sfvq").glob("*.csv"))
    assert len(frames) > 30
    for path in frames:
        other = tmp_path / "shards" / "sfvq" / path.name
        assert other.read_text() == path.read_text(), path.name


def test_so_is_a_comparison(both):
    few = ("--permutations", "20", "--bootstraps", "20")
    said = [
        sfvq("compare", f"a={name}/sfvq", f"b={name}/vq", *few, cwd=both).out.replace(name, "x")
        for name in ("plain", "shards")
    ]
    assert said[0] == said[1]


def test_and_the_figures(both, tmp_path):
    sfvq("figures", both / "shards" / "sfvq", "-o", tmp_path / "drawn", cwd=both)
    found = pd.read_csv(tmp_path / "drawn" / "figure_5_histogram_by_group.csv")
    wanted = stats.index_histogram(load_table(both / "plain" / "sfvq"), by="phone_group")
    assert found["count"].tolist() == wanted["count"].tolist()
    assert found["phone_group"].tolist() == wanted["phone_group"].tolist()


def test_a_page_of_it_is_written(both, tmp_path):
    sfvq("report", both / "shards" / "sfvq", "-o", tmp_path / "page.html", cwd=both)
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_status_says_how_far_it_is(both):
    said = sfvq("status", "shards", cwd=both).out
    n = len(open_dataset(both / "shards" / "sfvq"))
    assert f"shards: finished; {n} of {n} shards" in said
    assert "8 utterances" in said


def test_status_names_what_is_missing(both, tmp_path):
    shutil.copytree(both / "shards", tmp_path / "shards")
    (tmp_path / "shards" / "shards" / "000001.json").unlink()
    (tmp_path / "shards" / "sfvq" / "dataset.json").unlink()
    said = sfvq("status", "shards", cwd=tmp_path).out
    assert "not finished" in said
    assert "the same `sfvq index` command makes what is missing" in said


def test_a_url_is_written_to_and_read_from(both, scheduler, tmp_path):
    url = f"memory://{tmp_path.name}"
    said = sfvq(
        *("index", "speech", "-q", "sfvq.safetensors", "-o", url, "--engine", "dask"),
        *("--cluster", scheduler),
        cwd=both,
    ).out
    assert f"{url}/sfvq: IndexDataset" in said
    assert "finished" in sfvq("status", url, cwd=both).out
    few = ("--permutations", "9", "--bootstraps", "9")
    sfvq("stats", f"{url}/sfvq", *few, "-o", tmp_path / "stats", cwd=both)
    assert (tmp_path / "stats" / "sfvq" / "usage.csv").exists()
    Store.at(url).clear()


def test_what_is_skipped_is_listed_by_both(home, scheduler, tmp_path):
    shutil.copytree(home / "speech", tmp_path / "speech")
    (tmp_path / "speech" / "fslt0" / "sa1.wav").write_bytes(b"none")
    shutil.copy(home / "sfvq.safetensors", tmp_path)
    said = sfvq(
        *("index", "speech", "-q", "sfvq.safetensors", "-o", "out", "--on-error", "skip"),
        *("--engine", "dask", "--cluster", scheduler),
        cwd=tmp_path,
    ).out
    assert "skipped fslt0/sa1" in said
    assert "skipped fslt0/sa1" in sfvq("status", "out", cwd=tmp_path).out


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "naming"),
        [
            (("--workers", "2"), "add --engine dask"),
            (("--shard-hours", "1"), "add --engine dask"),
            (("-o", "s3://bucket/tables"), "s3://bucket/tables: tables are written to folders"),
            (("--engine", "dask", "--csv"), "no CSV and no TextGrids"),
            (("--engine", "dask", "--textgrids"), "no CSV and no TextGrids"),
            (("--engine", "dask", "--resource", "GPU"), "write NAME=N"),
            (("--engine", "dask", "--workers", "0"), "workers"),
            (("--engine", "dask", "--cluster", "nowhere", "--workers", "2"), "--workers is given"),
            (("--engine", "dask", "--cluster", "tcp://127.0.0.1:1"), "no scheduler answers"),
        ],
    )
    def test_options_that_go_with_something_else(self, home, options, naming, monkeypatch):
        from sfvq_analysis.scale import clusters

        monkeypatch.setattr(clusters, "_SECONDS_TO_ANSWER", 0.5)
        refused(
            *("index", "speech", "-q", "sfvq.safetensors", "-o", "out", *options),
            cwd=home,
            naming=naming,
        )

    def test_status_of_a_folder_of_something_else(self, home):
        refused("status", "speech", cwd=home, naming="no index in shards is there")

    def test_another_codebook_without_overwrite(self, both, scheduler, tmp_path):
        shutil.copytree(both / "shards", tmp_path / "shards")
        shutil.copytree(both / "speech", tmp_path / "speech")
        shutil.copy(both / "vq.safetensors", tmp_path)
        refused(
            *("index", "speech", "-q", "vq.safetensors", "-o", "shards", "--engine", "dask"),
            *("--cluster", scheduler),
            cwd=tmp_path,
            naming="--overwrite",
        )
