"""The order of the curve: a one-dimensional self-organising map that is annealed and refined.

The map's neighbourhood starts as wide as a quarter of the axis, so that its nodes lie along the
first principal axis, and shrinks geometrically; each sweep is the batch form (Kohonen 1995), a sum
over frames. A wide neighbourhood needs few nodes: there are as many as keep two within its width,
and their number doubles on the way (a coarse-to-fine schedule, the same path at a fraction of the
cost of carrying all nodes from the start).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import map_statistics, point_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

START_WIDTH = 0.25
_FEWEST_NODES, _NODES_PER_WIDTH = 32, 2
_BLOCK = 1 << 14


class MapSweep(NamedTuple):
    """The map after a sweep.

    `nodes` are (M, dim), `width` is a share of the axis; `squared_error` is the mean over frames to
    the nearest node before the sweep, `usage` the share of nodes that were nearest to one.
    """

    nodes: NDArray[np.float64]
    width: float
    squared_error: float
    usage: float


def principal_start(frames: NDArray[np.float32], n_nodes: int) -> NDArray[np.float64]:
    """Return nodes on the first principal axis, at even quantiles of the frames' projections.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    n_nodes
        How many.
    """
    mean = frames.mean(axis=0, dtype=np.float64)
    axis = principal_axes(frames)[1][:, 0]
    along = (frames - mean.astype(np.float32)) @ axis.astype(np.float32)
    quantiles = np.quantile(along, (np.arange(n_nodes) + 0.5) / n_nodes)
    start: NDArray[np.float64] = mean + quantiles[:, None] * axis
    return start


def principal_axes(
    frames: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return variances (dim,), largest first, and axes (dim, dim) as columns, of frames.

    The sign of an axis is such that its largest component is positive.
    """
    mean = frames.mean(axis=0, dtype=np.float64)
    scatter = np.zeros((frames.shape[1], frames.shape[1]))
    for start in range(0, len(frames), _BLOCK):
        centred = frames[start : start + _BLOCK] - mean
        scatter += centred.T @ centred
    variances, axes = np.linalg.eigh(scatter / max(len(frames) - 1, 1))
    variances, axes = np.maximum(variances[::-1], 0.0), axes[:, ::-1]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))]
    return variances, axes * np.sign(largest)


def annealed_map(
    blocks: Sequence[NDArray[np.float32]],
    start: NDArray[np.float64],
    widths: NDArray[np.float64],
    most_nodes: int,
) -> Iterator[MapSweep]:
    """Yield the map after each sweep.

    Parameters
    ----------
    blocks
        Frames, each block of shape (n, dim); sums run over them in order.
    start
        Nodes, shape (M, dim).
    widths
        Standard deviation of the neighbourhood at each sweep, as a share of the axis.
    most_nodes
        Where the doubling stops.
    """
    nodes = start
    for width in widths:
        while len(nodes) < most_nodes and width * len(nodes) < _NODES_PER_WIDTH:
            nodes = resampled(nodes, 2 * len(nodes))
        statistics = map_statistics(blocks[0], nodes)
        for block in blocks[1:]:
            statistics += map_statistics(block, nodes)
        error = statistics.squared_error / statistics.counts.sum()
        usage = float((statistics.counts > 0).mean())
        nodes = statistics.smoothed(nodes, width=width * len(nodes))
        yield MapSweep(nodes, float(width), error, usage)


def resampled(nodes: NDArray[np.float64], n_nodes: int) -> NDArray[np.float64]:
    """Return a curve read at another number of even places, the ends of the axis half a step out.

    Parameters
    ----------
    nodes
        Shape (M, dim).
    n_nodes
        How many; each stands for an equal share of the axis, as the M nodes do.
    """
    share = (np.arange(n_nodes) + 0.5) / n_nodes
    return point_at(nodes, np.clip(share * len(nodes) - 0.5, 0, len(nodes) - 1))


def first_nodes(most_nodes: int | None = None) -> int:
    """Return how many nodes the map starts with: 32, or fewer where no more may be had."""
    return _FEWEST_NODES if most_nodes is None else min(_FEWEST_NODES, most_nodes)
