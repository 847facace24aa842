"""Claims that hold in any order of the codes: C6 and C9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.claims.said import Found, as_measure, untestable
from sfvq_analysis.stats.counting.reductions import unit_counts
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import Measure, null_summary, p_value
from sfvq_analysis.stats.peaks import main_peak_places
from sfvq_analysis.stats.units.information import information

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.claims.said import Said
    from sfvq_analysis.stats.counting.reductions import UnitCounts
    from sfvq_analysis.stats.inference import Inference

_SPLITS = 20


def peaks_apart(said: Said) -> Found:
    """Test C6: whether a group peaks in one half of speakers where it does in the other."""
    counts = unit_counts(said.reductions, "phone_group")
    if len(counts.values) < 2:
        return untestable(counts, "peak distance", "fewer than two groups have a frame")
    if counts.n_units < 2:
        return untestable(counts, "peak distance", f"one {counts.unit}: no second half")
    halves = _halves(counts.n_units, said.inference)
    first, second = (_peaks(counts, half) for half in (halves, 1 - halves))
    distances = np.abs(first[:, :, None] - second[:, None, :]) / counts.codebook_size
    apart = np.nanmean(distances, axis=0)  # (n_groups, n_groups): of one half, of the other
    rng = said.inference.generator("groups of peaks")
    orders = [rng.permutation(len(apart)) for _ in range(said.inference.n_permutations)]
    observed = _lead(apart)
    null = [_lead(apart[:, order]) for order in orders]
    mean, sd = null_summary(null)
    low, high = np.quantile([_lead(one) for one in distances], [0.05, 0.95]).tolist()
    measure = Measure(
        "peak distance",
        *(observed, low, high),
        *(mean, sd, p_value(observed, null, "greater")),
        counts.unit,
        counts.n_units,
    )
    whole = _peaks(counts, np.ones((1, counts.n_units)))[0]
    places = zip(counts.values, whole, strict=True)
    return Found(measure, ", ".join(f"{name} {at:.0f}" for name, at in places))


def _halves(n_units: int, inference: Inference) -> NDArray[np.float64]:
    """Return which units are of one half, in each of some splits, shape (n, n_units)."""
    rng = inference.generator("halves")
    half = (np.arange(n_units) < n_units // 2).astype(np.float64)
    return np.stack([rng.permutation(half) for _ in range(_SPLITS)])


def _peaks(counts: UnitCounts, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the groups' main peaks with units weighted, shape (n, n_groups), NaN for none."""
    (block,) = counts.weighted(weights)
    place = main_peak_places(smooth(block)).astype(np.float64)
    place[place < 0] = np.nan
    return place


def _lead(apart: NDArray[np.float64]) -> float:
    """Return the mean distance of different groups less that of the same."""
    same = np.eye(len(apart), dtype=bool)
    return float(np.nanmean(apart[~same]) - np.nanmean(apart[same]))


def names_its_phone(said: Said) -> Found:
    """Test C9 by the information of index and phone."""
    found = information(said.reductions, inference=said.inference)
    one = found[found["measure"] == "pnmi"].assign(null_mean=0.0)
    purity = found.loc[found["measure"] == "phone_purity", "plug_in"].item()
    detail = "" if np.isnan(purity) else f"{purity:.0%} of frames are their index's commonest phone"
    return Found(as_measure(one, "corrected PNMI", effect="corrected"), detail)
