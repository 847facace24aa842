"""How long a curve takes to fit, and how near it comes to frames it has not seen.

Usage: python benchmarks/fitting.py [CORPUS] [--json PATH] [--seeds 5] [--runs 3] [--threads N]
Prints tables and writes benchmarks/fitting.json. The unit is the author's recipe at its stated
settings (`method="published"`; with one thread or all, whichever is faster, as SF-DiVeQ has).

Three parts. A Gaussian: 2^18 frames of 128 dimensions, 32 corners; read on 2^14 fresh frames.
Speech, where a CORPUS is named: 256 corners on log-mel frames and on cepstra; of the speakers that
benchmarks/ORDER.md fits on, those with i mod 23 in 5 … 8 are read, the others fitted; the 50 that
it holds out are left alone. Growth: time against the number of frames and of corners, with the
exponents of least squares lines through logarithms.

All run in one process, in turn, with a pause before each, in which threads that wait for more work
go to sleep. Errors are shares of the variance of the frames read: dithered, the mean squared
distance to the nearest dithered point, over 20 dithers (of a codebook without an order it says
little); codeword, that to the nearest codeword. Our methods run once a seed; others run once.
"""

from __future__ import annotations

import argparse
import os
import time
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any, NamedTuple

import faiss
import numpy as np
import torch
from diveq import SFDIVEQ
from minisom import MiniSom
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits
from timing import as_markdown, interleaved, machine, spread, write_json

from sfvq_analysis import fit_sfvq, load_corpus, load_encoder, sample_features
from sfvq_analysis.curve import nearest_codeword

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Fit = Callable[["Problem", int], np.ndarray]

AUTHOR = "author's recipe"
OURS = ("stochastic", "map")
ENCODERS = {"log-mel": "mel", "cepstra": "mel:kind=mfcc,normalise=utterance,context=1"}
PACKAGES = ["sfvq-analysis", "numpy", "torch", "numba", "scikit-learn", "faiss-cpu", "minisom"]
PACKAGES += ["diveq", "threadpoolctl"]
PAUSE, DITHERS, SMALL = 0.3, 20, 2048
SOM_STEPS, DIVEQ_STEPS, DIVEQ_BATCH, DIVEQ_SKIPPED = 20_000, 1000, 2048, 51
GROWTH_DIM, GROWTH_BITS, GROWTH_LOG_FRAMES = 32, 6, 17
LOG_FRAMES, LOG_CORNERS = range(14, 20), range(5, 11)


class Problem(NamedTuple):
    """Frames to fit and frames to read, in float32, and the size of the codebook."""

    name: str
    frames: np.ndarray
    read: np.ndarray
    bits: int

    def small(self) -> Problem:
        """Return a problem of the same dimensions on which everything is compiled and loaded."""
        return self._replace(frames=self.frames[:SMALL], bits=4)


def gaussian(n_frames: int, dim: int, seed: int) -> np.ndarray:
    """Return standard normal frames."""
    return np.random.default_rng(seed).standard_normal((n_frames, dim), dtype=np.float32)


def problems(corpus: Path | None) -> Iterator[Problem]:
    """Yield what is fitted."""
    name = "Gaussian, 2^18 frames, 128 dimensions, 32 corners"
    yield Problem(name, gaussian(1 << 18, 128, 0), gaussian(1 << 14, 128, 1), 5)
    if corpus is None:
        return
    held_out = {utterance.id for utterance in load_corpus(corpus).hold_out(5, 23)[1]}
    fit, read = load_corpus(corpus).hold_out(9, 23)
    read = read.select(id=[utterance.id for utterance in read if utterance.id not in held_out])
    for label, spec in ENCODERS.items():
        frames, fresh = (sample_features(part, load_encoder(spec)).values for part in (fit, read))
        name = f"speech, {label}, {len(frames)} frames, {frames.shape[1]} dimensions, 256 corners"
        yield Problem(name, frames, fresh, 8)


def trainers(threads: int) -> dict[str, Fit]:
    """Return what is compared, by name; the author's recipe and SF-DiVeQ with so many threads."""

    def ours(method: Any) -> Fit:
        return lambda p, seed: fit_sfvq(p.frames, bits=p.bits, seed=seed, method=method).corners()

    return {
        AUTHOR: with_torch_threads(ours("published"), threads),
        **{f"ours, {method}": ours(method) for method in OURS},
        "scikit-learn KMeans": by_scikit_learn,
        "faiss Kmeans, all frames": by_faiss,
        f"MiniSom, {SOM_STEPS} steps of 1": by_minisom,
        f"diveq SFDIVEQ, {DIVEQ_STEPS} steps of {DIVEQ_BATCH}": with_torch_threads(
            by_diveq, threads
        ),
    }


def with_torch_threads(fit: Fit, threads: int) -> Fit:
    """Return a fit that gives torch so many threads."""

    def limited(problem: Problem, seed: int) -> np.ndarray:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return fit(problem, seed)
        finally:
            torch.set_num_threads(before)

    return limited


def threads_for_author(problem: Problem, threads: int) -> int:
    """Return the number of threads, one or all, with which the author's recipe is faster."""
    tried = {n: trainers(n)[AUTHOR] for n in sorted({1, threads})}
    part = problem._replace(frames=problem.frames[: 4 * SMALL])
    timed = {n: lambda fit=fit: fit(part, 0) for n, fit in tried.items()}
    seconds = interleaved(timed, runs=3, pause=PAUSE)
    return min(seconds, key=lambda n: median(seconds[n]))


def by_scikit_learn(problem: Problem, seed: int) -> np.ndarray:
    """Fit k-means, one start, at its defaults."""
    means = KMeans(1 << problem.bits, n_init=1, random_state=seed).fit(problem.frames)
    return np.asarray(means.cluster_centers_)


def by_faiss(problem: Problem, seed: int) -> np.ndarray:
    """Fit k-means at its defaults, but on all frames."""
    frames = problem.frames
    means = faiss.Kmeans(
        frames.shape[1], 1 << problem.bits, seed=seed, max_points_per_centroid=len(frames)
    )
    means.train(frames)
    return np.asarray(means.centroids)


def by_minisom(problem: Problem, seed: int) -> np.ndarray:
    """Fit a line of nodes, its neighbourhood a quarter of it at first; few steps for its speed."""
    size = 1 << problem.bits
    som = MiniSom(1, size, problem.frames.shape[1], sigma=size / 4, random_seed=seed)
    som.train(problem.frames, SOM_STEPS, random_order=True)
    return np.asarray(som.get_weights()[0])


def by_diveq(problem: Problem, seed: int) -> np.ndarray:
    """Train SF-DiVeQ on the frames as they are; its first steps only collect a start."""
    torch.manual_seed(seed)
    frames = torch.from_numpy(problem.frames)
    model = SFDIVEQ(
        1 << problem.bits,
        frames.shape[1],
        skip_iters=DIVEQ_SKIPPED,
        avg_iters=DIVEQ_SKIPPED - 1,
        allow_warning=False,
    )
    rate = 1e-2 * float(frames.std())
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    for step in range(DIVEQ_STEPS):
        batch = frames[torch.randint(len(frames), (DIVEQ_BATCH,))]
        found = model(batch)[0]
        if step + 1 < DIVEQ_SKIPPED:
            continue  # it gives back what it got
        loss = (found - batch).square().mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    return np.asarray(model.codebook.detach().numpy())


def dithered_mse(frames: np.ndarray, corners: np.ndarray) -> float:
    """Return the mean squared distance to the nearest dithered point, over fresh dithers."""
    rng, corners = np.random.default_rng(99), corners.astype(np.float64)
    errors = []
    for _ in range(DITHERS):
        u = rng.random((len(corners) - 1, 1))
        dithered = (1 - u) * corners[:-1] + u * corners[1:]
        errors.append(nearest_codeword(frames, dithered)[1].mean(dtype=np.float64))
    return float(mean(errors))


def compare(problem: Problem, seeds: int, threads: int) -> list[dict[str, Any]]:
    """Return a row for each run of each contestant."""
    of_author = threads_for_author(problem, threads)
    entered = trainers(of_author)
    variance = float(problem.read.var(axis=0, dtype=np.float64).sum())
    for fit in entered.values():
        fit(problem.small(), 0)
    rows = []
    for seed in range(seeds):
        for name, fit in entered.items():
            if seed > 0 and not name.startswith("ours"):
                continue
            time.sleep(PAUSE)
            start = time.perf_counter()
            corners = fit(problem, seed)
            seconds = time.perf_counter() - start
            codeword = nearest_codeword(problem.read, corners.astype(np.float64))[1]
            rows.append(
                {
                    "problem": problem.name,
                    "name": name,
                    "seed": seed,
                    "threads": of_author if name == AUTHOR else threads,
                    "seconds": seconds,
                    "dithered": dithered_mse(problem.read, corners) / variance,
                    "codeword": float(codeword.mean(dtype=np.float64)) / variance,
                }
            )
            print(f"  {name}, seed {seed}: {seconds:.2f} s", flush=True)
    return rows


def as_table(rows: list[dict[str, Any]]) -> str:
    """Return a problem's contestants as a table, in units of the author's recipe."""
    (author,) = (row for row in rows if row["name"] == AUTHOR)
    cells = []
    for name in dict.fromkeys(row["name"] for row in rows):
        runs = [row for row in rows if row["name"] == name]
        faster = [author["seconds"] / row["seconds"] for row in runs]
        dithered = [row["dithered"] for row in runs]
        cells.append(
            [
                name,
                str(len(runs)),
                f"{median(faster):.3g}",
                f"{min(faster):.3g}",
                f"{mean(dithered):.4f}",
                f"{max(dithered):.4f}",
                f"{mean(dithered) / author['dithered']:.3f}",
                f"{mean(row['codeword'] for row in runs):.4f}",
            ]
        )
    header = ["", "runs", "times faster", "least", "dithered error", "most", "of the author's"]
    table = as_markdown([*header, "codeword error"], cells)
    took = f"author's recipe: {author['seconds']:.1f} s, threads: {author['threads']}"
    return f"\n{rows[0]['problem']} ({took})\n\n{table}"


def growth(runs: int) -> list[dict[str, Any]]:
    """Return seconds of our methods for more and more frames, and for more and more corners."""
    frames = gaussian(1 << LOG_FRAMES[-1], GROWTH_DIM, 0)
    sizes = [("frames", n, GROWTH_BITS) for n in LOG_FRAMES]
    sizes += [("corners", GROWTH_LOG_FRAMES, bits) for bits in LOG_CORNERS]
    timed: dict[tuple[str, str, int], Callable[[], object]] = {}
    for what, log_frames, bits in sizes:
        part = Problem("", frames[: 1 << log_frames], frames, bits)
        for method in OURS:
            key = what, method, part.frames.shape[0] if what == "frames" else 1 << bits
            fit = trainers(1)[f"ours, {method}"]
            timed[key] = lambda fit=fit, part=part: fit(part, 0)
    seconds = interleaved(timed, runs=runs, pause=PAUSE)
    return [
        {"what": what, "method": method, "size": size, "seconds": spread(times)}
        for (what, method, size), times in seconds.items()
    ]


def exponents(rows: list[dict[str, Any]]) -> Mapping[tuple[str, str], tuple[float, float]]:
    """Return what power of a size the time grows with: over all sizes, and over the last three."""
    found = {}
    for key in dict.fromkeys((row["what"], row["method"]) for row in rows):
        part = [row for row in rows if (row["what"], row["method"]) == key]
        size, seconds = np.log([(row["size"], row["seconds"]["median"]) for row in part]).T
        over_all, last = (float(np.polyfit(size[s:], seconds[s:], 1)[0]) for s in (0, -3))
        found[key] = over_all, last
    return found


def growth_table(rows: list[dict[str, Any]]) -> str:
    """Return seconds and exponents as tables."""
    fixed = {
        "frames": f"{1 << GROWTH_BITS} corners",
        "corners": f"2^{GROWTH_LOG_FRAMES} frames",
    }
    parts = []
    powers = exponents(rows)
    for what, rest in fixed.items():
        sizes = list(dict.fromkeys(row["size"] for row in rows if row["what"] == what))
        cells = []
        for method in OURS:
            part = [r for r in rows if (r["what"], r["method"]) == (what, method)]
            times = [row["seconds"]["median"] for row in part]
            steps = [f"{t:.2f}" for t in times]
            cells.append([f"{method}, seconds", *steps, "", ""])
            ratios = [f"{after / before:.2f}" for before, after in pairwise(times)]
            ends = (f"{power:.2f}" for power in powers[what, method])
            cells.append([f"{method}, times the size before", "", *ratios, *ends])
        header = [what, *map(str, sizes), "exponent", "of the last three"]
        parts.append(f"\nGaussian, {GROWTH_DIM} dimensions, {rest}\n\n{as_markdown(header, cells)}")
    return "\n".join(parts)


def main() -> None:
    """Run the comparison named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3, help="of each size, for growth")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # which our threads go by
    torch.set_num_threads(arguments.threads)
    faiss.omp_set_num_threads(arguments.threads)
    rows: list[dict[str, Any]] = []
    with threadpool_limits(arguments.threads):
        known = machine(PACKAGES) | {"threads": arguments.threads, "runs": arguments.runs}
        tables = []
        for problem in problems(arguments.corpus):
            print(problem.name, flush=True)
            found = compare(problem, arguments.seeds, arguments.threads)
            tables.append(as_table(found))
            rows += found
        of_growth = growth(arguments.runs)
    tables.append(growth_table(of_growth))
    known["load_at_the_end"] = [round(value, 2) for value in os.getloadavg()]
    print("\n", known, *tables, sep="\n")
    grown = {" ".join(key): powers for key, powers in exponents(of_growth).items()}
    write_json(
        arguments.json,
        {"machine": known, "fits": rows, "growth": of_growth, "exponents": grown},
    )


if __name__ == "__main__":
    main()
