"""Codewords on a line so that those that belong together are close (minimum linear arrangement).

The cost of an order is Σ_{i<j} W_ij |place_i - place_j|, W how often i and j are nearest to the
same frame, or to neighbouring ones. It is the sum over all cuts of the axis of what they part:
every stretch of a good arrangement is a cluster.
Reference: J. Díaz, J. Petit, M. Serna, "A survey of graph layout problems", ACM CSUR 34, 2002.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1 << 12
_MOST_PASSES = 1000


def arranged(
    weights: ArrayLike, *, places: ArrayLike | None = None, stretch: int | None = None
) -> NDArray[np.int64]:
    """Return an order of lower cost, by moving one item at a time until no move helps.

    Parameters
    ----------
    weights
        Shape (n, n), symmetric, not negative; the diagonal doesn't matter. Row i is the item that
        is at place i at first.
    places
        What each item costs at each place, besides, shape (n, n).
    stretch
        Items stay within their stretch of so many places; None: they may go anywhere.

    Returns
    -------
    NDArray[np.int64], shape (n,)
        The item at each place. A local optimum, the same on every run.

    Raises
    ------
    OptionError
        If weights or places aren't of that shape, or `stretch` is less than 1.

    Examples
    --------
    >>> chain = np.zeros((4, 4))
    >>> for i, j in [(0, 2), (2, 1), (1, 3)]:
    ...     chain[i, j] = chain[j, i] = 1
    >>> arranged(chain).tolist() in ([0, 2, 1, 3], [3, 1, 2, 0])
    True
    """
    from sfvq_analysis.curve.moves import move_all

    w = np.array(weights, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != w.shape[1]:
        raise OptionError(f"weights have shape {w.shape}", remedy="give (n, n)")
    if not (w >= 0).all() or not np.allclose(w, w.T):
        raise OptionError("weights are negative, NaN or not symmetric", remedy="mend them")
    if stretch is not None and (not isinstance(stretch, int) or stretch < 1):
        raise OptionError(f"stretch is {stretch!r}", remedy="use an integer >= 1, or None")
    at = np.empty((0, 0)) if places is None else np.array(places, dtype=np.float64)
    if len(at) and at.shape != w.shape:
        raise OptionError(f"places have shape {at.shape}", remedy=f"give {w.shape}")
    np.fill_diagonal(w, 0.0)
    order = np.arange(len(w), dtype=np.int64)
    before = np.tril(w, -1).sum(axis=1)
    total = w.sum(axis=1)
    least = 1e-9 * max(w.sum(), 1e-300)
    for _ in range(_MOST_PASSES):
        if not move_all(w, order, before, total, at, stretch or len(w), least):
            break
    return order


def arrangement_cost(weights: ArrayLike) -> float:
    """Return the mean |place_i - place_j| of weights (n, n), over that at random, (n + 1) / 3.

    NaN where there is no weight.
    """
    w = np.array(weights, dtype=np.float64)
    np.fill_diagonal(w, 0.0)
    place = np.arange(len(w))
    total = float((w * np.abs(place[:, None] - place)).sum())
    return total / float(w.sum()) / ((len(w) + 1) / 3) if w.any() else float("nan")


def shared_frames(
    frames: NDArray[np.floating], codebook: NDArray[np.float64], softness: float
) -> NDArray[np.float64]:
    """Return how often two codewords are near the same frame, shape (K, K), without time or label.

    W = Σ_x p(x) p(x)^T with p_k(x) proportional to exp(-|x - c_k|² / (softness · D)), D the mean
    squared distance of a frame to its nearest codeword.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    codebook
        Shape (K, dim).
    softness
        Width, in units of the mean distortion.
    """
    centre = codebook.mean(axis=0)
    c = codebook - centre
    squares = (c**2).sum(axis=1)
    distance = np.empty((len(frames), len(c)), dtype=np.float32)
    for start in range(0, len(frames), _BLOCK):
        x = frames[start : start + _BLOCK] - centre
        d = (x**2).sum(axis=1)[:, None] - 2 * x @ c.T + squares
        distance[start : start + _BLOCK] = np.maximum(d, 0.0)
    nearest = distance.min(axis=1, keepdims=True)
    width = softness * float(nearest.mean(dtype=np.float64))
    with np.errstate(over="ignore"):  # at a width of nothing: one codeword for each frame
        share = np.exp((nearest - distance) / max(width, float(np.finfo(np.float32).tiny)))
    share /= share.sum(axis=1, keepdims=True)
    weights: NDArray[np.float64] = (share.T @ share).astype(np.float64)
    return weights


def successions(
    index: NDArray[np.int32], size: int, joined: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return how often two indices are neighbours in time, either way round, shape (size, size).

    Parameters
    ----------
    index
        Shape (n_frames,), in order of time.
    size
        How many indices there are.
    joined
        Whether frame i + 1 follows frame i, shape (n_frames - 1,).
    """
    weights = np.zeros((size, size))
    np.add.at(weights, (index[:-1][joined], index[1:][joined]), 1.0)
    return weights + weights.T
