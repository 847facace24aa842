"""What a page says first of two tables: their paired differences, and the phones they differ in.

p values of differences come from the interval they are shown with, so that neither contradicts the
other: p is the level at which the interval would just reach 0, if its bound on the side of 0 moves
as that of Student's t with n - 1 degrees of freedom, n the units that were resampled. Where p is
below 1 - level the interval excludes 0, and only there. They are corrected by Benjamini and
Hochberg's false discovery rate over the measures of a pair.

The difference is between two codebooks. Between two *methods* there is more doubt, that of fitting
anew, which takes five fits each: `sfvq_analysis.stats.compare`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.stats import t as student

from sfvq_analysis import stats
from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.compare import ENOUGH_FITS
from sfvq_analysis.stats.inference import Inference, corrected_p

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

Verdict = Literal["better", "worse", "not shown", "not comparable"]
ALPHA = 0.05
_NOTHING = 1e-12


class Paired(NamedTuple):
    """Tables against one of them.

    Attributes
    ----------
    baseline
        The table the others are compared with.
    frame
        Of `with_p`; None where no other table can be paired with it.
    unpaired
        By name, why a table can't be paired with the baseline and what to do, a sentence each.
    inference
        That the intervals were made by.
    """

    baseline: str
    frame: pd.DataFrame | None
    unpaired: dict[str, str]
    inference: Inference


def default_baseline(tables: Mapping[str, IndexTable]) -> str:
    """Return the table that others are compared with: the first plain codebook, else the first.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> table = simulated_table(Simulation(n_speakers=2))
    >>> default_baseline({"layer 3": table, "layer 6": table})
    'layer 3'
    """
    return next((name for name, one in tables.items() if not one.is_curve), next(iter(tables)))


def paired(
    tables: Mapping[str, IndexTable],
    inference: Inference,
    *,
    baseline: str | None = None,
) -> Paired:
    """Return how tables differ from one of them in every measure.

    Parameters
    ----------
    tables
        At least two, by name.
    inference
        Of `sfvq_analysis.stats.compare`.
    baseline
        One of them; by default `default_baseline`.

    Raises
    ------
    OptionError
        If the baseline isn't one of the tables.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> curve = simulated_table(Simulation(n_speakers=8))
    >>> plain = simulated_table(Simulation(n_speakers=8, ordered=False))
    >>> found = paired({"plain": plain, "curve": curve}, Inference(20, 100)).frame
    >>> found.set_index("measure").loc[["pnmi", "arcs"], "verdict"].to_list()
    ['not shown', 'better']
    """
    reference = baseline if baseline is not None else default_baseline(tables)
    check_option("baseline", reference, tuple(tables))
    unpaired = {
        name: why
        for name, table in tables.items()
        if name != reference
        if (why := why_not_paired((name, table), (reference, tables[reference])))
    }
    kept = {name: table for name, table in tables.items() if name not in unpaired}
    if len(kept) < 2:
        return Paired(reference, None, unpaired, inference)
    found = stats.compare(kept, baseline=reference, inference=inference)
    return Paired(reference, with_p(found, inference.level), unpaired, inference)


def with_p(compared: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the differences of a frame of `sfvq_analysis.stats.compare` with p and a verdict.

    Parameters
    ----------
    compared
        The frame.
    level
        Coverage of its intervals.

    Returns
    -------
    pd.DataFrame
        The rows that have a baseline, with ``baseline_effect``, ``baseline_low`` and
        ``baseline_high``; ``p``; ``p_corrected`` over the measures of each method that can be
        compared; ``verdict``: ``better`` or ``worse`` than the baseline where p_corrected is at
        most .05, else ``not shown``, or ``not comparable`` where ``reason`` says why.
    """
    of_baseline = compared[compared["baseline"] == ""].set_index("measure")
    rows = compared[compared["baseline"] != ""].copy()
    for name in ("effect", "low", "high"):
        rows[f"baseline_{name}"] = rows["measure"].map(of_baseline[name])
    difference, low, high = (
        rows[name].to_numpy() for name in ("difference", "difference_low", "difference_high")
    )
    rows["reason"] = [_hindrance(reason) for reason in rows["reason"]]
    comparable = (rows["reason"] == "").to_numpy() & np.isfinite(difference)
    p = p_of_interval(difference, (low, high), rows["n_units"].to_numpy(), level)
    rows["p"] = np.where(comparable, p, np.nan)
    rows["p_corrected"] = rows.groupby("method", sort=False)["p"].transform(corrected_p)
    rows["verdict"] = [
        verdict_of(p, comparable=can, better=(d > 0) == (better == "high"))
        for p, can, d, better in zip(
            rows["p_corrected"], comparable, difference, rows["better"], strict=True
        )
    ]
    return rows.reset_index(drop=True)


def verdict_of(p_corrected: float, *, comparable: bool, better: bool) -> Verdict:
    """Return what may be said of a difference."""
    if not comparable or np.isnan(p_corrected):
        return "not comparable"
    if p_corrected > ALPHA:
        return "not shown"
    return "better" if better else "worse"


def p_of_interval(
    difference: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    n_units: NDArray[np.int64] | int,
    level: float,
) -> NDArray[np.float64]:
    """Return two-sided p values of differences from their intervals; see the module's docstring.

    Parameters
    ----------
    difference, bounds
        Shape (n,) each.
    n_units
        That were resampled, of each or of all.
    level
        Coverage of the intervals.

    Examples
    --------
    >>> low, high = np.array([0.0, -1.0, 1.0]), np.array([2.0, 3.0, 3.0])
    >>> p_of_interval(np.array([1.0, 1.0, 2.0]), (low, high), 1000, 0.9).round(2)
    array([0.1 , 0.41, 0.  ])
    """
    low, high = bounds
    freedom = np.maximum(np.asarray(n_units) - 1, 1)
    reach = np.where(difference > 0, difference - low, high - difference)
    away = np.abs(difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = student.ppf((1 + level) / 2, freedom) * away / reach
    p = np.where(away <= _NOTHING, 1.0, 2 * student.sf(times, freedom))
    known = np.isfinite(low) & np.isfinite(high) & ((reach > 0) | (away <= _NOTHING))
    return np.where(known, np.minimum(p, 1.0), np.nan)


def why_not_paired(one: tuple[str, IndexTable], other: tuple[str, IndexTable]) -> str:
    """Return why tables can't be paired, and what to do; empty where they can.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> some, more = (simulated_table(Simulation(n_speakers=n)) for n in (2, 3))
    >>> print(why_not_paired(("a", some), ("b", more)))  # doctest: +NORMALIZE_WHITESPACE
    a can't be paired with b: 5 of 15 utterances are in one of them only (such as 'm0002_sa1').
    Read the same utterances with both.
    """
    (name, table), (other_name, reference) = one, other
    why = _other_speech(table, reference)
    return f"{name} can't be paired with {other_name}: {why}" if why else ""


def _other_speech(table: IndexTable, other: IndexTable) -> str:
    mine, theirs = (one.utterances["utterance"].to_list() for one in (table, other))
    apart = sorted(set(mine) ^ set(theirs))
    if apart:
        n = len(set(mine) | set(theirs))
        return (
            f"{len(apart):,} of {n:,} utterances are in one of them only (such as "
            f"{apart[0]!r}). Read the same utterances with both."
        )
    if mine != theirs:
        return "their utterances stand in another order. Read the same corpus with both."
    if not table.utterances["speaker"].equals(other.utterances["speaker"]):
        return "they name other speakers for the same utterances. Read the same corpus with both."
    labels = ["utterance", "tier", "label"]
    ours, others = (one.segments[labels].astype("str") for one in (table, other))
    if not ours.equals(others):
        return "they have other labels for the same utterances. Read both with the same labels."
    return ""


def _hindrance(reason: str) -> str:
    """Return why a difference means nothing, leaving out what only speaks of methods or of 0."""
    doubts = (
        f"fewer than {ENOUGH_FITS} fits: no claim",
        "the difference's interval holds 0",
        "no larger than the fit-to-fit sd",
    )
    return "; ".join(one for one in reason.split("; ") if one not in doubts)
