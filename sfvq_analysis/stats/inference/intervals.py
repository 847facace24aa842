"""Intervals of measures that resampling itself moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.inference import interval, resampling_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.stats.inference import Inference


def moved_interval(
    counts: UnitCounts,
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    inference: Inference,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bootstrap interval of a statistic, moved so that its draws lie about the observed.

    A resampling repeats some units and lacks others; what it counts is rougher than what was
    observed, as that is rougher than speech. A measure of roughness or of information is moved by
    it, so far that the plain percentile interval may not hold the observed value. Moved by
    (observed - mean of the draws) the interval tells how far another sample of as many units would
    move the number, whose own bias it keeps.

    Parameters
    ----------
    counts
        By unit.
    statistic
        From counts of shape (m, n_values, K) to values of shape (m, …).
    inference
        Number of resamplings, level, seed.

    Returns
    -------
    low, high
        Shape (…), NaN where no draw is finite.
    """
    observed = statistic(counts.total()[None].astype(np.float64))
    weights = resampling_weights(counts.n_units, inference)
    blocks = counts.weighted(weights)
    draws = np.concatenate([observed[:0], *(statistic(block) for block in blocks)])
    known = np.isfinite(draws)
    n_known = known.sum(axis=0)
    mean = np.where(known, draws, 0.0).sum(axis=0) / np.maximum(n_known, 1)
    low, high = interval(draws, counts.n_units, inference)
    return low + (observed[0] - mean), high + (observed[0] - mean)
