"""A page of a curve with the stages it grew through, and the commands that make it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from command_line import refused, sfvq
from made_tables import made_table, random_table

from sfvq_analysis import SpaceFillingVQ, demo_corpus, load_table, report, save_quantizer, stats
from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import Provenance
from sfvq_analysis.report.analysis import analyze
from sfvq_analysis.report.page import content, write_page, writing
from sfvq_analysis.report.page.geometry import corner_geometry
from sfvq_analysis.tables import Simulation, simulated_table


def at_bits(table, bits):
    """A table at fewer bits, as if indices split in place."""
    lost = table.codebook_size.bit_length() - 1 - bits
    frames = table.frames.assign(
        codeword=(table.frames["codeword"] // 2**lost).astype("int32"),
        curve_segment=np.minimum(table.frames["curve_segment"] // 2**lost, 2**bits - 2).astype(
            "int32"
        ),
    )
    return replace(table, frames=frames, codebook_size=2**bits)


@pytest.fixture(scope="module")
def table():
    return simulated_table(Simulation(n_speakers=6))  # 64 codes


@pytest.fixture(scope="module")
def stages(table):
    return {"curve": {bits: at_bits(table, bits) for bits in (2, 3, 5)}}


def read(path):
    text = path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(data[1])


@pytest.fixture(scope="module")
def page(table, stages, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    return read(write_page({"curve": table}, path, stages=stages))


def test_every_stage_is_a_table_of_the_page_but_none_to_choose(page, stages):
    text, data = page
    assert data["names"] == ["curve"]
    assert data["stages"]["curve"]["bits"] == [2, 3, 5, 6]
    assert data["stages"]["curve"]["keys"] == ["curve.bits2", "curve.bits3", "curve.bits5", "curve"]
    for bits, stage in stages["curve"].items():
        shown = data["tables"][f"curve.bits{bits}"]
        counts = np.bincount(stage.frames["codeword"], minlength=2**bits)
        assert shown["codes"]["frames"] == counts.tolist()
        assert shown["size"] == 2**bits
    assert 'id="bits" type="range"' in text


def test_the_ladder_is_that_of_the_statistics(page, table, stages):
    _, data = page
    found = stats.bit_ladder({**stages["curve"], 6: table})
    rows = data["stages"]["curve"]["rows"]
    assert [row["size"] for row in rows] == found["codebook_size"].tolist()
    assert [row["parent"] for row in rows] == [None, 1, 1, 1]  # indices split in place
    assert [row["pnmi"] for row in rows] == pytest.approx(found["corrected"].tolist(), abs=0.01)


def test_cards_of_stages_say_where_examples_are(page):
    _, data = page
    notes = data["listening"]["notes"]
    assert notes["curve.bits3"] == "Examples are of the indices at 6 bits: move the slider there."


def test_without_stages_there_is_no_slider(table, tmp_path):
    text, data = read(write_page(table, tmp_path / "page.html"))
    assert data["stages"] == {}
    assert 'id="bits"' not in text
    assert 'id="figure-ladder"' not in text


def test_stages_without_a_label_or_a_frame_have_no_information(tmp_path):
    table = made_table([])
    stages = {"table": {2: made_table([], codebook_size=4)}}
    _, data = read(write_page({"table": table}, tmp_path / "page.html", stages=stages))
    assert [row["pnmi"] for row in data["stages"]["table"]["rows"]] == [None, None]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (lambda t: {"other": {2: at_bits(t, 2)}}, "stages of 'other' are given, and no such table"),
        (lambda t: {"curve": {6: t}}, "a stage of 'curve' has as many codes as its table"),
        (lambda t: {"curve": {3: at_bits(t, 2)}}, "the table of 3 bits has 4 codes"),
        (
            lambda _: {"curve": {3: at_bits(simulated_table(Simulation(n_speakers=3)), 3)}},
            "the table of 3 bits has other frames|the table of 6 bits has other frames",
        ),
    ],
    ids=["no such table", "no smaller", "other size", "other speech"],
)
def test_stages_of_something_else_are_refused(table, tmp_path, given, why):
    with pytest.raises(OptionError, match=why):
        write_page({"curve": table}, tmp_path / "page.html", stages=given(table))
    assert not list(tmp_path.iterdir())


def test_a_table_called_as_a_stage_is_refused(table, stages, tmp_path):
    with pytest.raises(OptionError, match=r"'curve.bits3' is a table and a stage"):
        write_page({"curve": table, "curve.bits3": table}, tmp_path / "page.html", stages=stages)


def test_stages_are_left_out_of_a_page_that_would_be_too_large(
    table, stages, tmp_path, monkeypatch
):
    two = {"curve": table}
    whole = write_page(two, tmp_path / "page.html", stages=stages).stat().st_size
    monkeypatch.setattr(content, "REDUCTIONS", (content._without_stages,))
    monkeypatch.setattr(writing, "REDUCTIONS", (content._without_stages,))
    monkeypatch.setattr(writing, "MOST_BYTES", whole - 1000)
    text, data = read(write_page(two, tmp_path / "page.html", stages=stages))
    assert data["left_out"] == ["bit rates below the full one"]
    assert set(data["tables"]) == {"curve"}
    assert 'id="bits"' not in text


def test_corners_of_a_stage_lie_in_the_plane_of_the_whole_codebook():
    rng = np.random.default_rng(0)
    final = (rng.normal(size=(16, 5)) * [9, 4, 1, 1, 1]).astype(np.float32)
    of_all, of_some = (corner_geometry(some, final)["plane"] for some in (final, final[::2]))
    np.testing.assert_allclose(of_all["x"][::2], of_some["x"], atol=1e-4)
    np.testing.assert_allclose(of_all["y"][::2], of_some["y"], atol=1e-4)
    assert of_all == corner_geometry(final)["plane"]


@pytest.fixture
def models(tmp_path):
    """The demo's codebooks, with fewer bits so that it is quick."""
    from sfvq_analysis import demo_quantizers

    quantizers = demo_quantizers()
    whole = quantizers["sfvq"]
    curve = SpaceFillingVQ(
        whole.stages[3],
        Provenance(whole.provenance.encoder, whole.provenance.fit),
        whole.stages[:3],
    )
    save_quantizer(curve, tmp_path / "sfvq.safetensors")
    save_quantizer(quantizers["vq"], tmp_path / "vq.safetensors")
    return tmp_path


class TestCommands:
    def test_index_writes_stages_and_report_finds_them(self, models):
        said = sfvq(
            "index", "demo", "-q", "sfvq.safetensors", "-q", "vq.safetensors", "--stages",
            "--split", "test", "-o", "tables", cwd=models,
        )  # fmt: skip
        assert "stages: 2, 3, 4 bits" in said.out
        assert load_table(models / "tables" / "sfvq" / "bits3").codebook_size == 8
        assert not list((models / "tables" / "vq").glob("bits*"))
        sfvq("report", "tables/sfvq", "tables/vq", "-q", "sfvq.safetensors", "-o", "page.html",
             cwd=models)  # fmt: skip
        _, data = read(models / "page.html")
        assert data["stages"]["sfvq"]["bits"] == [2, 3, 4, 5]
        assert data["comparison"]["baseline"] == "vq"
        assert len(data["tables"]["sfvq.bits3"]["corners"]["plane"]["x"]) == 8
        sfvq("report", "tables/sfvq", "tables/vq", "--baseline", "sfvq", "-o", "other.html",
             cwd=models)  # fmt: skip
        assert read(models / "other.html")[1]["comparison"]["baseline"] == "sfvq"

    def test_a_baseline_needs_another_table(self, table, tmp_path):
        table.save(tmp_path / "t")
        refused("report", "t", "--baseline", "t", cwd=tmp_path, naming="--baseline")
        refused("report", "t", "t", "--baseline", "x", cwd=tmp_path, naming="have the same name")

    def test_stages_are_not_read_on_a_cluster(self, models):
        refused("index", "demo", "-q", "sfvq.safetensors", "-o", "tables", "--stages", "--engine",
                "dask", cwd=models, naming="--stages")  # fmt: skip


def test_analyze_has_the_slider_and_writes_no_table_of_a_stage(models, unrendered, unheard):
    from sfvq_analysis import load_encoder, load_quantizer

    quantizers = {name: load_quantizer(models / f"{name}.safetensors") for name in ("sfvq", "vq")}
    corpus = demo_corpus().select(sentence="sa1")
    out = analyze(corpus, load_encoder("vqvae"), quantizers, models / "out")
    _, data = read(out / "page.html")
    assert data["stages"]["sfvq"]["bits"] == [2, 3, 4, 5]
    assert sorted(one.name for one in (out / "tables").iterdir()) == ["sfvq", "vq"]
    assert not list(out.rglob("bits*"))
    written = (out / "stats" / "comparison.csv").read_text(encoding="utf-8").splitlines()
    assert len(written) == 14
    assert "comparison.csv" in (out / "stats" / "README.txt").read_text(encoding="utf-8")


def test_write_takes_stages(tmp_path, unrendered):
    table = random_table(1)
    out = report.write({"a": table}, tmp_path / "out", stages={"a": {2: at_bits(table, 2)}})
    assert read(out / "page.html")[1]["stages"]["a"]["bits"] == [2, 3]
