"""The commands, run in fresh processes as a user would, on the built-in corpus and on bad input."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from command_line import refused, sfvq

from sfvq_analysis import SpaceFillingVQ, demo_corpus, load_table, save_quantizer
from sfvq_analysis.cli import commands
from sfvq_analysis.quantizers import Provenance
from sfvq_analysis.training import FitOptions


@pytest.fixture
def tree(tmp_path):
    """A small tree of the built-in corpus' audio with a .phn beside each."""
    for utterance in list(demo_corpus().select(speaker=["fslt0", "mawb0"]))[:8]:
        folder = tmp_path / "speech" / utterance.speaker
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(utterance.audio_path, folder / f"{utterance.sentence}.wav")
        shutil.copy(utterance.label_paths["phone"], folder / f"{utterance.sentence}.phn")
    return tmp_path


@pytest.mark.parametrize("command", [commands.fit, commands.analyze])
def test_options_of_a_fit_are_by_default_what_they_are_in_python(command):
    """The commands state them anew, as `--help` needs no torch."""
    stated = inspect.signature(command).parameters
    for name in ("elastic", "whitening", "arcs", "temporal"):
        assert stated[name].default == getattr(FitOptions(), name)


def test_demo_writes_all_it_promises(demo_run):
    out, said = demo_run
    manifest = json.loads((out / "manifest.json").read_text())
    drawn = manifest["figures"]["drawn"]
    assert [int(name.split("_")[1]) for name in drawn] == list(range(1, 10))
    for name in drawn:
        assert (out / "figures" / f"{name}.svg").read_text().startswith("<?xml")
        assert (out / "figures" / f"{name}.png").read_bytes()[1:4] == b"PNG"
        assert len(pd.read_csv(out / "figures" / f"{name}.csv")) > 0
    for name in manifest["figures"]["measures"]:
        assert (out / "figures" / "measures" / f"{name}.png").read_bytes()[1:4] == b"PNG"
        assert len(pd.read_csv(out / "figures" / "measures" / f"{name}.csv")) > 0
    assert manifest["command"] == "sfvq demo --out out"
    assert manifest["skipped"] == []
    assert set(manifest["files"]) == {
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert "consonant/vowel accuracy" in said
    assert load_table(out / "tables" / "sfvq").codebook_size == 256


def test_demo_curve_is_ordered_and_the_plain_codebook_is_not(demo_run):
    out, _ = demo_run
    summary = pd.read_csv(out / "summary.csv").set_index("quantizer")
    assert summary.loc["sfvq", "arcs"] > 2 * summary.loc["vq", "arcs"]
    assert summary.loc["sfvq", "step"] < 0.6
    assert summary.loc["vq", "step"] > 0.9


def test_demo_refuses_to_overwrite_unasked(demo_run):
    out, _ = demo_run
    line = refused("demo", "--out", "out", cwd=out.parent, naming="out: folder exists")
    assert "overwrite" in line


def test_manifest_names_no_place_of_this_machine(demo_run):
    out, _ = demo_run
    text = (out / "manifest.json").read_text()
    assert str(out.parent) not in text
    assert str(Path(demo_corpus().root)) not in text


def test_fit_index_stats_figures_in_steps(tree):
    sfvq("fit", "speech", "--bits", "4", "--encoder", "mel", "--out", "models", cwd=tree)
    assert sorted(path.name for path in (tree / "models").iterdir()) == [
        "manifest.json", "sfvq.safetensors", "sfvq_fit_log.csv", "vq.safetensors",
    ]  # fmt: skip
    models = ["-q", "models/sfvq.safetensors", "-q", "models/vq.safetensors"]
    sfvq("index", "speech", *models, "--out", "tables", "--csv", "--textgrids", cwd=tree)
    table = load_table(tree / "tables" / "sfvq")
    assert len(pd.read_csv(tree / "tables" / "sfvq.csv")) == len(table.frames)
    grids = list((tree / "tables" / "textgrids" / "sfvq").rglob("*.TextGrid"))
    assert len(grids) == len(table.utterances)
    few = ["--permutations", "19", "--bootstraps", "20"]
    said = sfvq("stats", "tables/sfvq", "tables/vq", *few, "--out", "stats", cwd=tree).out
    assert "PNMI" in said
    assert (tree / "stats" / "sfvq" / "peaks_by_phone.csv").is_file()
    sfvq("figures", "tables/sfvq", "--out", "pictures", "--corpus", "speech", cwd=tree)
    assert (tree / "pictures" / "figure_4_index_over_time.svg").is_file()


def test_analyze_holds_out_speakers(tree, unrendered):
    sfvq(
        "analyze", "speech", "--hold-out", "1/2", "--bits", "4", "--encoder", "mel", "--out", "out",
        cwd=tree,
    )  # fmt: skip
    table = load_table(tree / "out" / "tables" / "sfvq")
    assert set(table.utterances["speaker"]) == {"fslt0"}
    fit = table.provenance["quantizer"]["fit"]
    assert fit["bits"] == 4
    assert fit["method"] == "map"


def test_every_command_explains_itself(tmp_path):
    for command in ("demo", "fit", "index", "figures", "analyze"):
        said = sfvq(command, "--help", cwd=tmp_path).out
        assert f"Usage: sfvq {command}" in said


def analyze(tree, *more, naming):
    arguments = ["analyze", "speech", "--bits", "4", "--encoder", "mel", "--out", "out", *more]
    return refused(*arguments, cwd=tree, naming=naming)


def test_missing_labels(tree):
    (tree / "speech" / "fslt0" / "sa1.phn").unlink()
    assert "lacks its .phn" in analyze(tree, naming="fslt0/sa1")


def test_empty_labels(tree):
    (tree / "speech" / "fslt0" / "sa1.phn").write_text("")
    assert "empty" in analyze(tree, naming="fslt0/sa1.phn")


def test_wrong_magic(tree):
    (tree / "speech" / "fslt0" / "sa1.wav").write_bytes(b"NIST_2B but not really" * 99)
    assert "not readable as audio" in analyze(tree, naming="fslt0/sa1.wav")


def test_unknown_phone(tree):
    path = tree / "speech" / "fslt0" / "sa1.phn"
    text = path.read_text().replace(" sh\n", " shh\n")
    path.write_text(text)
    assert f"'shh' {text.count(' shh')}x" in analyze(tree, naming="fslt0/sa1.phn")


def test_silent_audio(tree):
    path = tree / "speech" / "fslt0" / "sa1.wav"
    soundfile.write(path, np.zeros(16000, dtype=np.float32), 16000, subtype="PCM_16")
    assert "zero throughout" in analyze(tree, naming="fslt0/sa1")


def test_no_corpus(tree):
    line = refused("analyze", "nowhere", "--out", "out", cwd=tree, naming="nowhere")
    assert "no such folder" in line


def test_too_few_bits(tree):
    refused("fit", "speech", "--bits", "0", "--out", "out", cwd=tree, naming="bits is 0")


def test_nan_latents(tree):
    folder = tree / "latents"
    for path in (tree / "speech").rglob("*.wav"):
        name = path.relative_to(tree / "speech").with_suffix(".npy")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        n_frames = len(soundfile.read(path)[0]) // 320
        np.save(folder / name, np.ones((n_frames, 3), dtype=np.float32))
    (folder / "grid.json").write_text(
        '{"name": "mine", "sample_rate": 16000, "hop": 320, "offset": 0}'
    )
    broken = folder / "fslt0" / "sa1.npy"
    values = np.load(broken)
    values[5, 1] = np.nan
    np.save(broken, values)
    line = analyze(tree, "--encoder", "latents:latents", naming="fslt0/sa1")
    assert "NaN" in line
    assert "frame 5" in line


def quantizer_of_dim(dim, path, encoder=None):
    corners = np.random.default_rng(0).normal(size=(4, dim))
    save_quantizer(SpaceFillingVQ(corners, Provenance(encoder=encoder or {})), path)


def index(tree, *more, naming):
    arguments = ["index", "speech", "-q", "q.safetensors", "--encoder", "mel", "--out", "out"]
    return refused(*arguments, *more, cwd=tree, naming=naming)


def test_wrong_dimension(tree):
    quantizer_of_dim(7, tree / "q.safetensors")
    assert "7 dimensions" in index(tree, naming="the encoder 80")


def test_another_encoders_latents(tree):
    quantizer_of_dim(80, tree / "q.safetensors", {"encoder": "mel", "context": 9})
    assert "allow_mismatch" in index(tree, naming="was fitted on the encoder")


def test_truncated_checkpoint(tree):
    quantizer_of_dim(80, tree / "q.safetensors")
    whole = (tree / "q.safetensors").read_bytes()
    (tree / "q.safetensors").write_bytes(whole[: len(whole) // 2])
    index(tree, naming="q.safetensors")


def test_codebook_of_one(tree):
    np.save(tree / "codebook_0bit.npy", np.zeros((1, 80), dtype=np.float32))
    refused(
        "index", "speech", "-q", "codebook_0bit.npy", "--encoder", "mel", "--out", "out", cwd=tree,
        naming="codebook_0bit.npy",
    )  # fmt: skip


def test_not_a_table(tree):
    refused("stats", "speech", cwd=tree, naming="utterances.parquet")


def test_strangers_codebook_draws_no_figure(demo_run, tmp_path):
    out, _ = demo_run
    corners = np.random.default_rng(0).normal(size=(8, 3))
    save_quantizer(SpaceFillingVQ(corners), tmp_path / "other.safetensors")
    refused(
        "figures", out / "tables" / "sfvq", "-q", "other.safetensors", "-o", "out", cwd=tmp_path,
        naming="other.safetensors",
    )  # fmt: skip


def test_fit_options_beside_a_codebook_are_refused(tree):
    quantizer_of_dim(80, tree / "q.safetensors", {"encoder": "mel"})
    refused(
        "analyze", "speech", "-q", "q.safetensors", "--bits", "4", "--encoder", "mel", "-o", "out",
        cwd=tree, naming="--quantizer fits none",
    )  # fmt: skip


def test_a_seed_below_nought_is_refused(tree):
    refused("fit", "speech", "--seed", "-1", "--out", "out", cwd=tree, naming="seed is -1")


def test_current_folder_is_refused(tree):
    refused("fit", "speech", "--out", ".", cwd=tree, naming="current folder")


def test_refusal_leaves_no_new_parents(tree):
    (tree / "speech" / "fslt0" / "sa1.phn").write_text("")
    refused("analyze", "speech", "--bits", "4", "-o", "deep/er/out", cwd=tree, naming="sa1.phn")


def test_both_palettes_reach_every_figure(demo_run):
    from sfvq_analysis.report.figures import figures_of

    table = load_table(demo_run[0] / "tables" / "sfvq")
    colours = []
    for palette in ("paper", "colorblind"):
        drawn = list(figures_of({"sfvq": table}, utterance="fslt0_sa1", palette=palette))
        colours.append([line.get_color() for line in drawn[-1].figure.axes[0].lines])
    assert colours[0] != colours[1]


def test_reading_what_was_fitted_is_said(tree, unrendered):
    done = sfvq("analyze", "speech", "--bits", "3", "--encoder", "mel", "-o", "out", cwd=tree)
    assert "2 speakers were both fitted on and read" in done.out
    manifest = json.loads((tree / "out" / "manifest.json").read_text())
    assert len(manifest["fitted_on"]["utterances"]) == 8
