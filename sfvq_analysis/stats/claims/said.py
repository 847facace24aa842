"""What the tests of claims are given and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import Inference, Measure, null_summary, p_value
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.inference.relabelling import relabelled_counts, resettled_counts
from sfvq_analysis.stats.inference.swapping import swapping_share, why_few_swap

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By, UnitCounts
    from sfvq_analysis.stats.inference import Tail
    from sfvq_analysis.tables import Indexed

    Floats = NDArray[np.float64]

_LABEL_DRAWS = 999
_PARTS = 256  # of a frame, so that shares of frames are whole numbers
_ANY_LENGTH = "few segments are as long, so what lengths tell counts too"


@dataclass(frozen=True)
class Said:
    """What claims are read from."""

    table: Indexed
    reductions: Reductions
    sentence: str | None
    inference: Inference
    _drawn: dict[bool, list[NDArray[np.int32]]] = field(default_factory=dict)

    def label_null(self, kinds: NDArray[np.integer]) -> LabelNull:
        """Return counts by phone whose labels say nothing of kinds of phones.

        Labels are permuted among segments as long; where too few of them are, segments of any
        length swap their codes, if those of all kinds are longer than the others
        (`sfvq_analysis.stats.inference.relabelling`).

        Parameters
        ----------
        kinds
            Of every phone, below 0 for those that aren't asked about.
        """
        if self.inference.n_permutations == 0:
            return LabelNull([])
        why_not = self.why_few_swap(kinds, alike=True)
        if not why_not:
            return LabelNull(self._draws(alike=True))
        if self.why_few_swap(kinds, alike=False) or not self._are_longer(kinds):
            return LabelNull([], why_not=why_not)
        return LabelNull(self._draws(alike=False), note=_ANY_LENGTH)

    def why_few_swap(self, kinds: NDArray[np.integer], by: By = "phone", *, alike: bool) -> str:
        """Return why permuted labels say nothing of kinds of phones or groups, empty if they do."""
        share = swapping_share(self.reductions, kinds, (by, 61), alike=alike)
        return why_few_swap(share, "no p", "among segments as long" if alike else "")

    def at_most(self, n_permutations: int) -> Inference:
        """Return the inference with so many permutations at most."""
        n = min(n_permutations, self.inference.n_permutations)
        return replace(self.inference, n_permutations=n)

    def _are_longer(self, kinds: NDArray[np.integer]) -> bool:
        """Tell whether segments of every kind have more frames than the others, in the mean."""
        _, code = token_values(self.reductions, "phone")
        n_frames = self.reductions.tokens["n_frames"].to_numpy()
        part = (code >= 0) & (n_frames > 0)
        kind, length = kinds[code[part]], n_frames[part]
        return all(
            (kind != one).any() and length[kind == one].mean() > length[kind != one].mean()
            for one in np.unique(kind[kind >= 0])
        )

    def _draws(self, *, alike: bool) -> list[NDArray[np.int32]]:
        """Return draws in whole numbers, made once: frames, or `_PARTS` of them."""
        if alike not in self._drawn:
            fewer = self.at_most(_LABEL_DRAWS)
            self._drawn[alike] = [
                draw.astype(np.int32)
                for draw in (
                    relabelled_counts(self.reductions, fewer, alike=True)
                    if alike
                    else (np.rint(_PARTS * one) for one in resettled_counts(self.reductions, fewer))
                )
            ]
        return self._drawn[alike]


class LabelNull(NamedTuple):
    """Draws of counts by phone, what is to be known of them, or why there are none."""

    draws: list[NDArray[np.int32]]
    note: str = ""
    why_not: str = ""

    def against(
        self, found: Found, statistic: Callable[[NDArray[np.float64]], float], tail: Tail
    ) -> Found:
        """Return a claim tested against orders as `against_labels`, by a statistic of counts.

        The counts have the shape (n_phones, K); the statistic mustn't depend on their scale.
        """
        null = [statistic(one.astype(np.float64)) for one in self.draws]
        p = p_value(found.measure.effect, null, tail)
        return against_labels(found, p, note=self.note, why_not=self.why_not)


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


def against_labels(found: Found, p: float, *, note: str = "", why_not: str = "") -> Found:
    """Return a claim tested against orders with the larger p of it and of labels that say nothing.

    Where there are none of those there is no p: the claim isn't tested by orders alone.
    """
    measure = found.measure
    if why_not:
        alone = f"p of orders alone {measure.p:.2g}"
        untested = measure._replace(p=np.nan, reason=joined(measure.reason, why_not))
        return Found(untested, _and(found.detail, alone))
    return Found(measure._replace(p=float(np.maximum(measure.p, p))), _and(found.detail, note))


def _and(*texts: str) -> str:
    return "; ".join(filter(None, texts))


def as_measure(frame: pd.DataFrame, measure: str, **renamed: str) -> Measure:
    """Return a row of a frame as a measure; `renamed` says where its fields stand."""
    row = frame.iloc[0]
    fields = {name: renamed.get(name, name) for name in Measure._fields if name != "measure"}
    return Measure(measure, **{name: row[at] for name, at in fields.items() if at in row})
