"""Claims on the order of single codes: C1, C5, C7 and C12."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.phones import CONSONANT_GROUPS, VOWEL_GROUPS
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.arithmetic.parting import best_cut, side_density
from sfvq_analysis.stats.claims.said import Found, against_labels, as_measure
from sfvq_analysis.stats.counting.unit_counts import token_values, unit_counts
from sfvq_analysis.stats.groups.splits import splits
from sfvq_analysis.stats.inference import Measure
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech
from sfvq_analysis.stats.labels.reading import reading_p_of_labels, share_of_accuracy
from sfvq_analysis.stats.order.adjacency import adjacency_test
from sfvq_analysis.stats.time.steps import steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.claims.said import Said

_NAMED = 3
_MINUTES = (0.5, 0.25, 0.1)
_READINGS = 199


def structured_in_time(said: Said) -> Found:
    """Test C1 by how far the index moves when it changes."""
    found = as_measure(steps(said.reductions, inference=said.inference).iloc[:1], "relative step")
    return Found(found)


def one_threshold(said: Said) -> Found:
    """Test C5 by the accuracy of the best threshold, against two nulls: p is the larger one's.

    Of codes in another order, since any codes are parted by some threshold; and of labels permuted
    over segments, since a token's neighbouring codes are parted together in *this* order, whatever
    they say: on simulated speech that says nothing, the first alone rejects in 16 % of tables.
    """
    found = splits(said.reductions, inference=said.inference)
    row = found.iloc[0]
    measure = as_measure(found.iloc[:1], "accuracy", effect="accuracy")
    if pd.isna(row["share_of_ceiling"]):  # an empty side, or both alike, so that no order parts
        why = _sideless(said) or row["reason"]
        return Found(Measure("accuracy", unit=measure.unit, n_units=measure.n_units, reason=why))
    bounds = no_interval(measure.unit, measure.n_units, said.inference)
    detail = (
        f"{row['above']}s above index {row['threshold']}; the best order of these codes "
        f"has {row['ceiling']:.3f}"
    )
    reason = joined(measure.reason, bounds, no_null(said.inference))
    return _against_labels(Found(measure._replace(reason=reason), detail), said)


def _sideless(said: Said) -> str:
    """Return which groups are neither of consonants nor of vowels, in words; empty if none is."""
    sides = {*CONSONANT_GROUPS, *VOWEL_GROUPS}
    names = [repr(one) for one in said.reductions.inventory.groups if one not in sides]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    verb = "is" if len(names) == 1 else "are"
    which = f"group{'s' if names[1:] else ''} {', '.join(names[:_NAMED])}{more}"
    return f"{which} {verb} neither of consonants nor of vowels"


def _against_labels(found: Found, said: Said) -> Found:
    """Test whether a threshold parts consonants and vowels so well when labels are permuted."""
    counts = unit_counts(said.reductions, "phone")
    groups = counts.inventory.groups
    group_of = [counts.inventory.group_of(phone) for phone in counts.values]
    members = np.array([[one == group for one in group_of] for group in groups], dtype=np.float64)
    of_sides = [np.isin(groups, side) for side in (CONSONANT_GROUPS, VOWEL_GROUPS)]

    def accuracy(counts: NDArray[np.float64]) -> float:
        by_group = densities(members @ counts)  # (n_groups, K)
        first, second = (side_density(by_group, side) for side in of_sides)
        return float(best_cut(first, second).accuracy)

    is_of = np.stack(of_sides) @ members > 0  # (2, n_phones)
    kinds = np.where(is_of.any(axis=0), is_of.argmax(axis=0), -1)
    return said.label_null(kinds).against(found, accuracy, "greater")


def similar_peak_together(said: Said) -> Found:
    """Test C7 by the distances of main peaks inside groups."""
    found = adjacency_test(said.reductions, inference=said.inference)
    by = found.set_index("measure")["effect"]
    detail = ""
    if np.isfinite(by.get("median_distance_similar", np.nan)):
        detail = (
            f"medians: {by['median_distance_similar']:g} indices, other pairs "
            f"{by['median_distance_other']:g}"
        )
    return Found(as_measure(found.iloc[:1], "adjacency"), detail)


def few_minutes(said: Said) -> Found:
    """Test C12 by what half a minute of labels gives, or less of a short table."""
    seconds = said.reductions.tokens["stop_seconds"] - said.reductions.tokens["start_seconds"]
    fits = [minutes for minutes in _MINUTES if 4 * minutes <= seconds.sum() / 60]
    minutes = fits[0] if fits else _MINUTES[-1]
    speech = LabelledSpeech.of(said.table)
    found = share_of_accuracy(speech, minutes=minutes, inference=said.inference)
    measure = found._replace(measure="share of accuracy")
    if np.isnan(measure.effect):
        return Found(measure)
    tested = Found(measure, f"{minutes:g} minutes of labels")
    if said.inference.n_permutations == 0:
        return tested
    names, _ = token_values(said.reductions, "phone_group")
    why_not = said.why_few_swap(np.arange(len(names)), "phone_group", alike=True)
    if why_not:
        return against_labels(tested, np.nan, why_not=why_not)
    p = reading_p_of_labels(
        speech, said.reductions, minutes=minutes, inference=said.at_most(_READINGS)
    )
    return against_labels(tested, p)
