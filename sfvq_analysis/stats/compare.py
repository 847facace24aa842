"""Codebooks side by side: every measure, its difference from a baseline, and what may be claimed.

A method is one or several fits (seeds) read on the same utterances. Its effect is the mean over
fits. Speakers are resampled alike for all methods and fits, so that differences are paired; draws
are moved so that their mean is the observed value (see `sfvq_analysis.stats.inference.intervals`).

A difference is *claimed* only where it exceeds both kinds of doubt: its speaker interval excludes
0, and it is larger than the fit-to-fit standard deviation, √(sd² of the method + sd² of the
baseline), of at least five fits each. Measures of the family ``units`` never support a claim about
order. Between codebooks of different size only differences of measures that are corrected by their
label null (pnmi, phone_purity, arcs) are claimed; the step is no finding where a fit used time.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import Inference, interval
from sfvq_analysis.stats.inference.reasons import joined, no_interval
from sfvq_analysis.stats.order.axis import N_ARCS
from sfvq_analysis.stats.profiles import SCALARS, WITH_LABEL_NULL, profile
from sfvq_analysis.tables import IndexDataset, Indexed, IndexTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.profiles import Profile, Scalar

ENOUGH_FITS = 5
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
    methods: Mapping[str, Indexed | Sequence[Indexed]],
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
        If there is no method, a method has no table or codebooks of several sizes, the baseline
        isn't one of them, or tables are of different utterances.

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
        name: [given] if isinstance(given, IndexTable | IndexDataset) else list(given)
        for name, given in methods.items()
    }
    first = _checked(fits, baseline)
    reference = baseline if baseline is not None else next(iter(fits))
    unit = "speaker" if len(first.utterances["speaker"].unique()) > 1 else "utterance"
    n_units = len(first.utterances[unit].unique())
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
    for row in rows:
        row["reason"] = joined(
            _why_missing(row, found[row["method"]], inference),
            _why_not_claimed(row, found[row["method"]], found[reference]),
        )
        row["claimed"] = bool(row["baseline"]) and not row["reason"]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def _checked(fits: Mapping[str, list[Indexed]], baseline: str | None) -> Indexed:
    """Return a table, after all have been found to be of the same utterances."""
    if not fits or not all(fits.values()):
        raise OptionError("a method has no table", remedy="give one, or one for each fit")
    if baseline is not None and baseline not in fits:
        raise OptionError(f"baseline is {baseline!r}", remedy=f"use one of {', '.join(fits)}")
    first = next(iter(fits.values()))[0]
    for name, tables in fits.items():
        if not all(_is_of_the_same(table, first) for table in tables):
            raise OptionError(
                f"tables of {name!r} are of other utterances or labels than the first",
                remedy="read the same corpus with each codebook",
            )
        sizes = sorted({table.codebook_size for table in tables})
        if len(sizes) > 1:
            raise OptionError(
                f"tables of {name!r} have codebooks of {', '.join(map(str, sizes))} vectors",
                remedy="give each size a name of its own",
            )
    return first


def _is_of_the_same(table: Indexed, first: Indexed) -> bool:
    """Return whether two tables are of the same utterances, speakers and labels."""
    said = ["utterance", "speaker"]
    return bool(table.utterances[said].equals(first.utterances[said])) and (
        _labels_digest(table) == _labels_digest(first)
    )


def _labels_digest(table: Indexed) -> str:
    """Return a digest of all labels in order, however they are cut into shards."""
    found = hashlib.sha256()
    for part in table.tables():
        labels = part.segments[["utterance", "tier", "label"]]
        found.update(pd.util.hash_pandas_object(labels, index=False).to_numpy().tobytes())
    return found.hexdigest()


def _method(profiles: list[Profile], tables: list[Indexed]) -> _Method:
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
        return dict.fromkeys(blank, np.nan)
    difference = float(method.effect[at] - reference.effect[at])
    draws = method.draws[:, at] - reference.draws[:, at]
    low, high = _moved(draws, difference, n_units, inference)
    fit_sd = float(np.hypot(method.fit_sd[at], reference.fit_sd[at]))
    return {
        "difference": difference,
        "difference_low": low,
        "difference_high": high,
        "difference_fit_sd": fit_sd,
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


def _why_missing(row: Mapping[str, Any], method: _Method, inference: Inference) -> str:
    """Return why a measure or its interval is missing; empty where none is."""
    if np.isnan(row["effect"]):
        if row["measure"] in WITH_LABEL_NULL and inference.n_permutations == 0:
            return "no permutation was drawn"
        if row["measure"] == "arcs" and method.codebook_size % N_ARCS:
            return f"{method.codebook_size} codes make no {N_ARCS} equal arcs"
        return "not defined here: too few phones, groups or codes"
    return no_interval(row["unit"], row["n_units"], inference)


def _why_not_claimed(row: Mapping[str, Any], method: _Method, reference: _Method) -> str:
    """Return the first reason not to claim a difference; empty if it's claimed or there's none."""
    is_step = row["measure"] == "relative_step"
    if is_step and method.temporal:
        return "the fit used time, so its step is no finding"
    if method is reference or np.isnan(row["effect"]):
        return ""
    sizes = method.codebook_size, reference.codebook_size
    few = min(len(method.observed), len(reference.observed)) < ENOUGH_FITS
    low, high = row["difference_low"], row["difference_high"]
    hindrances = {
        "not defined for the baseline": np.isnan(row["difference"]),
        "the baseline's fit used time, so its step is no finding": is_step and reference.temporal,
        "codebooks differ in size": sizes[0] != sizes[1] and row["measure"] not in WITH_LABEL_NULL,
        f"fewer than {ENOUGH_FITS} fits: no claim": few,
        "the difference has no interval": np.isnan(low),
        "the difference's interval holds 0": low <= 0 <= high,
        "no larger than the fit-to-fit sd": not abs(row["difference"]) > row["difference_fit_sd"],
    }
    return next((reason for reason, hinders in hindrances.items() if hinders), "")
