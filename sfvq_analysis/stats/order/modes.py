"""In how many places on the axis a phone is.

A mode is a peak of the smoothed histogram by the rule of `sfvq_analysis.stats.peaks`: a local
maximum, the ends of the axis included, whose prominence is at least .1 of the histogram's maximum.
``main_share`` is the share of the (unsmoothed) frames within 3 indices of the main peak, the reach
of the smoothing window; where two indices tie for the highest, it is the mean of what both readings
of the axis find, so that its direction doesn't matter.

A rare phone has modes that are noise, and a resampling of units, rougher than what was observed,
has more of them: the interval, of whole numbers, lies rather high. So compare phones of about as
many frames, or the same phones under two codebooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_count
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.histograms import SMOOTHING_WINDOW, smooth
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.inference.order_null import in_parts
from sfvq_analysis.stats.inference.reasons import no_interval
from sfvq_analysis.stats.peaks import (
    MIN_PROMINENCE,
    MIN_TOKENS,
    main_peak_places,
    relative_heights,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reducible
    from sfvq_analysis.stats.counting.unit_counts import By, UnitCounts

REACH = SMOOTHING_WINDOW // 2


def modes(
    table: Reducible,
    *,
    by: By = "phone",
    phone_set: Folding = 61,
    min_tokens: int = MIN_TOKENS,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return the number of modes of each phone's smoothed histogram.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone"`` or ``"phone_group"``.
    phone_set
        Fold phones to 61, 48 or 39.
    min_tokens
        With fewer tokens that own a frame nothing is said, as in `sfvq_analysis.stats.peaks`.
    inference
        How intervals are made.

    Returns
    -------
    pd.DataFrame
        A row each value that owns a frame: ``phone`` (if `by` says so), ``phone_group`` (None for
        a phone in no group), ``n_modes`` with ``low`` and ``high``, ``main_peak``, ``main_share``,
        ``n_frames``, ``n_tokens`` (that own a frame), ``unit``, ``n_units``, ``reason``. Counts and
        places are nullable integers.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = modes(table, by="phone_group").set_index("phone_group")
    >>> bool(found.loc["approximant", "n_modes"] < found.loc["vowel", "n_modes"])
    True
    >>> found.loc["silence", "reason"]
    '12 tokens own a frame, fewer than 20'
    """
    check_count("min_tokens", min_tokens, at_least=0)
    inference = inference or Inference()
    counts = unit_counts(table, by, phone_set=phone_set)
    total = counts.total().astype(np.float64)
    enough = counts.n_tokens >= min_tokens
    peak = main_peak_places(_smoothed(total))
    low, high = _interval(counts, inference)
    frame = pd.DataFrame(
        {
            "n_modes": _where(enough, mode_numbers(total)),
            "low": np.where(enough, low, np.nan),
            "high": np.where(enough, high, np.nan),
            "main_peak": _where(enough, peak),
            "main_share": np.where(enough, _main_share(total), np.nan),
            "n_frames": total.sum(axis=1).astype(np.int64),
            "n_tokens": counts.n_tokens,
            "unit": counts.unit,
            "n_units": counts.n_units,
            "reason": _reasons(counts, min_tokens, inference),
        }
    )
    groups = [counts.inventory.group_of(value) for value in counts.values]
    named = {"phone": counts.values, "phone_group": groups}
    keys = pd.DataFrame(named if by == "phone" else {"phone_group": counts.values}, dtype=object)
    return pd.concat([keys, frame.astype({"unit": "str", "reason": "str"})], axis=1)


def mode_numbers(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the number of modes of each histogram.

    A scan along the axis for all histograms at once: the number of local maxima with a prominence
    of at least a threshold is the number of times that the curve falls by it from the largest
    value since it rose by it, equal largest values counted each. `scipy.signal.find_peaks` finds
    the same, a histogram at a time.

    Parameters
    ----------
    counts
        Shape (…, K), not smoothed.

    Returns
    -------
    NDArray[np.float64], shape (…)
        0 where nothing is counted.
    """
    return _falls(relative_heights(_smoothed(counts)))


def _falls(heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how often each curve, zeros laid on beyond its end, falls after having risen."""
    shape = heights.shape[:-1]
    along = np.append(np.moveaxis(heights, -1, 0), np.zeros((1, *shape)), axis=0)  # (K + 1, …)
    rising = np.zeros(shape, dtype=bool)
    lowest, highest, before, equal, found = np.zeros((5, *shape))
    for height in along:
        falls = rising & (highest - height >= MIN_PROMINENCE)
        rises = ~rising & (height - lowest >= MIN_PROMINENCE)
        found += np.where(falls, equal, 0)
        higher = rises | (rising & (height > highest))
        again = rising & (height == highest) & (before < height)
        equal = np.where(higher, 1, equal + again)
        highest = np.where(higher, height, highest)
        lowest = np.where(falls, height, np.minimum(lowest, height))
        rising = (rising & ~falls) | rises
        before = height
    return np.asarray(found)


def _interval(
    counts: UnitCounts, inference: Inference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not counts.values:
        return np.zeros(0), np.zeros(0)
    return counts.interval(lambda block: in_parts(mode_numbers, block), inference)


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(smooth(counts.reshape(-1, counts.shape[-1])).reshape(counts.shape))


def _main_share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each row within reach of its main peak, of the axis read both ways."""
    density = densities(counts)
    shares = []
    for towards in (density, density[:, ::-1]):
        away = np.arange(counts.shape[1]) - main_peak_places(_smoothed(towards))[:, None]
        shares.append(np.where(np.abs(away) <= REACH, towards, 0.0).sum(axis=1))
    return np.asarray(np.mean(shares, axis=0))


def _where(enough: NDArray[np.bool_], values: NDArray[np.int64] | NDArray[np.float64]) -> pd.Series:
    return pd.Series(values, dtype="Int32").where(enough)


def _reasons(counts: UnitCounts, min_tokens: int, inference: Inference) -> list[str]:
    missing = no_interval(counts.unit, counts.n_units, inference)
    return [
        missing if n >= min_tokens else f"{n} tokens own a frame, fewer than {min_tokens}"
        for n in counts.n_tokens
    ]
