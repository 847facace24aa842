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


def corner_geometry(corners: NDArray[np.float32] | None) -> dict[str, Any] | None:
    """Return corners in the plane of most variance, their distances and each one's nearest."""
    if corners is None:
        return None
    apart = stats.corner_distances(corners).to_numpy()
    return {
        "plane": _plane(corners),
        "distances": _distance_image(apart),
        "nearest": _nearest(apart),
        "step": np.round(np.diagonal(apart, 1), 4).tolist(),
    }


def _plane(corners: NDArray[np.float32]) -> dict[str, Any]:
    centred = corners.astype(np.float64) - corners.mean(axis=0, dtype=np.float64)
    if centred.shape[1] == 1:
        centred = np.hstack([centred, np.zeros_like(centred)])
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    points = left[:, :2] * singular[:2]
    points *= np.where(
        points[np.abs(points).argmax(axis=0), [0, 1]] < 0, -1, 1
    )  # a sign of its own
    share = singular**2 / max((singular**2).sum(), np.finfo(float).tiny)
    return {
        "x": np.round(points[:, 0], 5).tolist(),
        "y": np.round(points[:, 1], 5).tolist(),
        "explained": np.round(share[:2], 4).tolist(),
    }


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
