"""Claims that phones fill one range of the axis: C2, C3, C8 and C10."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.arithmetic.shortest import shortest_range, shortest_width
from sfvq_analysis.stats.claims.said import Found, measured, untestable
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import permuted_codes
from sfvq_analysis.stats.inference.order_null import why_no_order

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from sfvq_analysis.stats.claims.said import Said

    Floats = NDArray[np.float64]

_MASS = 0.8
_DRAWS_AT_ONCE = 64


def sibilants(said: Said) -> Found:
    """Test C2."""
    return _in_range_of(said, ("s", "sh", "z"))


def silences(said: Said) -> Found:
    """Test C3."""
    inventory = said.reductions.inventory
    values = unit_counts(said.reductions, "phone").values
    silent = [name for name in values if inventory.is_pause(name) or inventory.is_closure(name)]
    return _in_one_range(said, silent, "no frame of silence, pauses or closures")


def fricatives(said: Said) -> Found:
    """Test C8."""
    return _in_range_of(said, ("f", "v", "th", "dh", "s", "z", "sh", "zh"))


def groups_in_ranges(said: Said) -> Found:
    """Test C10 by the mean width of the ranges of all groups."""
    counts = unit_counts(said.reductions, "phone_group")
    hindrance = why_no_order(counts)
    if hindrance or len(counts.values) < 2:
        why = hindrance or "fewer than two groups have a frame"
        return untestable(counts, "range width", why)
    total = counts.total()
    ranges = [shortest_range(row, _MASS) for row in total]
    text = (f"{name} {a}-{b}" for name, (a, b) in zip(counts.values, ranges, strict=True))
    phones = unit_counts(said.reductions, "phone").values
    members = [
        [counts.inventory.group_of(phone) == group for phone in phones] for group in counts.values
    ]
    return _widths(said, np.array(members), ", ".join(text))


def _in_range_of(said: Said, phones: Collection[str]) -> Found:
    """Test phones given by TIMIT's symbols, whatever the corpus calls them."""
    local = said.reductions.inventory.local(phones)
    return _in_one_range(said, local, f"no frame of {', '.join(phones)}")


def _in_one_range(said: Said, phones: Collection[str], none: str) -> Found:
    """Test whether the frames of some phones, taken together, lie in one range."""
    counts = unit_counts(said.reductions, "phone")
    chosen = np.array([name in phones for name in counts.values], dtype=bool)
    hindrance = why_no_order(counts)
    if hindrance or not chosen.any() or chosen.all():
        absent = "no frame of other phones" if chosen.any() else none
        return untestable(counts, "range width", hindrance or absent)
    mine = counts.total()[chosen].sum(axis=0)
    first, last = shortest_range(mine, _MASS)
    detail = f"{first}-{last} holds {mine[first : last + 1].sum() / mine.sum():.0%}"
    return _widths(said, chosen[None], detail)


def _widths(said: Said, members: NDArray[np.bool_], detail: str) -> Found:
    """Test the mean width of the ranges of sets of phones, shape (n_sets, n_phones)."""
    counts = unit_counts(said.reductions, "phone")
    total = counts.total().astype(np.float64)
    fold = members.astype(np.float64)

    def width(block: Floats) -> Floats:
        found = shortest_width(fold @ block, _MASS)
        known = np.isfinite(found)
        held = np.where(known, found, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return np.asarray(np.where(known.any(axis=1), held, np.nan) / block.shape[2])

    draws = permuted_codes(total.any(axis=0), said.inference)
    folded = fold @ total
    by_order = [np.zeros(0)]
    for start in range(0, len(draws), _DRAWS_AT_ONCE):
        moved = folded[:, draws[start : start + _DRAWS_AT_ONCE]].swapaxes(0, 1)
        by_order.append(shortest_width(moved, _MASS).mean(axis=1) / total.shape[1])
    observed = float(width(total[None])[0])
    null = np.concatenate(by_order)
    found = measured(counts, "range width", (observed, null, "less"), width, said)
    kinds = np.where(members.any(axis=0), members.argmax(axis=0), -1)

    def width_of_one(counts: Floats) -> float:
        return float(width(counts[None])[0])

    return said.label_null(kinds).against(Found(found, detail), width_of_one, "less")
