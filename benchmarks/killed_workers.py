"""What lost workers cost an index on a cluster: SIGKILL at random moments, and what comes out.

Usage: python benchmarks/killed_workers.py [CORPUS] [--kills 20] [--seed 0] [--json PATH]

A local cluster of two workers indexes the corpus in shards with an encoder that waits a little, so
that the job lasts. Every few seconds one of the workers, drawn at random, is killed; Dask starts
another. In the end the dataset is compared, value by value, with the table of one process, and the
encoder, which writes down every utterance that it begins, says how often each was encoded.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pandas as pd
from timing import machine, write_json

from sfvq_analysis import demo_corpus, fit_sfvq, index_table, load_corpus, load_encoder
from sfvq_analysis.pipeline import sample_features
from sfvq_analysis.scale import connected, index_dataset

if TYPE_CHECKING:
    from sfvq_analysis.encoders import Features

HERE = Path(__file__).parent
PAUSE = 2.0, 8.0  # seconds between kills
SHARD_HOURS = 0.005


class Noting:
    """An encoder that writes down what it begins, by a digest of the audio, and takes its time."""

    def __init__(self, log: Path, seconds: float) -> None:
        self._encoder, self._log, self._seconds = load_encoder("mel"), log, seconds
        self.grid, self.dim, self.config = (
            getattr(self._encoder, name) for name in ("grid", "dim", "config")
        )
        self.n_frames = self._encoder.n_frames

    def encode(self, audio: Any, sample_rate: int) -> Features:
        """Write it down, wait, and encode."""
        digest = hashlib.sha256(audio.tobytes()).hexdigest()
        with self._log.open("a") as log:
            log.write(f"{digest}\n")
        time.sleep(self._seconds)
        found = self._encoder.encode(audio, sample_rate)
        with self._log.with_suffix(".done").open("a") as log:
            log.write(f"{digest}\n")
        return found


class Killer(Thread):
    """Kills a worker now and then."""

    def __init__(self, client: Any, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._client, self._left, self._rng = client, kills, random.Random(seed)  # noqa: S311
        self.killed, self.over = 0, Event()

    def run(self) -> None:
        """Kill until it has been done so many times, or the job is over."""
        while self._left and not self.over.wait(self._rng.uniform(*PAUSE)):
            nannies = [one for one in self._client.cluster.workers.values() if one.pid]
            if nannies:
                os.kill(self._rng.choice(nannies).pid, signal.SIGKILL)
                self.killed += 1
                self._left -= 1


def _times(log: Path) -> dict[str, int]:
    """Return how many utterances are in a log once, twice, and so on."""
    times = Counter(Counter(log.read_text().split()).values())
    return {str(n): times[n] for n in sorted(times)}


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="?", default="demo")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=2.0, help="of every encoding")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=HERE / "killed_workers.json")
    arguments = parser.parse_args()
    corpus = demo_corpus() if arguments.corpus == "demo" else load_corpus(arguments.corpus)
    plain = load_encoder("mel")
    curve = fit_sfvq(sample_features(corpus, plain, max_frames=5000, seed=0), bits=5, seed=0)
    whole = index_table(corpus, plain, curve)
    with tempfile.TemporaryDirectory() as name, connected(workers=2) as client:
        folder = Path(name)
        killer = Killer(client, arguments.kills, arguments.seed)
        killer.start()
        start = time.perf_counter()
        dataset = index_dataset(
            corpus,
            Noting(folder / "log", arguments.seconds),
            curve,
            folder / "out",
            client=client,
            shard_hours=SHARD_HOURS,
        )
        seconds = time.perf_counter() - start
        killer.over.set()
        found = dataset.load()
        begun, done = (_times(folder / name) for name in ("log", "log.done"))
        n_shards = len(dataset)
    for part in ("utterances", "segments", "frames"):
        pd.testing.assert_frame_equal(getattr(found, part), getattr(whole, part))
    result = {
        "corpus": corpus.name,
        "utterances": len(corpus),
        "shards": n_shards,
        "kills": killer.killed,
        "seconds": round(seconds, 1),
        "utterances_by_times_begun": begun,
        "utterances_by_times_encoded": done,
        "same_as_one_process": found.provenance == whole.provenance,
    }
    write_json(
        arguments.json,
        {
            "machine": machine(["dask", "distributed", "sfvq-analysis"]),
            "seed": arguments.seed,
            **result,
        },
    )
    print(result)


if __name__ == "__main__":
    main()
