"""A table written part by part is the table that its parts make together."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

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
    save_parts,
    simulated_table,
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

    @pytest.mark.parametrize("name", ["segments.parquet", "frames.parquet"])
    def test_categories_of_a_row_group_go_on_from_those_before(self, table, tmp_path, name):
        written(cut(table, [4, 9]), tmp_path)
        file = pq.ParquetFile(tmp_path / name)
        for column in ("utterance", "label" if "segments" in name else "phone"):
            groups = [file.read_row_group(number)[column] for number in range(3)]
            names = [group.chunk(0).dictionary.to_pylist() for group in groups]
            for before, after in pairwise(names):
                assert after[: len(before)] == before
                assert len(set(after)) == len(after)

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

    def test_after_an_error_nothing_is_left(self, tmp_path):
        def parts():
            yield made_table([ONE])
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            written(parts(), tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_when_what_is_known_cannot_be_written_nothing_is_left(self, tmp_path, monkeypatch):
        def fails(*_):
            raise OSError("disk full")

        monkeypatch.setattr(pq.ParquetWriter, "add_key_value_metadata", fails)
        with pytest.raises(OSError, match="disk full"):
            written([made_table([ONE])], tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_table_that_is_there_is_left_alone(self, table, tmp_path):
        table.save(tmp_path / "there")
        with pytest.raises(TableError, match=r"utterances\.parquet: file exists"):
            written([made_table([ONE])], tmp_path / "there")
        assert_same_table(load_table(tmp_path / "there"), table)

    def test_two_tables_in_one_folder(self, tmp_path):
        part = {"x": made_table([ONE]), "y": made_table([ONE])}
        with pytest.raises(TableError, match="file exists"):
            save_parts([part], {"x": tmp_path, "y": tmp_path})

    def test_a_table_without_a_folder(self, tmp_path):
        with pytest.raises(TableError, match="the table 'y' has no folder"):
            save_parts([{"y": made_table([ONE])}], {"x": tmp_path})


def test_what_makes_the_parts_is_closed_after_an_error(tmp_path):
    closed = []

    def parts():
        try:
            yield {"x": made_table([ONE])}
            yield {"x": made_table([ONE])}  # which isn't after the first
        finally:
            closed.append(True)

    made = parts()
    with pytest.raises(TableError, match="comes after"):
        save_parts(made, {"x": tmp_path})
    assert closed == [True]


def test_categories_of_a_table_of_ones_own_come_back_as_they_were(tmp_path):
    table = made_table([Said("a", [("s", [1]), ("iy", [2])])])
    names, ordered = ["s", "iy"], []
    for frame, column in ((table.segments, "label"), (table.frames, "phone")):
        changed = frame[column].cat.reorder_categories(names)
        ordered.append(frame.assign(**{column: changed}))
    own = replace(table, segments=ordered[0], frames=ordered[1])
    assert_same_table(stored(own, tmp_path), own)
    as_ordered = own.segments.assign(label=own.segments["label"].cat.as_ordered())
    assert_same_table(stored(replace(own, segments=as_ordered), tmp_path / "more"), own)


def test_tables_of_several_codebooks_are_written_side_by_side(tmp_path):
    one, other = (
        stored(simulated_table(Simulation(n_speakers=2, seed=seed)), tmp_path / f"whole{seed}")
        for seed in (0, 1)
    )
    cuts = [cut(table, [3, 7]) for table in (one, other)]
    parts = ({"one": first, "other": second} for first, second in zip(*cuts, strict=True))
    folders = {"one": tmp_path / "one", "other": tmp_path / "one" / "inside"}
    found = save_parts(parts, folders)
    for name, table in (("one", one), ("other", other)):
        of_name = cuts[name == "other"]
        assert_same_table(load_table(folders[name]), concatenate_tables(of_name))
        assert str(found[name]) == repr(table)
        assert found[name].provenance == table.provenance
