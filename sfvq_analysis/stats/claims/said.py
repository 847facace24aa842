"""What the tests of claims are given and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.inference import Inference, Measure, null_summary, p_value
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.inference.swapping import swapping_share, why_few_swap

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.stats.inference import Tail
    from sfvq_analysis.tables import Indexed

    Floats = NDArray[np.float64]

_LABEL_DRAWS = 999


@dataclass(frozen=True)
class Said:
    """What claims are read from."""

    table: Indexed
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

    def why_no_labels(self, kinds: NDArray[np.integer]) -> str:
        """Return why permuted labels say nothing of kinds of phones, empty where they do.

        `kinds` are of every phone, below 0 for those that aren't asked about.
        """
        if self.inference.n_permutations == 0:
            return ""
        share = swapping_share(self.reductions, kinds, alike=True)
        return why_few_swap(share, "no p", "among segments as long")


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


def against_labels(found: Found, p: float, why_not: str) -> Found:
    """Return a claim tested against orders with the larger p of it and of permuted labels.

    Where those say nothing there is none: the claim isn't tested by orders alone.
    """
    measure = found.measure
    if why_not:
        alone = f"p of orders alone {measure.p:.2g}"
        untested = measure._replace(p=np.nan, reason=joined(measure.reason, why_not))
        return Found(untested, "; ".join(filter(None, (found.detail, alone))))
    return found._replace(measure=measure._replace(p=float(np.maximum(measure.p, p))))


def as_measure(frame: pd.DataFrame, measure: str, **renamed: str) -> Measure:
    """Return a row of a frame as a measure; `renamed` says where its fields stand."""
    row = frame.iloc[0]
    fields = {name: renamed.get(name, name) for name in Measure._fields if name != "measure"}
    return Measure(measure, **{name: row[at] for name, at in fields.items() if at in row})
