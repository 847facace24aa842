"""`scripts/pictures.py`: screenshots of a page, and the README's pictures made anew."""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from page_browser import CHROMIUM

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "pictures.py"


def ran(*arguments):
    """Run the script in a process of its own."""
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def analysis(demo_run, tmp_path):
    return shutil.copytree(demo_run[0], tmp_path / "analysis")


@pytest.fixture
def module():
    spec = importlib.util.spec_from_file_location("pictures", SCRIPT)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_screenshots_join_the_figures_with_their_data_and_stand_in_the_manifest(analysis, module):
    pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    said = ran(analysis)
    names = [shot.name for shot in module.SHOTS]
    assert said == f"{analysis / 'figures'}: {', '.join(names)}\n"
    for name in names:
        picture = analysis / "figures" / f"{name}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 20_000
        with picture.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.reader(file))) > 60
    manifest = json.loads((analysis / "manifest.json").read_text())
    assert manifest["screenshots"] == names
    assert set(manifest["files"]) == files_of(analysis) - {"manifest.json"}


def test_without_a_browser_one_line_says_so_and_the_pictures_are_copied(
    analysis, tmp_path, monkeypatch, capsys, module
):
    monkeypatch.setattr(module, "BROWSERS", ("no-such-browser",))
    monkeypatch.setattr(sys, "argv", ["pictures", str(analysis), "--into", str(tmp_path / "into")])
    before = (analysis / "manifest.json").read_bytes()
    module.main()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("no screenshots of the page: they need playwright")
    assert second.startswith(str(tmp_path / "into"))
    assert (analysis / "manifest.json").read_bytes() == before
    assert files_of(tmp_path / "into") == files_of(analysis / "figures") | set(module.KEPT)


def test_only_what_an_earlier_manifest_names_is_replaced(analysis, tmp_path, module):
    into = tmp_path / "into"
    (into / "measures").mkdir(parents=True)
    for name in ("README.md", "mine.png", "figure_0_gone.png", "measures/gone.csv"):
        (into / name).write_text("old")
    listed = ["figures/figure_0_gone.png", "figures/measures/gone.csv", "figures/../../outside"]
    (into / "manifest.json").write_text(json.dumps({"files": [*listed, "stats/x.csv"]}))
    (tmp_path / "outside").write_text("old")
    module.copy_pictures(analysis, into)
    assert {name for name in files_of(into) if (into / name).read_bytes() == b"old"} == {
        "README.md", "mine.png",
    }  # fmt: skip
    assert not {"figure_0_gone.png", "measures/gone.csv"} & files_of(into)
    assert (tmp_path / "outside").is_file()
    assert files_of(analysis / "figures") < files_of(into)


@pytest.mark.parametrize(
    ("given", "does"),
    [
        ([], 'bin/sfvq demo --out "figures_output" --overwrite'),
        (
            ["CORPUS=/a b", "ANALYZE=--hold-out 5/23", "OUT=x"],
            'bin/sfvq analyze "/a b" --hold-out 5/23 --out "x" --overwrite',
        ),
        (["INTO=figures"], 'scripts/pictures.py "figures_output" --into "figures"'),
    ],
)
def test_one_command_makes_them(given, does):
    command = ["make", "--no-print-directory", "-n", "figures", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert any(line.endswith(does) for line in done.stdout.splitlines())


def test_the_folder_of_the_readme_is_not_written_over():
    folder = "OUT=./figures"
    recipe = subprocess.run(
        ["make", "--no-print-directory", "-n", "figures", folder],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    guard = next(line for line in recipe if line.startswith("test "))
    refused = subprocess.run(["sh", "-c", guard], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "INTO=figures" in refused.stdout


def test_pictures_of_another_corpus_are_not_replaced(analysis, tmp_path, module):
    shown = tmp_path / "shown"
    module.copy_pictures(analysis, shown)
    assert module.corpora_of(shown) == module.corpora_of(analysis) == {"demo"}
    manifest = json.loads((shown / "manifest.json").read_text())
    for table in manifest["tables"].values():
        table["corpus"]["name"] = "real speech"
    (shown / "manifest.json").write_text(json.dumps(manifest))
    before = {path: path.read_bytes() for path in shown.rglob("*") if path.is_file()}
    command = [sys.executable, SCRIPT, analysis, "--into", shown]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{shown} shows real speech, the analysis is of demo" in done.stderr
    assert {path: path.read_bytes() for path in shown.rglob("*") if path.is_file()} == before
