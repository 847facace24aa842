"""Claims that hold in any order of the codes: C6 and C9."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.arithmetic.contingency import ratio
from sfvq_analysis.stats.claims.said import Found, as_measure, untestable
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import Measure, null_summary, p_value
from sfvq_analysis.stats.inference.reasons import no_null
from sfvq_analysis.stats.peaks import main_peak_places
from sfvq_analysis.stats.units.information import information

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.claims.said import Said
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.stats.inference import Inference

_SPLITS = 20


def peaks_apart(said: Said) -> Found:
    """Test C6: whether a group peaks in one half of speakers where it does in the other.

    Groups of which no split leaves a frame in both halves take no part.
    """
    counts = unit_counts(said.reductions, "phone_group")
    if len(counts.values) < 2:
        return untestable(counts, "peak distance", "fewer than two groups have a frame")
    if counts.n_units < 2:
        return untestable(counts, "peak distance", f"one {counts.unit}: no second half")
    distances = _distances(counts, _halves(counts.n_units, said.inference))
    apart = _mean_of_known(distances)  # (n_groups, n_groups): of one half, of the other
    asked = np.flatnonzero(np.isfinite(np.diag(apart)))
    if len(asked) < 2:
        why = f"fewer than two groups have a frame in both halves of the {counts.unit}s"
        return untestable(counts, "peak distance", why)
    apart, distances = (part[..., asked[:, None], asked] for part in (apart, distances))
    rng = said.inference.generator("groups of peaks")
    orders = [rng.permutation(len(apart)) for _ in range(said.inference.n_permutations)]
    observed = _lead(apart)
    null = [_lead(apart[:, order]) for order in orders]
    mean, sd = null_summary(null)
    leads = np.array([_lead(one) for one in distances])
    tail = (1 - said.inference.level) / 2
    low, high = np.quantile(leads[np.isfinite(leads)], [tail, 1 - tail]).tolist()
    p = p_value(observed, null, "greater")
    measure = Measure(
        "peak distance", observed, low, high, mean, sd, p, counts.unit, counts.n_units
    )
    whole = main_peak_places(smooth(counts.total().astype(np.float64)))
    places = zip(counts.values, whole, strict=True)
    return Found(
        measure._replace(reason=no_null(said.inference)),
        ", ".join(f"{name} {at}" for name, at in places),
    )


def _mean_of_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over the first axis of what isn't NaN, NaN where all is."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0).astype(np.float64))


def _halves(n_units: int, inference: Inference) -> NDArray[np.float64]:
    """Return which units are of one half, in each of some splits, shape (n, n_units)."""
    rng = inference.generator("halves")
    half = (np.arange(n_units) < n_units // 2).astype(np.float64)
    return np.stack([rng.permutation(half) for _ in range(_SPLITS)])


def _distances(counts: UnitCounts, halves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of every group's peak in one half to every group's in the other.

    Shares of K, shape (n_splits, n_groups, n_groups), NaN without a peak; the mean of both readings
    of the axis, as in `sfvq_analysis.stats.order.adjacency`.
    """
    smoothed = [smooth(_counted(counts, half)) for half in (halves, 1 - halves)]
    forth, back = (_between_peaks(*(part[..., ::step] for part in smoothed)) for step in (1, -1))
    return np.asarray((forth + back) / 2 / counts.codebook_size)


def _between_peaks(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return distances of peaks of histograms (n, n_groups, K) of either half, in indices."""
    places = [main_peak_places(part).astype(np.float64) for part in (first, second)]
    one, other = (np.where(place < 0, np.nan, place) for place in places)
    return np.asarray(np.abs(one[:, :, None] - other[:, None, :]))


def _counted(counts: UnitCounts, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return counts with units weighted, shape (n, n_groups, K)."""
    return np.concatenate(list(counts.weighted(weights)))


def _lead(apart: NDArray[np.float64]) -> float:
    """Return the mean distance of different groups less that of the same; NaN without either."""
    same = np.eye(len(apart), dtype=bool)
    return float(_mean_of_known(apart[~same]) - _mean_of_known(apart[same]))


def names_its_phone(said: Said) -> Found:
    """Test C9 by the information of index and phone."""
    found = information(said.reductions, inference=said.inference)
    one = found[found["measure"] == "pnmi"]
    one = one.assign(null_mean=one["null_mean"] * 0.0)  # the effect is what exceeds it
    purity = found.loc[found["measure"] == "phone_purity", "plug_in"].item()
    detail = "" if np.isnan(purity) else f"{purity:.0%} of frames are their index's commonest phone"
    return Found(as_measure(one, "corrected PNMI", effect="corrected"), detail)
