"""ELAN annotation files (``.eaf``): times in milliseconds.

Conventions
-----------
Every tier of the document becomes a tier, its annotations sorted by time, for ELAN writes them in
any order. A tier whose annotations refer to others and have no times of their own (symbolic
association or subdivision) is listed, but can't be read.

The document is read by expat and checked here. pympi-ling reads it too, but drops annotations with
the same id, takes ``1_000`` for a time, knows no line numbers, and passes over units other than
milliseconds; the tests read with it what this module accepts, and compare.

What is refused
---------------
Document type declarations, and with them entities of one's own: nothing is expanded, and no file or
address is opened. Encodings other than UTF-8 and UTF-16. Times that count frames of a video, or
media that don't begin at 0. Ids that stand there twice, and elements in a place where they would be
overlooked. A tier with unknown time slots, or an annotation without times, is refused when it is
asked for; the others can be read.
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from xml.parsers import expat

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.text import read_text, whole_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances

_ROOT = "ANNOTATION_DOCUMENT"
_PLACES = {
    "HEADER": {_ROOT},
    "MEDIA_DESCRIPTOR": {"HEADER"},
    "TIME_ORDER": {_ROOT},
    "TIME_SLOT": {"TIME_ORDER"},
    "TIER": {_ROOT},
    "ANNOTATION": {"TIER"},
    "ALIGNABLE_ANNOTATION": {"ANNOTATION"},
    "REF_ANNOTATION": {"ANNOTATION"},
    "ANNOTATION_VALUE": {"ALIGNABLE_ANNOTATION", "REF_ANNOTATION"},
}
"""Elements that count, and the parents they may have."""

_ANNOTATIONS = ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
_NEEDED = {
    "TIME_SLOT": ("TIME_SLOT_ID",),
    "TIER": ("TIER_ID",),
    "ALIGNABLE_ANNOTATION": ("ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"),
    "REF_ANNOTATION": ("ANNOTATION_ID",),
}
"""Attributes that have to be there."""

_COMPLETE = {parent for parents in _PLACES.values() for parent in parents} - {_ROOT, "HEADER"}
"""Elements without children of other names."""

_T = TypeVar("_T")
_DEEPEST = 32
_UTF_8 = {"utf-8", "utf8"}
_UTF_16 = {"utf-16", "utf-16le", "utf-16be"}


class _Annotation(NamedTuple):
    """An annotation with times: its id, slots and text, and the line it begins on."""

    id: str
    slots: tuple[str, str]
    text: str
    line: int


class _Tier(NamedTuple):
    annotations: list[_Annotation]
    references: list[str]


def read_eaf(path: Path) -> Utterances:
    """Read an ``.eaf``.

    Raises
    ------
    CorpusError
        If the file is missing, not text, not XML, no ELAN document, or holds what is refused (see
        above); the message names file and line.
    """
    text = read_text(path)
    with path.open("rb") as file:
        encodings = _UTF_16 if file.read(2) in {BOM_UTF16_LE, BOM_UTF16_BE} else _UTF_8
    document = _Document(path, encodings)
    document.read(text)
    if not document.tiers:
        raise CorpusError("it has no tiers", where=str(path), remedy="restore its labels")
    return {"": {name: _label_tier(name, tier, document) for name, tier in document.tiers.items()}}


def _label_tier(name: str, tier: _Tier, document: _Document) -> LabelTier:
    if tier.references:
        return LabelTier("seconds", (), kind="untimed")
    try:
        labels = [_label(annotation, name, document) for annotation in tier.annotations]
    except CorpusError as error:
        return LabelTier("seconds", (), fault=error)
    labels.sort(key=lambda label: (label.start, label.stop))
    return LabelTier("seconds", tuple(labels))


def _label(annotation: _Annotation, tier: str, document: _Document) -> Label:
    times = []
    for slot in annotation.slots:
        milliseconds = document.slots.get(slot)
        if milliseconds is None:
            known = slot in document.slots
            raise CorpusError(
                f"annotation {shown(annotation.id)} of tier {shown(tier)} "
                + (f"has no time: slot {shown(slot)}" if known else f"has no slot {shown(slot)}"),
                where=f"{document.path}:{annotation.line}",
                remedy="align it in ELAN" if known else "restore it",
            )
        times.append(Fraction(milliseconds, 1000))
    return Label(times[0], times[1], annotation.text, annotation.line)


class _Document:
    """What counts of an ELAN document; `read` fills it.

    Parameters
    ----------
    path
        Of the file, for messages.
    encodings
        What it may say its encoding is.

    Attributes
    ----------
    slots
        Milliseconds by the slot's id; None for a slot without a time.
    tiers
        By name, in the order of the file.
    """

    def __init__(self, path: Path, encodings: Collection[str]) -> None:
        self.path = path
        self._encodings = encodings
        self.slots: dict[str, int | None] = {}
        self.tiers: dict[str, _Tier] = {}
        self._ids: set[str] = set()
        self._open: list[str] = []
        self._tier = _Tier([], [])
        self._begun: tuple[Mapping[str, str], int] = ({}, 0)
        self._values = 0
        self._text: list[str] = []

    def read(self, text: str) -> None:
        """Parse the document, without ever leaving it."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser
        try:
            parser.Parse(text, True)  # noqa: FBT003 -- positional only
        except expat.ExpatError as error:
            raise self._error(
                f"not XML: {expat.ErrorString(error.code)}", "export it from ELAN again"
            ) from error

    def _error(self, what: str, remedy: str, line: int | None = None) -> CorpusError:
        line = self._parser.CurrentLineNumber if line is None else line
        return CorpusError(what, where=f"{self.path}:{line}", remedy=remedy)

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in self._encodings:
            raise self._error(
                f"encoding is declared as {shown(encoding)}, which it isn't", "store it as UTF-8"
            )

    def _refuse_doctype(self, *_declaration: object) -> None:
        raise self._error("it has a document type declaration", "remove it: ELAN writes none")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._check_place(name)
        self._open.append(name)
        for needed in _NEEDED.get(name, ()):
            if needed not in attributes:
                raise self._error(f"{name} has no {needed}", "export it from ELAN again")
        if name == "HEADER":
            self._check_units(attributes.get("TIME_UNITS", "milliseconds"))
        elif name == "MEDIA_DESCRIPTOR":
            self._check_origin(attributes.get("TIME_ORIGIN", "0"))
        elif name == "TIME_SLOT":
            self._add_slot(attributes["TIME_SLOT_ID"], attributes.get("TIME_VALUE"))
        elif name == "TIER":
            self._tier = _Tier([], [])
            self._add_new(self.tiers, attributes["TIER_ID"], self._tier, "tier")
        elif name in _ANNOTATIONS:
            self._begun, self._values = (attributes, self._parser.CurrentLineNumber), 0
        elif name == "ANNOTATION_VALUE":
            self._values += 1
            self._text.clear()

    def _check_place(self, name: str) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None and name != _ROOT:
            raise self._error(f"root is {shown(name)}, not {_ROOT}", "that is no ELAN document")
        if len(self._open) >= _DEEPEST:
            raise self._error(f"elements are nested {_DEEPEST} deep", "that is no ELAN document")
        misplaced = name in _PLACES and parent not in _PLACES[name]
        if parent is not None and (
            misplaced
            or name == _ROOT
            or parent == "ANNOTATION_VALUE"
            or (parent in _COMPLETE and name not in _PLACES)
        ):
            raise self._error(
                f"{shown(name)} stands inside {shown(parent)}", "export it from ELAN again"
            )

    def _end(self, name: str) -> None:
        if name in _ANNOTATIONS:
            self._add_annotation(name)
        self._open.pop()

    def _characters(self, data: str) -> None:
        if self._open[-1] == "ANNOTATION_VALUE":
            self._text.append(data)
        elif self._open[-1] in _COMPLETE and data.strip():
            raise self._error(
                f"text {shown(data.strip())} stands inside {self._open[-1]}",
                "export it from ELAN again",
            )

    def _check_units(self, units: str) -> None:
        if units != "milliseconds":
            raise self._error(f"times count {shown(units)}", "store them in milliseconds")

    def _check_origin(self, origin: str) -> None:
        if whole_number(origin) != 0:
            raise self._error(
                f"media begin at {shown(origin)}, so the times aren't those of the audio",
                "store the annotations with a media offset of 0",
            )

    def _add_slot(self, name: str, time: str | None) -> None:
        milliseconds = None if time is None else whole_number(time)
        if time is not None and milliseconds is None:
            raise self._error(f"TIME_VALUE is {shown(time)}", "write milliseconds, whole numbers")
        self._add_new(self.slots, name, milliseconds, "time slot")

    def _add_annotation(self, name: str) -> None:
        attributes, line = self._begun
        annotation = attributes["ANNOTATION_ID"]
        if annotation in self._ids:
            raise self._error(
                f"annotation {shown(annotation)} stands there twice", "keep one", line
            )
        if self._values != 1:
            raise self._error(
                f"annotation {shown(annotation)} has {self._values} values, not 1", "mend it", line
            )
        self._ids.add(annotation)
        if name == "REF_ANNOTATION":
            self._tier.references.append(annotation)
        else:
            slots = (attributes["TIME_SLOT_REF1"], attributes["TIME_SLOT_REF2"])
            text = "".join(self._text)
            self._tier.annotations.append(_Annotation(annotation, slots, text, line))
        if self._tier.references and self._tier.annotations:
            raise self._error("tier has annotations with times and without", "part them", line)

    def _add_new(self, known: dict[str, _T], name: str, value: _T, what: str) -> None:
        if name in known:
            raise self._error(f"{what} {shown(name)} stands there twice", "keep one")
        known[name] = value
