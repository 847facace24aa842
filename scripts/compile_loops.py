"""Have the loops of `sfvq_analysis.curve` compiled, so that processes started at once needn't.

Usage: python scripts/compile_loops.py
numba keeps what it compiles beside the package. Done while other packages are being installed, by
two processes, it takes no time of the tests.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor

import numpy as np

from sfvq_analysis import fit_sfvq
from sfvq_analysis.curve import nearest_codeword, project

SMALL = ((2, 32), (2, 1024), (16, 32))
LARGE = ((64, 256), (256, 512))
"""Dimensions and corners: of few dimensions, with few corners and with more than are all looked at;
of few corners; of enough for octets, and of so many that not all are looked at."""
OFFSETS = (0.0, 1e6)
"""Far from the origin, what is taken off is in float64."""
N_FRAMES = 1 << 14


def compile_loops(shapes: tuple[tuple[int, int], ...]) -> None:
    """Search curves of such shapes, near the origin and far from it."""
    rng = np.random.default_rng(0)
    for offset in OFFSETS:
        for dim, size in shapes:
            corners = rng.normal(size=(size, dim)) + offset
            for kind in (np.float32, np.float64):
                frames = (rng.normal(size=(N_FRAMES, dim)) + offset).astype(kind)
                project(frames, corners)
                nearest_codeword(frames, corners)


def main() -> None:
    """Fit a small curve, and search small ones and, beside that, large ones."""
    with ProcessPoolExecutor() as processes:
        large = processes.submit(compile_loops, LARGE)
        frames = np.random.default_rng(0).normal(size=(1024, 8)).astype(np.float32)
        processes.submit(fit_sfvq, frames, bits=6).result()
        processes.submit(compile_loops, SMALL).result()
        large.result()


if __name__ == "__main__":
    main()
