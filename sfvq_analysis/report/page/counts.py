"""Histograms of the page: counts of phones and groups by index, with bands over speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.report.page.packing import packed_counts, quantised
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import interval, resampling_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.stats import Inference, Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts

SETS = ("group", "61", "48", "39")
_CELLS_WITH_BANDS = 1 << 16


def histogram_sets(reductions: Reductions, inference: Inference) -> dict[str, Any]:
    """Return counts and bands by group, and by phone folded to 61, 48 and 39."""
    return {name: _set(reductions, name, inference) for name in SETS}


def _set(reductions: Reductions, name: str, inference: Inference) -> dict[str, Any]:
    if name == "group":
        counts = unit_counts(reductions, "phone_group")
    else:
        counts = unit_counts(reductions, "phone", phone_set={"61": 61, "48": 48}.get(name, 39))  # type: ignore[arg-type]
    order = _order(counts)
    total = counts.total()[order]
    names = [counts.values[at] for at in order]
    return {
        "values": [_value(one, name, counts.inventory) for one in names],
        "tokens": counts.n_tokens[order].tolist(),
        "counts": packed_counts(total),
        "bands": _bands(counts, order, inference),
    }


def _order(counts: UnitCounts) -> list[int]:
    """Return the places of values by group, then as in the table of phones."""
    inventory = counts.inventory
    groups = {group: at for at, group in enumerate(inventory.groups)}
    last = len(inventory.order)

    def key(at: int) -> tuple[int, int, str]:
        name = counts.values[at]
        group = name if name in groups else inventory.group_of(name) or ""
        return groups.get(group, len(groups)), inventory.order.get(name, last), name

    return sorted(range(len(counts.values)), key=key)


def _value(name: str, by: str, inventory: PhoneInventory) -> dict[str, Any]:
    groups = list(inventory.groups)
    if by == "group":
        return {"name": name, "ipa": None, "group": groups.index(name)}
    group = inventory.group_of(name)
    return {
        "name": name,
        "ipa": inventory.ipa(name),
        "group": groups.index(group) if group in groups else -1,
    }


def _bands(counts: UnitCounts, order: list[int], inference: Inference) -> dict[str, Any] | None:
    """Return intervals of densities, raw and smoothed; None where there are none to give."""
    n_cells = len(order) * counts.codebook_size
    if counts.n_units < 2 or not inference.n_bootstraps or not 0 < n_cells <= _CELLS_WITH_BANDS:
        return None

    def both(block: NDArray[np.float64]) -> NDArray[np.float32]:
        raw = np.nan_to_num(densities(block))
        return np.stack([raw, smooth(raw)], axis=1).astype(np.float32)

    weights = resampling_weights(counts.n_units, inference)
    draws = np.concatenate([both(block) for block in counts.weighted(weights)])
    # the interval of an even ladder from 0 to 1 is at the very quantiles that an interval takes
    quantiles = interval(np.linspace(0, 1, 1001), counts.n_units, inference)
    low, high = np.quantile(draws[..., order, :], quantiles, axis=0)
    return {"low": quantised(low), "high": quantised(high)}
