"""Reductions with other codes, and what is counted in them, for slow oracles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.counting.reductions import as_reductions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.tables import IndexTable


def recoded(table: IndexTable | Reductions, new_code: NDArray[np.int64]) -> Reductions:
    """Return reductions in which every code is called otherwise."""
    reductions = as_reductions(table)
    columns = {
        name: getattr(reductions, name).assign(
            index=lambda part: new_code[part["index"]].astype(np.int32)
        )
        for name in ("counts", "runs")
    }
    return replace(reductions, **columns)


def mirrored(table: IndexTable | Reductions) -> Reductions:
    """Return reductions read from the other end of the axis."""
    return recoded(table, np.arange(as_reductions(table).codebook_size)[::-1])


def counts_by_hand(
    table: IndexTable | Reductions, weights: NDArray[np.float64] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return each phone's count of every index, units weighted, row by row."""
    reductions = as_reductions(table)
    units = reductions.units
    weight_of = dict(zip(units, np.ones(len(units)) if weights is None else weights, strict=True))
    found: dict[str, NDArray[np.float64]] = {}
    for unit, phone, index, count in reductions.counts.itertuples(index=False, name=None):
        counts = found.setdefault(str(phone), np.zeros(reductions.codebook_size))
        counts[index] += count * weight_of[str(unit)]
    return found
