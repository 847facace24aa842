"""Indexings that are killed: each runs in a process that SIGKILL ends at some call of a function.

Usage: ``killed_indexing.py FOLDER KILLS SEED``. An undisturbed run writes ``FOLDER/whole``; then
runs that write ``FOLDER/killed`` are killed, so many times in all, and finished; prints what was
counted as JSON.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from sfvq_analysis import demo_corpus, fit_sfvq, fit_vq, index_table, load_encoder
from sfvq_analysis.pipeline import IndexOptions, index_journal, journal_path, sample_features
from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest

SENTENCES = ["sa1", "si1201", "si1202", "sx201"]


class Noted:
    """An encoder that adds a line to a file for every utterance it begins."""

    def __init__(self, encoder, log: Path, note) -> None:
        self.encoder, self.log, self.note = encoder, log, note
        self.grid, self.dim, self.config = encoder.grid, encoder.dim, encoder.config

    def n_frames(self, n_samples: int) -> int:
        return self.encoder.n_frames(n_samples)

    def encode(self, audio, sample_rate):
        self.note()
        with self.log.open("a") as log:
            log.write(f"{len(audio)}\n")
        return self.encoder.encode(audio, sample_rate)


CORPUS = demo_corpus().select(speaker="fslt0", sentence=SENTENCES)
ENCODER = load_encoder("mel")


def index(quantizers, out: Path, log: Path, note) -> None:
    """Do what ``sfvq index --csv`` does."""
    with index_journal(journal_path(out)) as journal, whole_folder(out) as folder:
        encoder = Noted(ENCODER, log, note)
        tables = index_table(CORPUS, encoder, quantizers, IndexOptions(), journal=journal)
        note()
        for name, table in tables.items():
            table.save(folder / name)
            table.to_csv(folder / f"{name}.csv")
        write_manifest(folder, {"tables": provenance_of(tables)})


def run(quantizers, out: Path, log: Path, end: int | None = None) -> list[int]:
    """Index in a process that dies at that call, if it gets so far.

    A call is one of a Python function or a built-in one, begun or ended, in the main thread.

    Returns
    -------
    list of int
        How many calls there were before each encoding, before the table was there, and in all;
        empty if it died.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        calls, noted = 0, []

        def count(*_):
            nonlocal calls
            calls += 1
            if calls == end:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        index(quantizers, out, log, note=lambda: noted.append(calls))
        sys.setprofile(None)
        os.write(writing, json.dumps([*noted, calls]).encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(process, 0)
    with os.fdopen(reading) as said:
        found = json.loads(said.read() or "[]")
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if killed == bool(found):
        raise SystemExit(f"it ended with {status}")
    return found


def finished(out: Path, scratch: Path) -> set[int]:
    """Return the lengths of the utterances in a journal, of which a copy is read."""
    journal = journal_path(out)
    if not journal.exists():
        return set()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for path in journal.parent.glob(f"{journal.name}*"):
        shutil.copy(path, scratch / path.name)
    database = sqlite3.connect(scratch / journal.name)
    there = database.execute("SELECT name FROM sqlite_master").fetchall()
    rows = database.execute("SELECT row FROM finished").fetchall() if there else []
    database.close()
    return {json.loads(row.partition(b"\n")[0])["n_samples"] for (row,) in rows}


def lines(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def same(one: Path, other: Path) -> bool:
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    others = sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    equal = all((one / path).read_bytes() == (other / path).read_bytes() for path in files)
    return files == others and equal


def once(quantizers, out: Path, log: Path, counted: dict[str, int], end: int | None = None) -> bool:
    """Run, count what was encoded although it was finished, and return whether it wasn't killed."""
    known = finished(out, out.with_name("scratch"))
    log.unlink(missing_ok=True)
    whole = bool(run(quantizers, out, log, end))
    counted["resumed"] += bool(known)
    counted["twice"] += len(known & set(lines(log)))
    counted["encoded"] += len(lines(log))
    return whole


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    features = sample_features(CORPUS, ENCODER)
    quantizers = {"sfvq": fit_sfvq(features, bits=3), "vq": fit_vq(features, bits=3)}
    for name in ("warm", "whole"):
        moments = run(quantizers, folder / name, folder / "log")
    chance = random.Random(seed)  # noqa: S311 (of moments)
    out, log = folder / "killed", folder / "killed_log"
    counted = {"kills": 0, "rounds": 0, "resumed": 0, "twice": 0, "encoded": 0, "unequal": 0}
    while counted["kills"] < kills:
        for _ in range(chance.randrange(1, 4)):
            stage = chance.randrange(len(moments))
            end = chance.randrange(moments[stage - 1] if stage else 1, moments[stage])
            counted["kills"] += not once(quantizers, out, log, counted, end)
            if out.exists():
                break
        if not out.exists() or journal_path(out).exists():
            shutil.rmtree(out, ignore_errors=True)  # killed after the last rename: write it again
            once(quantizers, out, log, counted)
        counted["rounds"] += 1
        counted["unequal"] += not same(folder / "whole", out)
        shutil.rmtree(out)
    left = {path.name for path in folder.iterdir()} - {"warm", "whole", "scratch"}
    counted["left"] = len(left - {"log", "killed_log"})
    return counted


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
