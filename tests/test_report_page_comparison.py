"""What a page of several tables says first: what stands in it, and against slow oracles."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from made_tables import Said, made_table, random_table

from sfvq_analysis.report.page import write_page
from sfvq_analysis.report.page.comparison import MEASURES
from sfvq_analysis.report.page.together import together, why_not_together
from sfvq_analysis.report.paired import paired
from sfvq_analysis.stats import Inference
from sfvq_analysis.stats.profiles import SCALARS
from sfvq_analysis.tables import Simulation, simulated_table
from sfvq_analysis.timeline import FrameGrid

FEW = Inference(n_permutations=5, n_bootstraps=30)


def as_plain(table):
    """A table as one of a plain codebook."""
    nothing = {"curve_segment": np.int32(-1), "t": np.float32(np.nan)}
    return replace(table, frames=table.frames.assign(**nothing))


@pytest.fixture(scope="module")
def tables():
    ordered, shuffled = (
        simulated_table(Simulation(n_speakers=6, ordered=one)) for one in (True, False)
    )
    return {"sfvq": ordered, "vq": as_plain(shuffled)}


def written(tables, folder, **options):
    text = write_page(tables, folder / "page.html", **options).read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return text, json.loads(data[1])


@pytest.fixture(scope="module")
def page(tables, tmp_path_factory):
    found = paired(tables, FEW)
    text, data = written(tables, tmp_path_factory.mktemp("page"), comparison=found)
    return text, data, found


def test_it_stands_right_after_the_header_and_in_the_navigation(page):
    text, _, _ = page
    assert re.findall(r'<section id="(\w+)"', text)[:3] == ["about", "comparison", "health"]
    assert '<a href="#comparison">' in text


def test_one_table_is_compared_with_nothing(tables, tmp_path):
    text, data = written(tables["sfvq"], tmp_path)
    assert data["comparison"] is None
    assert 'id="comparison"' not in text
    assert '"#comparison"' not in text


def test_numbers_are_those_given_and_nothing_is_compared_anew(page):
    _, data, found = page
    content = data["comparison"]
    assert content["baseline"] == "vq"
    (pair,) = content["pairs"]
    assert pair["name"] == "sfvq"
    assert content["n_draws"] == 30
    frame = found.frame.set_index("measure")
    assert [row["measure"] for row in pair["rows"]] == list(frame.index)
    for row in pair["rows"]:
        for name in ("effect", "baseline_effect", "difference", "difference_low", "p_corrected"):
            expected = frame.loc[row["measure"], name]
            given = np.nan if row[name] is None else row[name]
            assert given == pytest.approx(expected, rel=1e-4, nan_ok=True)
        assert row["verdict"] == frame.loc[row["measure"], "verdict"]
        assert row["meaning"]


def test_python_lines_name_the_tables(page):
    text, data, _ = page
    (pair,) = data["comparison"]["pairs"]
    assert pair["python"]["differences"] == "stats.compare(tables, baseline='vq')"
    for line in pair["python"].values():
        compile(line, "panel", "exec")
        assert "vq" in line
    assert "stats.compare(tables, baseline=&#39;vq&#39;)" in text


def test_what_cannot_be_paired_is_told_in_one_sentence(tables, tmp_path):
    text, data = written({**tables, "layer": random_table(1)}, tmp_path)
    assert [one["name"] for one in data["comparison"]["pairs"]] == ["sfvq"]
    assert "layer can&#39;t be paired with vq: " in text
    text, data = written({"a": random_table(1), "b": random_table(2, n_utterances=3)}, tmp_path)
    assert data["comparison"]["pairs"] == []
    assert text.count("b can&#39;t be paired with a: ") == 1
    assert 'id="figure-differences"' not in text


def test_three_tables_have_two_pairs_and_a_choice(tables, tmp_path):
    text, data = written({**tables, "again": tables["sfvq"]}, tmp_path)
    assert [one["name"] for one in data["comparison"]["pairs"]] == ["sfvq", "again"]
    assert '<select id="pair">' in text


class TestTogether:
    def test_joint_counts_are_of_all_frames(self, tables):
        found = together(tables["sfvq"], tables["vq"])
        counts = dense(found["counts"])
        expected = np.zeros((64, 64), dtype=int)
        for x, y in zip(
            tables["sfvq"].frames["codeword"], tables["vq"].frames["codeword"], strict=True
        ):
            expected[x, y] += 1
        np.testing.assert_array_equal(counts, expected[:, found["order"]])

    def test_codes_of_a_plain_codebook_stand_by_their_mean_index(self, tables):
        found = together(tables["sfvq"], tables["vq"])
        across = tables["sfvq"].frames["codeword"].to_numpy()
        up = tables["vq"].frames["codeword"].to_numpy()
        means = [across[up == code].mean() for code in found["order"] if (up == code).any()]
        assert means == sorted(means)
        assert sorted(found["order"]) == list(range(64))

    def test_a_curve_keeps_its_own_order(self, tables):
        found = together(tables["sfvq"], tables["sfvq"])
        assert found["order"] is None
        counts = dense(found["counts"])
        assert counts.sum() == np.trace(counts)
        assert found["bits_shared"] == found["bits_up"] == found["bits_across"]

    def test_indices_that_have_nothing_to_do_with_each_other_share_next_to_nothing(self):
        rng = np.random.default_rng(0)
        some, other = (
            made_table([Said("u", [("s", rng.integers(0, 16, 5000).tolist())])], codebook_size=16)
            for _ in range(2)
        )
        found = together(some, other)
        assert found["bits_up"] == pytest.approx(4, abs=0.01)
        assert found["bits_shared"] < 0.005  # plug-in information would be .03

    def test_large_codebooks_are_added_up(self):
        table = random_table(1, codebook_size=600)
        found = together(table, random_table(1, codebook_size=8))
        assert found["widths"] == [3, 1]
        counts = dense(found["counts"])
        assert counts.shape == (200, 8)
        codes = table.frames["codeword"].to_numpy()
        np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(codes // 3, minlength=200))

    def test_frames_at_other_times_are_not_set_against_each_other(self, tables):
        table = tables["sfvq"]
        other = random_table(1)
        assert "hops of 320 and 100" in why_not_together(table, other)
        assert why_not_together(table, tables["vq"]) == ""
        short = made_table([Said("u", [("s", [1, 2])])])
        long = made_table([Said("u", [("s", [1, 2, 3])])])
        assert "other numbers of frames" in why_not_together(short, long)
        assert short.grid == FrameGrid(1000, 100, 50)


def dense(packed):
    """Return counts as the page's script unpacks them."""
    from base64 import b64decode

    def array(one):
        return np.frombuffer(b64decode(one["data"]), dtype=one["dtype"])

    if "at" not in packed:
        return array(packed).reshape(packed["shape"]).astype(int)
    flat = np.zeros(np.prod(packed["shape"]), dtype=int)
    flat[array(packed["at"])] = array(packed["values"])
    return flat.reshape(packed["shape"])


def test_every_measure_has_a_name_and_an_explanation():
    assert list(MEASURES) == [one.name for one in SCALARS]
    assert len({one.title for one in MEASURES.values()}) == len(MEASURES)
