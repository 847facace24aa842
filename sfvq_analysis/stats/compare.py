"""Codebooks side by side: every measure, its difference from a baseline, and what may be claimed.

A method is one or several fits (seeds) read on the same utterances. Its effect is the mean over
fits. Speakers are resampled alike for all methods and fits, so that differences are paired; draws
are moved so that their mean is the observed value (see `sfvq_analysis.stats.inference.intervals`).

A difference is *claimed* only where it exceeds both kinds of doubt: its speaker interval excludes
0, and it is larger than the fit-to-fit standard deviation, √(sd² of the method + sd² of the
baseline), of at least five fits each. Measures of the family ``units`` never support a claim about
order; information measures are corrected by their label null, so that codebook sizes compare.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import Inference, interval
from sfvq_analysis.stats.profiles import SCALARS, profile
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.profiles import Profile, Scalar

ENOUGH_FITS = 5
_COMPARABLE_SIZES = {"pnmi", "phone_purity", "arcs"}
_COLUMNS = {
    "method": "str", "family": "str", "measure": "str", "better": "str", "effect": "float64",
    "low": "float64", "high": "float64", "fit_sd": "float64", "n_fits": "int64",
    "baseline": "str", "difference": "float64", "difference_low": "float64",
    "difference_high": "float64", "difference_fit_sd": "float64", "claimed": "bool",
    "unit": "str", "n_units": "int64", "reason": "str",
}  # fmt: skip


class _Method(NamedTuple):
    """A method's profiles, a row a fit."""

    observed: NDArray[np.float64]  # (n_fits, n_scalars)
    draws: NDArray[np.float64]  # (n_bootstraps, n_scalars), mean over fits
    temporal: bool
    codebook_size: int

    @property
    def effect(self) -> NDArray[np.float64]:
        return np.asarray(self.observed.mean(axis=0))

    @property
    def fit_sd(self) -> NDArray[np.float64]:
        if len(self.observed) < 2:
            return np.full(len(SCALARS), np.nan)
        return np.asarray(self.observed.std(axis=0, ddof=1))


def compare(
    methods: Mapping[str, IndexTable | Sequence[IndexTable]],
    *,
    baseline: str | None = None,
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return all scalar measures of several methods, and their differences from one of them.

    Parameters
    ----------
    methods
        By name, a table or one for each fit, all of the same utterances.
    baseline
        The method the others are compared with; the first by default.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Number of resamplings, level and seed. Of permutations at most 100 are drawn, for the means
        of label nulls.

    Returns
    -------
    pd.DataFrame
        A row each method and measure (`sfvq_analysis.stats.profiles` lists them): ``method``,
        ``family``, ``measure``, ``better`` (high or low), ``effect`` (mean over fits), ``low``,
        ``high`` (speakers resampled), ``fit_sd``, ``n_fits``; ``baseline``, ``difference``,
        ``difference_low``, ``difference_high``, ``difference_fit_sd``, ``claimed``; ``unit``,
        ``n_units``; ``reason`` why something is missing, or why a difference isn't claimed.

    Raises
    ------
    OptionError
        If there is no method, a method has no table, the baseline isn't one of them, or tables are
        of different utterances.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> tables = {
    ...     name: simulated_table(Simulation(n_speakers=8, ordered=ordered))
    ...     for name, ordered in (("shuffled", False), ("ordered", True))
    ... }
    >>> found = compare(tables, inference=Inference(20, 50)).set_index(["method", "measure"])
    >>> bool(found.loc[("ordered", "arcs"), "difference_low"] > 0)
    True
    >>> abs(round(float(found.loc[("ordered", "pnmi"), "difference"]), 9))
    0.0
    """
    inference = inference or Inference()
    fits = {
        name: [given] if isinstance(given, IndexTable) else list(given)
        for name, given in methods.items()
    }
    first = _checked(fits, baseline)
    reference = baseline if baseline is not None else next(iter(fits))
    several = first.utterances["speaker"].nunique() > 1  # noqa: PD101 (few utterances)
    unit = "speaker" if several else "utterance"
    n_units = int(first.utterances[unit].nunique())
    found = {
        name: _method([profile(table, inference, phone_set) for table in tables], tables)
        for name, tables in fits.items()
    }
    rows = [
        {
            "method": name,
            "unit": unit,
            "n_units": n_units,
            **_row(at, scalar, method, n_units, inference),
            **_difference(at, (method, found[reference]), n_units, inference),
            "baseline": reference if name != reference else "",
        }
        for name, method in found.items()
        for at, scalar in enumerate(SCALARS)
    ]
    frame = pd.DataFrame(rows)
    frame["reason"] = _reasons(frame, found)
    frame["claimed"] &= frame["reason"] == ""
    return frame[list(_COLUMNS)].astype(_COLUMNS)


def _checked(fits: Mapping[str, list[IndexTable]], baseline: str | None) -> IndexTable:
    """Return a table, after all have been found to be of the same utterances."""
    if not fits or not all(fits.values()):
        raise OptionError("a method has no table", remedy="give one, or one for each fit")
    if baseline is not None and baseline not in fits:
        raise OptionError(f"baseline is {baseline!r}", remedy=f"use one of {', '.join(fits)}")
    first = next(iter(fits.values()))[0]
    ids, labels = _what_is_said(first)
    for name, tables in fits.items():
        for table in tables:
            if not all(map(pd.Series.equals, _what_is_said(table), (ids, labels))):
                raise OptionError(
                    f"tables of {name!r} are of other utterances or labels than the first",
                    remedy="read the same corpus with each codebook",
                )
    return first


def _what_is_said(table: IndexTable) -> tuple[pd.Series, pd.Series]:
    return table.utterances["utterance"], table.segments["label"].astype("str")


def _method(profiles: list[Profile], tables: list[IndexTable]) -> _Method:
    return _Method(
        np.array([one.observed for one in profiles]),
        np.mean([one.draws for one in profiles], axis=0),
        any(one.temporal for one in profiles),
        tables[0].codebook_size,
    )


def _row(
    at: int, scalar: Scalar, method: _Method, n_units: int, inference: Inference
) -> dict[str, Any]:
    effect = float(method.effect[at])
    low, high = _moved(method.draws[:, at], effect, n_units, inference)
    return {
        **scalar._asdict(),
        "measure": scalar.name,
        "effect": effect,
        "low": low,
        "high": high,
        "fit_sd": float(method.fit_sd[at]),
        "n_fits": len(method.observed),
    }


def _difference(
    at: int, pair: tuple[_Method, _Method], n_units: int, inference: Inference
) -> dict[str, Any]:
    method, reference = pair
    if method is reference:
        blank = ("difference", "difference_low", "difference_high", "difference_fit_sd")
        return {**dict.fromkeys(blank, np.nan), "claimed": False}
    difference = float(method.effect[at] - reference.effect[at])
    draws = method.draws[:, at] - reference.draws[:, at]
    low, high = _moved(draws, difference, n_units, inference)
    fit_sd = float(np.hypot(method.fit_sd[at], reference.fit_sd[at]))
    return {
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
        "difference_fit_sd": fit_sd,
        "claimed": (low > 0 or high < 0) and abs(difference) > fit_sd,
    }


def _moved(
    draws: NDArray[np.float64], observed: float, n_units: int, inference: Inference
) -> tuple[float, float]:
    """Return the interval of draws, moved so that their mean is the observed value."""
    known = draws[np.isfinite(draws)]
    if len(known) == 0:
        return float("nan"), float("nan")
    low, high = interval(known, n_units, inference)
    return float(low + observed - known.mean()), float(high + observed - known.mean())


def _reasons(frame: pd.DataFrame, found: Mapping[str, _Method]) -> list[str]:
    reference = next((name for name in frame["baseline"] if name), None)
    reasons = []
    for row in frame.itertuples():
        method = found[row.method]
        if np.isnan(row.effect):
            reasons.append("not defined here: too few phones, groups or codes")
        elif row.measure == "relative_step" and method.temporal:
            reasons.append("the fit used time, so its step is no finding")
        elif reference is None or not row.baseline:
            reasons.append("")
        elif method.codebook_size != found[reference].codebook_size and (
            row.measure not in _COMPARABLE_SIZES
        ):
            reasons.append("codebooks differ in size")
        elif min(row.n_fits, len(found[reference].observed)) < ENOUGH_FITS:
            reasons.append(f"fewer than {ENOUGH_FITS} fits: no claim")
        else:
            reasons.append("")
    return reasons
