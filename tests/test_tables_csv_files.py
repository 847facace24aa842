"""What is written as CSV reads back as it was, by ours and by other readers."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import TableError
from sfvq_analysis.tables import Simulation, group_dtype, load_table, simulated_table
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
        for column in ("utterance", "speaker", "sentence", "phone"):
            flat[column] = pd.Series(names, dtype="str").astype("category")
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

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(TableError, match=r"none\.csv"):
            read_index_csv(tmp_path / "none.csv")


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
