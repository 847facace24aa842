"""`tables.dataset` and `tables.concatenation`: shards are the table they were cut from."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shards_of_tables import assert_same_table, cut, stored

from sfvq_analysis import load_table
from sfvq_analysis.errors import SfvqError, TableError
from sfvq_analysis.stores import Store, StoreError
from sfvq_analysis.tables import (
    IndexDataset,
    IndexTable,
    Simulation,
    concatenate_tables,
    open_dataset,
    open_table,
    phone_labels_of,
    save_in_shards,
    simulated_table,
)
from sfvq_analysis.tables.concatenation import common_inventory, known_of_table, merge_known
from sfvq_analysis.tables.dataset import DATASET


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return stored(simulated_table(Simulation(n_speakers=5)), tmp_path_factory.mktemp("table"))


@pytest.fixture(params=["folder", "memory"])
def place(request, tmp_path):
    if request.param == "folder":
        yield tmp_path / "shards"
        return
    url = f"memory://{tmp_path.name}"
    yield url
    Store.at(url).clear()


def with_own_labels(table: IndexTable) -> IndexTable:
    """Return a table whose inventory has the labels that are in it, and no others."""
    labels = phone_labels_of(table.segments)
    entries = {label: table.inventory.entries[label] for label in labels}
    return replace(table, inventory=replace(table.inventory, entries=entries))


class TestConcatenation:
    @pytest.mark.parametrize("bounds", [[], [1], [1, 2, 3], [7, 7, 20], [24]])
    def test_parts_below_each_other_are_the_whole(self, table, bounds):
        assert_same_table(concatenate_tables(cut(table, bounds)), table)

    def test_what_was_counted_is_added_and_what_is_listed_joined(self, table):
        counted = {"counted": {"frames": 3}, "unknown_phones": {"x": 1}, "skipped": ["a"]}
        parts = [
            replace(part, provenance={**table.provenance, **counted}) for part in cut(table, [9])
        ]
        found = concatenate_tables(parts).provenance
        assert found["counted"] == {"frames": 6}
        assert found["unknown_phones"] == {"x": 2}
        assert found["skipped"] == ["a", "a"]
        assert parts[0].provenance["skipped"] == ["a"]

    def test_parts_in_another_order_are_refused(self, table):
        with pytest.raises(TableError, match="sorted"):
            concatenate_tables(cut(table, [9])[::-1])

    @pytest.mark.parametrize(
        "change",
        [
            {"codebook_size": 128},
            {"provenance": {"quantizer": "another"}},
        ],
    )
    def test_parts_read_otherwise_are_refused(self, table, change):
        first, second = cut(table, [9])
        with pytest.raises(TableError, match="differ"):
            concatenate_tables([first, replace(second, **change)])

    def test_a_part_may_know_its_own_labels_alone(self, table, place):
        whole = with_own_labels(table)
        parts = [with_own_labels(part) for part in cut(table, [1, 9])]
        assert len({frozenset(part.inventory.entries) for part in parts}) > 1
        assert_same_table(concatenate_tables(parts), whole)
        dataset = save_in_shards(parts, place)
        assert dataset.inventory == whole.inventory
        assert_same_table(dataset.load(), whole)

    @pytest.mark.parametrize(
        "change", [{"phone_set": "ipa"}, {"source": "mine.csv"}, {"note": "chosen by hand"}]
    )
    def test_parts_whose_labels_mean_something_else_are_refused(self, table, change):
        first, second = (with_own_labels(part) for part in cut(table, [1]))
        other = replace(second.inventory, **change)
        assert common_inventory(first.inventory, other) is None
        with pytest.raises(TableError, match="differ"):
            merge_known([known_of_table(first), known_of_table(second)._replace(inventory=other)])

    def test_nothing_is_refused(self):
        with pytest.raises(TableError, match="no table"):
            concatenate_tables([])


class TestDataset:
    def test_it_is_the_table_it_was_cut_from(self, table, place):
        found = save_in_shards(cut(table, [1, 9, 10]), place)
        assert isinstance(found, IndexDataset)
        assert len(found) == 4
        assert found.n_utterances == len(table.utterances)
        assert found.n_frames == len(table.frames)
        assert found.is_curve
        assert_same_table(found.load(), table)
        pd.testing.assert_frame_equal(found.utterances, table.utterances)

    def test_a_part_without_utterances_makes_no_shard(self, table, place):
        assert len(save_in_shards(cut(table, [0, 9, 9]), place)) == 2

    def test_opening_reads_no_frame(self, table, tmp_path):
        save_in_shards(cut(table, [9]), tmp_path)
        for path in tmp_path.rglob("*.parquet"):
            path.write_bytes(b"")
        assert open_dataset(tmp_path).n_frames == len(table.frames)

    @pytest.mark.parametrize("row", [0, 8, 9, 24])
    def test_an_utterance_is_found_in_its_shard(self, table, place, row):
        found = save_in_shards(cut(table, [1, 9, 10]), place)
        identity = table.utterances["utterance"][row]
        assert found.utterance(identity)["n_frames"] == table.utterances["n_frames"][row]
        for got, wanted in zip(
            found.of_utterance(identity), table.of_utterance(identity), strict=True
        ):
            pd.testing.assert_frame_equal(
                got.reset_index(drop=True).astype({"utterance": str}),
                wanted.reset_index(drop=True).astype({"utterance": str}),
                check_categorical=False,
            )

    @pytest.mark.parametrize("identity", ["", "zzz", "s1"])
    def test_one_that_is_not_there_is_refused(self, table, place, identity):
        with pytest.raises(TableError, match="no utterance"):
            save_in_shards(cut(table, [9]), place).utterance(identity)

    @pytest.mark.filterwarnings("ignore:The inplace keyword")  # dask's own, of pandas 3.1
    def test_dask_reads_it(self, table, tmp_path):
        found = save_in_shards(cut(table, [9, 10]), tmp_path)
        counted = found.to_dask()["codeword"].value_counts().compute(scheduler="synchronous")
        wanted = table.frames["codeword"].value_counts()
        assert counted.sort_index().tolist() == wanted.sort_index().tolist()

    def test_a_table_and_a_dataset_open_alike(self, table, tmp_path):
        table.save(tmp_path / "table")
        save_in_shards(cut(table, [9]), tmp_path / "dataset")
        assert isinstance(open_table(tmp_path / "table"), IndexTable)
        assert isinstance(open_table(tmp_path / "dataset"), IndexDataset)
        assert isinstance(open_table(f"file://{tmp_path}/dataset"), IndexDataset)

    def test_a_shard_is_a_table_of_three_files(self, table, tmp_path):
        save_in_shards(cut(table, [9]), tmp_path)
        (tmp_path / "one").mkdir()
        for name in ("utterances", "segments", "frames"):
            (tmp_path / name / "000000.parquet").rename(tmp_path / "one" / f"{name}.parquet")
        assert_same_table(load_table(tmp_path / "one"), cut(table, [9])[0])


class TestSample:
    @pytest.fixture
    def dataset(self, table, tmp_path):
        return save_in_shards(cut(table, list(range(1, 25))), tmp_path)

    def test_of_few_frames_it_is_all(self, dataset, table):
        assert_same_table(dataset.sample(), table)
        assert "sampled" not in dataset.sample().provenance

    def test_it_is_of_the_same_shards_with_the_same_seed(self, dataset):
        first, again, other = (dataset.sample(1000, seed=seed) for seed in (0, 0, 1))
        assert_same_table(first, again)
        assert list(first.utterances["utterance"]) != list(other.utterances["utterance"])

    @pytest.mark.parametrize("most", [1, 500, 2000])
    def test_it_is_drawn_evenly_from_all_of_it(self, dataset, most):
        found = dataset.sample(most)
        drawn = found.provenance["sampled"]["shards"]
        assert len(found.utterances) == len(drawn)
        parts = np.array_split(np.arange(25), len(drawn))
        assert all(one in part for one, part in zip(drawn, parts, strict=True))

    def test_it_says_so(self, dataset):
        found = dataset.sample(1000)
        n = len(found.provenance["sampled"]["shards"])
        note = f"{n} of 25 shards, {len(found.frames):,} of {dataset.n_frames:,} frames"
        assert found.provenance["corpus"]["notes"].endswith(f"{note}, drawn with seed 0")
        assert "drawn" not in str(dataset.provenance)


def _change(folder, change):
    """Rewrite what says which shards a dataset has."""
    place = folder / DATASET
    place.write_text(json.dumps(change(json.loads(place.read_text()))))


class TestBadDatasets:
    @pytest.fixture
    def folder(self, table, tmp_path):
        save_in_shards(cut(table, [9]), tmp_path)
        return tmp_path

    def test_a_folder_without_what_says_it_is_finished(self, folder):
        (folder / DATASET).unlink()
        with pytest.raises(TableError, match="the same command makes what is missing"):
            open_dataset(folder)

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"format": 2, "shards": [], "known": {}}', "[" * 100_000, "\x00"],
    )
    def test_what_says_so_is_damaged(self, folder, text):
        (folder / DATASET).write_text(text)
        with pytest.raises(SfvqError, match=DATASET):
            open_dataset(folder)

    @pytest.mark.parametrize(
        "change",
        [
            lambda _: [],
            lambda shards: shards * 2,
            lambda shards: shards[::-1],
            lambda shards: [["0", *shards[0][1:]]],
            lambda shards: [["../../x", *shards[0][1:]]],
            lambda shards: [[-1, *shards[0][1:]]],
            lambda shards: [[True, *shards[0][1:]]],
            lambda shards: [[*shards[0][:2], 0, 0]],
            lambda shards: [[0, 5, *shards[0][2:]]],
            lambda shards: [shards[0][:3]],
        ],
    )
    def test_it_names_shards_that_cannot_be(self, folder, change):
        _change(folder, lambda stated: stated | {"shards": change(stated["shards"])})
        with pytest.raises(TableError, match=f"{DATASET}: it isn't what says"):
            open_dataset(folder)

    @pytest.mark.parametrize("changed", [["zz", 9, 1], ["", 9, 1], [None, 8, 0], [None, 9, 1]])
    def test_a_shard_is_not_what_it_says(self, folder, changed):
        def change(stated):
            number, first, _, frames = stated["shards"][0]
            name, utterances, more = changed
            first = first if name is None else name
            changed_shard = [number, first, utterances, frames + more]
            return stated | {"shards": [changed_shard]}

        _change(folder, change)
        with pytest.raises(TableError, match=f"{DATASET}: shard 0 has .* as it says"):
            open_dataset(folder).load()

    def test_its_rows_of_utterances_are_counted(self, folder):
        def change(stated):
            number, first, utterances, frames = stated["shards"][0]
            return stated | {"shards": [[number, first, utterances + 1, frames]]}

        _change(folder, change)
        with pytest.raises(TableError, match="shard 0 has"):
            _ = open_dataset(folder).utterances

    @pytest.mark.parametrize(
        "known",
        [{"codebook_size": 128}, {"grid": {"sample_rate": 16_000, "hop": 80, "offset": 200}}],
    )
    def test_its_shards_are_of_another_index(self, folder, known):
        _change(folder, lambda stated: stated | {"known": stated["known"] | known})
        with pytest.raises(TableError, match="shard 0 is of another"):
            open_dataset(folder).load()

    def test_a_shard_that_it_does_not_name(self, folder):
        _change(folder, lambda stated: stated | {"shards": stated["shards"][:1]})
        with pytest.raises(TableError, match="shard 1 isn't one"):
            open_dataset(folder).table(1)

    def test_its_provenance_is_damaged(self, folder):
        _change(folder, lambda stated: stated | {"known": stated["known"] | {"grid": {}}})
        with pytest.raises(TableError, match="provenance is damaged"):
            open_dataset(folder)

    @pytest.mark.parametrize("name", ["utterances", "segments", "frames"])
    def test_a_file_is_missing(self, folder, name):
        (folder / name / "000001.parquet").unlink()
        with pytest.raises(StoreError, match=f"{name}/000001.parquet: file is missing"):
            open_dataset(folder).load()

    @pytest.mark.parametrize("name", ["utterances", "segments", "frames"])
    def test_a_file_is_cut_off(self, folder, name):
        path = folder / name / "000001.parquet"
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(TableError, match=f"{name}/000001.parquet: not Parquet"):
            open_dataset(folder).load()

    def test_files_of_different_shards(self, folder):
        (folder / "frames" / "000000.parquet").write_bytes(
            (folder / "frames" / "000001.parquet").read_bytes()
        )
        with pytest.raises(TableError, match="shard 0"):
            open_dataset(folder).table(0)


def test_tables_out_of_order_are_refused_before_anything_is_written(table, place):
    with pytest.raises(TableError, match=r"make no dataset .* doesn't follow"):
        save_in_shards(cut(table, [3, 11])[::-1], place)
    assert not Store.at(place).exists(DATASET)
    with pytest.raises(SfvqError, match="there is no table"):
        save_in_shards([], place)
