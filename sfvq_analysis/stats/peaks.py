"""Peaks of index histograms: where on the axis a phone or group is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.signal import find_peaks

from sfvq_analysis.stats.histograms import SUPPORT_COLUMNS, by_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_PROMINENCE = 0.1
MIN_TOKENS = 20
_DIGITS = 12


def peaks(histogram: pd.DataFrame, *, min_tokens: int = MIN_TOKENS) -> pd.DataFrame:
    """Return the peaks of each histogram.

    The main peak (``rank`` 0) is the smoothed density's largest value, the lowest index among equal
    ones, the middle of a plateau; further peaks are those of its curve, zeros laid on beyond both
    ends so that indices 0 and K - 1 count, whose prominence is at least .1 of its maximum, in order
    of height.

    Parameters
    ----------
    histogram
        Of `sfvq_analysis.stats.index_histogram`.
    min_tokens
        With fewer tokens that own a frame a main peak is NA, and ``reason`` says so.

    Returns
    -------
    pd.DataFrame
        The histogram's `by` columns, then ``rank``, ``peak`` (of the smoothed density),
        ``peak_raw`` (of the raw one; NA for further peaks), ``prominence`` and ``height`` (of the
        smoothed density, as shares of its maximum), ``n_frames``, ``n_tokens``,
        ``n_empty_tokens``, ``n_speakers``, ``reason``. Indices are nullable integers.
    """
    by = by_columns(histogram)
    rows: list[dict[str, Any]] = []
    for _, part in histogram.groupby(by, observed=True, sort=False):
        known = {name: part[name].iloc[0] for name in (*by, *SUPPORT_COLUMNS)}
        rows.extend({**known, **row} for row in _peaks_of(part, min_tokens))
    columns = ["rank", "peak", "peak_raw", "prominence", "height", *SUPPORT_COLUMNS, "reason"]
    found = pd.DataFrame(rows, columns=[*by, *columns])
    dtypes = {name: histogram[name].dtype for name in by}
    return found.astype(
        {**dtypes, "rank": "int32", "peak": "Int32", "peak_raw": "Int32", "reason": "str"}
    )


def main_peaks(found: pd.DataFrame) -> pd.DataFrame:
    """Return the main peak of each value, NA ones included."""
    return found[found["rank"] == 0].reset_index(drop=True)


def main_peak_places(smoothed: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return where the main peak of each density is, by the rule of `peaks`.

    The largest value; of equal ones (but for rounding) the lowest index; of a plateau the middle,
    the lower of two.

    Parameters
    ----------
    smoothed
        Shape (…, K), smoothed densities or counts.

    Returns
    -------
    NDArray[np.int64], shape (…)
        -1 where a density is zero or NaN throughout.

    Examples
    --------
    >>> main_peak_places(np.array([[0.0, 3, 3, 3, 0, 3], [1, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]))
    array([ 2,  1, -1])
    """
    size = smoothed.shape[-1]
    highest = smoothed.max(axis=-1, keepdims=True)
    top = smoothed >= highest * (1 - 0.5 * 10.0**-_DIGITS)
    first = top.argmax(axis=-1)
    last = first.copy()
    goes_on = np.ones(first.shape, dtype=bool)
    while goes_on.any():
        further = np.minimum(last + 1, size - 1)
        goes_on &= np.take_along_axis(top, further[..., None], axis=-1)[..., 0] & (further > last)
        last += goes_on
    return np.where(highest[..., 0] > 0, (first + last) // 2, -1)


def relative_heights(smoothed: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return densities along the last axis as shares of their maximum, 0 where that is 0 or NaN.

    They are rounded, so that rounding makes no maxima.
    """
    highest = smoothed.max(axis=-1, keepdims=True)
    shares = np.where(highest > 0, smoothed, 0.0) / np.where(highest > 0, highest, 1.0)
    return np.asarray(np.round(shares, _DIGITS))


def _peaks_of(part: pd.DataFrame, min_tokens: int) -> list[dict[str, Any]]:
    n_owning = int(part["n_tokens"].iloc[0] - part["n_empty_tokens"].iloc[0])
    blank = {"rank": 0, "peak": pd.NA, "peak_raw": pd.NA, "prominence": np.nan, "height": np.nan}
    if part["n_frames"].iloc[0] == 0:
        return [{**blank, "reason": "no token owns a frame"}]
    if n_owning < min_tokens:
        return [{**blank, "reason": f"{n_owning} tokens own a frame, fewer than {min_tokens}"}]
    heights, prominences = _local_maxima(part["smoothed"].to_numpy())
    main = int(main_peak_places(heights))
    further = sorted(
        (at for at, share in prominences.items() if at != main and share >= MIN_PROMINENCE),
        key=lambda at: (-heights[at], at),
    )
    return [
        {
            "rank": rank,
            "peak": at,
            "peak_raw": int(part["density"].to_numpy().argmax()) if rank == 0 else pd.NA,
            "prominence": prominences[at],
            "height": heights[at],
            "reason": "",
        }
        for rank, at in enumerate([main, *further])
    ]


def _local_maxima(smoothed: NDArray[np.float64]) -> tuple[NDArray[np.float64], dict[int, float]]:
    """Return heights, and the prominence of each local maximum by its index.

    A plateau has one maximum, its middle (the lower of two); the ends of the axis count, for zeros
    are laid on beyond them.
    """
    heights = relative_heights(smoothed)
    at, found = find_peaks(np.pad(heights, 1), prominence=0.0)
    return heights, dict(zip((at - 1).tolist(), found["prominences"].tolist(), strict=True))
