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


def _peaks_of(part: pd.DataFrame, min_tokens: int) -> list[dict[str, Any]]:
    n_owning = int(part["n_tokens"].iloc[0] - part["n_empty_tokens"].iloc[0])
    blank = {"rank": 0, "peak": pd.NA, "peak_raw": pd.NA, "prominence": np.nan, "height": np.nan}
    if part["n_frames"].iloc[0] == 0:
        return [{**blank, "reason": "no token owns a frame"}]
    if n_owning < min_tokens:
        return [{**blank, "reason": f"{n_owning} tokens own a frame, fewer than {min_tokens}"}]
    heights, prominences = _local_maxima(part["smoothed"].to_numpy())
    main = max(prominences, key=lambda at: (heights[at], -at))
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
    are laid on beyond them. Heights are rounded, so that rounding makes no maxima.
    """
    heights = np.round(smoothed / smoothed.max(), _DIGITS)
    at, found = find_peaks(np.pad(heights, 1), prominence=0.0)
    return heights, dict(zip((at - 1).tolist(), found["prominences"].tolist(), strict=True))
