r"""Praat TextGrids: tiers of intervals and points, in Praat's long or short text format.

Conventions
-----------
Times are read exactly, as decimal fractions. Labels are as they stand in the file: empty ones are
kept, blanks aren't stripped, Praat's backslash codes (``\ae``) aren't translated; a line break in
one is LF.

A TextGrid counts from the start of its audio, so its ``xmin`` has to be 0: one cut out of a longer
TextGrid with its times preserved is refused, since nothing in it says which audio it belongs to.
Time without an interval is left without a label, as it is by Praat. What Praat opens but shows
other than it stands in the file (rows past a ``size``, an interval of no length, ``0,5``) is
refused.

Tiers that share a name are called ``"name (tier 2)"``, by their position in the file: which of them
is meant can't be known.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.praat_text import PraatText
from sfvq_analysis.labels.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.labels.entries import Tiers, Utterances

_JITTER = Fraction(1, 10**6)
"""Neighbours may overlap by a microsecond: programs differ in the last digit of one boundary."""

_ROUNDING = Fraction(1, 1000)
"""Times may exceed their tier by a millisecond: programs round the length of the audio."""

_BINARY = b"ooBinaryFile"
_CHRONOLOGICAL = "Praat chronological TextGrid"


class _Span(NamedTuple):
    """Where a TextGrid or a tier of it begins and ends, in seconds."""

    start: Fraction
    stop: Fraction

    def holds(self, start: Fraction, stop: Fraction) -> bool:
        if self.start <= start and stop <= self.stop:
            return True
        return self.start - _ROUNDING <= start and stop <= self.stop + _ROUNDING

    def __str__(self) -> str:
        return f"[{float(self.start):.10g}, {float(self.stop):.10g}]"


def read_textgrid(path: Path) -> Utterances:
    """Read all tiers of a TextGrid, long or short, in UTF-8 or UTF-16.

    Raises
    ------
    CorpusError
        If the file is missing, holds another object than a TextGrid, is binary or chronological,
        doesn't start at 0 s, lacks values or has too many, or times aren't plain finite numbers, go
        backward, overlap, or leave their tier; the message names file and line.
    """
    _refuse_binary(path)
    values = PraatText(read_text(path), path)
    _check_object(values)
    return {"": _tiers(values)}


def _refuse_binary(path: Path) -> None:
    try:
        if not path.is_file():
            return  # said by read_text
        with path.open("rb") as file:
            heading = file.read(len(_BINARY))
    except OSError as error:
        raise CorpusError(
            f"can't be opened ({error.strerror})", where=str(path), remedy="make it readable"
        ) from error
    if heading == _BINARY:
        raise CorpusError(
            "a binary Praat file", where=str(path), remedy="save it with Praat's Save as text file"
        )


def _check_object(values: PraatText) -> None:
    """Raise a CorpusError unless what follows is a TextGrid in the present text format."""
    if _CHRONOLOGICAL in values.heading:
        raise values.refusal(
            "a chronological TextGrid", "open it in Praat and use Save as text file"
        )
    if "ooTextFile" not in values.heading:
        raise values.refusal(
            f"the first line is {shown(values.heading)}",
            'a TextGrid begins with File type = "ooTextFile"',
        )
    kind = values.string("class")
    if kind != "TextGrid":
        raise values.refusal(
            f"it holds an object of class {shown(kind)}", "save the TextGrid alone, as a text file"
        )


def _tiers(values: PraatText) -> Tiers:
    span = _span(values)
    if span.start != 0:
        raise values.refusal(
            f"its times start at {float(span.start):.10g} s",
            "shift or extend it to start at 0 s, where its audio does",
        )
    flag = values.flag("<exists>")
    if flag not in ("<exists>", "<absent>"):
        raise values.refusal(f"tiers? {shown(flag)}", "write <exists>")
    found: list[tuple[str, LabelTier]] = []
    if flag == "<exists>":
        size = values.count("size")
        line = values.line
        while values.sees("string"):
            found.append(_tier(values, span))
        _check_size("the TextGrid", "tiers", size, len(found), line, values)
    values.end()
    return _by_name(found, values)


def _tier(values: PraatText, whole: _Span) -> tuple[str, LabelTier]:
    kind = values.string("class")
    if kind not in ("IntervalTier", "TextTier"):
        raise values.refusal(
            f"a tier of class {shown(kind)}", "use IntervalTier (intervals) or TextTier (points)"
        )
    name = values.string("name")
    tier = f"tier {shown(name)}"
    span = _span(values)
    if not whole.holds(*span):
        raise values.refusal(f"{tier} spans {span} s, outside of {whole}", "mend its xmin and xmax")
    size = values.count("size")
    line = values.line
    if kind == "TextTier":
        n_points = _n_points(values)
        _check_size(tier, "points", size, n_points, line, values)
        return name, LabelTier("seconds", (), "points")
    labels = _intervals(values, span, tier)
    _check_size(tier, "intervals", size, len(labels), line, values)
    return name, LabelTier("seconds", tuple(labels))


def _n_points(values: PraatText) -> int:
    """Pass over the points of a tier and return how many there are."""
    n_points = 0
    while values.sees("number"):
        values.number("number", "time")
        values.string("mark", "text")
        n_points += 1
    return n_points


def _intervals(values: PraatText, span: _Span, tier: str) -> list[Label]:
    labels: list[Label] = []
    earliest = Fraction(0)
    while values.sees("number"):
        start = values.number("xmin")
        line = values.line
        stop, text = values.number("xmax"), values.string("text", "mark")
        problem = _problem(start, stop, earliest, span)
        if problem:
            raise values.refusal(
                f"interval {len(labels) + 1} {shown(text)} of {tier} {problem}",
                "mend its times",
                line,
            )
        labels.append(Label(start, stop, text, line))
        earliest = stop
    return labels


def _problem(start: Fraction, stop: Fraction, earliest: Fraction, span: _Span) -> str | None:
    """Return what is wrong with an interval, None if nothing is."""
    if stop <= start or start < 0:
        return f"is [{float(start):.10g}, {float(stop):.10g})"
    if start < earliest and start < earliest - _JITTER:
        return f"starts at {float(start):.10g}, before the end of the one above it"
    if not span.holds(start, stop):
        return f"is [{float(start):.10g}, {float(stop):.10g}), outside of {span}"
    return None


def _span(values: PraatText) -> _Span:
    span = _Span(values.number("xmin"), values.number("xmax"))
    if span.stop < span.start:
        raise values.refusal(f"xmin and xmax are {span}", "mend them")
    return span


def _check_size(
    whose: str, what: str, stated: int, found: int, line: int, values: PraatText
) -> None:
    if stated != found:
        raise values.refusal(
            f"{whose} has {found} {what}, its size says {stated}",
            "restore what is missing, or mend the size",
            line,
        )


def _by_name(found: list[tuple[str, LabelTier]], values: PraatText) -> Tiers:
    times = Counter(name for name, _ in found)
    tiers: dict[str, LabelTier] = {}
    for number, (name, tier) in enumerate(found, start=1):
        unique = name if times[name] == 1 else f"{name} (tier {number})"
        if unique in tiers or (unique != name and unique in times):
            raise values.refusal(f"several tiers are called {shown(unique)}", "rename them")
        tiers[unique] = tier
    return tiers
