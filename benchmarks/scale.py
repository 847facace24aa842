"""Many processes and many hours: what a cluster gives, and what a thousand hours cost.

Usage: python benchmarks/scale.py rates CORPUS | stages CORPUS | hours N | measures | reductions

``rates``: about an hour of a corpus, indexed by the plain loop, by one worker, by two independent
plain processes together and by two workers; log-mel and the voice model's encoder; medians of 5.
``stages``: what an hour of a corpus takes at each stage, on one core.
``hours``: a corpus of N hours whose frames come from a generator at full size, 64 dimensions, fifty
a second, without audio, indexed on two workers; then the reductions and statistics of all of it.
``measures``: these alone, of what an earlier call kept in ``--folder``.
``reductions``: the same counts and transitions by this package, by DuckDB and by dask.dataframe, on
some shards of the above.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import psutil
from timing import machine, spread, write_json

from sfvq_analysis import fit_sfvq, index_table, load_corpus, load_encoder, stats
from sfvq_analysis.corpus import Corpus, Recording, Utterance
from sfvq_analysis.encoders import Features
from sfvq_analysis.labels import LabelSource
from sfvq_analysis.pipeline import sample_features
from sfvq_analysis.scale import connected, index_dataset, reduce_dataset
from sfvq_analysis.scale.census import census
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import open_dataset
from sfvq_analysis.timeline import FrameGrid, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sfvq_analysis.tables import IndexDataset

HERE = Path(__file__).parent
PHONES = ("s", "sh", "iy", "aa", "n", "t", "l", "ow", "f", "m", "ih", "k", "ae", "r", "z", "h#")
DIM, RATE, HOP = 64, 16_000, 320
SECONDS_OF_UTTERANCE, FRAMES_OF_PHONE = 12, 5
WITHIN = np.float32(0.5)
HOURS_OF_SPEAKER = 0.42  # as in LibriSpeech: 2,400 speakers in a thousand hours
WHOLE_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class MadeUtterance(Utterance):
    """An utterance without files: its phones are drawn, its audio has a length and a number."""

    number: int = 0

    def length(self) -> tuple[int, int]:
        """Return its samples and rate."""
        return SECONDS_OF_UTTERANCE * RATE, RATE

    def load_phones(self) -> tuple[Segment, ...]:
        """Return phones of a tenth of a second."""
        step = FRAMES_OF_PHONE * HOP
        edges = range(0, SECONDS_OF_UTTERANCE * RATE, step)
        drawn = np.random.default_rng(self.number).integers(0, len(PHONES), len(edges))
        return tuple(
            Segment(at, at + step, PHONES[phone])
            for at, phone in zip(edges, drawn.tolist(), strict=True)
        )

    def load(self, **_: Any) -> Recording:
        """Return silence that takes no memory, of which the first sample is the number."""
        audio = np.broadcast_to(np.float32(self.number), SECONDS_OF_UTTERANCE * RATE)
        return Recording(audio, RATE, {"phone": self.load_phones()})


class MadeEncoder:
    """Frames at full size, 64 numbers each: a phone's centre, what a token adds, and noise."""

    grid = FrameGrid(RATE, HOP, HOP // 2)
    dim = DIM
    config = {"encoder": "made", "dim": DIM}  # noqa: RUF012 (as encoders have it)

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._centres = rng.standard_normal((len(PHONES), DIM), dtype=np.float32)
        self._noise = rng.standard_normal((100_003, DIM), dtype=np.float32)

    def n_frames(self, n_samples: int) -> int:
        """Return how many frames so many samples give."""
        return n_samples // HOP

    def encode(self, audio: Any, sample_rate: int) -> Features:  # noqa: ARG002
        """Return frames of the utterance whose number the first sample is."""
        number, n = int(audio[0]), self.n_frames(len(audio))
        n_phones = -(-n // FRAMES_OF_PHONE)
        drawn = np.random.default_rng(number).integers(0, len(PHONES), n_phones)
        first = number * 7919
        said = self._centres[drawn] + self._noise[(np.arange(n_phones) + first) % len(self._noise)]
        within = self._noise[(np.arange(n) + first // 3) % len(self._noise)]
        values = np.repeat(said, FRAMES_OF_PHONE, axis=0)[:n] + WITHIN * within
        return Features(values, self.grid, self.config)


def made_corpus(hours: float) -> Corpus:
    """Return so many hours of made utterances."""
    n = round(hours * WHOLE_HOUR / SECONDS_OF_UTTERANCE)
    each = round(HOURS_OF_SPEAKER * WHOLE_HOUR / SECONDS_OF_UTTERANCE)
    root = Path("/made")
    return Corpus(
        "made",
        root,
        tuple(
            MadeUtterance(
                f"s{number // each:05d}/{number:07d}",
                f"s{number // each:05d}",
                "fm"[number // each % 2],
                "",
                "",
                "",
                root / f"{number:07d}.wav",
                {"phone": LabelSource(root / "none.phn")},
                None,
                number,
            )
            for number in range(n)
        ),
    )


class Memory(threading.Thread):
    """The most memory that each process of a tree has had, by process, and over time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most: dict[int, int] = {}
        self.over_time: list[tuple[float, int]] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Look twice a second."""
        start, me = time.monotonic(), psutil.Process()
        while not self._over.wait(0.5):
            largest = 0
            for one in (me, *me.children(recursive=True)):
                try:
                    used = one.memory_info().rss
                except psutil.Error:
                    continue
                self.most[one.pid] = max(self.most.get(one.pid, 0), used)
                if one.pid != me.pid:
                    largest = max(largest, used)
            self.over_time.append((time.monotonic() - start, largest))

    def end(self) -> dict[str, Any]:
        """Return megabytes: of this process, of the largest other, and of that over time."""
        self._over.set()
        me = os.getpid()
        parts = np.array_split([used for _, used in self.over_time] or [0], 10)
        return {
            "this_process_MB": round(self.most.get(me, 0) / 1e6),
            "largest_worker_MB": round(
                max((used for pid, used in self.most.items() if pid != me), default=0) / 1e6
            ),
            "worker_over_time_MB": [round(max(part, default=0) / 1e6) for part in parts],
        }


def hours(n: float, folder: Path) -> dict[str, Any]:
    """Index so many made hours on two workers, and measure them."""
    encoder, corpus = MadeEncoder(), made_corpus(n)
    few = Corpus("few", corpus.root, corpus.utterances[::1000][:100])
    values = np.concatenate([encoder.encode(u.load().audio, RATE).values for u in few])
    curve = fit_sfvq(values, bits=8, seed=0)
    found: dict[str, Any] = {"hours": n, "utterances": len(corpus)}
    memory = Memory()
    memory.start()
    start = time.perf_counter()
    with connected(workers=2) as client:
        found["seconds_to_start"] = round(time.perf_counter() - start, 1)
        start = time.perf_counter()
        dataset = index_dataset(corpus, MadeEncoder, curve, folder, client=client, progress=True)
        found["seconds_to_index"] = round(time.perf_counter() - start, 1)
    found["frames"] = dataset.n_frames
    found["memory_of_indexing"] = memory.end()
    found["bytes"] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return found


def measures(folder: Path) -> dict[str, Any]:
    """Return what the reductions and the statistics on them take, on two workers."""
    found: dict[str, Any] = {}
    memory = Memory()
    memory.start()
    dataset = open_dataset(folder)
    with connected(workers=2) as client:
        start = time.perf_counter()
        reductions = reduce_dataset(dataset, client=client)
        found["seconds_to_reduce"] = round(time.perf_counter() - start, 1)
    found["this_process_when_reduced_MB"] = round(memory.most.get(os.getpid(), 0) / 1e6)
    found["rows_of_counts"], found["rows_of_transitions"] = (
        len(reductions.counts),
        len(reductions.transitions),
    )
    draws = Inference(n_permutations=0, n_bootstraps=200)
    each = {}
    for name, measure in {
        "usage": lambda: stats.usage(reductions),
        "phone_counts": lambda: stats.phone_counts(reductions),
        "information": lambda: stats.information(reductions, inference=draws),
        "index_meanings": lambda: stats.index_meanings(reductions),
        "group_distances": lambda: stats.group_distances(reductions, inference=draws),
        "describe_axis": lambda: stats.describe_axis(reductions, inference=draws),
        "group_ranges": lambda: stats.group_ranges(reductions, inference=draws),
        "transitions": lambda: stats.transitions(reductions),
        "merge_information": lambda: stats.merge_information(reductions, inference=draws),
    }.items():
        start = time.perf_counter()
        measure()
        each[name] = round(time.perf_counter() - start, 2)
    found["seconds_of_statistics"] = each
    found["memory_of_statistics"] = memory.end()
    return found


def rates(place: str, wanted_hours: float, runs: int) -> dict[str, Any]:
    """Return seconds of each way to index about so much of a corpus, for two encoders."""
    corpus = _about(load_corpus(place), wanted_hours)
    found: dict[str, Any] = {"hours": round(_hours(corpus), 3), "utterances": len(corpus)}
    for name in ("mel", "vqvae"):
        maker = partial(load_encoder, name)
        few = corpus.select(id=[u.id for u in corpus.utterances[::20]])
        curve = fit_sfvq(sample_features(few, maker(), max_frames=20_000, seed=0), bits=8, seed=0)
        with tempfile.TemporaryDirectory() as folder:
            ways = _ways(corpus, name, curve, Path(folder))
            seconds: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(runs):
                for way, opened in ways.items():
                    with opened() as index:
                        index()  # what is loaded late, is now
                        time.sleep(1.0)
                        start = time.perf_counter()
                        index()
                        seconds[way].append(time.perf_counter() - start)
        middle = {way: spread(times) for way, times in seconds.items()}
        found[name] = {
            "seconds": middle,
            "one_worker_of_plain": _ratio(middle, "plain", "one worker"),
            "two_workers_of_two_processes": _ratio(middle, "two processes", "two workers"),
        }
    return found


def _ways(
    corpus: Corpus, name: str, curve: Any, folder: Path
) -> dict[str, Callable[[], AbstractContextManager[Callable[[], object]]]]:
    """Return the ways to index a corpus and leave its tables on disk.

    Each starts the processes that it needs, so that those of no other look at the clock meanwhile.
    """
    maker, number = partial(load_encoder, name), iter(range(10**9))
    halves = [slice(0, None, 2), slice(1, None, 2)]
    parts = [replace(corpus, utterances=corpus.utterances[half]) for half in halves]

    def fresh() -> Path:
        return folder / str(next(number))

    @contextmanager
    def plain() -> Iterator[Callable[[], object]]:
        encoder = maker()
        yield lambda: index_table(corpus, encoder, curve).save(fresh())

    @contextmanager
    def processes() -> Iterator[Callable[[], object]]:
        with multiprocessing.get_context("spawn").Pool(2, _warm, (name, curve)) as pool:
            yield lambda: pool.starmap(_plain, [(part, fresh()) for part in parts])

    @contextmanager
    def cluster(n_workers: int) -> Iterator[Callable[[], object]]:
        with connected(workers=n_workers) as client:
            yield lambda: index_dataset(corpus, maker, curve, fresh(), client=client)

    return {
        "plain": plain,
        "one worker": partial(cluster, 1),
        "two processes": processes,
        "two workers": partial(cluster, 2),
    }


def stages(place: str, wanted_hours: float, runs: int) -> dict[str, Any]:
    """Return seconds that an hour of a corpus takes at each stage, on one core, medians."""
    every, start = load_corpus(place), time.perf_counter()
    load_corpus(place)
    found: dict[str, Any] = {
        "scanning": round((time.perf_counter() - start) / _hours(every), 3),
    }
    corpus = _about(every, wanted_hours)
    n = _hours(corpus)
    for name in ("mel", "vqvae"):
        encoder = load_encoder(name)
        few = corpus.select(id=[u.id for u in corpus.utterances[::20]])
        curve = fit_sfvq(sample_features(few, encoder, max_frames=20_000, seed=0), bits=8, seed=0)
        with tempfile.TemporaryDirectory() as folder:
            each = [_stages_of(corpus, encoder, curve, Path(folder) / str(i)) for i in range(runs)]
        found[name] = {
            stage: round(statistics.median(one[stage] for one in each) / n, 3) for stage in each[0]
        }
    return found


def _stages_of(corpus: Corpus, encoder: Any, curve: Any, folder: Path) -> dict[str, float]:
    took = dict.fromkeys(("lengths and labels", "reading", "encoding", "projecting"), 0.0)

    def timed(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        start = time.perf_counter()
        result = work(*arguments)
        took[stage] = took.get(stage, 0.0) + time.perf_counter() - start
        return result

    timed("lengths and labels", census, corpus, "raise")
    for utterance in corpus:
        recording = timed("reading", utterance.load)
        frames = timed("encoding", encoder.encode, recording.audio, recording.sample_rate)
        timed("projecting", curve.encode, frames.values)
    table = timed("all", index_table, corpus, encoder, curve)
    timed("writing", table.save, folder)
    timed("reductions", stats.reduce, table)
    took["all"] += took["writing"]
    return took


_KEPT: dict[str, Any] = {}
_SUMS = "SELECT count(*), sum(n) FROM {}"


def _warm(name: str, curve: Any) -> None:
    import torch

    torch.set_num_threads(1)
    _KEPT.update(encoder=load_encoder(name), curve=curve)


def _plain(corpus: Corpus, folder: Path) -> None:
    index_table(corpus, _KEPT["encoder"], _KEPT["curve"]).save(folder)


def _ratio(middle: dict[str, dict[str, float]], plain: str, other: str) -> float:
    return round(middle[plain]["median"] / middle[other]["median"], 3)


def _hours(corpus: Corpus) -> float:
    return sum(n / rate for n, rate in (u.length() for u in corpus)) / WHOLE_HOUR


def _about(corpus: Corpus, wanted: float) -> Corpus:
    """Return utterances from all over a corpus, about so many hours of it; all, if it has fewer."""
    step = max(1, int(_hours(corpus) / wanted))
    return replace(corpus, utterances=corpus.utterances[::step])


def reductions(folder: Path) -> dict[str, Any]:
    """Return seconds and results of counts and transitions by several engines, on two threads.

    The same shards are read by all: this package's arrays on two workers, DuckDB with two threads,
    and dask.dataframe on two workers.
    """
    dataset = open_dataset(folder)
    found: dict[str, Any] = {"frames": dataset.n_frames, "shards": len(dataset)}
    with connected(workers=2) as client:
        reduce_dataset(dataset, client=client)  # workers import what they need
        start = time.perf_counter()
        ours = reduce_dataset(dataset, client=client)
        found["ours_seconds"] = round(time.perf_counter() - start, 1)
        start = time.perf_counter()
        rows = _by_dask(dataset, client)
        found["dask_dataframe_seconds"] = round(time.perf_counter() - start, 1)
    _check(rows, len(ours.counts))
    start = time.perf_counter()
    counts, moves = _by_duckdb(folder)
    found["duckdb_seconds"] = round(time.perf_counter() - start, 1)
    _check(counts, (len(ours.counts), int(ours.counts["count"].sum())))
    _check(moves, (len(ours.transitions), int(ours.transitions["count"].sum())))
    return found


def _check(found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{found} isn't {wanted}")


def _by_duckdb(folder: Path) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return rows and sums of counts and transitions, with runs and tokens left out."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET threads = 2; SET memory_limit = '1500MB'")
    frames = f"read_parquet('{folder}/frames/*.parquet')"
    said = f"read_parquet('{folder}/utterances/*.parquet')"
    database.execute(
        f"CREATE TABLE counts AS SELECT speaker, phone, codeword, count(*) AS n FROM {frames} "
        f"JOIN {said} USING (utterance) WHERE phone IS NOT NULL GROUP BY ALL"
    )
    database.execute(
        "CREATE TABLE moves AS SELECT speaker, codeword, next, count(*) AS n FROM (SELECT "
        "utterance, codeword, lead(codeword) OVER (PARTITION BY utterance ORDER BY frame) AS next "
        f"FROM {frames}) JOIN {said} USING (utterance) WHERE next IS NOT NULL GROUP BY ALL"
    )
    counts, moves = (
        tuple(map(int, database.execute(_SUMS.format(name)).fetchone()))
        for name in ("counts", "moves")
    )
    return counts, moves


def _by_dask(dataset: IndexDataset, client: Any) -> int:
    """Return the rows of the counts alone, by dask.dataframe: transitions aren't to be had so."""
    frames = dataset.to_dask()[["utterance", "phone", "codeword"]]
    said = dataset.utterances.set_index("utterance")["speaker"]
    frames = frames.assign(speaker=frames["utterance"].astype(str).map(said, meta=("x", "str")))
    frames = frames.dropna(subset=["phone"])
    frames = frames.assign(phone=frames["phone"].astype(str))
    counts = frames.groupby(["speaker", "phone", "codeword"]).size()
    return len(client.compute(counts).result())


def main() -> None:
    """Run what is asked for, and add it to the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("rates", "stages", "hours", "measures", "reductions"))
    parser.add_argument("value", nargs="?", help="CORPUS of rates and stages, N of hours")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--about", type=float, default=1.0, help="hours of CORPUS")
    parser.add_argument("--folder", type=Path, help="keep the dataset there")
    parser.add_argument("--json", type=Path, default=HERE / "scale.json")
    arguments = parser.parse_args()
    kept = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name) / "dataset"
        if arguments.what == "hours":
            kept["hours"] = hours(float(arguments.value or 1000), folder)
            write_json(arguments.json, kept)
            kept["measures"] = measures(folder)
        elif arguments.what == "measures":
            kept["measures"] = measures(folder)
        elif arguments.what == "rates":
            kept["rates"] = rates(arguments.value, arguments.about, arguments.runs)
        elif arguments.what == "stages":
            kept["stages"] = stages(arguments.value, arguments.about, arguments.runs)
        else:
            if not folder.exists():
                hours(20, folder)
            kept["reductions"] = reductions(folder)
    kept["machine"] = machine(["dask", "distributed", "duckdb", "numpy", "sfvq-analysis"])
    write_json(arguments.json, kept)
    print(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
