"""Parting groups by the axis: by one threshold, and by one range.

Two sides are parted by their densities over the index, each the mean of the densities of the side's
groups, so that a group weighs the same however much it is spoken; the formulas are in
`sfvq_analysis.stats.arithmetic.parting`.

- ``accuracy`` is balanced: the mean over the groups of a side of the share of frames on the right
  side, then over the two sides; .5 is chance.
- ``ceiling`` is the accuracy of the best order that the same codes could have. An accuracy means
  nothing without it.
- ``auc`` is the probability that the index puts a frame of one side above one of the other, ties
  counted half; max(auc, 1 - auc), for the direction is arbitrary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.phones import CONSONANT_GROUPS, VOWEL_GROUPS
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.arithmetic.parting import (
    DIGITS,
    best_cut,
    best_range,
    ceiling,
    range_gain,
    side_density,
)
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    null_summary,
    p_value,
    permuted_codes,
)
from sfvq_analysis.stats.inference.reasons import no_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts

_INTERVALS = ("accuracy", "threshold_share", "range_accuracy")
_COLUMNS = {
    "split": "str", "threshold": "Int32", "above": "str", "accuracy": "float64", "low": "float64",
    "high": "float64", "ceiling": "float64", "share_of_ceiling": "float64", "auc": "float64",
    "null_mean": "float64", "null_sd": "float64", "p": "float64", "p_corrected": "float64",
    "threshold_share": "float64", "threshold_low": "float64", "threshold_high": "float64",
    "range_first": "Int32", "range_last": "Int32", "range_accuracy": "float64",
    "range_low": "float64", "range_high": "float64", "range_null_mean": "float64",
    "range_null_sd": "float64", "range_p": "float64", "range_p_corrected": "float64",
    "unit": "str", "n_units": "int64", "reason": "str",
}  # fmt: skip


class _Contrast(NamedTuple):
    """A split: its name, the names of its two sides, the groups of each, and why it is empty."""

    name: str
    sides: tuple[str, str]
    first: NDArray[np.bool_]
    second: NDArray[np.bool_]
    undefined: str = ""


def splits(table: Reducible, *, inference: Inference | None = None) -> pd.DataFrame:
    """Return how well consonants and vowels, and each group and the rest, are parted by the axis.

    The null permutes the used codes; thresholds, directions and ranges are chosen anew in each of
    its draws. In a resampling of units those of the data are kept, for the best threshold of every
    resampling would gain by chance once more: intervals of the accuracies are of how well *this*
    threshold and *this* range part the groups of other speakers. Only ``threshold_low`` and
    ``threshold_high`` choose anew. Frames of phones in no group take no part.

    Parameters
    ----------
    table
        A table or its reductions.
    inference
        How intervals and nulls are made.

    Returns
    -------
    pd.DataFrame
        The rows are ``consonant_vowel`` (silence counts as a consonant, as in
        `sfvq_analysis.phones.CONSONANT_GROUPS`; undefined where groups aren't all the paper's) and
        each of the inventory's groups against the rest.

        ``split``; ``threshold`` (the last index of the lower side); ``above`` (the side that lies
        above it: consonant or vowel; the group or ``rest``); ``accuracy`` with ``low`` and
        ``high``; ``ceiling``; ``share_of_ceiling``, (accuracy - .5) / (ceiling - .5); ``auc``;
        ``null_mean``, ``null_sd``, ``p`` (greater) of the accuracy; ``p_corrected`` over the rows.

        ``threshold_share``, (threshold + 1) / K, the part of the axis that lies below the cut, with
        ``threshold_low`` and ``threshold_high``; reversing the axis turns x into 1 - x.

        ``range_first``, ``range_last``: the range that best parts the group from the rest (NA for
        ``consonant_vowel``, and where no range is better than chance); ``range_accuracy`` with
        ``range_low``, ``range_high``, ``range_null_mean``, ``range_null_sd``, ``range_p``,
        ``range_p_corrected``.

        ``unit``, ``n_units``; ``reason`` why something is NaN, else empty.

    Examples
    --------
    >>> from sfvq_analysis.tables.simulated import simulated_table
    >>> found = splits(simulated_table(), inference=Inference(n_permutations=99)).set_index("split")
    >>> found.loc["consonant_vowel", "above"], float(found.loc["consonant_vowel", "p"])
    ('vowel', 0.01)
    """
    chosen = inference or Inference()
    counts = unit_counts(as_reductions(table), "phone_group")
    contrasts = _contrasts(counts.values, counts.inventory)
    measured = [one for one in contrasts if one.first.any() and one.second.any()]
    rows = dict(zip([one.name for one in measured], _rows(counts, measured, chosen), strict=True))
    known = {"unit": counts.unit, "n_units": counts.n_units}
    frame = pd.DataFrame(
        [
            {"split": one.name, "above": "", "reason": _why_not(one), **known}
            | rows.get(one.name, {})
            for one in contrasts
        ],
        columns=list(_COLUMNS),
    )
    for name in ("p", "range_p"):
        frame[f"{name}_corrected"] = corrected_p(frame[name].astype("float64"))
    return frame.astype(_COLUMNS)


def _contrasts(values: Sequence[str], inventory: PhoneInventory) -> list[_Contrast]:
    def members(groups: Sequence[str]) -> NDArray[np.bool_]:
        return np.array([value in groups for value in values], dtype=np.bool_)

    sides = ("consonant", "vowel")
    paper = inventory.has_paper_groups
    undefined = "" if paper else "the groups aren't all of consonants or of vowels"
    consonant, vowel = (members(own if paper else ()) for own in (CONSONANT_GROUPS, VOWEL_GROUPS))
    against_rest = [
        _Contrast(group, (group, "rest"), members((group,)), ~members((group,)))
        for group in inventory.groups
    ]
    return [
        _Contrast("consonant_vowel", sides, consonant, vowel, undefined),
        *against_rest,
    ]


def _why_not(contrast: _Contrast) -> str:
    if contrast.undefined:
        return contrast.undefined
    members = zip(contrast.sides, (contrast.first, contrast.second), strict=True)
    absent = [name for name, groups in members if not groups.any()]
    if len(absent) == 2:
        return "no frame in a group"
    return f"no frame of the side {absent[0]}" if absent else ""


def _rows(
    counts: UnitCounts, contrasts: list[_Contrast], inference: Inference
) -> list[dict[str, Any]]:
    """Return what is known of each split."""
    if not contrasts:
        return []
    total = counts.total()
    by_group = densities(total)
    draws = permuted_codes(total.any(axis=0), inference)
    kept = [_kept(one, by_group) for one in contrasts]
    low, high = counts.interval(lambda block: _resampled(block, contrasts, kept), inference)
    rows = []
    for at, one in enumerate(contrasts):
        first, second = (side_density(by_group, side) for side in (one.first, one.second))
        bounds = {
            f"{name}_{end}": bound[at, place]
            for place, name in enumerate(_INTERVALS)
            for end, bound in (("low", low), ("high", high))
        }
        row = {
            **_threshold_row(one, first, second, draws),
            **_range_row(one, first, second, draws),
            "low": bounds["accuracy_low"],
            "high": bounds["accuracy_high"],
            "threshold_low": bounds["threshold_share_low"],
            "threshold_high": bounds["threshold_share_high"],
        }
        if one.sides[1] == "rest":
            row |= {"range_low": bounds["range_accuracy_low"]}
            row |= {"range_high": bounds["range_accuracy_high"]}
        why = (
            "both sides are alike: no order parts them" if np.isnan(row["share_of_ceiling"]) else ""
        )
        rows.append(row | {"reason": why or no_interval(counts.unit, counts.n_units, inference)})
    return rows


def _threshold_row(
    contrast: _Contrast,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    draws: NDArray[np.int64],
) -> dict[str, Any]:
    cut, best = best_cut(first, second), float(ceiling(first, second))
    accuracy, alike = float(cut.accuracy), best - 0.5 < 10**-DIGITS
    null = best_cut(first[draws], second[draws]).accuracy if len(draws) else np.zeros(0)
    mean, sd = null_summary(null)
    auc = float(second @ (np.cumsum(first) - first / 2))
    return {
        "threshold": int(cut.threshold),
        "threshold_share": (int(cut.threshold) + 1) / len(first),
        "above": contrast.sides[int(cut.second_above)],
        "accuracy": accuracy,
        "ceiling": best,
        "share_of_ceiling": np.nan if alike else (accuracy - 0.5) / (best - 0.5),
        "auc": max(auc, 1 - auc),
        "null_mean": mean,
        "null_sd": sd,
        "p": p_value(accuracy, null, "greater"),
    }


def _range_row(
    contrast: _Contrast,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    draws: NDArray[np.int64],
) -> dict[str, Any]:
    if contrast.sides[1] != "rest":
        return {}
    excess = first - second
    accuracy, found = _range_accuracy(excess), best_range(excess)
    null = _range_accuracy(excess[draws])
    mean, sd = null_summary(null)
    return {
        "range_first": found[0] if found else pd.NA,
        "range_last": found[1] if found else pd.NA,
        "range_accuracy": float(accuracy),
        "range_null_mean": mean,
        "range_null_sd": sd,
        "range_p": p_value(float(accuracy), null, "greater"),
    }


def _range_accuracy(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((1 + range_gain(excess)) / 2)


def _kept(
    contrast: _Contrast, by_group: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what an index adds to 2 · accuracy - 1 by the best threshold and by the best range.

    Each of shape (K,), times the excess of the first side there. Where several are equally good the
    mean of what both readings of the axis find.
    """
    first, second = (side_density(by_group, side) for side in (contrast.first, contrast.second))
    by_cut, by_range = np.zeros((2, by_group.shape[1]))
    for way in (1, -1):
        cut, found = best_cut(first[::way], second[::way]), best_range((first - second)[::way])
        by_cut[::way][: int(cut.threshold) + 1] += 0.5 if cut.second_above else -0.5
        if found:
            by_range[::way][found[0] : found[1] + 1] += 0.5
    return by_cut, by_range


def _resampled(
    block: NDArray[np.float64],
    contrasts: list[_Contrast],
    kept: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Return the measures of `_INTERVALS` of counts (m, n_groups, K): (m, n_contrasts, 3)."""
    by_group = densities(block)
    found = np.full((len(block), len(contrasts), len(_INTERVALS)), np.nan)
    for at, (one, (by_cut, by_range)) in enumerate(zip(contrasts, kept, strict=True)):
        first, second = (side_density(by_group, side) for side in (one.first, one.second))
        cut, excess = best_cut(first, second), first - second
        place = np.where(np.isnan(cut.accuracy), np.nan, (cut.threshold + 1) / block.shape[-1])
        found[:, at] = np.stack([(1 + excess @ by_cut) / 2, place, (1 + excess @ by_range) / 2], -1)
    return found
