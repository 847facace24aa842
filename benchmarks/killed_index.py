"""What a kill costs `sfvq index`: SIGKILL at random moments, and what comes out in the end.

Usage: python benchmarks/killed_index.py [CORPUS] [--kills 100] [--seed 0] [--json PATH]

``sfvq index --csv`` runs in a process that is forked when everything is imported, so that the kills
hit its work; one run is left in peace, the others end at a moment drawn evenly from the time which
that one took. After one to three kills the command is run to its end, and its folder is compared
with the undisturbed one byte by byte. A line is written for every utterance whose encoding begins,
and before every run its journal is read from a copy: encoding one that is in it would be encoding
twice. An utterance in work when the kill came is encoded again, at most one a kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # no thread of the parent outlives a fork

from timing import machine, write_json

from sfvq_analysis import demo_corpus, fit_sfvq, fit_vq, index_table, load_corpus, load_encoder
from sfvq_analysis.cli import main as sfvq
from sfvq_analysis.pipeline import encoding, journal_path, sample_features
from sfvq_analysis.quantizers import save_quantizer

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus, Recording, Utterance
    from sfvq_analysis.encoders import Encoder, Features

HERE = Path(__file__).parent
ENCODER = "mel"


class Run(NamedTuple):
    """A run: whether it was killed, its seconds, what was finished before, what it encoded."""

    killed: bool
    seconds: float
    finished: set[str]
    encoded: list[str]


class Command:
    """The command, in a folder."""

    def __init__(self, corpus: str, folder: Path) -> None:
        self.corpus, self.folder = corpus, folder
        self.out, self.log = folder / "out", folder / "encoded"
        self._kept = encoding._features  # noqa: SLF001 (where every utterance is encoded)
        encoding._features = self._noted  # noqa: SLF001

    def _noted(self, encoder: Encoder, utterance: Utterance, recording: Recording) -> Features:
        with self.log.open("a") as log:
            log.write(f"{utterance.id}\n")
        return self._kept(encoder, utterance, recording)

    def run(self, kill_after: float | None = None) -> Run:
        """Run it, and end it by SIGKILL after so many seconds if it is still at work."""
        self.log.unlink(missing_ok=True)
        finished = self.finished()
        start = time.perf_counter()
        process = os.fork()
        if not process:
            self._in_child()
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(process, signal.SIGKILL)  # a process that has ended waits for waitpid
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status)
        if status and not killed:
            raise SystemExit(f"the command ended with {status}: see {self.folder / 'said'}")
        encoded = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        return Run(killed, time.perf_counter() - start, finished, encoded)

    def _in_child(self) -> None:
        said = os.open(self.folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        codebooks = [f"--quantizer={self.folder / name}.safetensors" for name in ("sfvq", "vq")]
        where = ["--encoder", ENCODER, "--out", str(self.out), "--csv"]
        sys.argv = ["sfvq", "index", self.corpus, *codebooks, *where]
        try:
            sfvq()
        except SystemExit as stop:
            os._exit(int(stop.code or 0))
        os._exit(0)

    def finished(self) -> set[str]:
        """Return the utterances in the journal, of which a copy is read."""
        path = journal_path(self.out)
        if not path.exists():
            return set()
        with tempfile.TemporaryDirectory() as name:
            for one in path.parent.glob(f"{path.name}*"):
                shutil.copy(one, Path(name, one.name))
            database = sqlite3.connect(Path(name, path.name))
            there = database.execute("SELECT name FROM sqlite_master").fetchall()
            rows = database.execute("SELECT utterance FROM finished").fetchall() if there else []
            database.close()
        return {json.loads(row) for (row,) in rows}


def files(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def prepare(corpus: Corpus, folder: Path) -> None:
    """Fit codebooks, and do once what the command does, so that all is imported and compiled."""
    encoder = load_encoder(ENCODER)
    features = sample_features(corpus, encoder)
    fitted = {"sfvq": fit_sfvq(features, bits=6), "vq": fit_vq(features, bits=6)}
    for name, quantizer in fitted.items():
        save_quantizer(quantizer, folder / f"{name}.safetensors")
    for table in index_table(corpus, encoder, fitted).values():
        table.to_csv(folder / "warm.csv")


def measure(command: Command, kills: int, seed: int) -> dict[str, int | float]:
    """Kill the command so many times, and return what was counted."""
    chance = random.Random(seed)  # noqa: S311 (of moments)
    command.run()
    shutil.rmtree(command.out)
    undisturbed = command.run()
    right = files(command.out)
    shutil.rmtree(command.out)
    runs: list[Run] = []
    unequal = rounds = 0
    while sum(run.killed for run in runs) < kills:
        for _ in range(chance.randrange(1, 4)):
            runs.append(command.run(chance.uniform(0, undisturbed.seconds)))
            if not runs[-1].killed or command.out.exists():
                break
        if not command.out.exists():
            runs.append(command.run())
        rounds += 1
        unequal += files(command.out) != right
        shutil.rmtree(command.out)
        journal_path(command.out).unlink(missing_ok=True)  # killed after the last rename
    n_utterances = len(undisturbed.encoded)
    return {
        "utterances": n_utterances,
        "undisturbed, s": round(undisturbed.seconds, 2),
        "kills": sum(run.killed for run in runs),
        "kills before the first utterance was finished": sum(
            run.killed and len(run.finished | set(run.encoded)) <= 1 for run in runs
        ),
        "kills with some finished": sum(
            run.killed and 1 < len(run.finished | set(run.encoded)) < n_utterances for run in runs
        ),
        "rounds": rounds,
        "results that differ": unequal,
        "encoded twice though finished": sum(len(run.finished & set(run.encoded)) for run in runs),
        "encoded again in all": sum(len(run.encoded) for run in runs) - rounds * n_utterances,
        "left beside the folder": sum(
            path.name.startswith(".") for path in command.folder.iterdir()
        ),
    }


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", default="demo")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=HERE / "killed_index.json")
    arguments = parser.parse_args()
    speech = demo_corpus() if arguments.corpus == "demo" else load_corpus(arguments.corpus)
    with tempfile.TemporaryDirectory() as name:
        prepare(speech, Path(name))
        command = Command(arguments.corpus, Path(name))
        found = measure(command, arguments.kills, arguments.seed)
    about = machine(["numpy", "numba", "torch", "pandas", "pyarrow", "sfvq-analysis"])
    write_json(arguments.json, {"machine": about, "counted": found})
    for key, value in found.items():
        print(f"{value:>8}  {key}")
    twice = found["encoded twice though finished"] or found["encoded again in all"] > found["kills"]
    if found["results that differ"] or twice:
        raise SystemExit("a kill changed the result, or cost more than the utterance in work")


if __name__ == "__main__":
    main()
