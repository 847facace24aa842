"""How long the index stays where it is, inside a phone.

A run is a stretch of frames with one index inside one token: it ends where the index changes, and
where the token does. With F frames and R runs of a value's tokens the mean dwell time is F / R
times the frame's duration.

The null shuffles the frames of every token among their places in it, 199 times at most: what the
token holds stays, in which order is drawn. It expects 1 + n - Σ_k c_k² / n runs in a token of n
frames, c_k of them of index k (Wald & Wolfowitz's test for several kinds). A longer dwell time than
that says that equal codes come in a row.

Dwell times don't change when codes are relabelled: they support no claim about the order of the
axis.

References
----------
A. Wald, J. Wolfowitz, "On a test whether two samples are from the same population", Annals of
Mathematical Statistics 11 (1940), 147-162. D. E. Barton, F. N. David, "Multiple runs", Biometrika
44 (1957), 168-178.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
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

MOST_DRAWS = 199
QUANTILES = {"q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9}


class _Runs(NamedTuple):
    """Runs of the tokens that have a value, in time order."""

    value: NDArray[np.int64]
    unit: NDArray[np.int64]
    token: NDArray[np.int64]
    code: NDArray[np.int64]
    length: NDArray[np.int64]


def dwell_times(
    table: Reducible,
    *,
    by: By = "phone_group",
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how long the index stays where it is, in seconds; see the module's docstring.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone_group"`` or ``"phone"``; phones in no group are left out of the first.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        A row a value that has a frame: the column `by`; ``n_runs``, ``n_frames``, ``n_tokens`` (of
        at least one frame); ``mean`` with its interval ``low``, ``high``; ``q10``, ``q25``,
        ``median``, ``q75``, ``q90``; ``expected`` = frames over the expected number of runs, and
        ``null_mean``, ``null_sd`` of the drawn means, all in seconds; ``p`` (long is extreme) and
        ``p_corrected`` over the rows; ``unit``, ``n_units``, ``n_permutations``; ``reason`` why
        something is NaN.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    inference = inference or Inference()
    reductions = as_reductions(table)
    names, value = token_values(reductions, by, phone_set)
    runs = _runs(reductions, value)
    n_values, n_units = len(names), len(reductions.units)
    n_runs = np.bincount(runs.value, minlength=n_values)
    n_frames = np.bincount(runs.value, weights=runs.length, minlength=n_values).astype(np.int64)
    n_tokens = np.bincount(_of_first_run(runs, runs.value), minlength=n_values)
    second = reductions.frame_seconds
    drawn = _resampled(runs, n_values, n_units, inference)
    low, high = interval(drawn if drawn.size else drawn[:0], n_units, inference)
    null = _null(runs, n_frames, inference)
    summary = np.array([null_summary(null[:, at]) for at in range(n_values)]).reshape(n_values, 2)
    mean = n_frames / n_runs
    p = [p_value(mean[at], null[:, at], "greater") for at in range(n_values)]
    frame = pd.DataFrame(
        {
            by: pd.Categorical(names, categories=list(names), ordered=by == "phone_group"),
            "n_runs": n_runs,
            "n_frames": n_frames,
            "n_tokens": n_tokens,
            "mean": mean * second,
            "low": low * second,
            "high": high * second,
            **{name: _quantile(runs, n_values, q) * second for name, q in QUANTILES.items()},
            "expected": n_frames / _expected_runs(runs, n_values) * second,
            "null_mean": summary[:, 0] * second,
            "null_sd": summary[:, 1] * second,
            "p": np.array(p, dtype=np.float64),
            "p_corrected": corrected_p(p),
            "unit": reductions.unit,
            "n_units": n_units,
            "n_permutations": len(null),
        }
    )
    why = joined(no_interval(reductions.unit, n_units, inference), no_null(inference))
    return frame.assign(reason=pd.Series(why, index=frame.index, dtype="str"))


def _runs(reductions: Reductions, value: NDArray[np.int64]) -> _Runs:
    runs = reductions.runs
    token = runs["token"].to_numpy()
    of_token = np.append(value, -1)[token]
    kept = of_token >= 0
    unit = reductions.utterances["unit"].to_numpy()[runs["utterance"].to_numpy()[kept]]
    index, length = (runs[name].to_numpy()[kept].astype(np.int64) for name in ("index", "length"))
    return _Runs(of_token[kept], unit.astype(np.int64), token[kept], index, length)


def _of_first_run(runs: _Runs, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return of values, one a run, those of the first run of each token."""
    return np.asarray(values[np.diff(runs.token, prepend=-1) != 0])


def _quantile(runs: _Runs, n_values: int, q: float) -> NDArray[np.float64]:
    found = [np.quantile(runs.length[runs.value == value], q) for value in range(n_values)]
    return np.array(found, dtype=np.float64)


def _resampled(
    runs: _Runs, n_values: int, n_units: int, inference: Inference
) -> NDArray[np.float64]:
    """Return the mean run length of every value with units resampled, in frames."""
    cell = runs.unit * n_values + runs.value
    counted = [
        np.bincount(cell, weights=weight, minlength=n_units * n_values).reshape(n_units, n_values)
        for weight in (runs.length, None)
    ]
    weights = resampling_weights(n_units, inference)
    n_frames, n_runs = weights @ counted[0], weights @ counted[1]
    return np.asarray(n_frames / np.where(n_runs > 0, n_runs, np.nan))


def _expected_runs(runs: _Runs, n_values: int) -> NDArray[np.float64]:
    """Return how many runs the tokens of each value have on average when frames are shuffled."""
    value = _of_first_run(runs, runs.value)
    number = np.cumsum(np.diff(runs.token, prepend=-1) != 0) - 1
    n = np.bincount(number, weights=runs.length)
    size = int(runs.code.max(initial=0)) + 1
    cells, which = np.unique(number * size + runs.code, return_inverse=True)
    count = np.bincount(which, weights=runs.length)
    squares = np.bincount(cells // size, weights=count**2)
    expected = np.bincount(value, weights=1 + n - squares / n, minlength=n_values)
    return expected.astype(np.float64)


def _null(runs: _Runs, n_frames: NDArray[np.int64], inference: Inference) -> NDArray[np.float64]:
    """Return the mean run length of every value with the frames of tokens shuffled, in frames."""
    if not len(runs.token):
        return np.zeros((0, len(n_frames)))
    from sfvq_analysis.stats.inference.relabelling_kernels import shuffled_runs

    starts = np.flatnonzero(np.diff(runs.token, prepend=-1) != 0)
    n_runs = np.diff(np.append(starts, len(runs.token)))
    n_kinds = _kinds(runs, starts)
    length = np.add.reduceat(runs.length, starts)
    settled = (n_kinds == 1) | (n_kinds == length)  # no order of their frames changes anything
    fixed = np.bincount(
        runs.value[starts][settled], weights=n_runs[settled], minlength=len(n_frames)
    ).astype(np.int64)
    moving = np.repeat(~settled, n_runs)
    index = np.repeat(runs.code[moving], runs.length[moving])
    first = np.append(0, np.cumsum(length[~settled]))
    value = runs.value[starts][~settled]
    rng = inference.generator("frames of a token")
    drawn = np.empty((min(MOST_DRAWS, inference.n_permutations), len(n_frames)))
    for draw in drawn:
        n_shuffled = fixed.copy()
        shuffled_runs(index, first, value, rng, n_shuffled)
        draw[:] = n_frames / n_shuffled
    return drawn


def _kinds(runs: _Runs, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many different indices each token holds."""
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(runs.token))))
    size = int(runs.code.max(initial=0)) + 1
    cells = np.unique(number * size + runs.code)
    return np.bincount(cells // size, minlength=len(starts))
