"""k-means (scikit-learn's) in one thread, as the sums of several come in any order; samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEIGHBOURS, _MOST_AROUND = 8, 1 << 10


def thinned(frames: NDArray[np.float32], at_most: int) -> NDArray[np.float32]:
    """Return frames at even places, at most so many."""
    n_kept = min(len(frames), at_most)
    return frames[np.arange(n_kept) * len(frames) // max(n_kept, 1)]


def densest(frames: NDArray[np.float32], *, at_least: int) -> NDArray[np.float32]:
    """Return the half of the distinct frames around which others lie most densely.

    That is, whose 8th nearest of 1,024 at even places is nearest. All distinct frames where a half
    were fewer than `at_least`, or than 8.
    """
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    distinct = np.unique(frames, axis=0)
    n_kept = len(distinct) // 2
    if n_kept < max(at_least, _NEIGHBOURS):
        return distinct
    with threadpool_limits(1):
        search = NearestNeighbors(n_neighbors=_NEIGHBOURS, algorithm="brute")
        distances, _ = search.fit(thinned(distinct, _MOST_AROUND)).kneighbors(distinct)
    return np.asarray(distinct[np.argsort(distances[:, -1], kind="stable")[:n_kept]])


def k_means(
    frames: NDArray[np.float32],
    size: int,
    *,
    seed: int,
    n_starts: int = 1,
    sweeps: int = 100,
    in_place: bool = False,
) -> NDArray[np.float64] | None:
    """Return the best of some codebooks, shape (size, dim); None for too few distinct frames.

    Parameters
    ----------
    frames
        Shape (n, dim).
    size
        How many codewords.
    seed
        Of the starts (k-means++).
    n_starts, sweeps
        How many starts, and at most how many sweeps for each.
    in_place
        Whether the frames may be changed (they are centred), so that they needn't be copied.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    if len(frames) < size:
        return None
    means = KMeans(size, n_init=n_starts, max_iter=sweeps, random_state=seed, copy_x=not in_place)
    try:
        with (
            warnings.catch_warnings(action="error", category=ConvergenceWarning),
            threadpool_limits(1),
        ):
            means.fit(frames)
    except ConvergenceWarning:
        return None
    return np.asarray(means.cluster_centers_, dtype=np.float64)
