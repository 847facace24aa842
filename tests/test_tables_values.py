"""Tables on disk whose values a cast would change, or that no speech has, are refused."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_tables import Said, made_table

from sfvq_analysis import index_latents
from sfvq_analysis.errors import TableError
from sfvq_analysis.quantizers import PlainVQ
from sfvq_analysis.tables import IndexTable, load_table, storage

TABLE = made_table(
    [Said("a_sx1", [("h#", [0, 1]), ("s", [5])]), Said("b_sx2", [("iy", [7]), ("t", [3])])]
)


def stored(folder: Path, name: str, column: str, values: pa.Array | list) -> Path:
    """Return the folder of a saved table of which one column was replaced."""
    path = TABLE.save(folder / "table") / f"{name}.parquet"
    table = pq.read_table(path)
    changed = table.set_column(table.schema.get_field_index(column), column, pa.array(values))
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path)
    return path.parent


def message_of(folder: Path | str) -> str:
    with pytest.raises(TableError) as caught:
        load_table(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


CODES = TABLE.frames["codeword"].to_numpy().astype(np.int64)
STARTS = TABLE.segments["start"].to_numpy()
IDS = TABLE.segments["utterance"].astype(str).tolist()


class TestCasts:
    @pytest.mark.parametrize(
        ("name", "column", "values"),
        [
            ("frames", "codeword", CODES + 0.7),
            ("frames", "codeword", CODES.astype(float)),
            ("frames", "codeword", CODES + 2**32),
            ("frames", "codeword", CODES.astype(np.uint64) + np.uint64(2**63)),
            ("frames", "codeword", [True] * 5),
            ("frames", "codeword", [str(code) for code in CODES]),
            ("frames", "codeword", pa.array(CODES).cast(pa.timestamp("ns"))),
            ("frames", "codeword", pa.array(CODES).cast(pa.decimal128(19, 0))),
            ("frames", "codeword", pa.array(list("01573")).dictionary_encode()),
            ("frames", "codeword", [0, 1, None, 7, 3]),
            ("frames", "t", [True] * 5),
            ("frames", "t", [0] * 5),
            ("frames", "t", [1 + 1e-12] * 5),
            ("frames", "distortion", [-1e-60] * 5),
            ("frames", "phone", [b"s"] * 5),
            ("segments", "start", STARTS + 0.9),
            ("segments", "n_frames", TABLE.segments["n_frames"].astype("int64") + 2**32),
            ("segments", "label", [1, 2, 3, 4]),
            ("utterances", "n_samples", [16000.5, 16000.5]),
            ("utterances", "speaker", [7, 7]),
            ("utterances", "utterance", [0, 1]),
        ],
    )
    def test_what_a_cast_would_change_is_refused_by_name(self, tmp_path, name, column, values):
        folder = stored(tmp_path, name, column, values)
        assert f": {name}.{column} is " in message_of(folder)

    @pytest.mark.parametrize(
        ("name", "column", "values"),
        [
            ("frames", "codeword", CODES),
            ("frames", "codeword", CODES.astype(np.uint8)),
            ("frames", "t", TABLE.frames["t"].to_numpy().astype(float)),
            ("segments", "utterance", IDS),
            ("segments", "label", pa.array(TABLE.segments["label"].tolist(), pa.large_string())),
            ("utterances", "speaker", pa.array(["faaa0"] * 2).dictionary_encode()),
        ],
    )
    def test_what_it_keeps_is_taken(self, tmp_path, name, column, values):
        read = load_table(stored(tmp_path, name, column, values))
        for part in ("utterances", "segments", "frames"):
            pd.testing.assert_frame_equal(getattr(read, part), getattr(TABLE, part))


class TestValues:
    @pytest.mark.parametrize(
        ("name", "column", "values", "message"),
        [
            ("utterances", "sample_rate", [1000, 0], "sample_rate is 0 in row 1; it must be >= 1"),
            ("utterances", "sample_rate", [-8000, 1], "sample_rate is -8000 in row 0"),
            ("utterances", "n_samples", [-1, 0], "n_samples is -1 in row 0"),
            ("utterances", "speaker", ["a", None], "utterances.speaker is nan in row 1"),
            ("utterances", "audio", pa.nulls(2), "utterances.audio is nan in row 0"),
            ("segments", "tier", pa.nulls(4, pa.string()), "segments.tier is nan in row 0"),
            ("segments", "label", ["h#", None, "iy", "t"], "segments.label is nan in row 1"),
            ("segments", "start", [-1, *STARTS[1:]], "start is -1 in row 0"),
            ("segments", "start", [0, 199, *STARTS[2:]], "start is 199 in row 1; it must be at or"),
            ("frames", "distortion", np.float32([-1] * 5), "distortion is -1.0 in row 0"),
        ],
    )
    def test_values_of_no_speech_are_refused(self, tmp_path, name, column, values, message):
        assert f"table: {message}" in message_of(stored(tmp_path, name, column, values))

    def test_phones_out_of_order_are_refused_and_gaps_are_not(self):
        swapped = TABLE.segments.copy()
        swapped.loc[[0, 1], ["start", "stop"]] = [[200, 300], [0, 200]]
        with pytest.raises(TableError, match="start is 0 in row 1; it must be at or after"):
            dataclasses.replace(TABLE, segments=swapped)
        later = TABLE.segments.copy()
        later.loc[1, "start"] = 201
        assert dataclasses.replace(TABLE, segments=later).segments is later

    def test_words_may_overlap(self):
        words = TABLE.segments.head(2).assign(start=np.int64(0), n_frames=np.int32(0))
        words["tier"] = "word"
        words["phone_group"] = (
            words["phone_group"]
            .cat.set_categories([])
            .cat.set_categories(TABLE.segments["phone_group"].cat.categories, ordered=True)
        )
        both = pd.concat([words, TABLE.segments.astype({"tier": str})], ignore_index=True).astype(
            {"tier": "category"}
        )
        order = both["utterance"].cat.codes.argsort(kind="stable")
        both = both.iloc[order].reset_index(drop=True)
        assert len(dataclasses.replace(TABLE, segments=both).segments) == 6

    def test_an_id_with_nul_is_refused(self):
        utterances = TABLE.utterances.assign(utterance=["a\0", "b_sx2"])
        with pytest.raises(TableError, match="without NUL") as caught:
            dataclasses.replace(TABLE, utterances=utterances)
        assert "\0" not in str(caught.value)

    def test_latents_that_are_no_speech_come_back(self, tmp_path):
        codebook = PlainVQ([[0.0, 0.0], [1.0, 1.0]])
        made: IndexTable = index_latents([[0.1, 0.0], [0.9, 1.0], [1.0, 1.0]], [1, 2, 1], codebook)
        read = load_table(made.save(tmp_path / "table"))
        pd.testing.assert_frame_equal(read.frames, made.frames)
        assert set(read.utterances["speaker"]) == {""}


class TestPlaces:
    def test_tables_near_are_named_and_no_more_than_five(self, tmp_path):
        for number in range(7):
            TABLE.save(tmp_path / "one" / str(number))
        TABLE.save(tmp_path / "one" / "two" / "three")
        message = message_of(tmp_path)
        assert message.count(f"{tmp_path}/one/") == 5
        assert "three" not in message
        assert message_of(tmp_path / "one" / "two").endswith(f"try {tmp_path}/one/two/three")

    def test_no_more_folders_than_stated_are_looked_at(self, tmp_path, monkeypatch):
        (tmp_path / "a" / "b" / "c").mkdir(parents=True)
        (tmp_path / "a" / "b" / "c" / "frames.parquet").touch()
        for number in range(20):
            (tmp_path / "a" / str(number)).mkdir()
        looked_at = []
        monkeypatch.setattr(storage, "_is_table", lambda folder: bool(looked_at.append(folder)))
        assert message_of(tmp_path).endswith("give a saved IndexTable")
        assert len(looked_at) == 22
        assert tmp_path / "a" / "b" / "c" not in looked_at
        looked_at.clear()
        monkeypatch.setattr(storage, "_LOOKED_AT", 3)
        message_of(tmp_path)
        assert len(looked_at) == 3

    def test_a_folder_that_may_not_be_looked_into_has_none(self, tmp_path, monkeypatch):
        (tmp_path / "shut").mkdir()
        scan = os.scandir

        def refuses(path):
            if Path(path).name == "shut":
                raise PermissionError(13, "Permission denied", str(path))
            return scan(path)

        monkeypatch.setattr(os, "scandir", refuses)
        assert message_of(tmp_path).endswith("file is missing; give a saved IndexTable")

    @pytest.mark.parametrize("name", ["x" * 5000, "a\0b", ""])
    def test_a_name_that_no_folder_can_have_is_one_line(self, name, tmp_path):
        message = message_of(f"{tmp_path}/{name}")
        assert "file is missing" in message
        assert len(message) < 5000

    def test_a_file_that_may_not_be_read_is_one_line(self, tmp_path, monkeypatch):
        def refuses(path, *_, **__):
            raise PermissionError(13, "Permission denied", str(path))

        folder = TABLE.save(tmp_path / "table")
        for method in ("is_file", "open"):
            monkeypatch.setattr(Path, method, refuses)
        assert "utterances.parquet: can't be read (Permission denied); " in message_of(folder)
