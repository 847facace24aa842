"""A start for the curve: a codebook of codebooks, each level put in order.

About √K clusters of the frames, in the metric of the order, become the arcs of the axis; each arc
gets codewords of its own, by k-means on the half of its frames that lie most densely: those far out
would draw codewords to places where speech stays for a moment only. Arcs that share frames stand
together, and near where the annealed map passes through their frames: the map knows the large
course of the axis, what is shared its turns. Within an arc, too, codewords that share frames stand
together. An arc of the axis is then as good a cluster as a codebook of that size has, which no
curve that is bent through all codewords at once attains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import arranged, nearest_codeword, shared_frames, successions
from sfvq_analysis.training.clusters import densest, k_means, thinned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.training.fit_options import FitOptions
    from sfvq_analysis.training.metric import Metric

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]

FEWEST_CORNERS, MOST_CORNERS = 16, 4096
"""Sizes of curves that have arcs: fewer corners have none, more make the tables too large."""
_CLUSTER_STARTS, _SWEEPS = 4, 60
_MOST_CLUSTERED, _MOST_SHARED, _MOST_IN_ARC = 1 << 15, 1 << 14, 1 << 12


class Placed(NamedTuple):
    """Frames, and where a first ordering puts them.

    Attributes
    ----------
    frames, warped
        Shape (n, dim), in the latents' metric and in that of the order.
    metric
        Of the order.
    place
        Of each frame on the axis of the annealed map, shape (n,).
    joined
        Whether frame i + 1 follows frame i in time, shape (n - 1,).
    """

    frames: Float32
    warped: Float32
    metric: Metric
    place: NDArray[np.int32]
    joined: NDArray[np.bool_]


def n_arcs_of(size: int) -> int:
    """Return how many arcs a curve of so many corners has; 0 for too few or too many corners."""
    return 1 << (size.bit_length() // 2) if FEWEST_CORNERS <= size <= MOST_CORNERS else 0


def find_arcs(placed: Placed, n_arcs: int, options: FitOptions, seed: int) -> list[Float32] | None:
    """Return the frames (n, dim) that codewords start from, for each arc in the order of the axis.

    None where the frames are too few or too much alike.
    """
    clusters = k_means(
        thinned(placed.warped, _MOST_CLUSTERED),
        n_arcs,
        seed=seed,
        n_starts=_CLUSTER_STARTS,
        sweeps=_SWEEPS,
        in_place=True,
    )
    if clusters is None:
        return None
    of_frame, _ = nearest_codeword(placed.warped, clusters)
    members = (
        thinned(placed.frames[of_frame == number], _MOST_IN_ARC)
        for number in _order(clusters, of_frame, placed, options)
    )
    return [densest(frames, at_least=n_arcs) for frames in members]


def arc_start(
    placed: Placed, arcs: Sequence[Float32], size: int, options: FitOptions, seed: int
) -> Float64 | None:
    """Return corners (size, dim), None where the frames of an arc are too few or too much alike.

    Parameters
    ----------
    placed
        The frames.
    arcs
        What `find_arcs` returned.
    size
        A power of two.
    options
        Of the fit.
    seed
        Of k-means.
    """
    in_arc = size // len(arcs)
    codebooks = []
    for frames in arcs:
        codebook = k_means(frames, in_arc, seed=seed, sweeps=_SWEEPS)
        if codebook is None:
            return None
        codebooks.append(codebook)
    corners = _along_arcs(np.stack(codebooks))
    return corners[arranged(_togetherness(corners, placed, options), stretch=in_arc)]


def _along_arcs(codebooks: Float64) -> Float64:
    """Return codewords (n_arcs, in_arc, dim) as one list, those of an arc on the way to the next.

    The way leads from the middle of the arc before to that of the arc behind.
    """
    middles = codebooks.mean(axis=1)
    ways = np.gradient(middles, axis=0)
    along = np.einsum("aid,ad->ai", codebooks, ways)
    order = np.argsort(along, axis=1, kind="stable")
    return np.take_along_axis(codebooks, order[..., None], axis=1).reshape(-1, codebooks.shape[2])


def _order(
    clusters: Float64, arc: NDArray[np.int32], placed: Placed, options: FitOptions
) -> NDArray[np.intp]:
    """Return the arcs by what they share, near where the map passes through them."""
    n_arcs = len(clusters)
    quartiles = [np.percentile(placed.place[arc == number], (25, 75)) for number in range(n_arcs)]
    order = np.argsort(np.sum(quartiles, axis=1), kind="stable")  # by the middle of the middle half
    if options.temporal:
        weights = successions(arc, n_arcs, placed.joined)
    else:
        weights = shared_frames(thinned(placed.warped, _MOST_SHARED), clusters, options.softness[0])
    share = np.bincount(arc, minlength=n_arcs)[order] / len(arc)
    place = np.arange(n_arcs)
    kept = options.anchor * share[:, None] * (place[:, None] - place) ** 2
    weights = weights[np.ix_(order, order)]
    np.fill_diagonal(weights, 0.0)
    return order[arranged(2 * weights / max(weights.sum(), 1e-300), places=kept)]


def _togetherness(corners: Float64, placed: Placed, options: FitOptions) -> Float64:
    if options.temporal:
        index, _ = nearest_codeword(placed.frames, corners)
        return successions(index, len(corners), placed.joined)
    warped = placed.metric.warped(corners).astype(np.float64)
    return shared_frames(thinned(placed.warped, _MOST_SHARED), warped, options.softness[1])
