"""Output folders, the statistics and figures written to them, and the summary."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from made_tables import made_table, random_table

from sfvq_analysis import SpaceFillingVQ, demo_corpus, report
from sfvq_analysis.report.figures import leading_table, shown_utterance
from sfvq_analysis.report.folders import OutputError, whole_folder, write_manifest


@pytest.fixture(scope="module")
def table():
    return random_table(seed=0)


@pytest.fixture(scope="module")
def written(table, tmp_path_factory):
    return report.write(table, tmp_path_factory.mktemp("written") / "out")


def test_folder_appears_only_when_whole(tmp_path):
    with whole_folder(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "a.txt").read_text() == "a"


def test_failure_leaves_nothing(tmp_path):
    def fails():
        with whole_folder(tmp_path / "deep" / "out") as folder:
            (folder / "a.txt").write_text("a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not list(tmp_path.rglob("*.txt"))
    assert not (tmp_path / "deep" / "out").exists()


def test_failure_keeps_what_was_there(tmp_path):
    with whole_folder(tmp_path / "out") as folder:
        write_manifest(folder, {"version": "first"})
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "out", overwrite=True):
        raise RuntimeError
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["version"] == "first"


def test_strangers_folder_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    for overwrite in (False, True):
        with (
            pytest.raises(OutputError, match="out: "),
            whole_folder(tmp_path / "out", overwrite=overwrite),
        ):
            pass
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_file_of_that_name_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="a file has that name"), whole_folder(tmp_path / "out"):
        pass


def test_manifest_lists_files_and_no_time(tmp_path):
    for name in ("one", "two"):
        with whole_folder(tmp_path / name) as folder:
            (folder / "x").mkdir()
            (folder / "x" / "b.csv").write_text("")
            write_manifest(folder, {"version": "0"})
    one, two = ((tmp_path / name / "manifest.json").read_text() for name in ("one", "two"))
    assert one == two
    assert json.loads(one) == {"version": "0", "files": ["x/b.csv"]}


def test_write_says_what_it_left_out(table, written, tmp_path, unrendered):
    out = shutil.copytree(written, tmp_path / "out")
    manifest = json.loads((out / "manifest.json").read_text())
    assert [line.partition(":")[0] for line in manifest["skipped"]] == [
        "spectrogram of figure 4", "figure 7", "measures/consistency",
    ]  # fmt: skip
    assert not any("figure_7" in name for name in manifest["figures"]["drawn"])
    corners = np.random.default_rng(0).normal(size=(table.codebook_size, 3))
    again = report.write(table, out, quantizers={"table": SpaceFillingVQ(corners)}, overwrite=True)
    assert (again / "figures" / "figure_7_corner_distances.csv").is_file()
    assert (again / "stats" / "table" / "codebook_order.csv").is_file()


def test_write_says_how_much_was_drawn(written):
    out = written
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["statistics"] == {
        "n_permutations": 99, "n_bootstraps": 200, "level": 0.9, "seed": 0,
        "left_to_sfvq_stats": ["sentence_consistency"],
    }  # fmt: skip
    assert not list(out.rglob("sentence_consistency*"))
    assert "99 permutations, 200 resamplings" in (out / "summary.txt").read_text()
    for name in manifest["figures"]["measures"]:
        assert (out / "figures" / "measures" / f"{name}.svg").is_file()
    assert "merge_curve" in manifest["figures"]["measures"]


def test_write_gives_the_same_bytes_twice(table, written, tmp_path):
    one, two = written, report.write(table, tmp_path / "two")
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(names) > 30
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_leading_table_is_the_curves(table):
    assert table.is_curve
    assert leading_table({"first": table})[0] == "first"


def test_shown_utterance_is_the_calibration_sentence():
    from sfvq_analysis import demo_quantizers, index_table
    from sfvq_analysis.cli.resolving import find_encoder

    quantizers = demo_quantizers()
    corpus = demo_corpus().select(speaker="mawb0")
    read = index_table(corpus, find_encoder(None, quantizers), quantizers["sfvq"])
    assert shown_utterance(read) == "mawb0_sa1"


def test_a_table_without_utterances_is_written_beside_a_corpus(tmp_path):
    out = report.write(made_table([]), tmp_path / "out", corpus=demo_corpus())
    assert (out / "page.html").stat().st_size > 0
