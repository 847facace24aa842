"""Pairs of phones that sound alike."""

from __future__ import annotations

import functools
from typing import Literal

from sfvq_analysis.errors import check_option
from sfvq_analysis.phones.table import normalise, rows_of

PairSource = Literal["paper", "sixteen", "all"]


@functools.cache
def similar_pairs(source: PairSource = "all") -> tuple[tuple[str, str], ...]:
    """Return pairs of phones that sound alike, each sorted, in alphabetical order.

    Parameters
    ----------
    source
        ``"paper"``: the pairs inside {f v}, {th dh}, {s z sh zh}, {hh hv}, which the paper finds
        side by side; ``"sixteen"``: the sixteen pairs (voicing or nearest place of articulation)
        on which the measure ``pairs`` of `sfvq_analysis.stats.axis_measures` is defined;
        ``"all"``: both.

    Examples
    --------
    >>> similar_pairs("paper")[:3]
    (('dh', 'th'), ('f', 'v'), ('hh', 'hv'))
    """
    check_option("source", source, ("paper", "sixteen", "all"))
    rows = [row for row in rows_of("similar_pairs.csv") if source in ("all", row["source"])]
    return tuple(sorted({as_pair(row["phone_a"], row["phone_b"]) for row in rows}))


def as_pair(phone_a: str, phone_b: str) -> tuple[str, str]:
    """Return two phones as an unordered pair: normalised and sorted."""
    first, second = sorted((normalise(phone_a), normalise(phone_b)))
    return first, second
