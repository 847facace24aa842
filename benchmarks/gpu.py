"""How long the nearest point of a curve takes on a GPU, and whether it is the one the CPU finds.

Usage: python benchmarks/gpu.py [--json PATH] [--frames 1000000] [--runs 9]
Prints two tables and writes benchmarks/gpu.json. The unit is the time of the matrix product X C^T
alone, in float32 into memory that is there already: no method that starts from it can beat 1. Ours
are by tensor operations or by kernels of our own (`Engine(kernels="triton")`). Frames lie on the
GPU; our codes and the indices of the others are counted when they are in the computer's memory, but
for one row, whose codes stay where they are found. Contestants run in turn, after one run that
doesn't count; a cell is the median.

Codes are compared with those of the compiled loops on the CPU, on frames near the origin and far
from it, in float32 and float64, and while torch is allowed to multiply in TF32.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from timing import as_markdown, interleaved, machine, spread, write_json

from sfvq_analysis.curve import Engine, nearest_codeword, project
from sfvq_analysis.curve.devices.on_gpu import found_on_gpu
from sfvq_analysis.curve.prepared import prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONFIGURATIONS = [(64, 32), (64, 256), (64, 512), (64, 4096), (128, 256), (768, 256), (2, 256)]
PACKAGES = ["sfvq-analysis", "numpy", "torch", "numba", "triton"]
CHECKED = 20_000
DISTANCES = 1 << 28  # of frames to codewords, held at a time by code that holds them all
KERNELS = Engine(kernels="triton")
ALLOWED = 1e-5, 1e-10  # of the mean distortion, and of the largest squared norm


def made(n_frames: int, size: int, dim: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return frames around a random walk of unit variance, with noise of half of its deviation."""
    generator = torch.Generator(device).manual_seed(0)
    corners = torch.randn(size, dim, generator=generator, device=device).cumsum(dim=0)
    corners = (corners - corners.mean(dim=0)) / corners.std(dim=0)
    frames = corners[torch.randint(size, (n_frames,), generator=generator, device=device)]
    return frames.add_(torch.randn(frames.shape, generator=generator, device=device), alpha=0.5), (
        corners
    )


def contestants(frames: torch.Tensor, corners: torch.Tensor) -> dict[str, Callable[[], object]]:
    """Return what is compared, by name; what comes first is the product alone."""
    out = torch.empty(len(frames), len(corners), device=frames.device)
    codebook = corners.cpu().numpy()
    parts = frames.split(max(DISTANCES // len(corners), 1))
    squares = corners.square().sum(dim=1)

    def by_product() -> np.ndarray:
        values = (torch.addmm(squares, part, corners.T, alpha=-2).argmin(1) for part in parts)
        return torch.cat(list(values)).cpu().numpy()

    return {
        "product": lambda: torch.mm(frames, corners.T, out=out),
        "exact": lambda: project(frames, codebook, Engine("torch")),
        "exact, by kernels": lambda: project(frames, codebook, KERNELS),
        "exact, by kernels, codes left there": lambda: found_on_gpu(
            frames, prepared(codebook.astype(np.float64)).swept(frames), on_curve=True
        ),
        "nearest codeword": lambda: nearest_codeword(frames, codebook, Engine("torch"))[0],
        "nearest codeword, by kernels": lambda: nearest_codeword(frames, codebook, KERNELS)[0],
        "torch product and argmin, nearest codeword": by_product,
        "torch cdist and argmin, nearest codeword": lambda: (
            torch.cat([torch.cdist(part, corners).argmin(1) for part in parts]).cpu().numpy()
        ),
    }


def timed(entered: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Return seconds of each, in turn, until the GPU has nothing left to do."""

    def to_its_end(run: Callable[[], object]) -> None:
        run()
        torch.cuda.synchronize()

    ended = {name: partial(to_its_end, run) for name, run in entered.items()}
    interleaved(ended, runs=1, pause=0)  # loads and compiles what is needed
    return interleaved(ended, runs=runs, pause=0)


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Let torch multiply float32 in a lower precision."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(name)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def agreement(frames: torch.Tensor, corners: np.ndarray, engine: Engine) -> dict[str, float]:
    """Return how codes of the GPU differ from those of the loops on the CPU."""
    ours = project(frames, corners, engine)
    theirs = project(frames.cpu().numpy(), corners, Engine("numba"))
    centre = corners.mean(axis=0)
    largest = max(
        float(((values - centre) ** 2).sum(axis=1).max())
        for values in (frames.double().cpu().numpy(), corners)
    )
    allowed = ALLOWED[0] * theirs.distortion.mean() + ALLOWED[1] * largest
    apart = np.abs(ours.distortion.astype(float) - theirs.distortion).max()
    return {
        "codewords_alike": float((ours.codeword == theirs.codeword).mean()),
        "positions_alike": float((np.abs(ours.position - theirs.position) < 1e-4).mean()),
        "error_over_allowed": float(apart / allowed),
    }


def agreements(size: int, dim: int) -> list[dict[str, Any]]:
    """Return rows of `agreement` for near and far frames, of both types, found in each way."""
    frames, corners = made(CHECKED, size, dim, "cuda")
    rows = []
    for offset in (0.0, 1e6):
        shifted = frames.double() + offset
        for dtype in (torch.float32, torch.float64):
            given, codebook = shifted.to(dtype), corners.double().cpu().numpy() + offset
            ways = {
                "torch": (Engine("torch"), "highest"),
                "torch, TF32": (Engine("torch"), "high"),
                "kernels": (KERNELS, "highest"),
            }
            for way, (engine, name) in ways.items():
                with precision(name):
                    row = agreement(given, codebook, engine)
                kind = str(dtype).removeprefix("torch.")
                known = {"dim": dim, "corners": size, "offset": offset, "frames": kind, "way": way}
                rows.append(known | row)
    return rows


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU")
    found = machine(PACKAGES) | {"gpu": torch.cuda.get_device_name(), "runs": arguments.runs}
    print("\n".join(f"{key}: {value}" for key, value in found.items()))
    times, checks = [], []
    for dim, size in CONFIGURATIONS:
        frames, corners = made(arguments.frames, size, dim, "cuda")
        checks += agreements(size, dim)
        seconds = timed(contestants(frames, corners), arguments.runs)
        product = spread(seconds["product"])["median"]
        for name, taken in seconds.items():
            row = {"dim": dim, "corners": size, "name": name, "frames": arguments.frames}
            ns = 1e9 * spread(taken)["median"] / arguments.frames
            products = spread(taken)["median"] / product
            times.append(
                {**row, "seconds": spread(taken), "ns_per_frame": ns, "products": products}
            )
        write_json(arguments.json, {**found, "rows": times, "agreement": checks})
    header = ["", *(f"D={dim} K={size}" for dim, size in CONFIGURATIONS)]
    names = dict.fromkeys(row["name"] for row in times)
    cells = {
        name: [f"{row['products']:.3g}" for row in times if row["name"] == name] for name in names
    }
    for name in ("product", "exact", "exact, by kernels"):
        of_it = [row for row in times if row["name"] == name]
        cells[f"{name}: ns a frame"] = [f"{row['ns_per_frame']:.1f}" for row in of_it]
    print(as_markdown(header, ([name, *values] for name, values in cells.items())))
    for way, offset in sorted({(row["way"], row["offset"]) for row in checks}):
        rows = [row for row in checks if (row["way"], row["offset"]) == (way, offset)]
        print(
            f"{way}, {offset:g} from the origin, the worst of {len(rows)}: "
            f"{min(row['codewords_alike'] for row in rows):.2%} of codewords alike, "
            f"{min(row['positions_alike'] for row in rows):.2%} of positions, "
            f"error {max(row['error_over_allowed'] for row in rows):.2g} of what is allowed"
        )


if __name__ == "__main__":
    main()
