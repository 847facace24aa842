from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_tables import (
    GRID,
    Said,
    assert_unchanged,
    copies,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)

from sfvq_analysis.errors import TableError
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    IndexTable,
    as_contract,
    load_table,
)

CONTRACTS = {"utterances": UTTERANCE_COLUMNS, "segments": SEGMENT_COLUMNS, "frames": FRAME_COLUMNS}
COLUMNS = [(name, column) for name, columns in CONTRACTS.items() for column in columns]
PROVENANCE = {"version": "0", "options": {"mode": "exact"}, "counted": {"frames": 3}}


@pytest.fixture
def table() -> IndexTable:
    return made_table(
        [
            Said("a_sx1", [("h#", [0, 1]), ("s", [5]), (None, [2])], "faaa0"),
            Said("b_sx2", [("iy", [7, 6]), ("tcl", []), ("t", [3])], "mbbb0"),
        ],
        provenance=PROVENANCE,
    )


def refused(table: IndexTable, **changes: object) -> str:
    """Return the message with which a changed table is refused; it must be one line."""
    with pytest.raises(TableError) as caught:
        dataclasses.replace(table, **changes)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def with_values(frame: pd.DataFrame, column: str, row: int, value: int) -> pd.DataFrame:
    changed = frame.copy()
    changed.iloc[row, changed.columns.get_loc(column)] = value
    return changed


class TestContract:
    def test_a_valid_table_is_taken_as_it_is(self, table):
        again = dataclasses.replace(table)
        assert again.frames is table.frames
        assert repr(again) == "IndexTable(2 utterances, 5 segments, 7 frames, codebook_size=8)"

    @pytest.mark.parametrize(("name", "column"), COLUMNS)
    def test_a_missing_column_is_refused(self, table, name, column):
        frame = getattr(table, name).drop(columns=column)
        assert refused(table, **{name: frame}).startswith(f"{name} has columns")

    @pytest.mark.parametrize("name", CONTRACTS)
    def test_a_column_too_many_or_in_another_place_is_refused(self, table, name):
        frame = getattr(table, name)
        assert name in refused(table, **{name: frame.assign(extra=1)})
        assert name in refused(table, **{name: frame[frame.columns[::-1]]})

    @pytest.mark.parametrize(("name", "column"), COLUMNS)
    def test_a_dtype_other_than_stated_is_refused(self, table, name, column):
        frame = getattr(table, name).copy()
        number = np.zeros(len(frame))
        stated = CONTRACTS[name][column]
        frame[column] = number.astype("float64" if stated.startswith("float") else "int16")
        message = refused(table, **{name: frame})
        assert message.startswith(f"{name}.{column} is ")
        assert stated in message

    def test_groups_in_another_order_are_refused(self, table):
        frame = table.frames.copy()
        groups = frame["phone_group"]
        frame["phone_group"] = groups.cat.reorder_categories(groups.cat.categories[::-1])
        assert "frames.phone_group" in refused(table, frames=frame)

    @pytest.mark.parametrize("value", [-1, 8, 4000])
    def test_a_codeword_outside_the_codebook_is_refused(self, table, value):
        message = refused(table, frames=with_values(table.frames, "codeword", 2, value))
        assert str(value) in message
        assert "0 … 7" in message

    @pytest.mark.parametrize("value", [-2, 7])
    def test_a_curve_segment_outside_the_curve_is_refused(self, table, value):
        message = refused(table, frames=with_values(table.frames, "curve_segment", 2, value))
        assert str(value) in message
        assert "-1 … 6" in message

    def test_the_largest_codes_are_taken(self, table):
        frame = with_values(table.frames, "codeword", 0, 7)
        dataclasses.replace(table, frames=with_values(frame, "curve_segment", 0, 6))

    @pytest.mark.parametrize("size", [1, 0, -5])
    def test_a_codebook_of_fewer_than_two_is_refused(self, table, size):
        assert refused(table, codebook_size=size).startswith(f"codebook_size is {size};")

    def test_a_codebook_smaller_than_its_codes_is_refused(self, table):
        assert "codeword is 7 in row" in refused(table, codebook_size=7)

    def test_unsorted_utterances_are_refused(self, table):
        reversed_rows = table.utterances.iloc[::-1].reset_index(drop=True)
        assert "sorted" in refused(table, utterances=reversed_rows)

    def test_an_utterance_that_stands_twice_is_refused(self, table):
        twice = table.utterances.copy()
        twice.loc[1, "utterance"] = "a_sx1"
        assert "unique" in refused(table, utterances=twice)

    @pytest.mark.parametrize("name", ["segments", "frames"])
    def test_categories_that_are_not_the_utterances_are_refused(self, table, name):
        frame = getattr(table, name).copy()
        frame["utterance"] = frame["utterance"].cat.rename_categories({"a_sx1": "z_sx1"})
        assert refused(table, **{name: frame}).startswith(f"{name}.utterance")

    def test_a_frame_count_that_is_not_the_utterances_is_refused(self, table):
        message = refused(table, frames=table.frames.iloc[:-1])
        assert "'b_sx2' has 2 frames" in message
        assert "3" in message
        assert "'a_sx1'" in refused(
            table, utterances=with_values(table.utterances, "n_frames", 0, 9)
        )


class TestAsContract:
    def test_columns_are_ordered_and_cast(self, table):
        shuffled = table.frames[table.frames.columns[::-1]].astype({"frame": "int64", "t": float})
        pd.testing.assert_frame_equal(as_contract(shuffled, FRAME_COLUMNS), table.frames)

    def test_missing_columns_are_named(self, table):
        with pytest.raises(TableError, match="'t', 'distortion'"):
            as_contract(table.frames.drop(columns=["t", "distortion"]), FRAME_COLUMNS)


class TestFlatFrame:
    def test_position_and_seconds(self):
        table = random_table(4, codebook_size=4096)
        frames = table.frames.assign(t=np.float32(0.3))
        table = dataclasses.replace(table, frames=frames)
        flat = table.to_pandas()
        exact = table.frames["curve_segment"].to_numpy() + np.float64(np.float32(0.3))
        assert flat["position"].dtype == np.float64
        np.testing.assert_array_equal(flat["position"], exact)
        np.testing.assert_allclose(
            flat["seconds"], [(50 + 100 * frame) / 1000 for frame in table.frames["frame"]]
        )

    def test_every_frame_has_the_properties_of_its_utterance(self):
        table = random_table(5)
        flat = table.to_pandas()
        assert len(flat) == len(table.frames)
        for column in ("speaker", "sex", "dialect", "sentence", "split"):
            assert flat[column].tolist() == [row[column] for row in frame_rows(table)]

    def test_the_table_stays_as_it_was(self):
        table = random_table(6)
        before = copies(table)
        flat = table.to_pandas()
        flat.loc[:, "codeword"] = 0
        assert_unchanged(table, before)

    def test_a_plain_codebook_has_no_position(self):
        plain = made_table([Said("u", [("s", [1, 2])])], curve=False)
        assert not plain.is_curve
        assert plain.to_pandas()["position"].isna().all()
        assert made_table([Said("u", [("s", [1, 2])])]).is_curve

    def test_no_frame_at_all(self):
        assert len(no_frames().to_pandas()) == 0
        assert not no_frames().is_curve

    def test_csv_holds_the_flat_frame(self, table, tmp_path):
        path = table.to_csv(tmp_path / "table.csv")
        read = pd.read_csv(path)
        flat = table.to_pandas()
        assert list(read.columns) == list(flat.columns)
        assert read["codeword"].tolist() == flat["codeword"].tolist()
        assert read["phone"].fillna("").tolist() == flat["phone"].astype(object).fillna("").tolist()
        np.testing.assert_allclose(read["position"], flat["position"])
        assert b"\r" not in path.read_bytes()


class TestOneUtterance:
    def test_its_rows(self, table):
        segments, frames = table.of_utterance("b_sx2")
        assert table.utterance("b_sx2")["speaker"] == "mbbb0"
        assert segments["label"].tolist() == ["iy", "tcl", "t"]
        assert frames["codeword"].tolist() == [7, 6, 3]

    def test_an_unknown_one_is_named(self, table):
        with pytest.raises(TableError, match=r"no utterance 'c'; there are 2, such as 'a_sx1'"):
            table.of_utterance("c")


class TestFolder:
    @pytest.mark.parametrize(
        "table",
        [
            random_table(1, codebook_size=64),
            made_table([Said("u", [("s", [1, 2])])], curve=False),
            made_table([Said("a", [("s", [])]), Said("b", [("ä", [1]), ("x y", [2])])]),
            nothing_labelled(),
        ],
        ids=["random", "plain", "unused utterance", "nothing labelled"],
    )
    def test_what_was_saved_comes_back(self, table, tmp_path):
        table = dataclasses.replace(table, provenance=PROVENANCE)
        before = copies(table)
        read = load_table(table.save(tmp_path / "folder" / "table"))
        assert_unchanged(table, before)
        assert_unchanged(read, before)
        assert read.provenance == PROVENANCE
        assert read.grid == GRID
        assert read.codebook_size == table.codebook_size

    def test_every_file_carries_the_provenance(self, table, tmp_path):
        folder = table.save(tmp_path / "table")
        assert sorted(path.name for path in folder.iterdir()) == [
            "frames.parquet",
            "segments.parquet",
            "utterances.parquet",
        ]
        for path in folder.iterdir():
            known = json.loads(pq.read_schema(path).metadata[b"sfvq_analysis"])
            assert known["provenance"] == PROVENANCE

    def test_the_same_table_gives_the_same_bytes(self, tmp_path):
        one, other = (random_table(2).save(tmp_path / name) for name in ("one", "other"))
        for path in one.iterdir():
            assert path.read_bytes() == (other / path.name).read_bytes()

    def test_an_existing_folder_is_refused_and_left_alone(self, table, tmp_path):
        (tmp_path / "table").mkdir()
        (tmp_path / "table" / "mine.txt").write_text("keep")
        with pytest.raises(TableError, match=r"table: folder exists"):
            table.save(tmp_path / "table")
        assert [path.name for path in tmp_path.rglob("*")] == ["table", "mine.txt"]

    @pytest.mark.parametrize("n_written", [0, 1, 2])
    def test_nothing_is_left_behind_when_writing_fails(
        self, table, tmp_path, monkeypatch, n_written
    ):
        write, calls = pq.ParquetWriter.write_table, []

        def fails(*args, **kwargs):
            calls.append(args)
            if len(calls) > n_written:
                raise OSError("disk full")
            write(*args, **kwargs)

        monkeypatch.setattr(pq.ParquetWriter, "write_table", fails)
        with pytest.raises(OSError, match="disk full"):
            table.save(tmp_path / "table")
        assert len(calls) == n_written + 1
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_file_is_named(self, table, tmp_path):
        folder = table.save(tmp_path / "table")
        (folder / "segments.parquet").unlink()
        with pytest.raises(TableError, match=r"segments\.parquet: file is missing"):
            load_table(folder)
        with pytest.raises(TableError, match=r"nowhere/utterances\.parquet: file is missing"):
            load_table(tmp_path / "nowhere")

    @pytest.mark.parametrize("content", [b"", b"not Parquet at all", None])
    def test_a_corrupt_file_is_named(self, table, tmp_path, content):
        path = table.save(tmp_path / "table") / "frames.parquet"
        path.write_bytes(path.read_bytes()[:-100] if content is None else content)
        with pytest.raises(TableError, match=r"frames\.parquet: not Parquet") as caught:
            load_table(path.parent)
        assert "\n" not in str(caught.value)

    def test_parquet_of_another_program_is_refused(self, table, tmp_path):
        path = table.save(tmp_path / "table") / "frames.parquet"
        table.frames.to_parquet(path)
        with pytest.raises(TableError, match=r"frames\.parquet: it has no provenance"):
            load_table(path.parent)

    def test_a_stored_table_that_breaks_the_contract_is_refused(self, table, tmp_path):
        path = table.save(tmp_path / "table") / "frames.parquet"
        arrow = pq.read_table(path)
        pq.write_table(arrow.slice(1), path)
        with pytest.raises(TableError, match=r"table: utterance 'a_sx1' has 3 frames"):
            load_table(path.parent)
        pq.write_table(arrow.drop_columns(["centre"]), path)
        with pytest.raises(TableError, match=r"table: columns \['centre'\] are missing"):
            load_table(path.parent)


TABLE = random_table(1)


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": TABLE.frames.iloc[::-1].reset_index(drop=True)},
        {"frames": TABLE.frames.sample(frac=1, random_state=0).reset_index(drop=True)},
        {"segments": TABLE.segments.iloc[::-1].reset_index(drop=True)},
        {"frames": TABLE.frames.assign(phone_segment=np.int32(999))},
        {"frames": TABLE.frames.assign(phone_segment=np.int32(-1))},
        {"frames": TABLE.frames.assign(centre=TABLE.frames["centre"] + 1)},
        {"frames": TABLE.frames.assign(t=np.float32(7))},
        {"frames": TABLE.frames.assign(distortion=np.float32(-1))},
        {"frames": TABLE.frames.assign(codeword_distortion=np.float32(np.nan))},
        {"segments": TABLE.segments.assign(phone_group=TABLE.segments["phone_group"].array[::-1])},
        {"segments": TABLE.segments.assign(n_frames=np.int32(77))},
        {"segments": TABLE.segments.assign(stop=TABLE.segments["start"])},
        {"utterances": TABLE.utterances.set_axis(TABLE.utterances.index[::-1])},
    ],
    ids=str,
)
def test_more_of_the_contract_is_checked(changes):
    with pytest.raises(TableError):
        dataclasses.replace(TABLE, **changes)


@pytest.mark.parametrize("table", [no_frames(), made_table([Said("u", [(None, [1])])])], ids=str)
def test_a_table_without_rows_comes_back(table, tmp_path):
    assert len(load_table(table.save(tmp_path / "t")).utterances) == 1


def test_files_of_two_tables_are_refused(tmp_path):
    one = random_table(1).save(tmp_path / "one")
    other = random_table(1, codebook_size=64).save(tmp_path / "other")
    shutil.copy(other / "frames.parquet", one / "frames.parquet")
    with pytest.raises(TableError, match="different tables"):
        load_table(one)


def test_no_frames_are_nought_frames_in_the_message():
    table = made_table([Said("a", [("s", [])]), Said("b", [("s", [1])])])
    with pytest.raises(TableError, match="'a' has 0 frames"):
        dataclasses.replace(table, utterances=table.utterances.assign(n_frames=[3, 1]))


def test_tables_can_be_compared():
    assert random_table(1) != TABLE
