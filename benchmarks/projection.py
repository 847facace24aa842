"""How long the nearest point of a curve takes, next to the product it contains and to other code.

Usage: python benchmarks/projection.py [--json PATH] [--frames 100000] [--threads N] [--runs 5]
[--published CHECKOUT]
Prints a table and writes benchmarks/projection.json. The unit is the time of the matrix product
X C^T alone, into memory that is there already, by the fastest of NumPy, torch and oneDNN (which
makes its own): 1 is what no method that starts from the product can beat. Smaller is better.

All run in one process with the same number of threads, in turn, after one run that doesn't count; a
cell is the median of `--runs`. What takes long or much memory gets fewer frames, and its time is
scaled to one frame. Each is checked first: its nearest points must be as near as those of ours.
Codebooks are ready when time begins: faiss' index is filled before, others hold theirs, and ours
are kept from the run that doesn't count.
Where others use the machine, too, `--threads 1` compares best: with more, code whose threads wait
for each other again and again waits for the others' work.

OpenMP threads go on spinning for a while when their work is done, and take a processor from whoever
runs next, so that there is a pause of 0.3 s before each run. A process that works without pauses
sees the row "right after torch's product".

Only "exact" rows find the nearest point on the curve; the published rule and SF-DiVeQ's inference
look at two segments, and the others find the nearest codeword, an easier problem.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import faiss
import numpy as np
import torch
from diveq import SFDIVEQ
from threadpoolctl import threadpool_limits
from timing import as_markdown, interleaved, machine, spread, write_json
from vector_quantize_pytorch import VectorQuantize

from sfvq_analysis.curve import Engine, nearest_codeword, project, published_projection
from sfvq_analysis.curve.products import product

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATIONS = [
    (64, 32),
    (64, 256),
    (64, 512),
    (64, 4096),
    (128, 256),
    (768, 256),
    (2, 256),
    (2, 4096),
    (4, 256),
]
PACKAGES = ["sfvq-analysis", "numpy", "torch", "numba", "faiss-cpu", "vector-quantize-pytorch"]
PACKAGES += ["diveq", "threadpoolctl"]
PAUSE = 0.3
DISTANCES = 1 << 24  # of frames to codewords, held at a time by code that holds them all
DIFFERENCES = 1 << 28  # of coordinates, computed in a run by code that computes them one by one
BATCHES = (4, 16, 64, 256)  # of which such code gets what suits it best
CHECKED = 500
BUSY = "exact, right after torch's product"


class Problem(NamedTuple):
    """Frames and corners, in float32, and where the product goes."""

    frames: np.ndarray
    corners: np.ndarray
    out: np.ndarray

    @classmethod
    def made(cls, n_frames: int, size: int, dim: int) -> Problem:
        """Return a random walk of unit variance and frames with noise of half of its deviation."""
        rng = np.random.default_rng(0)
        corners = rng.normal(size=(size, dim)).cumsum(axis=0)
        corners = ((corners - corners.mean(axis=0)) / corners.std(axis=0)).astype(np.float32)
        frames = corners[rng.integers(size, size=n_frames)]
        frames += rng.standard_normal(frames.shape, dtype=np.float32) / 2
        return cls(frames, corners, np.zeros((n_frames, size), np.float32))

    def first(self, n_frames: int) -> Problem:
        """Return the problem of the first frames."""
        return Problem(self.frames[:n_frames], self.corners, self.out[:n_frames])


class Contestant(NamedTuple):
    """What is timed, on some frames of a problem, and what is made of its answer."""

    run: Callable[[], Any]
    kind: str  # product, curve, rule or codeword
    n_frames: int
    answer: Callable[[Any], Any] = lambda found: found


def contestants(problem: Problem, engine: Engine, published: Path | None) -> dict[str, Contestant]:
    """Return what is compared, by name; what comes first is the product alone."""
    n_frames, (size, dim) = len(problem.frames), problem.corners.shape
    some = min(n_frames, DISTANCES // size)
    few = min(n_frames, max(DIFFERENCES // (size * dim), *BATCHES))
    everything = {**products(problem), **ours(problem, engine), **others(problem.first(some))}
    everything["faiss IndexFlatL2, nearest codeword"] = by_faiss(problem)
    rule, name = published_rule(problem.first(few), published)
    return everything | {name: rule}


def products(problem: Problem) -> dict[str, Contestant]:
    """Return the product by each library."""
    frames, corners, out = problem
    x, c, made = (torch.from_numpy(array) for array in problem)
    linear = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 -- no public name gives oneDNN's
    timed = {
        "NumPy": lambda: np.matmul(frames, corners.T, out=out),
        "torch mm": lambda: torch.mm(x, c.T, out=made).numpy(),
        "oneDNN": lambda: linear(x, c, None, "none", [], "").numpy(),
    }
    return {
        f"product, {name}": Contestant(run, "product", len(frames)) for name, run in timed.items()
    }


def ours(problem: Problem, engine: Engine) -> dict[str, Contestant]:
    """Return this package's rows."""
    frames, corners, _ = problem
    numpy_only = Engine(products="numpy", threads=engine.threads)
    timed = {
        "exact": ("curve", lambda: project(frames, corners, engine)),
        "exact, NumPy's product": ("curve", lambda: project(frames, corners, numpy_only)),
        "published rule": ("rule", lambda: published_projection(frames, corners, engine)),
        "nearest codeword": ("codeword", lambda: nearest_codeword(frames, corners, engine)[0]),
    }
    return {name: Contestant(run, kind, len(frames)) for name, (kind, run) in timed.items()}


def by_faiss(problem: Problem) -> Contestant:
    """Return faiss's exact search."""
    index = faiss.IndexFlatL2(problem.corners.shape[1])
    index.add(problem.corners)
    return Contestant(
        partial(index.search, problem.frames, 1),
        "codeword",
        len(problem.frames),
        lambda found: found[1][:, 0],
    )


@torch.no_grad()
def others(problem: Problem) -> dict[str, Contestant]:
    """Return what is torch throughout; most of it holds all distances of frames to codewords."""
    size, dim = problem.corners.shape
    x, c = torch.from_numpy(problem.frames), torch.from_numpy(problem.corners)
    vq = VectorQuantize(dim=dim, codebook_size=size).eval()
    vq.codebook = c
    diveq = SFDIVEQ(size, dim, allow_warning=False).eval()
    diveq.codebook.copy_(c)
    quantize = torch.no_grad()(vq.forward)
    timed: dict[str, tuple[str, Callable[[], Any], Callable[[Any], Any]]] = {
        "exact, torch operations": (
            "curve",
            lambda: project(problem.frames, problem.corners, Engine(kernels="torch")),
            lambda found: found,
        ),
        "torch cdist and argmin, nearest codeword": (
            "codeword",
            lambda: torch.cdist(x, c).argmin(1),
            torch.Tensor.numpy,
        ),
        "vector-quantize-pytorch, nearest codeword": (
            "codeword",
            lambda: quantize(x[None]),
            lambda found: found[1][0].numpy(),
        ),
        "diveq SFDIVEQ.inference": (
            "rule",
            lambda: diveq.inference(x),
            lambda found: found[0].numpy(),
        ),
    }
    return {
        name: Contestant(run, kind, len(x), answer) for name, (kind, run, answer) in timed.items()
    }


def published_rule(problem: Problem, repository: Path | None) -> tuple[Contestant, str]:
    """Return the published evaluation, from its repository or written out, in its best batches."""
    c = torch.from_numpy(problem.corners)
    evaluate = evaluation(c, repository) if repository else partial(written_out, corners=c)
    x = torch.from_numpy(problem.frames)

    def in_batches(frames: torch.Tensor, size: int) -> torch.Tensor:
        return torch.cat([evaluate(batch) for batch in frames.split(size)])

    few = x[: max(BATCHES)]
    tried = interleaved({n: partial(in_batches, few, n) for n in BATCHES}, runs=5, pause=0)
    best = min(tried, key=lambda size: median(tried[size]))
    name = "published evaluation" if repository else "published evaluation, written out"
    run = partial(in_batches, x, best)
    return Contestant(run, "rule", len(x), torch.Tensor.numpy), name


def evaluation(corners: torch.Tensor, repository: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return `SpaceFillingVQ.evaluation` of a checkout of MHVali/Space-Filling-Vector-Quantizer."""
    if str(repository) not in sys.path:
        sys.path.insert(0, str(repository))
    size, dim = corners.shape
    made = importlib.import_module("spacefilling_vq").SpaceFillingVQ(
        int(np.log2(size)), dim, "cpu", initial_codebook=corners[:4]
    )
    made.codebook.data.copy_(corners)
    evaluate: Callable[[torch.Tensor], torch.Tensor] = made.evaluation
    return evaluate


def written_out(frames: torch.Tensor, corners: torch.Tensor) -> torch.Tensor:
    """Return points by the published rule: all differences, then two segments of each frame."""
    apart = frames[:, None] - corners  # (b, K, d)
    middle = apart.square().sum(dim=2).argmin(dim=1).clamp(1, len(corners) - 2)
    (left, l_square), (right, r_square) = (
        on_segment(frames, corners[k], corners[k + 1]) for k in (middle - 1, middle)
    )
    return torch.where((r_square < l_square)[:, None], right, left)


def on_segment(
    frames: torch.Tensor, start: torch.Tensor, end: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return each frame's nearest point on its segment and the squared distance."""
    step = end - start
    t = ((frames - start) * step).sum(dim=1) / step.square().sum(dim=1)
    point = start + t.clamp(0, 1)[:, None] * step
    return point, (frames - point).square().sum(dim=1)


def check(name: str, contestant: Contestant, problem: Problem) -> None:
    """Run once, and raise an error unless the answer is right on the first frames."""
    found = contestant.answer(contestant.run())
    n_frames = min(CHECKED, contestant.n_frames)
    x, c = problem.frames[:n_frames].astype(float), problem.corners.astype(float)
    exact, rule = project(x, c), published_projection(x, c)
    match contestant.kind:
        case "product":
            error, scale = np.abs(found[:n_frames] - x @ c.T), np.abs(x @ c.T).mean()
        case "codeword":
            wanted = exact.codeword_distortion
            reached = ((x - c[found[:n_frames]]) ** 2).sum(axis=1)
            error, scale = np.abs(reached - wanted), wanted.mean()
        case "curve":
            wanted = brute_force(x, c)
            error, scale = np.abs(found.distortion[:n_frames] - wanted), wanted.mean()
        case _:
            wanted = rule.distortion
            points = isinstance(found, np.ndarray)
            reached = (
                ((x - found[:n_frames]) ** 2).sum(1) if points else found.distortion[:n_frames]
            )
            error, scale = np.abs(reached - wanted), wanted.mean()
    if error.max() > 1e-3 * scale:
        raise RuntimeError(f"{name} errs by {error.max() / scale:.2g} of what is usual")


def brute_force(frames: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return squared distances to the curve, segment by segment in float64."""
    least = np.full(len(frames), np.inf)
    for start, step in zip(corners, np.diff(corners, axis=0), strict=False):
        offset = frames - start
        t = np.clip(offset @ step / (step @ step), 0, 1)
        least = np.minimum(least, ((offset - t[:, None] * step) ** 2).sum(axis=1))
    return least


def compare(problem: Problem, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row for each contestant: its times, and its time a frame in units of the product."""
    engine = Engine(threads=arguments.threads)
    entered = contestants(problem, engine, arguments.published)
    for name, contestant in entered.items():
        check(name, contestant, problem)
    seconds = interleaved(
        {name: contestant.run for name, contestant in entered.items()},
        runs=arguments.runs,
        pause=PAUSE,
    )
    in_turn = {"torch": entered["product, torch mm"].run, BUSY: entered["exact"].run}
    seconds[BUSY] = interleaved(in_turn, runs=arguments.runs, pause=0)[BUSY]
    entered[BUSY] = entered["exact"]
    size, dim = problem.corners.shape
    rows = [
        {
            "dim": dim,
            "corners": size,
            "name": name,
            "load": round(os.getloadavg()[0], 2),
            "frames": entered[name].n_frames,
            "seconds": spread(times),
            "ns_per_frame": 1e9 * spread(times)["median"] / entered[name].n_frames,
        }
        for name, times in seconds.items()
    ]
    unit = min(row["ns_per_frame"] for row in rows if row["name"].startswith("product"))
    return [{**row, "products": row["ns_per_frame"] / unit} for row in rows]


def as_table(rows: list[dict[str, Any]]) -> str:
    """Return a table: a row a contestant, a column a configuration, in units of the product."""
    cells: dict[str, list[str]] = {}
    for row in rows:
        mark = "" if row["frames"] == rows[0]["frames"] else "*"
        cells.setdefault(row["name"], []).append(f"{row['products']:.3g}{mark}")
    of_ours = [row for row in rows if row["name"] == "exact"]
    cells["exact: ns a frame"] = [f"{row['ns_per_frame']:.0f}" for row in of_ours]
    header = ["", *(f"D={row['dim']} K={row['corners']}" for row in of_ours)]
    table = as_markdown(header, ([name, *values] for name, values in cells.items()))
    return f"{table}\n\n* on fewer frames, scaled to one frame"


def main() -> None:
    """Run the comparison named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--published", type=Path, help="a checkout of the published repository")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    faiss.omp_set_num_threads(arguments.threads)
    rows = []
    with threadpool_limits(arguments.threads):
        found = machine(PACKAGES) | {
            "threads": arguments.threads,
            "runs": arguments.runs,
            "product_chosen": product("auto").__name__.removeprefix("_by_"),
        }
        print("\n".join(f"{key}: {value}" for key, value in found.items()))
        for dim, size in CONFIGURATIONS:
            print(f"D={dim} K={size}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
            rows += compare(Problem.made(arguments.frames, size, dim), arguments)
            write_json(arguments.json, {**found, "rows": rows})
    print(as_table(rows))


if __name__ == "__main__":
    main()
