"""The commands stats, compare and abx-export, as a user would run them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from command_line import refused, sfvq

from sfvq_analysis import SpaceFillingVQ, demo_corpus, save_quantizer, stats
from sfvq_analysis.quantizers import Provenance
from sfvq_analysis.report.measures import OF_CORNERS, OF_TABLE
from sfvq_analysis.report.statistics import QUICK
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

FEW = ["--permutations", "19", "--bootstraps", "20"]
CORNERS = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
EVERY = {one.name for one in OF_TABLE}


def made(ordered=True, seed=0):
    return simulated_table(
        Simulation(n_speakers=4, n_own=1, codebook_size=16, ordered=ordered, seed=seed)
    )


@pytest.fixture
def home(tmp_path):
    """A folder with two tables of the same speech, and the codebook of the first."""
    from dataclasses import replace

    quantizer = SpaceFillingVQ(CORNERS)
    save_quantizer(quantizer, tmp_path / "q.safetensors")
    known = {"quantizer": {"codebook_digest": quantizer.digest}}
    replace(made(), provenance=known).save(tmp_path / "curve")
    made(ordered=False).save(tmp_path / "plain")
    return tmp_path


def test_stats_prints_claims_of_each_table_and_writes_nothing(home):
    before = sorted(home.rglob("*"))
    said = sfvq("stats", "curve", "plain", *FEW, cwd=home).out
    for name in ("curve", "plain"):
        assert f"{name}: the paper's claims (19 permutations, 20 resamplings of 4 speakers" in said
        assert f"{name}: the axis" in said
    assert said.count("each index names its phone") == 2
    assert "PNMI" in said
    assert sorted(home.rglob("*")) == before


def test_stats_writes_every_frame_with_a_manifest(home):
    done = sfvq("stats", "curve", "plain", *FEW, "--seed", "5", "-o", "out", cwd=home)
    assert "README.txt says what each file is" in done.out
    for name in ("curve", "plain"):
        assert {path.stem for path in (home / "out" / name).glob("*.csv")} == EVERY
    manifest = json.loads((home / "out" / "manifest.json").read_text())
    assert manifest["statistics"]["seed"] == 5
    assert manifest["statistics"]["n_permutations"] == 19
    assert "curve/claims.csv" in manifest["files"]
    steps = pd.read_csv(home / "out" / "curve" / "steps.csv")
    expected = stats.steps(made(), inference=Inference(19, 20, seed=5))
    assert np.allclose(steps["low"], expected["low"], rtol=1e-5)


def test_stats_writes_parquet_and_corners(home):
    sfvq(
        "stats", "curve", *FEW, "-q", "q.safetensors", "--format", "parquet", "-o", "out", cwd=home
    )
    names = {path.name for path in (home / "out" / "curve").iterdir()}
    assert names == {f"{name}.parquet" for name in (*EVERY, *(one.name for one in OF_CORNERS))}
    distances = pd.read_parquet(home / "out" / "curve" / "corner_distances.parquet")
    apart = np.linalg.norm(CORNERS[0] - CORNERS[1])
    assert distances.loc[0, "1"] == pytest.approx(apart, rel=1e-5)


def test_stats_tests_one_sentence(home):
    sentence = made().utterances["sentence"].mode().iloc[0]
    sfvq("stats", "curve", *FEW, "--sentence", sentence, "-o", "out", cwd=home)
    claims = pd.read_csv(home / "out" / "curve" / "claims.csv").set_index("claim")
    expected = stats.claims(made(), sentence=sentence, inference=Inference(19, 20))
    assert claims.loc["C4", "effect"] == pytest.approx(expected["effect"][3], rel=1e-5)


def test_stats_shows_progress_to_who_sees_it(home):
    done = sfvq("stats", "plain", *FEW, cwd=home, terminal=True)
    assert "statistic" in done.err
    assert "statistic/s" not in done.out
    assert sfvq("stats", "plain", *FEW, cwd=home).err == ""


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (["nowhere"], "nowhere"),
        (["curve", "--sentence", "xx1"], "curve: no utterance is of sentence 'xx1'"),
        (["curve", "--permutations", "-1"], "n_permutations is -1"),
        (["curve", "-q", "q.safetensors"], "write them with --out"),
        (["plain", "-q", "q.safetensors", "-o", "out"], "q.safetensors: codebook"),
        (["curve", "-o", "plain"], "plain: folder exists"),
        (["curve", "-o", "plain", "--overwrite"], "it isn't replaced"),
        (["curve", "-o", "."], "current folder"),
    ],
)
def test_stats_refuses_in_one_line(home, arguments, naming):
    refused("stats", *FEW, *arguments, cwd=home, naming=naming)


def test_compare_prints_two_tables_and_writes_one(home):
    done = sfvq("compare", "unordered=plain", "curve", "--bootstraps", "20", "-o", "out", cwd=home)
    assert done.out.index("units: what a codebook knows") < done.out.index("order: what the order")
    assert "less unordered" in done.out
    assert "fewer than 5 fits: no claim" in done.out
    found = pd.read_csv(home / "out" / "comparison.csv")
    tables = {"unordered": made(ordered=False), "curve": made()}
    expected = stats.compare(tables, inference=Inference(100, 20))
    assert list(found["method"]) == list(expected["method"])
    assert np.allclose(found["effect"], expected["effect"], rtol=1e-5, equal_nan=True)
    assert list(json.loads((home / "out" / "manifest.json").read_text())["tables"]) == [
        "unordered", "curve",
    ]  # fmt: skip


def test_compare_takes_fits_a_baseline_and_a_folding(home):
    said = sfvq(
        "compare", "curve=curve,curve,curve,curve,curve", "plain=plain,plain,plain,plain,plain",
        "--baseline", "plain", "--fold", "39", "--bootstraps", "50", "--format", "parquet",
        "-o", "out", cwd=home,
    ).out  # fmt: skip
    assert "fits: curve 5, plain 5; 4 speakers" in said
    found = pd.read_parquet(home / "out" / "comparison.parquet")
    assert set(found.loc[found["method"] == "curve", "baseline"]) == {"plain"}
    of_curve = found[found["method"] == "curve"].set_index("measure")
    assert of_curve.loc["morans_i", "claimed"]
    assert "*" in said.split("order: ")[1]
    folded = stats.compare(
        {"plain": made(ordered=False)}, phone_set=39, inference=Inference(100, 50)
    )
    of_plain = found[found["method"] == "plain"]
    assert np.allclose(of_plain["effect"], folded["effect"], equal_nan=True)


def test_compare_takes_folders_whose_names_have_signs(home):
    for name in ("a=b", "c,d"):
        shutil.copytree(home / "curve", home / name)
    said = sfvq("compare", "a=b", "c,d", "./plain/", "--bootstraps", "5", cwd=home).out
    assert "fits: a=b 1, c,d 1, plain 1" in said


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (["plain", "other=nowhere"], "nowhere"),
        (["plain", "./plain"], "two methods are called 'plain'"),
        (["=plain"], "method is '=plain'"),
        (["a=", "plain"], "method is 'a='"),
        (["a=plain,"], "method is 'a=plain,'"),
        (["plain", "curve", "--baseline", "vq"], "baseline is 'vq'; use one of plain, curve"),
        (["plain", "other"], "of other utterances"),
    ],
)
def test_compare_refuses_in_one_line(home, arguments, naming):
    made(seed=1).save(home / "other")
    refused("compare", *arguments, "--bootstraps", "5", "-o", "out", cwd=home, naming=naming)


@pytest.fixture
def speech(tmp_path):
    """Two speakers of the built-in corpus with a .phn beside each, and a codebook of log-mels."""
    for utterance in list(demo_corpus().select(speaker=["fslt0", "mawb0"]))[:8]:
        folder = tmp_path / "speech" / utterance.speaker
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(utterance.audio_path, folder / f"{utterance.sentence}.wav")
        shutil.copy(utterance.label_paths["phone"], folder / f"{utterance.sentence}.phn")
    corners = np.random.default_rng(0).normal(size=(4, 80))
    save_quantizer(
        SpaceFillingVQ(corners, Provenance(encoder={"encoder": "mel"})), tmp_path / "q.safetensors"
    )
    return tmp_path


def test_abx_export_writes_items_features_and_says_how_to_score(speech):
    done = sfvq(
        "abx-export", "speech", "-q", "q.safetensors", "--encoder", "mel", "--hold-out", "1/2",
        "--span", "triphone", "--fold", "39", "--allow-mismatch", "-o", "out", cwd=speech,
    )  # fmt: skip
    items = pd.read_csv(speech / "out" / "phones.item", sep=" ")
    assert set(items["speaker"]) == {"fslt0"}
    assert "h#" not in set(items["prev-phone"])
    assert f"{len(items)} items of 6 utterances; features: latents, q, q-index" in done.out
    readme = (speech / "out" / "README.txt").read_text()
    assert "an item a triphone; 39 phones" in readme
    assert "fastabx phones.item q-index" in done.out
    index = torch.load(next((speech / "out" / "q-index").iterdir()))
    assert index.shape[1] == 1
    assert 0 <= index.min() <= index.max() <= 3


def test_abx_export_needs_no_codebook(speech):
    sfvq("abx-export", "speech", "--encoder", "mel", "--out", "out", cwd=speech)
    assert {path.name for path in (speech / "out").iterdir()} == {
        "README.txt", "latents", "phones.item",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "naming"),
    [
        (["nowhere", "-o", "out"], "nowhere: no such folder"),
        (["speech", "-o", "speech"], "speech: folder exists"),
        (["speech", "-o", "out", "--hold-out", "1"], "hold-out is '1'"),
        (["speech", "-o", "out", "-q", "none.pt"], "none.pt"),
    ],
)
def test_abx_export_refuses_in_one_line(speech, arguments, naming):
    refused("abx-export", *arguments, "--encoder", "mel", cwd=speech, naming=naming)


def test_every_command_explains_itself(tmp_path):
    for command in ("stats", "compare", "abx-export"):
        said = sfvq(command, "--help", cwd=tmp_path).out
        assert f"Usage: sfvq {command}" in said


def test_analyses_leave_only_slow_statistics_to_stats():
    assert EVERY - set(QUICK) == {"sentence_consistency"}
