"""Annotations of EMU databases (``_annot.json``; Winkelmann, Harrington, Jänsch 2017).

Conventions
-----------
Every level becomes a tier. Segments have times in samples of the rate that the file states, the
last one within: from ``sampleStart`` to ``sampleStart + sampleDur + 1``, half-open. (EMU's own
border is half a sample earlier, which at the audio's rate is the same place.) They may stand in any
order, and are sorted by time. A segment's label is the one that is named as its level, or its only
one. A level of events is one of points; a level of items has no times of its own (they follow from
links, which aren't followed); both are listed, but can't be read.

What is refused
---------------
Names that stand twice in an object, levels of one name, levels of other types, rates that aren't
positive numbers, and what isn't of the form that EMU writes. A level with times that aren't whole
numbers, or labels that can't be told, is refused when it is asked for; the others can be read. So
is one all of whose segments begin in the last sample of the one before, as old versions of EMU
wrote them.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.json_objects import each_once
from sfvq_analysis.labels.entries import Kind, Label, LabelTier
from sfvq_analysis.labels.text import exact_number, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances

_RESTORE = "export it from EMU again"
_LARGEST = 10**18
_KINDS: Mapping[str, Kind] = {"SEGMENT": "intervals", "EVENT": "points", "ITEM": "untimed"}
"""Of a level of each type."""


def read_emu(path: Path) -> Utterances:
    """Read an ``_annot.json``.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, isn't JSON, or not of that form; the message
        names the file, and the level and item.
    """
    annotation = _object(path)
    try:
        return {"": _tiers(annotation, path)}
    except CorpusError as error:
        raise error.at(str(path)) from error


def _object(path: Path) -> Mapping[str, Any]:
    text = read_text(path)
    try:
        found = json.loads(
            text,
            object_pairs_hook=each_once(CorpusError),
            parse_float=_number,
            parse_constant=_number,
        )
    except CorpusError as error:
        raise error.at(str(path)) from error
    except json.JSONDecodeError as error:
        raise CorpusError(
            f"not JSON ({error.msg.lower()})", where=f"{path}:{error.lineno}", remedy=_RESTORE
        ) from error
    except (ValueError, RecursionError) as error:
        raise CorpusError(
            "numbers too long or objects too deep", where=str(path), remedy=_RESTORE
        ) from error
    if not isinstance(found, dict):
        raise CorpusError("it is no JSON object", where=str(path), remedy=_RESTORE)
    return found


def _number(text: str) -> Fraction:
    number = exact_number(text)
    if number is None:
        raise CorpusError(f"a number is {shown(text)}", remedy=_RESTORE)
    return number


def _tiers(annotation: Mapping[str, Any], path: Path) -> Mapping[str, LabelTier]:
    rate, tiers = _rate(annotation), dict[str, LabelTier]()
    for level in _listed(annotation, "levels"):
        name = _text(level, "name")
        if name in tiers:
            raise CorpusError(f"level {shown(name)} stands there twice", remedy=_RESTORE)
        try:
            tiers[name] = _tier(level, name, rate)
        except CorpusError as error:
            fault = error.at(f"{path}: level {shown(name)}")
            kind = _KINDS.get(str(level.get("type")), "intervals")
            tiers[name] = LabelTier("seconds", (), kind, fault)
    if not tiers:
        raise CorpusError("it has no levels", remedy=_RESTORE)
    return tiers


def _rate(annotation: Mapping[str, Any]) -> Fraction:
    rate = annotation.get("sampleRate")
    if isinstance(rate, bool) or not isinstance(rate, int | Fraction) or not 0 < rate < _LARGEST:
        raise CorpusError(f"sampleRate is {shown(str(rate))}", remedy="state it in Hz")
    return Fraction(rate)


def _tier(level: Mapping[str, Any], name: str, rate: Fraction) -> LabelTier:
    items, kind = _listed(level, "items"), str(level.get("type"))
    if kind not in _KINDS:
        raise CorpusError(f"it is of type {shown(kind)}", remedy=_RESTORE)
    if kind != "SEGMENT":
        return LabelTier("seconds", (), _KINDS[kind])
    segments = []
    for item in items:
        try:
            segments.append(_segment(item, name))
        except CorpusError as error:
            raise error.at(f"item {shown(str(item.get('id')))}") from error
    segments.sort(key=lambda one: one.start)
    _refuse_older(segments)
    labels = (
        Label(Fraction(start) / rate, Fraction(stop) / rate, text) for start, stop, text in segments
    )
    return LabelTier("seconds", tuple(labels))


class _Segment(NamedTuple):
    """From a sample to another, half-open."""

    start: int
    stop: int
    label: str


def _segment(item: Mapping[str, Any], level: str) -> _Segment:
    start, duration = _samples(item, "sampleStart"), _samples(item, "sampleDur")
    texts = dict[str, str]()
    for one in _listed(item, "labels"):
        name = _text(one, "name")
        if name in texts:
            raise CorpusError(f"it has two labels {shown(name)}", remedy="remove one")
        texts[name] = _text(one, "value")
    if level not in texts and len(texts) > 1:
        raise CorpusError("none of its labels is named as the level", remedy=_RESTORE)
    text = texts.get(level, next(iter(texts.values()), ""))
    return _Segment(start, start + duration + 1, text)


def _refuse_older(segments: Sequence[_Segment]) -> None:
    """Refuse segments of which every one begins in the last sample of the one before."""
    pairs = list(pairwise(segments))
    if pairs and all(after.start == before.stop - 1 for before, after in pairs):
        raise CorpusError(
            "every segment begins in the last sample of the one before, "
            "as old versions of EMU wrote them",
            remedy="subtract 1 from every sampleDur, or save it by a newer EMU",
        )


def _samples(item: Mapping[str, Any], name: str) -> int:
    if name not in item:
        raise CorpusError(f"it has no {name}", remedy="give whole samples")
    time = item[name]
    whole = isinstance(time, int | Fraction) and not isinstance(time, bool) and time % 1 == 0
    if not whole or not 0 <= time < _LARGEST:
        said = float(time) if isinstance(time, Fraction) else time
        raise CorpusError(f"{name} is {shown(said)}", remedy="give whole samples from 0 on")
    return int(time)


def _listed(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of objects, which has to be there."""
    listed = found.get(name)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise CorpusError(f"{name} is no list of objects", remedy=_RESTORE)
    return listed


def _text(found: Mapping[str, Any], name: str) -> str:
    text = found.get(name)
    if not isinstance(text, str):
        raise CorpusError(f"{name} is {shown(str(text))}", remedy="write a text")
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise CorpusError(
            f"{name} is {shown(text)}, which is no text",
            remedy="remove NUL and halves of surrogate pairs",
        )
    return text
