"""What is written as CSV reads back as it was, by ours and by other readers."""

from __future__ import annotations

import csv
import dataclasses
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import TableError
from sfvq_analysis.tables import Simulation, csv_files, group_dtype, load_table, simulated_table
from sfvq_analysis.tables.csv_files import FLAT_COLUMNS, read_index_csv, write_csv

NASTY = [
    "", "NA", "nan", "NaN", "null", "None", "#N/A", "-", "1", "1.50", "true", '"', '""', "a,b",
    "a\nb", "a\rb", "a\r\nb", "\n", "\r", "\t", " x ", "=1+1", "+1", "-1", "@x", "'", "\\", ";",
    "\U0001f600", "nul\0x", "\ufeff", "é", "e\u0301", "h#",
]  # fmt: skip
FORMULAS = {text for text in NASTY if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"}}


def by_csv_module(path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    made = simulated_table(Simulation(n_speakers=2))
    return load_table(made.save(tmp_path_factory.mktemp("table") / "made"))


class TestText:
    def test_the_csv_module_reads_nasty_strings(self, tmp_path):
        frame = pd.DataFrame({"text": NASTY, 'a "b",\nc': range(len(NASTY))})
        path = write_csv(frame, tmp_path / "a.csv")
        rows = by_csv_module(path)
        assert rows[0] == ["text", 'a "b",\nc']
        assert [row[0] for row in rows[1:]] == NASTY
        assert [row[1] for row in rows[1:]] == [str(number) for number in range(len(NASTY))]

    def test_a_text_and_what_is_missing_differ(self, tmp_path):
        for texts in (["", None, "NA"], pd.Series(["", None, "NA"], dtype="category")):
            path = write_csv(pd.DataFrame({"a": texts, "b": 1}), tmp_path / "a.csv")
            assert path.read_bytes() == b'"a","b"\n"",1\n,1\n"NA",1\n'

    @given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
    def test_any_text(self, texts, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "any.csv"
        for made in (pd.Series(texts, dtype="str"), pd.Series(texts, dtype="category")):
            write_csv(pd.DataFrame({"text": made, "n": 0}), path)
            assert [row[0] for row in by_csv_module(path)[1:]] == texts

    def test_half_a_surrogate_pair_is_refused_in_one_line(self, tmp_path):
        with pytest.raises(TableError, match=r"isn't Unicode text") as caught:
            write_csv(pd.DataFrame({"a": ["x\udc80"]}, dtype=object), tmp_path / "a.csv")
        assert str(tmp_path / "a.csv") in str(caught.value)
        assert list(tmp_path.iterdir()) == []

    def test_cells_of_several_kinds_are_written_as_their_text(self, tmp_path):
        frame = pd.DataFrame({"a": [1, "x", None, True, 2.5]}, dtype=object)
        rows = by_csv_module(write_csv(frame.assign(b=0), tmp_path / "a.csv"))
        assert [row[0] for row in rows[1:]] == ["1", "x", "", "True", "2.5"]

    @pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": [], "b": []})])
    def test_a_frame_without_rows(self, frame, tmp_path):
        path = write_csv(frame, tmp_path / "a.csv")
        assert path.read_text() == ('"a","b"\n' if len(frame.columns) else "")

    def test_a_column_that_is_missing_throughout(self, tmp_path):
        path = write_csv(pd.DataFrame({"a": [None, None], "b": [1, 2]}), tmp_path / "a.csv")
        assert path.read_text() == '"a","b"\n,1\n,2\n'


class TestNumbers:
    FLOATS = (0.1, 1 / 3, 1e22, 5e-324, -0.0, 1e300, 123456789.123456789, float("inf"), -2.0)

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_floats_read_back_as_the_same(self, tmp_path, dtype):
        with np.errstate(over="ignore"):
            values = np.array(self.FLOATS).astype(dtype)
        rows = by_csv_module(write_csv(pd.DataFrame({"a": values, "b": 0}), tmp_path / "a.csv"))
        read = np.array([row[0] for row in rows[1:]]).astype(dtype)
        assert read.tobytes() == values.tobytes()

    @given(values=st.lists(st.floats(allow_nan=False), min_size=1))
    def test_any_float(self, values, tmp_path_factory):
        path = write_csv(pd.DataFrame({"a": values}), tmp_path_factory.getbasetemp() / "any.csv")
        read = [float(row[0]) for row in by_csv_module(path)[1:]]
        assert np.array(read).tobytes() == np.array(values).tobytes()

    def test_nan_is_missing_and_integers_and_truths_are_plain(self, tmp_path):
        frame = pd.DataFrame(
            {"a": [np.nan, 1.0], "b": [True, False], "c": pd.array([None, 2], dtype="Int64")}
        )
        assert write_csv(frame, tmp_path / "a.csv").read_text() == (
            '"a","b","c"\n,true,\n1,false,2\n'
        )

    def test_digits_are_significant_ones(self, tmp_path):
        values = [1 / 3, 123456.789, 1.5e-7, np.nan, np.inf, 2.0]
        path = write_csv(pd.DataFrame({"a": values, "b": 0}), tmp_path / "a.csv", digits=6)
        read = [row[0] for row in by_csv_module(path)[1:]]
        assert [float(text or "nan") for text in read[:3]] == [0.333333, 123457.0, 1.5e-7]
        assert read[3:] == ["", "inf", "2"]


class TestSpreadsheets:
    def test_formulas_get_an_apostrophe_and_nothing_else_changes(self, tmp_path):
        frame = pd.DataFrame({"=SUM(A1)": NASTY, "b": pd.Series(NASTY, dtype="category"), "c": -1})
        rows = by_csv_module(write_csv(frame, tmp_path / "a.csv", spreadsheet_safe=True))
        assert rows[0] == ["'=SUM(A1)", "b", "c"]
        right = [f"'{text}" if text in FORMULAS else text for text in NASTY]
        assert rows[1:] == [[text, text, "-1"] for text in right]
        assert len(FORMULAS) > 6

    def test_without_it_nothing_is_changed(self, tmp_path):
        rows = by_csv_module(write_csv(pd.DataFrame({"a": ["=1+1"], "b": 0}), tmp_path / "a.csv"))
        assert rows[1][0] == "=1+1"


class TestIndexTables:
    def test_the_flat_frame_reads_back_as_it_was(self, table, tmp_path):
        flat = table.to_pandas()
        flat["phone"] = flat["phone"].cat.remove_unused_categories()
        assert list(flat) == list(FLAT_COLUMNS)
        path = write_csv(flat, tmp_path / "a.csv")
        read = read_index_csv(path, table.inventory.groups)
        pd.testing.assert_frame_equal(read, flat, check_exact=True)
        for column in ("t", "distortion", "codeword_distortion", "position", "seconds"):
            assert read[column].to_numpy().tobytes() == flat[column].to_numpy().tobytes()

    def test_so_does_one_with_nasty_names(self, table, tmp_path):
        names = sorted({f"{number} {text}" for number, text in enumerate(NASTY)} | {"", "NA"})
        flat = table.to_pandas().head(len(names)).reset_index(drop=True)
        flat = flat.assign(frame=np.int32(0), phone_segment=np.int32(0))
        flat = flat.assign(centre=flat["centre"][0], seconds=flat["seconds"][0])
        for column in ("speaker", "sentence", "phone"):
            flat[column] = pd.Series(names, dtype="str").astype("category")
        ids = sorted(name.replace("\0", "") for name in names)
        flat["utterance"] = pd.Series(ids, dtype="str").astype("category")
        for column in ("sex", "dialect", "split", "phone_group"):
            flat[column] = flat[column].cat.set_categories(
                flat[column].cat.categories
                if column == "phone_group"
                else sorted(set(flat[column]))
            )
        read = read_index_csv(write_csv(flat, tmp_path / "a.csv"), table.inventory.groups)
        pd.testing.assert_frame_equal(read, flat, check_exact=True)

    def test_groups_of_ones_own_are_given(self, table, tmp_path):
        path = write_csv(table.to_pandas(), tmp_path / "a.csv")
        with pytest.raises(TableError, match=r"a\.csv: a phone_group is .*give the table's groups"):
            read_index_csv(path, ["mine"])
        more = [*table.inventory.groups, "mine"]
        assert read_index_csv(path, more)["phone_group"].dtype == group_dtype(more)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda _: "",
            lambda _: "my notes\n",
            lambda text: text[: len(text) // 2],
            lambda text: text.replace(",", ";"),
            lambda text: text.replace('"codeword"', '"code"', 1),
            lambda text: text.replace("\n", "\nx,y\n", 3),
            lambda text: text.replace(",0,", ",nought,", 1),
            lambda text: text.replace(",0,", ",,", 1),
            lambda text: text.replace(",0,", ",99999999999999,", 1),
            lambda text: text[:-1],
            lambda text: text[:-3],
            lambda text: text + '"unclosed',
            lambda text: text[:-3] + "\n",
        ],
    )
    def test_another_file_is_refused_in_one_line(self, table, tmp_path, spoil):
        path = write_csv(table.to_pandas(), tmp_path / "a.csv")
        path.write_text(spoil(path.read_text()))
        with pytest.raises(TableError) as caught:
            read_index_csv(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 600

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"frame": -7}, "frame is -7 in row 3"),
            ({"frame": 0}, "frame is 0 in row 3"),
            ({"codeword": -9}, "codeword is -9 in row 3"),
            ({"curve_segment": -2}, "curve_segment is -2 in row 3"),
            ({"t": 7.5}, "t is 7.5 in row 3"),
            ({"distortion": np.inf}, "distortion is inf in row 3"),
            ({"distortion": np.nan}, "distortion is nan in row 3"),
            ({"codeword_distortion": -1}, "codeword_distortion is -1.0 in row 3"),
            ({"centre": -240}, "centre is -240 in row 3"),
            ({"centre": 241}, "centre is 241 in row 3"),
            ({"position": 0.123}, "position is 0.123 in row 3"),
            ({"seconds": 9.0}, "seconds is 9.0 in row 3"),
            ({"seconds": np.nan}, "seconds is nan in row 3"),
            ({"phone_segment": -2}, "phone_segment is -2 in row 3"),
            ({"phone_segment": -1, "phone": "aa"}, "phone is aa in row 3"),
            ({"speaker": "another"}, "speaker is another in row 3"),
            ({"speaker": None}, "speaker is nan in row 3"),
            ({"utterance": "!"}, "utterance is ! in row 3"),
            ({"utterance": "nul\0x"}, r"utterance is nul\\x00x in row \d+"),
        ],
        ids=str,
    )
    def test_rows_that_no_table_has_are_refused(self, table, tmp_path, changes, message):
        flat = table.to_pandas()
        for column, value in changes.items():
            flat[column] = flat[column].astype(object)
            flat.loc[3, column] = value
        path = write_csv(flat, tmp_path / "a.csv")
        with pytest.raises(TableError, match=message) as caught:
            read_index_csv(path, table.inventory.groups)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)

    def test_a_row_that_stands_twice_is_refused(self, table, tmp_path):
        flat = table.to_pandas()
        path = write_csv(pd.concat([flat.head(1), flat]), tmp_path / "a.csv")
        with pytest.raises(TableError, match="frame is 0 in row 1"):
            read_index_csv(path, table.inventory.groups)

    @pytest.mark.parametrize("at", [0, -1])
    def test_an_utterance_in_two_places_is_refused(self, table, tmp_path, at):
        flat = table.to_pandas()
        moved = flat[flat["utterance"] == flat["utterance"].cat.categories[at]]
        rest = flat.drop(moved.index)
        path = write_csv(pd.concat([moved, rest] if at else [rest, moved]), tmp_path / "a.csv")
        with pytest.raises(TableError, match="utterances are sorted"):
            read_index_csv(path, table.inventory.groups)

    def test_no_rows_and_a_plain_codebook_are_taken(self, table, tmp_path):
        flat = table.to_pandas()
        plain = flat.assign(curve_segment=np.int32(-1), t=np.float32(np.nan), position=np.nan)
        for one in (flat.head(0), plain):
            path = write_csv(one, tmp_path / "a.csv")
            assert len(read_index_csv(path, table.inventory.groups)) == len(one)

    def test_hexadecimal_numbers_are_refused_and_such_texts_are_not(self, table, tmp_path):
        flat = table.to_pandas()
        flat["sentence"] = flat["sentence"].cat.rename_categories(lambda name: f"{name},0x10")
        path = write_csv(flat, tmp_path / "a.csv")
        read = read_index_csv(path, table.inventory.groups)
        assert read["sentence"].tolist() == flat["sentence"].tolist()
        flat["codeword"] = flat["codeword"].astype(object)
        flat.loc[2, "codeword"] = "@"
        content = write_csv(flat, path).read_text()
        path.write_text(content.replace('"@"', "0x10"))
        with pytest.raises(TableError, match=r"a\.csv: codeword is '0x10' in row 2; write"):
            read_index_csv(path, table.inventory.groups)

    def test_a_header_that_is_not_utf8_is_refused(self, table, tmp_path):
        path = write_csv(table.to_pandas(), tmp_path / "a.csv")
        path.write_bytes(path.read_bytes().replace(b'"frame"', b'"fr\xe9me"', 1))
        with pytest.raises(TableError, match=r"a\.csv: not the CSV of an index table") as caught:
            read_index_csv(path)
        assert "\n" not in str(caught.value)

    def test_only_regular_files_of_a_bounded_size_are_read(self, table, tmp_path, monkeypatch):
        os.mkfifo(tmp_path / "pipe.csv")
        for path in (tmp_path / "pipe.csv", "/dev/zero", tmp_path):
            with pytest.raises(TableError, match="no regular file"):
                read_index_csv(path)
        path = write_csv(table.to_pandas(), tmp_path / "a.csv")
        monkeypatch.setattr(csv_files, "LARGEST_BYTES", 100)
        with pytest.raises(TableError, match=r"a\.csv: it is larger than 8 GiB"):
            read_index_csv(path)

    @pytest.mark.parametrize("name", ["none.csv", "x" * 5000, "a\0b"])
    def test_a_missing_file_is_named(self, name):
        with pytest.raises(TableError, match=r"^(none|x+…|a.*b).*: "):
            read_index_csv(name)


def test_a_failure_leaves_the_old_file(tmp_path):
    path = write_csv(pd.DataFrame({"a": ["old"]}), tmp_path / "a.csv")
    with pytest.raises(TableError):
        write_csv(pd.DataFrame({"a": ["\udc80"]}, dtype=object), path)
    assert path.read_text() == '"a"\n"old"\n'
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_two_frames_of_equal_content_give_the_same_bytes(table, tmp_path):
    again = dataclasses.replace(table, provenance={}).to_pandas().copy()
    one, other = (
        write_csv(frame, tmp_path / f"{number}.csv").read_bytes()
        for number, frame in enumerate((table.to_pandas(), again))
    )
    assert one == other
