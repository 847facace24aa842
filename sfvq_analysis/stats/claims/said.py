"""What the tests of claims are given and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.inference import Inference, Measure, null_summary, p_value
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.inference.relabelling import relabelled_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions, UnitCounts
    from sfvq_analysis.stats.inference import Tail
    from sfvq_analysis.tables import IndexTable

    Floats = NDArray[np.float64]

_LABEL_DRAWS = 999


@dataclass(frozen=True)
class Said:
    """What claims are read from."""

    table: IndexTable
    reductions: Reductions
    sentence: str | None
    inference: Inference
    _relabelled: list[NDArray[np.int32]] = field(default_factory=list)

    def relabelled(self) -> list[NDArray[np.int32]]:
        """Return counts by phone with labels permuted, as p values need them, drawn once."""
        if not self._relabelled:
            fewer = replace(
                self.inference, n_permutations=min(_LABEL_DRAWS, self.inference.n_permutations)
            )
            draws = relabelled_counts(self.reductions, fewer, alike=True)
            self._relabelled.extend(draw.astype(np.int32) for draw in draws)
        return self._relabelled


class Found(NamedTuple):
    """A claim's measure, and a few words on it."""

    measure: Measure
    detail: str = ""


def measured(
    counts: UnitCounts,
    name: str,
    found: tuple[float, NDArray[np.float64], Tail],
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    said: Said,
) -> Measure:
    """Return a measure of counts with its interval and null."""
    observed, null, tail = found
    low, high = counts.interval(statistic, said.inference)
    p = p_value(observed, null, tail)
    no_bounds = no_interval(counts.unit, counts.n_units, said.inference)
    reason = joined(no_bounds, no_null(said.inference))
    mean, sd = null_summary(null)
    return Measure(
        name,
        float(observed),
        float(low),
        float(high),
        mean,
        sd,
        p,
        counts.unit,
        counts.n_units,
        reason,
    )


def untestable(counts: UnitCounts, name: str, reason: str) -> Found:
    """Return what a claim that can't be tested answers."""
    return Found(Measure(name, unit=counts.unit, n_units=counts.n_units, reason=reason))


def as_measure(frame: pd.DataFrame, measure: str, **renamed: str) -> Measure:
    """Return a row of a frame as a measure; `renamed` says where its fields stand."""
    row = frame.iloc[0]
    fields = {name: renamed.get(name, name) for name in Measure._fields if name != "measure"}
    return Measure(measure, **{name: row[at] for name, at in fields.items() if at in row})
