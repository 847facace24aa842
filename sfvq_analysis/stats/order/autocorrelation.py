"""Does what the codes stand for change slowly along the axis? Moran's I of the group posteriors.

With x_k = P(value | index k) at the n used codes, in order, and z_k = x_k - mean(x),

    I = n / (n - 1) · Σ_k z_k z_(k + 1) / Σ_k z_k²

Moran's I with weight 1 between neighbouring used codes (unused ones are skipped), 0 between others.
Under any order it is -1 / (n - 1) on average; near 1 the posterior changes slowly. Every used code
counts the same, however often it is used, so that noise in rare codes lowers I, and noise that a
resampling adds lowers it further: the interval is that of `stats.inference.intervals`.

References
----------
P. A. P. Moran, "Notes on continuous stochastic phenomena", Biometrika 37 (1950), 17-23. A. D.
Cliff, J. K. Ord, "Spatial Processes" (1981).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.arithmetic.contingency import ratio
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    Measure,
    as_frame,
    corrected_p,
    null_summary,
    p_value,
)
from sfvq_analysis.stats.inference.intervals import moved_interval
from sfvq_analysis.stats.inference.order_null import in_parts, permuted_counts, why_no_order
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reducible
    from sfvq_analysis.stats.counting.unit_counts import By, UnitCounts

POOLED = "all"


def morans_i(
    table: Reducible,
    *,
    by: By = "phone_group",
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return Moran's I of P(value | index) along the axis, for each value and on average.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone_group"`` or ``"phone"``. Frames without such a value are left out.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        How intervals and nulls are made.

    Returns
    -------
    pd.DataFrame
        A row each value and, last, ``"all"``, their mean with its own null and interval: the
        column `by`, ``effect``, ``expectation`` (-1 / (n - 1)), ``low``, ``high``, ``null_mean``,
        ``null_sd``, ``p`` (one-sided: greater), ``p_corrected`` (over the values), ``unit``,
        ``n_units``, ``n_used`` (codes), ``reason``.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = morans_i(table, inference=Inference(n_permutations=99, n_bootstraps=0))
    >>> bool(found["effect"].iloc[-1] > 0.3)
    True
    """
    inference = inference or Inference()
    counts = unit_counts(table, by, phone_set=phone_set)
    total = counts.total()
    n_used = int(total.any(axis=0).sum())
    hindrance = why_no_order(counts, at_least=3)
    if hindrance:
        measured = as_frame(
            Measure(name, unit=counts.unit, n_units=counts.n_units, reason=hindrance)
            for name in (*counts.values, POOLED)
        )
    else:
        measured = _measured(counts, total, inference)
    p_corrected = np.append(corrected_p(measured["p"].to_numpy()[:-1]), measured["p"].iloc[-1:])
    frame = measured.rename(columns={"measure": by})
    frame.insert(2, "expectation", -1 / (n_used - 1) if n_used > 2 else np.nan)
    frame.insert(frame.columns.get_loc("p") + 1, "p_corrected", p_corrected)
    frame.insert(frame.columns.get_loc("n_units") + 1, "n_used", n_used)
    return frame


def posterior_autocorrelation(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Moran's I of P(value | index) over used codes.

    Parameters
    ----------
    counts
        Shape (m, n_values, K).

    Returns
    -------
    NDArray[np.float64], shape (m, n_values)
        NaN where a posterior is the same at all used codes.
    """
    of_index = counts.sum(axis=1)  # (m, K)
    used = of_index > 0
    together = np.argsort(~used, axis=1, kind="stable")  # used codes first, in order
    n_used = used.sum(axis=1)[:, None]
    posterior = counts / np.where(used, of_index, 1.0)[:, None, :]
    posterior = np.take_along_axis(posterior, together[:, None, :], axis=2)
    among = (np.arange(counts.shape[2]) < n_used)[:, None, :]
    mean = posterior.sum(axis=2) / np.maximum(n_used, 1)  # what is unused adds 0
    deviation = np.where(among, posterior - mean[..., None], 0.0)
    neighbours = (deviation[..., 1:] * deviation[..., :-1]).sum(axis=2)
    spread = (deviation**2).sum(axis=2)
    spread[spread < n_used * 1e-24] = 0.0  # rounding of a constant
    return np.asarray(ratio(neighbours, spread) * n_used / np.maximum(n_used - 1, 1))


def _measured(counts: UnitCounts, total: NDArray[np.int64], inference: Inference) -> pd.DataFrame:
    observed = _with_mean(total[None].astype(np.float64))[0]
    blocks = permuted_counts(total, inference)
    null = np.concatenate([observed[None][:0], *(_with_mean(block) for block in blocks)])
    low, high = moved_interval(counts, _with_mean, inference)
    missing = no_interval(counts.unit, counts.n_units, inference), no_null(inference)
    return as_frame(
        Measure(
            name,
            float(observed[at]),
            float(low[at]),
            float(high[at]),
            *null_summary(null[:, at]),
            p_value(float(observed[at]), null[:, at], "greater"),
            counts.unit,
            counts.n_units,
            joined("the same at every index" if np.isnan(observed[at]) else "", *missing),
        )
        for at, name in enumerate((*counts.values, POOLED))
    )


def _with_mean(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the autocorrelation of every value and, last, the mean of those that have one."""
    found = in_parts(posterior_autocorrelation, counts)
    known = np.isfinite(found)
    added = np.where(known, found, 0.0).sum(axis=1)
    return np.column_stack([found, ratio(added, known.sum(axis=1).astype(np.float64))])
