"""The same seed and inputs give the same bytes, whatever the process hashes and wherever it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sfvq_analysis import demo_corpus

SCRIPT = Path(__file__).with_name("reproduced_index.py")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A few utterances of two speakers; some labels are unknown, one file is spoilt."""
    root = tmp_path_factory.mktemp("tree") / "corpus"
    demo = demo_corpus()
    for speaker in sorted({utterance.speaker for utterance in demo})[:2]:
        for utterance in demo.select(speaker=speaker).utterances[:3]:
            there = root / utterance.audio_path.parent.relative_to(demo.root)
            there.mkdir(parents=True, exist_ok=True)
            for path in (utterance.audio_path, *utterance.label_paths.values()):
                shutil.copy(path, there)
    first, second, *_ = sorted(root.rglob("*.phn"))
    first.write_text(first.read_text().replace(" ax\n", " @2\n").replace(" s\n", " zzz\n"))
    second.write_text("0 100 s\n50 200 iy\n")
    return root


def written(out: Path, root: Path, folder: Path, hash_seed: str) -> dict[str, bytes]:
    """Return the files that a process writes which runs in a folder."""
    subprocess.run(
        [sys.executable, str(SCRIPT), str(out), os.path.relpath(root, folder)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        check=True,
    )
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_bytes_depend_on_neither_hash_seed_nor_place(root, tmp_path):
    deep = tmp_path / "deep" / "er"
    deep.mkdir(parents=True)
    one = written(tmp_path / "one", root, tmp_path, "1")
    other = written(deep / "two", root, deep, "2")
    assert sorted(one) == [
        "manifest.json",
        *(f"sfvq{name}" for name in (".csv", *PARQUET)),
        *(f"vq{name}" for name in (".csv", *PARQUET)),
    ]
    assert [name for name in one if one[name] != other[name]] == []
    assert b'"utterance": ' in one["manifest.json"]
    assert str(root.parent).encode() not in b"".join(one.values())


PARQUET = [f"/{name}.parquet" for name in ("frames", "segments", "utterances")]
