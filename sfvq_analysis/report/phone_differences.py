"""The phones in which two tables of the same speech differ most.

=========  ======  =================================================================================
measure    better  of a phone p
=========  ======  =================================================================================
bits       high    Σ_k P(k | p) log2(P(k | p) / P(k)): how many bits its frames' indices tell of it,
                   less the mean of its label null; knows no order
width      low     shortest range of indices that holds .8 of its frames, as a share of the axis
=========  ======  =================================================================================

Speakers are resampled alike in both tables, and draws moved so that their mean is the observed
value, as in `sfvq_analysis.stats.compare`; p values are those of `sfvq_analysis.report.paired`,
corrected over the phones of a measure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import rel_entr

from sfvq_analysis.report.paired import p_of_interval, verdict_of
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.arithmetic.shortest import shortest_width
from sfvq_analysis.stats.counting.reductions import as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import corrected_p, interval, resampling_weights
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.peaks import MIN_TOKENS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats import Inference, Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.tables import IndexTable

    Floats = NDArray[np.float64]

BETTER = {"bits": "high", "width": "low"}
NULL_DRAWS = 20
"""Draws of the label null, whose mean alone is used."""
_MASS = 0.8
_COLUMNS = {
    "measure": "str", "better": "str", "phone": "str", "n_tokens": "int64", "effect": "float64",
    "baseline_effect": "float64", "difference": "float64", "difference_low": "float64",
    "difference_high": "float64", "p": "float64", "p_corrected": "float64", "verdict": "str",
}  # fmt: skip


class _OfPhones(NamedTuple):
    """A measure of every phone: observed, shape (n_phones,), and with units resampled."""

    observed: Floats
    draws: Floats  # (n_bootstraps, n_phones)


def phone_differences(
    table: IndexTable | Reductions, baseline: IndexTable | Reductions, inference: Inference
) -> pd.DataFrame:
    """Return how much more, or less, one table tells of each phone than another.

    Parameters
    ----------
    table, baseline
        Tables of the same utterances, or their reductions.
    inference
        Draws of intervals, level and seed; at most `NULL_DRAWS` permutations are drawn.

    Returns
    -------
    pd.DataFrame
        A row each measure and phone that both tables have and that has at least 20 tokens:
        ``measure``, ``better`` (high or low), ``phone``, ``n_tokens``, ``effect`` and
        ``baseline_effect``; ``difference`` with ``difference_low``, ``difference_high``, ``p`` and
        ``p_corrected``; ``verdict`` as of `sfvq_analysis.report.paired.with_p`. The largest
        differences of a measure come first.

    Examples
    --------
    >>> from sfvq_analysis.stats import Inference
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> curve = simulated_table(Simulation(n_speakers=8))
    >>> plain = simulated_table(Simulation(n_speakers=8, ordered=False))
    >>> found = phone_differences(curve, plain, Inference(5, 100))
    >>> found.groupby("measure")["difference"].mean().abs().round(2).to_dict()
    {'bits': 0.0, 'width': 0.46}
    """
    both = [as_reductions(one) for one in (table, baseline)]
    counts = [unit_counts(one, "phone") for one in both]
    kept = [
        name
        for name, tokens in zip(counts[0].values, counts[0].n_tokens, strict=True)
        if name in counts[1].values and tokens >= MIN_TOKENS
    ]
    tokens = dict(zip(counts[0].values, counts[0].n_tokens, strict=True))
    rows = [
        row
        for measure in BETTER
        for row in _rows(
            measure,
            [_measured(r, c, kept, measure, inference) for r, c in zip(both, counts, strict=True)],
            {name: int(tokens[name]) for name in kept},
            (counts[0].n_units, inference),
        )
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    order = frame["difference"].abs().sort_values(ascending=False, kind="stable").index
    place = frame["measure"].map({measure: at for at, measure in enumerate(BETTER)})
    return frame.loc[place.loc[order].sort_values(kind="stable").index].reset_index(drop=True)


def _rows(
    measure: str, both: list[_OfPhones], tokens: dict[str, int], drawn: tuple[int, Inference]
) -> list[dict[str, object]]:
    n_units, inference = drawn
    mine, theirs = both
    difference = mine.observed - theirs.observed
    draws = mine.draws - theirs.draws
    low, high = interval(draws, n_units, inference)
    shift = difference - _mean_of_known(draws)
    low, high = low + shift, high + shift
    p = p_of_interval(difference, (low, high), n_units, inference.level)
    corrected = corrected_p(p)
    higher = BETTER[measure] == "high"
    return [
        {
            "measure": measure,
            "better": BETTER[measure],
            "phone": name,
            "n_tokens": tokens[name],
            "effect": mine.observed[at],
            "baseline_effect": theirs.observed[at],
            "difference": difference[at],
            "difference_low": low[at],
            "difference_high": high[at],
            "p": p[at],
            "p_corrected": corrected[at],
            "verdict": verdict_of(
                corrected[at], comparable=True, better=bool((difference[at] > 0) == higher)
            ),
        }
        for at, name in enumerate(tokens)
    ]


def _mean_of_known(draws: Floats) -> Floats:
    """Return the mean of finite draws, NaN where there is none: a phone may be missing in some."""
    known = np.isfinite(draws)
    n = known.sum(axis=0)
    total = np.where(known, draws, 0.0).sum(axis=0)
    return np.asarray(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _measured(
    reductions: Reductions,
    counts: UnitCounts,
    phones: list[str],
    measure: str,
    inference: Inference,
) -> _OfPhones:
    """Return a measure of the phones, observed and with units resampled."""
    at = [counts.values.index(name) for name in phones]
    weights = np.vstack(
        [np.ones((1, counts.n_units)), resampling_weights(counts.n_units, inference)]
    )
    statistic = _bits if measure == "bits" else _width
    found = np.concatenate([statistic(block, at) for block in counts.weighted(weights)])
    if measure == "bits":
        found = found - _null(reductions, at, inference)
    return _OfPhones(found[0], found[1:])


def _bits(counts: Floats, at: list[int]) -> Floats:
    """Return the bits that indices tell of phones, (m, n_phones), of counts (m, n_values, K)."""
    base = densities(counts.sum(axis=1, keepdims=True))
    return np.asarray(rel_entr(densities(counts[:, at]), base).sum(axis=2) / np.log(2))


def _width(counts: Floats, at: list[int]) -> Floats:
    return np.asarray(shortest_width(counts[:, at], _MASS) / counts.shape[2])


def _null(reductions: Reductions, at: list[int], inference: Inference) -> Floats:
    """Return the mean of the label null of `_bits`, (n_phones,); 0 where none is drawn."""
    few = replace(inference, n_permutations=min(inference.n_permutations, NULL_DRAWS))
    draws = [
        _bits(draw[None].astype(np.float64), at)[0]
        for draw in relabelled_counts(reductions, few, "phone")
    ]
    return np.asarray(np.mean(draws, axis=0)) if draws else np.zeros(len(at))
