"""What tables of labels have in common: their columns, and their rows by utterance and tier."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels.entries import Label, LabelTier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sfvq_analysis.labels.entries import Unit, Utterances

TIMES: dict[Unit, tuple[str, str]] = {
    "seconds": ("start", "stop"),
    "samples": ("start_sample", "stop_sample"),
}
"""The columns of times, by what they count."""

NEEDED = "name the columns utterance, start, stop, label (or start_sample, stop_sample)"
_KNOWN = ("utterance", "tier", "start", "stop", "start_sample", "stop_sample", "label")
_LONGEST_WHOLE_MEAN = 10  # seconds


class Columns(NamedTuple):
    """Which column has what, None for one that isn't there, and what the times count."""

    unit: Unit
    start: int
    stop: int
    label: int
    utterance: int | None
    tier: int | None
    width: int


class Row(NamedTuple):
    """A label, whose it is, and whether its times are whole numbers, written as such."""

    utterance: str
    tier: str
    label: Label
    is_whole: bool


def columns_of(header: Sequence[object], where: str) -> Columns:
    """Return where the columns of a table stand.

    Raises
    ------
    CorpusError
        If one is missing or there twice, or there are times of both units.
    """
    for name in _KNOWN:
        if header.count(name) > 1:
            raise CorpusError(f"column {name!r} is there twice", where=where, remedy="keep one")
    at = {name: header.index(name) for name in _KNOWN if name in header}
    units = [unit for unit, names in TIMES.items() if any(name in at for name in names)]
    if len(units) > 1:
        raise CorpusError(
            "times are given both in seconds and in samples",
            where=where,
            remedy="keep start and stop, or start_sample and stop_sample",
        )
    start, stop = TIMES[units[0] if units else "seconds"]
    for name in (start, stop, "label"):
        if name not in at:
            raise CorpusError(f"no column {name!r}", where=where, remedy=NEEDED)
    return Columns(
        unit=units[0],
        start=at[start],
        stop=at[stop],
        label=at["label"],
        utterance=at.get("utterance"),
        tier=at.get("tier"),
        width=len(header),
    )


def by_utterance(rows: Iterable[Row], unit: Unit, where: str) -> Utterances:
    """Return the rows by utterance and tier, each in the order in which it first appears.

    Raises
    ------
    CorpusError
        If there are no rows, or seconds are samples by all appearances.
    """
    found: dict[str, dict[str, list[Label]]] = {}
    count, total, is_whole = 0, Fraction(0), True
    for row in rows:
        found.setdefault(row.utterance, {}).setdefault(row.tier, []).append(row.label)
        count, is_whole = count + 1, is_whole and row.is_whole
        if is_whole:
            total += abs(Fraction(row.label.stop - row.label.start))
    if not count:
        raise CorpusError("table has no rows", where=where, remedy="restore its labels")
    if unit == "seconds" and is_whole and total > _LONGEST_WHOLE_MEAN * count:
        raise CorpusError(
            f"labels last {float(total / count):.4g} s on average, in whole numbers",
            where=where,
            remedy="name the columns of samples start_sample and stop_sample, or write 640.0",
        )
    return {
        utterance: {name: LabelTier(unit, tuple(labels)) for name, labels in tiers.items()}
        for utterance, tiers in found.items()
    }
