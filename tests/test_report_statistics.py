"""Every statistic of a table: that it is there, what it is, and how it is written."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis import stats
from sfvq_analysis.errors import OptionError
from sfvq_analysis.report.measures import OF_CORNERS, OF_TABLE
from sfvq_analysis.report.statistics import (
    QUICK,
    all_statistics,
    drawn,
    statistics_of,
    write_readme,
    write_statistics,
)
from sfvq_analysis.report.summaries import findings_text
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=19, n_bootstraps=20, seed=3)
CORNERS = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
PUBLIC_NOT_OF_A_TABLE = {
    "Inference", "Probe", "Reductions", "reduce", "compare", "bit_ladder", "ladder_meanings",
    "ladder_splits", "feature_distances", "feature_vectors", "arc_pnmi", "pnmi",
    "describe_axis_text",
}  # fmt: skip
"""Options and containers; what needs several tables or none; numbers that axis_measures holds."""


@pytest.fixture(scope="module")
def table():
    return random_table(seed=0)


@pytest.fixture(scope="module")
def found(table):
    return statistics_of(table, inference=FEW, corners=CORNERS)


def test_all_public_statistics_of_a_table_are_made(table, monkeypatch):
    called = set()

    def noting(name, function):
        def noted(*arguments, **options):
            called.add(name)
            return function(*arguments, **options)

        return noted

    for name in stats.__all__:
        if name[0].islower():
            monkeypatch.setattr(stats, name, noting(name, getattr(stats, name)))
    for one in (*OF_TABLE, *OF_CORNERS):
        closed = getattr(one.of, "__closure__", None) or ()
        called |= {cell.cell_contents.__name__ for cell in closed if callable(cell.cell_contents)}
    statistics_of(table, inference=FEW, corners=CORNERS)
    assert set(stats.__all__) - PUBLIC_NOT_OF_A_TABLE <= called


def test_frames_are_those_of_the_functions(table, found):
    assert list(found) == [one.name for one in (*OF_TABLE, *OF_CORNERS)]
    assert len(set(found)) == len(found)
    expected = {
        "claims": stats.claims(table, inference=FEW),
        "axis_measures": stats.axis_measures(table),
        "transitions": stats.transitions(table),
        "information_by_group": stats.information(table, by="phone_group", inference=FEW),
        "phone_ranges": stats.group_ranges(table, by="phone", inference=FEW),
        "group_transitions_of_labels": stats.group_transitions(
            table, source="label", inference=FEW
        ),
        "distances_by_sex": stats.property_distances(table, by="sex", inference=FEW),
        "sentence_consistency": stats.sentence_consistency(table, inference=FEW),
    }
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame, obj=name)
    counts = found["phone_counts"].set_index("phone").to_numpy()
    assert counts.sum() == (table.frames["phone_segment"] >= 0).sum()
    shares = found["index_given_phone"].set_index("phone")
    assert np.allclose(shares.sum(axis=1), 1)
    assert list(found["speaker_information"]["within"]) == ["all", "repeated"]
    used = stats.usage(table)["used"].item()
    neighbours = found["codebook_order"].set_index("measure").loc["path_length", "effect"]
    frames = np.bincount(table.frames["codeword"], minlength=8)
    assert used == (frames > 0).sum()
    path = np.linalg.norm(np.diff(CORNERS[frames > 0].astype(np.float64), axis=0), axis=1).sum()
    assert neighbours == pytest.approx(path)


def test_sentence_distances_are_the_matrix():
    table = simulated_table(Simulation(n_speakers=4))
    rows = statistics_of(table, names=["sentence_distances"])["sentence_distances"]
    matrix = stats.sentence_distances(table)
    assert len(rows) == matrix.size
    for row in rows.sample(20, random_state=0).itertuples():
        at = (row.sentence, row.speaker), (row.other_sentence, row.other_speaker)
        assert row.distance == matrix.loc[at]


def test_only_what_is_named_is_made(table):
    assert list(statistics_of(table, names=["usage", "steps"], inference=FEW)) == ["usage", "steps"]
    assert "corner_distances" not in statistics_of(table, names=QUICK, inference=FEW)
    with pytest.raises(OptionError, match="'usages'"):
        statistics_of(table, names=["usages"])


def one_speaker():
    said = [Said(f"u{i}_s{i}", [("s", [1, 2]), ("iy", [5, 6]), ("h#", [0])]) for i in range(4)]
    return made_table(said)


def one_phone():
    return made_table([Said(f"u{i}_s", [("s", [1, 2])], f"f{i}aa0") for i in range(3)])


def one_code():
    tokens = [("s", [2, 2]), ("iy", [2])]
    return made_table([Said(f"u{i}_s", tokens, f"f{i}aa0") for i in range(3)])


@pytest.mark.parametrize(
    "make",
    [one_speaker, one_phone, one_code, nothing_labelled, no_frames],
    ids=lambda f: f.__name__,
)
def test_nothing_measurable_is_no_error(make, tmp_path):
    table = make()
    found = statistics_of(table, inference=FEW, corners=CORNERS)
    for file_format in ("csv", "parquet"):
        write_statistics(found, tmp_path, file_format)
    for name, frame in found.items():
        if "p" in frame and "reason" in frame:
            silent = frame[frame["p"].isna() & (frame["reason"] == "")]
            assert silent.empty, name
    assert "untestable" in findings_text({"made": table}, {"made": found}, FEW)


def test_parquet_holds_the_same_frames(found, tmp_path):
    write_statistics(found, tmp_path, "parquet")
    assert {path.stem for path in tmp_path.iterdir()} == set(found)
    for name, frame in found.items():
        back = pd.read_parquet(tmp_path / f"{name}.parquet")
        both = (one.astype(object).where(one.notna(), None) for one in (back, frame))
        pd.testing.assert_frame_equal(*both, obj=name)


def test_csv_has_six_digits_and_no_row_numbers(found, tmp_path):
    write_statistics(found, tmp_path)
    for name, frame in found.items():
        back = pd.read_csv(tmp_path / f"{name}.csv")
        assert list(back.columns) == list(frame.columns), name
        assert len(back) == len(frame), name
    steps = pd.read_csv(tmp_path / "steps.csv")["effect"]
    assert np.allclose(steps, found["steps"]["effect"], rtol=1e-5)
    with pytest.raises(OptionError, match="format is 'xlsx'"):
        write_statistics(found, tmp_path, "xlsx")


def test_readme_has_a_line_for_each_file(found, tmp_path):
    write_readme({"a": found}, tmp_path, FEW)
    lines = (tmp_path / "README.txt").read_text().splitlines()
    described = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line[:2] == "  "}
    assert set(described) == set(found)
    assert all(described.values())
    assert max(map(len, lines)) <= 100
    quick = {name: frame for name, frame in found.items() if name in QUICK}
    write_readme({"a": quick}, tmp_path, FEW)
    assert "slow: sentence_consistency." in (tmp_path / "README.txt").read_text()
    assert json.dumps(drawn(FEW, {"a": found}))
    assert drawn(FEW, {"a": found})["left_to_sfvq_stats"] == []


def test_a_curve_is_compared_with_the_plain_codebook_of_the_same_speech():
    said = [
        Said(f"{speaker}_{sentence}", [("s", codes), ("iy", codes[::-1])], speaker)
        for speaker in ("faaa0", "mbbb0", "mccc0")
        for sentence, codes in (("sa1", [1, 2, 3]), ("sa2", [5, 6, 4]))
    ]
    tables = {
        "curve": made_table(said),
        "stranger": made_table(said[:3], curve=False),
        "plain": made_table(said, curve=False),
    }
    found = all_statistics(tables, names=["sentence_consistency"], inference=FEW)
    expected = stats.sentence_consistency(tables["curve"], baseline=tables["plain"], inference=FEW)
    pd.testing.assert_frame_equal(found["curve"]["sentence_consistency"], expected)
    assert set(expected["of"]) == {"table", "baseline", "difference"}
    assert "of" not in found["plain"]["sentence_consistency"]


def test_a_sentence_that_nobody_says_is_refused_with_the_tables_name(table):
    with pytest.raises(OptionError, match=r"b: no utterance is of sentence 'sa1'.*sx0"):
        all_statistics({"b": table}, sentence="sa1", inference=FEW)
    found = all_statistics({"b": table}, names=["claims"], sentence="sx0", inference=FEW)
    pd.testing.assert_frame_equal(
        found["b"]["claims"], stats.claims(table, sentence="sx0", inference=FEW)
    )
