"""Have the loops of `sfvq_analysis.curve` compiled, so that processes started at once needn't.

Usage: python scripts/compile_loops.py
numba keeps what it compiles beside the package. Done while other packages are being installed, it
takes no time of the tests. By one process: two could take one name for two results.
"""

from __future__ import annotations

import numpy as np

from sfvq_analysis import fit_sfvq
from sfvq_analysis.curve import nearest_codeword, project

SHAPES = ((2, 32), (2, 1024), (16, 32), (64, 256), (256, 512))
"""Dimensions and corners: of few dimensions, with few corners and with more than are all looked at;
of few corners; of enough for octets, and of so many that not all are looked at."""
FAR = (2, 16)
"""Dimensions of those that are searched far from the origin, too: what is taken off float32 frames
is in float64 there. More are left to who needs them."""
N_FRAMES = 1 << 14


def compile_loops() -> None:
    """Search curves of all shapes, near the origin and far from it."""
    rng = np.random.default_rng(0)
    for offset in (0.0, 1e6):
        for dim, size in (shape for shape in SHAPES if offset == 0 or shape[0] in FAR):
            corners = rng.normal(size=(size, dim)) + offset
            for kind in (np.float32, np.float64):
                frames = (rng.normal(size=(N_FRAMES, dim)) + offset).astype(kind)
                project(frames, corners)
                nearest_codeword(frames, corners)


def main() -> None:
    """Fit a small curve, and search curves of all kinds."""
    fit_sfvq(np.random.default_rng(0).normal(size=(1024, 8)).astype(np.float32), bits=6)
    compile_loops()


if __name__ == "__main__":
    main()
