"""What a codebook's geometry says, whatever is read with it.

Order of the corners
--------------------
With D_ij the Euclidean distance between corners i and j:

- ``path_length``: Σ_i D_(i, i + 1), the length of the curve through the corners in index order;
- ``pearson``, ``spearman``: correlation over all pairs of |i - j| with D_ij (of their ranks);
- ``nearest_is_neighbour``: share of corners of which the nearest other one (or one of several
  equally near) is i - 1 or i + 1.

The reference is the same number for the optimal leaf ordering of the corners' average-linkage tree:
an order made for short paths, from the distances alone, by a method that knows of no curve.

References
----------
Z. Bar-Joseph, D. K. Gifford, T. S. Jaakkola, "Fast optimal leaf ordering for hierarchical
clustering", Bioinformatics 17 (2001), S22-S29.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist, squareform
from scipy.stats import rankdata

from sfvq_analysis.curve.checks import checked_corners
from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import (
    Inference,
    Measure,
    as_frame,
    null_summary,
    p_value,
    permuted_codes,
    places_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.stats.inference import Tail

_MEASURES: tuple[tuple[str, Tail], ...] = (
    ("path_length", "less"),
    ("pearson", "greater"),
    ("spearman", "greater"),
    ("nearest_is_neighbour", "greater"),
)
_NO_INTERVAL = "corners aren't resampled: no interval"


class Cornered(Protocol):
    """What has corners, such as a quantizer."""

    def corners(self) -> NDArray[np.float32]:
        """Return them, shape (K, dim)."""
        ...


def corner_distances(codebook: ArrayLike | Cornered) -> pd.DataFrame:
    """Return the Euclidean distances between codewords, shape (K, K), in index order.

    Parameters
    ----------
    codebook
        Shape (K, dim), or a quantizer.

    Raises
    ------
    QuantizerError
        If it isn't finite or not of that shape.
    OptionError
        If it is no array of numbers.

    Examples
    --------
    >>> corner_distances([[0.0, 0.0], [3.0, 4.0]]).to_numpy().tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    corners = checked_corners(_corners_of(codebook), at_least=1)
    index = pd.RangeIndex(len(corners), name="index")
    return pd.DataFrame(cdist(corners, corners), index=index, columns=index)


def _corners_of(codebook: ArrayLike | Cornered) -> NDArray[np.float64]:
    own = getattr(codebook, "corners", None)
    try:
        return np.asarray(own() if callable(own) else codebook, dtype=np.float64)
    except (TypeError, ValueError):
        raise OptionError(
            f"codebook is {type(codebook).__name__}, not numbers of one shape",
            remedy="give corners, shape (K, dim), or a quantizer",
        ) from None


def codebook_order(
    codebook: ArrayLike, *, used: ArrayLike | None = None, inference: Inference | None = None
) -> pd.DataFrame:
    """Return how well the order of a codebook's corners follows their distances.

    Parameters
    ----------
    codebook
        Shape (K, dim).
    used
        Whether a code is used, or how often, shape (K,). Others are left out and the rest numbered
        anew. By default all are used.
    inference
        How nulls are made.

    Returns
    -------
    pd.DataFrame
        The measures of the module's docstring as rows of
        `sfvq_analysis.stats.inference.as_frame`, and ``reference``. The null is that of random
        orders; `p` is one-sided (less for ``path_length``, greater for the others). There is no
        interval: corners aren't a sample. Time goes with K² for every draw and K³ for the
        reference.

    Raises
    ------
    QuantizerError
        If the codebook isn't finite or not of that shape.
    OptionError
        If `used` has another shape.

    Examples
    --------
    >>> line = np.arange(8.0)[:, None]
    >>> found = codebook_order(line, inference=Inference(n_permutations=99))
    >>> found["effect"].round(9).tolist(), found["reference"].round(9).tolist()
    ([7.0, 1.0, 1.0, 1.0], [7.0, 1.0, 1.0, 1.0])
    """
    inference = inference or Inference()
    corners = checked_corners(codebook, at_least=1)
    corners = corners[_used_among(len(corners), used)]
    distances = cdist(corners, corners)
    reason = _why_not(distances)
    if reason:
        frame = as_frame(Measure(name, reason=reason) for name, _ in _MEASURES)
        return frame.assign(reference=np.nan)
    geometry = _geometry(distances)
    draws = permuted_codes(np.ones(len(corners)), inference)
    both = np.stack([np.arange(len(corners)), _leaf_order(distances)])
    observed, reference = _order_measures(geometry, both)
    null = _order_measures(geometry, draws)
    frame = as_frame(
        Measure(
            name,
            effect=float(effect),
            null_mean=null_summary(draw)[0],
            null_sd=null_summary(draw)[1],
            p=p_value(float(effect), draw, tail),
            reason=_NO_INTERVAL,
        )
        for (name, tail), effect, draw in zip(_MEASURES, observed, null.T, strict=True)
    )
    return frame.assign(reference=reference)


class _Geometry(NamedTuple):
    """What is asked of distances, each of shape (n, n)."""

    distances: NDArray[np.float64]
    standard: NDArray[np.float64]
    """Distances centred over the pairs, their squares summing to 1 over them, diagonal 0."""
    standard_ranks: NDArray[np.float64]
    nearest: NDArray[np.bool_]
    """Whether no other corner is nearer to the row's than the column's."""


def _used_among(size: int, used: ArrayLike | None) -> NDArray[np.bool_]:
    mask = np.ones(size, dtype=bool) if used is None else np.asarray(used).astype(bool)
    if mask.shape != (size,):
        raise OptionError(f"used has shape {mask.shape}", remedy=f"give ({size},), one a codeword")
    return mask


def _why_not(distances: NDArray[np.float64]) -> str:
    if len(distances) < 3:
        return f"{len(distances)} used code{'s' * (len(distances) != 1)}, fewer than 3"
    between = squareform(distances, checks=False)
    return "all distances are equal" if np.ptp(between) <= 1e-12 * between.max() else ""


def _geometry(distances: NDArray[np.float64]) -> _Geometry:
    between = squareform(distances, checks=False)
    others = distances + np.diag(np.full(len(distances), np.inf))
    return _Geometry(
        distances,
        squareform(_standardised(between)),
        squareform(_standardised(rankdata(between))),
        others <= others.min(axis=1, keepdims=True) * (1 + 1e-12),
    )


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = values - values.mean()
    return np.asarray(centred / np.sqrt((centred**2).sum()))


def _leaf_order(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    between = squareform(distances, checks=False)
    tree = optimal_leaf_ordering(linkage(between, method="average"), between)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def _order_measures(geometry: _Geometry, orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the measures of orders, shape (m, n) -> (m, 4); orders say which code is where."""
    before, after = orders[:, :-1], orders[:, 1:]
    length = geometry.distances[before, after].sum(axis=1)
    beside = np.zeros(orders.shape, dtype=bool)
    beside[:, :-1] |= geometry.nearest[before, after]
    beside[:, 1:] |= geometry.nearest[after, before]
    correlations = _correlations(geometry, places_of(orders).astype(np.float64))
    return np.column_stack([length, correlations, beside.mean(axis=1)])


def _correlations(geometry: _Geometry, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations of |i - j| with distances for codes at places, shape (m, 2).

    Among the pairs of n places the lag d has the (mean) rank n d - d² / 2 + (1 - n) / 2, and d² is
    bilinear in the places, so that only sums of d are taken pair by pair.
    """
    n = places.shape[1]
    lags = squareform(np.abs(np.subtract.outer(np.arange(n), np.arange(n))), checks=False)
    lag_ranks = n * lags - lags**2 / 2
    both = np.stack([geometry.standard.ravel(), geometry.standard_ranks.ravel()])
    sums = np.array([both @ np.abs(np.subtract.outer(at, at)).ravel() for at in places])
    sums = sums.reshape(-1, 2) / 2  # of each pair once
    ranks = geometry.standard_ranks
    squares = places**2 @ ranks.sum(axis=1) - ((places @ ranks) * places).sum(axis=1)
    deviations = [np.sqrt(((one - one.mean()) ** 2).sum()) for one in (lags, lag_ranks)]
    return np.asarray(np.column_stack([sums[:, 0], n * sums[:, 1] - squares / 2]) / deviations)
