"""Transitions, distances of corners, and the corners in the plane of most variance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis import stats
from sfvq_analysis.report.page.packing import packed_counts, quantised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats import Reductions

MOST_CELLS = 256
N_NEAREST = 5


def transition_image(reductions: Reductions) -> dict[str, Any]:
    """Return counts of moves from index to index, added up to at most 256 x 256 cells."""
    size = reductions.codebook_size
    width = -(-size // MOST_CELLS)
    n = -(-size // width)
    moves = reductions.transitions
    cell = (moves["index"].to_numpy(np.int64) // width) * n + moves["next_index"] // width
    counts = np.bincount(cell, weights=moves["count"], minlength=n * n).reshape(n, n)
    return {"n": n, "width": width, "values": packed_counts(counts.astype(np.int64))}


def corner_geometry(
    corners: NDArray[np.float32] | None, final: NDArray[np.float32] | None = None
) -> dict[str, Any] | None:
    """Return corners in the plane of most variance, their distances and each one's nearest.

    The plane is that of the `final` codebook, if these are corners of one of its stages.
    """
    if corners is None:
        return None
    apart = stats.corner_distances(corners).to_numpy()
    return {
        "plane": _plane(corners, corners if final is None else final),
        "distances": _distance_image(apart),
        "nearest": _nearest(apart),
        "step": np.round(np.diagonal(apart, 1), 4).tolist(),
    }


def _plane(corners: NDArray[np.float32], final: NDArray[np.float32]) -> dict[str, Any]:
    centre = final.mean(axis=0, dtype=np.float64)
    of_final, mine = (_in_two_dimensions(one - centre) for one in (final, corners))
    _, _, axes = np.linalg.svd(of_final, full_matrices=False)
    spread = of_final @ axes[:2].T
    largest = spread[np.abs(spread).argmax(axis=0), [0, 1]]
    points = mine @ axes[:2].T * np.where(largest < 0, -1, 1)  # a sign of its own
    about = mine - mine.mean(axis=0)
    whole = max((about**2).sum(), np.finfo(float).tiny)
    share = ((points - points.mean(axis=0)) ** 2).sum(axis=0) / whole
    return {
        "x": np.round(points[:, 0], 5).tolist(),
        "y": np.round(points[:, 1], 5).tolist(),
        "explained": np.round(share, 4).tolist(),
    }


def _in_two_dimensions(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of one dimension with a second, which is 0; others as they are."""
    return np.hstack([points, np.zeros_like(points)]) if points.shape[1] == 1 else points


def _distance_image(apart: NDArray[np.float64]) -> dict[str, Any]:
    """Return mean distances between stretches of the axis, at most 256 x 256 cells."""
    size = len(apart)
    width = -(-size // MOST_CELLS)
    starts = np.arange(0, size, width)
    sums = np.add.reduceat(np.add.reduceat(apart, starts, axis=0), starts, axis=1)
    lengths = np.diff(np.append(starts, size))
    return {
        "n": len(starts),
        "width": width,
        "values": quantised(sums / np.outer(lengths, lengths)),
    }


def _nearest(apart: NDArray[np.float64]) -> list[list[list[Any]]]:
    others = apart + np.diag(np.full(len(apart), np.inf))
    order = np.argsort(others, axis=1, kind="stable")[:, : min(N_NEAREST, len(apart) - 1)]
    return [
        [[int(other), round(float(apart[at, other]), 4)] for other in row]
        for at, row in enumerate(order)
    ]
