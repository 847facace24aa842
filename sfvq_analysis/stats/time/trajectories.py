"""How the index moves through a phone, from its beginning to its end.

Frame i of a token's n frames stands at normalised time (i + 0.5) / n; in between the index is
interpolated linearly, before the first and after the last frame it is held. Tokens count the same,
however long; those of fewer than `min_frames` frames are left out.

``movement`` and ``drift`` tell a diphthong from a vowel. Both compare the index at 20 % of a phone
with that at 80 % (as formant studies do: Fox & Jacewicz 2009), where neighbours weigh less:
``movement`` is the mean of |end - start| over tokens, which noise raises too; ``drift`` is |mean of
(end - start)|, which only a change in a common direction raises (its interval reaches below 0 where
resamplings go the other way). The null of ``drift`` turns time round, for all tokens of a unit
together, with probability one half.

References
----------
R. A. Fox, E. Jacewicz, "Cross-dialectal variation in formant dynamics of American English vowels",
JASA 126 (2009), 2603-2618.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_count
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import (
    Inference,
    Measure,
    as_frame,
    interval,
    null_summary,
    p_value,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By

QUANTILES = {"q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9}
START, END = 0.2, 0.8


class _Tokens(NamedTuple):
    """Tokens that are long enough, with the index at some times."""

    names: tuple[str, ...]
    value: NDArray[np.int64]  # (n,)
    unit: NDArray[np.int64]  # (n,)
    indices: NDArray[np.float64]  # (n, n_times)


def trajectories(
    table: Reducible,
    *,
    by: By = "phone",
    phone_set: Folding = 61,
    n_points: int = 11,
    min_frames: int = 3,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return the index over normalised phone time; see the module's docstring.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone"`` or ``"phone_group"``; phones in no group are left out of the second.
    phone_set
        Fold phones to 61, 48 or 39.
    n_points
        Times, even from 0 to 1.
    min_frames
        Leave out tokens with fewer frames.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        A row each value and time: the column `by`, ``time``; ``mean`` index with its interval
        ``low``, ``high``; quantiles ``q10``, ``q25``, ``q50``, ``q75``, ``q90`` of the tokens;
        ``n_tokens`` of the value, ``unit``, ``n_units`` (of the value); ``reason`` why something is
        NaN.

    Raises
    ------
    OptionError
        If an option isn't one of these or out of range.
    """
    check_count("n_points", n_points, at_least=2)
    check_count("min_frames", min_frames)
    inference = inference or Inference()
    reductions = as_reductions(table)
    times = np.linspace(0.0, 1.0, n_points)
    tokens = _tokens(reductions, by, phone_set, times, min_frames)
    n_values = len(tokens.names)
    sums, n_tokens = _by_unit(tokens, tokens.indices, len(reductions.units))
    low, high = _interval(sums, n_tokens, inference)
    spread = _quantiles(tokens, n_points)
    n_units = (n_tokens > 0).sum(axis=0)
    row = np.repeat(np.arange(n_values), n_points)
    why = [
        _why(int(n), reductions.unit, min_frames, inference, int(total))
        for n, total in zip(n_units, n_tokens.sum(axis=0), strict=True)
    ]
    names = pd.Categorical(tokens.names, list(tokens.names), ordered=by == "phone_group")
    return pd.DataFrame(
        {
            by: names[row],
            "time": np.tile(times, n_values),
            "mean": _means(sums.sum(axis=0), n_tokens.sum(axis=0)).ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            **{name: spread[:, at].ravel() for at, name in enumerate(QUANTILES)},
            "n_tokens": n_tokens.sum(axis=0).astype(np.int64)[row],
            "unit": reductions.unit,
            "n_units": n_units[row],
            "reason": pd.Series(why, dtype="str").iloc[row].to_numpy(),
        }
    ).astype({"unit": "str", "reason": "str"})


def movement(
    table: Reducible,
    *,
    by: By = "phone",
    phone_set: Folding = 61,
    min_frames: int = 3,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how far the index moves inside phones; see the module's docstring.

    Parameters
    ----------
    table, by, phone_set, min_frames, inference
        As in `trajectories`.

    Returns
    -------
    pd.DataFrame
        The column `by`, ``n_tokens``, and the columns of `Measure`, with rows ``movement`` and
        ``drift`` for each value; in indices. Only ``drift`` has a null; large is extreme.

    Raises
    ------
    OptionError
        If an option isn't one of these or out of range.
    """
    check_count("min_frames", min_frames)
    inference = inference or Inference()
    reductions = as_reductions(table)
    tokens = _tokens(reductions, by, phone_set, np.array([START, END]), min_frames)
    change = tokens.indices[:, 1] - tokens.indices[:, 0]
    changes = np.stack([np.abs(change), change], axis=1)  # (n, 2)
    sums, n_tokens = _by_unit(tokens, changes, len(reductions.units))
    rows: list[Measure] = []
    for at in range(len(tokens.names)):
        kept = n_tokens[:, at] > 0  # units that say the value
        rows += _moved(sums[kept, at], n_tokens[kept, at], reductions.unit, min_frames, inference)
    row = np.repeat(np.arange(len(tokens.names)), 2)
    names = pd.Categorical(tokens.names, list(tokens.names), ordered=by == "phone_group")
    keys = {by: names[row], "n_tokens": n_tokens.sum(axis=0).astype(np.int64)[row]}
    return pd.concat([pd.DataFrame(keys), as_frame(rows)], axis=1)


def _moved(
    sums: NDArray[np.float64],
    n_tokens: NDArray[np.float64],
    unit: str,
    min_frames: int,
    inference: Inference,
) -> list[Measure]:
    """Return the rows of one value from its sums by unit, shape (n_units, 2)."""
    n_units, total = len(n_tokens), float(n_tokens.sum())
    why = _why(n_units, unit, min_frames, inference, int(total))
    blank = Measure("movement", unit=unit, n_units=n_units, reason=why)
    if not total:
        return [blank, blank._replace(measure="drift")]
    weights = resampling_weights(n_units, inference)
    drawn = _means(weights @ sums, weights @ n_tokens)
    both = sums.sum(axis=0) / total
    drift = abs(float(both[1]))
    drawn[:, 1] *= np.sign(both[1])  # below 0: a resampling that goes the other way
    low, high = interval(drawn, n_units, inference)
    rng = inference.generator("direction of time")
    signs = 1.0 - 2.0 * rng.integers(0, 2, size=(inference.n_permutations, n_units))
    null = np.abs(signs @ sums[:, 1]) / total
    mean, sd = null_summary(null)
    return [
        blank._replace(effect=float(both[0]), low=low[0], high=high[0]),
        blank._replace(
            measure="drift", effect=drift, low=low[1], high=high[1], null_mean=mean, null_sd=sd,
            p=p_value(drift, null, "greater"), reason=joined(why, no_null(inference)),
        ),
    ]  # fmt: skip


def _tokens(
    reductions: Reductions,
    by: By,
    phone_set: Folding,
    times: NDArray[np.float64],
    min_frames: int,
) -> _Tokens:
    names, value = token_values(reductions, by, phone_set)
    kept = (value >= 0) & (reductions.tokens["n_frames"].to_numpy() >= min_frames)
    owned = reductions.runs[reductions.runs["token"] >= 0]
    index = np.repeat(owned["index"].to_numpy(), owned["length"].to_numpy()).astype(np.float64)
    n_frames = reductions.tokens["n_frames"].to_numpy().astype(np.int64)
    first = np.cumsum(n_frames) - n_frames
    row = reductions.tokens["utterance"].to_numpy()[kept]
    unit = reductions.utterances["unit"].to_numpy()[row].astype(np.int64)
    return _Tokens(
        names, value[kept], unit, _interpolated(index, first[kept], n_frames[kept], times)
    )


def _interpolated(
    index: NDArray[np.float64],
    first: NDArray[np.int64],
    n_frames: NDArray[np.int64],
    times: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the index at normalised times of every token, shape (n, n_times)."""
    last = n_frames[:, None] - 1
    place = np.clip(times * n_frames[:, None] - 0.5, 0, last)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, last)
    share = place - below
    start = first[:, None]
    return np.asarray(index[start + below] * (1 - share) + index[start + above] * share)


def _by_unit(
    tokens: _Tokens, numbers: NDArray[np.float64], n_units: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums, shape (n_units, n_values, m), and tokens, shape (n_units, n_values)."""
    n_values = len(tokens.names)
    cell = tokens.unit * n_values + tokens.value
    size = n_units * n_values
    columns = [np.bincount(cell, weights=column, minlength=size) for column in numbers.T]
    count = np.bincount(cell, minlength=size).astype(np.float64)
    shape = (n_units, n_values)
    sums = np.stack(columns, axis=-1).reshape(*shape, len(columns)).astype(np.float64)
    return sums, count.reshape(shape)


def _means(sums: NDArray[np.float64], n_tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums / np.where(n_tokens > 0, n_tokens, np.nan)[..., None])


def _interval(
    sums: NDArray[np.float64], n_tokens: NDArray[np.float64], inference: Inference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bounds of the means, shape (n_values, m) each; units without a value don't count."""
    bounds = np.full((2, *sums.shape[1:]), np.nan)
    for value in range(sums.shape[1]):
        kept = n_tokens[:, value] > 0
        weights = resampling_weights(int(kept.sum()), inference)
        drawn = _means(weights @ sums[kept, value], weights @ n_tokens[kept, value])
        bounds[:, value] = interval(drawn, int(kept.sum()), inference)
    return bounds[0], bounds[1]


def _quantiles(tokens: _Tokens, n_points: int) -> NDArray[np.float64]:
    """Return the quantiles over tokens, shape (n_values, n_quantiles, n_points)."""
    found = np.full((len(tokens.names), len(QUANTILES), n_points), np.nan)
    for value in range(len(tokens.names)):
        mine = tokens.indices[tokens.value == value]
        if len(mine):
            found[value] = np.quantile(mine, list(QUANTILES.values()), axis=0)
    return found


def _why(n_units: int, unit: str, min_frames: int, inference: Inference, n_tokens: int) -> str:
    if n_tokens == 0:
        return f"no token of {min_frames} frames or more"
    return no_interval(unit, n_units, inference)
