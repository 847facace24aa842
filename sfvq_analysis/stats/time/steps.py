"""How far the index moves from frame to frame, against what an axis without order would give.

With c(i, j) the changes from index i to j != i between neighbouring frames of an utterance:

- ``absolute_step``: Σ c(i, j) |i - j| / Σ c(i, j), in indices;
- ``relative_step``: the same over its expectation when the labels of the used codes are permuted
  among their places, the mean of |a - b| over all pairs of used places (exact: every change then
  falls on each pair with the same probability). 1 is no order. Where all K codes are used it is
  (K + 1) / 3, and the number is that of `sfvq_analysis.stats.time.transitions.relative_step`;
- ``next_share``: the share of changes that lead to the next used code on either side; 2 / (used
  codes) without order.

Stays (i = j) don't count: how often the index stays says nothing of the order of codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.inference import (
    Inference,
    Measure,
    as_frame,
    interval,
    null_summary,
    p_value,
    permuted_codes,
    places_of,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.inference import Tail

MEASURES: dict[str, Tail] = {
    "relative_step": "less",
    "absolute_step": "less",
    "next_share": "greater",
}
_PAIRS_AT_ONCE = 4096


class _Changes(NamedTuple):
    """Changes of the index, a row for each unit and ordered pair."""

    unit: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    times: NDArray[np.float64]


def steps(table: Reducible, *, inference: Inference | None = None) -> pd.DataFrame:
    """Return how far the index moves when it changes; see the module's docstring.

    The null permutes the used codes among their places; a small step, and a large ``next_share``,
    are extreme. Intervals resample units, with the used codes as they are.

    Parameters
    ----------
    table
        A table or its reductions. Labels aren't needed.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        Rows of `Measure`, and ``optimised``: whether the codes were put in order by how they follow
        each other in time. Then small steps are what the fit asked for, no finding: p is NaN.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = steps(table).set_index("measure")
    >>> bool(found.loc["relative_step", "effect"] < 1), bool(found.loc["relative_step", "p"] < 0.01)
    (True, True)
    """
    inference = inference or Inference()
    reductions = as_reductions(table)
    frame = as_frame(_rows(reductions, inference))
    return frame.assign(optimised=reductions.temporal)


def step_draws(reductions: Reductions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the relative step as observed and, after it, with units weighted, shape (1 + n,).

    Parameters
    ----------
    reductions
        Of a table.
    weights
        Shape (n, n_units), of `sfvq_analysis.stats.inference.resampling_weights`.
    """
    changes = _changes(reductions)
    used = np.zeros(reductions.codebook_size, dtype=bool)
    used[reductions.runs["index"].to_numpy()] = True
    if not len(changes.times):
        return np.full(1 + len(weights), np.nan)
    every = np.vstack([np.ones(len(reductions.units)), weights])
    return _weighted(changes, used, every)[:, 0]


def _rows(reductions: Reductions, inference: Inference) -> list[Measure]:
    n_units = len(reductions.units)
    changes = _changes(reductions)
    blank = Measure("", unit=reductions.unit, n_units=n_units)
    if not len(changes.times):
        return [blank._replace(measure=name, reason="the index never changes") for name in MEASURES]
    used = np.zeros(reductions.codebook_size, dtype=bool)
    used[reductions.runs["index"].to_numpy()] = True
    effects = _observed(changes, used)
    low, high = interval(_resampled(changes, used, n_units, inference), n_units, inference)
    null = _null(changes, used, inference)
    optimised = "the codes were ordered by time: its steps are no finding"
    no_p = optimised if reductions.temporal else ""
    reason = joined(no_p, no_interval(reductions.unit, n_units, inference), no_null(inference))
    rows = []
    for at, (name, tail) in enumerate(MEASURES.items()):
        mean, sd = null_summary(null[:, at])
        p = float("nan") if no_p else p_value(effects[at], null[:, at], tail)
        found = Measure(name, effects[at], low[at], high[at], mean, sd, p)
        rows.append(found._replace(unit=reductions.unit, n_units=n_units, reason=reason))
    return rows


def _changes(reductions: Reductions) -> _Changes:
    rows = reductions.transitions
    moved = rows[rows["index"] != rows["next_index"]]
    unit = moved["unit"].cat.codes.to_numpy().astype(np.int64)
    before, after = (moved[name].to_numpy().astype(np.int64) for name in ("index", "next_index"))
    return _Changes(unit, before, after, moved["count"].to_numpy(dtype=np.float64))


def _expected_step(used: NDArray[np.bool_]) -> float:
    """Return the mean distance of two different used places."""
    places = np.flatnonzero(used).astype(np.float64)
    n = len(places)
    weight = 2 * np.arange(n) - (n - 1)  # how often a place is the larger one, less the smaller
    return float((weight * places).sum() / (n * (n - 1) / 2))


def _observed(changes: _Changes, used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the measures, in the order of `MEASURES`."""
    parts = np.array([[part.sum()] for part in _parts(changes, used)])
    observed: NDArray[np.float64] = _measures(parts, used)[0]
    return observed


def _parts(
    changes: _Changes, used: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return distance moved, changes, and changes to a neighbour, of every row."""
    distance = np.abs(changes.after - changes.before)
    rank = np.cumsum(used)
    beside = np.abs(rank[changes.after] - rank[changes.before]) == 1
    return changes.times * distance, changes.times, changes.times * beside


def _measures(parts: NDArray[np.float64], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the measures of sums of `_parts`, shape (3, n), as (n, 3); NaN without a change."""
    distance, n, beside = parts
    safe = np.where(n > 0, n, np.nan)
    step = distance / safe
    return np.stack([step / _expected_step(used), step, beside / safe], axis=-1)


def _resampled(
    changes: _Changes, used: NDArray[np.bool_], n_units: int, inference: Inference
) -> NDArray[np.float64]:
    """Return the measures with units resampled, shape (n_bootstraps, 3)."""
    return _weighted(changes, used, resampling_weights(n_units, inference))


def _weighted(
    changes: _Changes, used: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the measures with units weighted, shape (n, 3)."""
    n_units = weights.shape[1]
    of_unit = [
        np.bincount(changes.unit, weights=part, minlength=n_units) for part in _parts(changes, used)
    ]
    return _measures(np.stack([weights @ part for part in of_unit]), used)


def _null(changes: _Changes, used: NDArray[np.bool_], inference: Inference) -> NDArray[np.float64]:
    """Return the measures with the used codes permuted, shape (n_permutations, 3)."""
    size = len(used)
    cell = np.minimum(changes.before, changes.after) * size
    cell += np.maximum(changes.before, changes.after)
    pairs, which = np.unique(cell, return_inverse=True)
    count = np.bincount(which, weights=changes.times)
    place = places_of(permuted_codes(used, inference)).T.astype(np.int32)  # (K, n)
    rank = np.cumsum(used).astype(np.int32)[place]
    distance, beside = np.zeros(place.shape[1]), np.zeros(place.shape[1])
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        a, b = np.divmod(pairs[part], size)
        distance += count[part] @ np.abs(place[a] - place[b])
        beside += count[part] @ (np.abs(rank[a] - rank[b]) == 1)
    return _measures(np.stack([distance, np.full_like(distance, count.sum()), beside]), used)
