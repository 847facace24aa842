"""Orders of a codebook: along the first principal axis, along a short path, which end first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.distance import cdist

from sfvq_analysis.curve.checks import checked_corners

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def principal_order(codebook: ArrayLike) -> NDArray[np.intp]:
    """Return the codewords' order along their first principal axis.

    Examples
    --------
    >>> principal_order([[3.0, 0.1], [1.0, 0.0], [2.0, -0.1]]).tolist() in ([1, 2, 0], [0, 2, 1])
    True
    """
    c = checked_corners(codebook, at_least=2)
    _, _, axes = np.linalg.svd(c - c.mean(axis=0), full_matrices=False)
    return np.argsort((c - c.mean(axis=0)) @ axes[0], kind="stable")


def shortest_path(codebook: ArrayLike) -> NDArray[np.intp]:
    """Return an order in which the path through all codewords is short (2-opt and Or-opt).

    The start is the principal order; moves (reversal of a stretch, transfer of one to three
    codewords to another place, turned or not) are made while one shortens the open path. The
    result is a local optimum, and the same on every run.
    """
    c = checked_corners(codebook, at_least=2)
    distance = cdist(c, c)
    order = principal_order(c)
    while True:
        shorter = _best_reversal(order, distance)
        if shorter is None:
            shorter = _first_transfer(order, distance)
        if shorter is None:
            return order
        order = shorter


def quieter_end_first(corners: ArrayLike) -> bool:
    """Tell whether the first quarter of the corners has a mean norm no larger than the last's.

    A label-free rule for the direction of an axis, which is arbitrary: a curve for which it is
    False is turned round, so that pictures of two fits can be compared.
    """
    c = checked_corners(corners, at_least=2)
    quarter = max(1, len(c) // 4)
    norms = np.linalg.norm(c, axis=1)
    return bool(norms[:quarter].mean() <= norms[-quarter:].mean())


def _best_reversal(
    order: NDArray[np.intp], distance: NDArray[np.float64]
) -> NDArray[np.intp] | None:
    """Return the order after the reversal that saves most, None if none saves."""
    n = len(order)
    d = distance[np.ix_(order, order)]
    before = np.concatenate([[0.0], np.diagonal(d, 1)])  # edge into position i
    after = np.concatenate([np.diagonal(d, 1), [0.0]])  # edge out of position j
    into = np.vstack([np.zeros(n), d[:-1]])  # [i, j]: new edge from i-1 to j
    out_of = np.hstack([d[:, 1:], np.zeros((n, 1))])  # [i, j]: new edge from i to j+1
    saving = before[:, None] + after[None, :] - into - out_of
    saving[np.tril_indices(n)] = 0.0
    i, j = np.unravel_index(saving.argmax(), saving.shape)
    if saving[i, j] <= 1e-12 * d.max():
        return None
    return np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]])


def _first_transfer(
    order: NDArray[np.intp], distance: NDArray[np.float64]
) -> NDArray[np.intp] | None:
    """Return the order after moving one to three neighbours to shorten the path, or None."""
    n, least = len(order), 1e-12 * distance.max()
    for size in (1, 2, 3):
        for i in range(n - size + 1):
            piece, rest = order[i : i + size], np.delete(order, np.s_[i : i + size])
            if len(rest) == 0:
                continue
            gain = _length(order[max(i - 1, 0) : i + size + 1], distance)
            gain -= _length(piece, distance)
            if 0 < i < n - size:
                gain -= distance[order[i - 1], order[i + size]]
            for turned in (piece, piece[::-1]):
                cost = _insertion_cost(rest, turned, distance)
                at = int(cost.argmin())
                if gain - cost[at] > least:
                    return np.concatenate([rest[:at], turned, rest[at:]])
    return None


def _insertion_cost(
    rest: NDArray[np.intp], piece: NDArray[np.intp], distance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what joining `piece` in before each position of `rest` (and at its end) adds."""
    cost = np.zeros(len(rest) + 1)
    cost[1:] += distance[rest, piece[0]]
    cost[:-1] += distance[piece[-1], rest]
    cost[1:-1] -= distance[rest[:-1], rest[1:]]
    return cost


def _length(path: NDArray[np.intp], distance: NDArray[np.float64]) -> float:
    return float(distance[path[:-1], path[1:]].sum())
