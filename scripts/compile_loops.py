"""Have the loops of `sfvq_analysis.curve` compiled, so that processes started at once needn't.

Usage: python scripts/compile_loops.py
numba keeps what it compiles beside the package. Done while other packages are being installed, it
takes no time of the tests.
"""

from __future__ import annotations

import numpy as np

from sfvq_analysis import fit_sfvq
from sfvq_analysis.curve import nearest_codeword, project

SHAPES = ((2, 32), (16, 32), (64, 256), (256, 512))
"""Dimensions and corners: of few dimensions, of few corners, of enough for octets, and of so many
that not all are looked at."""
N_FRAMES = 1 << 14


def main() -> None:
    """Fit a small curve, and search some of all kinds."""
    rng = np.random.default_rng(0)
    fit_sfvq(rng.normal(size=(1024, 8)).astype(np.float32), bits=6)
    for dim, size in SHAPES:
        corners = rng.normal(size=(size, dim))
        for kind in (np.float32, np.float64):
            frames = rng.normal(size=(N_FRAMES, dim)).astype(kind)
            project(frames, corners)
            nearest_codeword(frames, corners)


if __name__ == "__main__":
    main()
