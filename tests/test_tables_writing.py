"""A table written part by part is the table that its parts make together."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_tables import Said, made_table, random_table
from shards_of_tables import assert_same_table, cut, stored

from sfvq_analysis.errors import TableError
from sfvq_analysis.tables import (
    Simulation,
    TableWriter,
    concatenate_tables,
    load_table,
    simulated_table,
    write_parts,
)

FILES = ("utterances.parquet", "segments.parquet", "frames.parquet")
ONE = Said("a", [("s", [1])])


@pytest.fixture
def table(tmp_path):
    return stored(simulated_table(Simulation(n_speakers=3)), tmp_path / "whole")


def written(parts, folder):
    with TableWriter(folder) as writer:
        for part in parts:
            writer.add(part)
    return load_table(folder)


class TestParts:
    @pytest.mark.parametrize("bounds", [[], [1], [1, 2, 3], [9], [2, 7, 11]])
    def test_they_are_read_as_the_whole(self, table, bounds, tmp_path):
        assert_same_table(written(cut(table, bounds), tmp_path), table)

    @pytest.mark.parametrize("seed", range(8))
    def test_so_are_those_of_any_table(self, seed, tmp_path):
        table = random_table(seed)
        parts = cut(table, list(range(1, len(table.utterances))))
        assert_same_table(written(parts, tmp_path), concatenate_tables(parts))

    def test_labels_are_sorted_whatever_part_they_come_in(self, tmp_path):
        said = [
            Said(name, [(label, [1])]) for name, label in (("a", "s"), ("b", "aa"), ("c", "iy"))
        ]
        table = made_table(said)
        found = written(cut(table, [1, 2]), tmp_path)
        assert list(found.segments["label"].cat.categories) == ["aa", "iy", "s"]
        assert list(found.frames["phone"]) == ["s", "aa", "iy"]
        assert_same_table(found, table)

    @pytest.mark.parametrize("empty", [[], [(None, [1, 2])], [("s", [])]])
    def test_one_without_frames_or_labels_is_a_part(self, empty, tmp_path):
        said = [Said("a", empty), Said("b", [("s", [1, 2])]), Said("c", empty)]
        table = stored(made_table(said), tmp_path)
        assert_same_table(written(cut(table, [1, 2]), tmp_path / "parts"), table)

    def test_one_part_gives_the_bytes_of_save(self, tmp_path):
        table = random_table(3)
        written([table], tmp_path / "parts")
        table.save(tmp_path / "saved")
        for name in FILES:
            found, wanted = ((tmp_path / one / name).read_bytes() for one in ("parts", "saved"))
            assert found == wanted

    def test_other_readers_find_a_row_group_a_part_and_what_is_known(self, table, tmp_path):
        written(cut(table, [4, 9]), tmp_path)
        for name in FILES:
            assert pq.read_metadata(tmp_path / name).num_row_groups == 3
            known = pq.read_schema(tmp_path / name).metadata[b"sfvq_analysis"]
            assert json.loads(known)["codebook_size"] == table.codebook_size
            assert pq.read_metadata(tmp_path / name).metadata[b"sfvq_analysis"] == known
        frames = pd.read_parquet(tmp_path / "frames.parquet")
        assert frames.dtypes.astype(str).equals(table.frames.dtypes.astype(str))
        np.testing.assert_array_equal(frames["utterance"], table.frames["utterance"])
        assert frames["phone_group"].cat.ordered

    def test_what_was_counted_is_added(self, tmp_path):
        about = {"counted": {"frames": 1}, "skipped": [{"utterance": "x", "reason": "y"}]}
        table = replace(made_table([ONE, Said("b", [("s", [1])])]), provenance=about)
        found = written(cut(table, [1]), tmp_path).provenance
        assert found == {"counted": {"frames": 2}, "skipped": [*about["skipped"]] * 2}


class TestRefusals:
    def test_parts_out_of_order(self, table, tmp_path):
        one, other = cut(table, [5])
        with pytest.raises(TableError, match="comes after"):
            written([other, one], tmp_path)

    def test_the_same_part_twice(self, tmp_path):
        one = made_table([ONE])
        with pytest.raises(TableError, match="'a' comes after 'a'"):
            written([one, one], tmp_path)

    def test_parts_of_different_codebooks(self, tmp_path):
        one = made_table([ONE])
        other = made_table([Said("b", [("s", [1])])], codebook_size=16)
        with pytest.raises(TableError, match="differ in codebook"):
            written([one, other], tmp_path)

    def test_no_part(self, tmp_path):
        with pytest.raises(TableError, match="a table of no part"):
            written([], tmp_path / "none")
        assert not (tmp_path / "none").exists()

    def test_after_an_error_nothing_passes_for_a_table(self, tmp_path):
        def parts():
            yield made_table([ONE])
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            written(parts(), tmp_path)
        with pytest.raises(TableError, match="no provenance of ours"):
            load_table(tmp_path)


def test_tables_of_several_codebooks_are_written_side_by_side(tmp_path):
    one, other = (
        stored(simulated_table(Simulation(n_speakers=2, seed=seed)), tmp_path / f"whole{seed}")
        for seed in (0, 1)
    )
    cuts = [cut(table, [3, 7]) for table in (one, other)]
    parts = ({"one": first, "other": second} for first, second in zip(*cuts, strict=True))
    folders = {"one": tmp_path / "one", "other": tmp_path / "one" / "inside"}
    found = write_parts(parts, folders)
    for name, table in (("one", one), ("other", other)):
        of_name = cuts[name == "other"]
        assert_same_table(load_table(folders[name]), concatenate_tables(of_name))
        assert str(found[name]) == repr(table)
        assert found[name].provenance == table.provenance
