"""ESPS label files: those of xwaves and xlabel, of Festival (``.lab``) and Buckeye (``.phones``).

Conventions
-----------
A header ends with a line ``#``; then a line is ``END COLOUR LABEL``, END in seconds. Labels touch:
each begins where the one above it ends, the first at 0. What stands at the time of the line above
it (or at 0) has no extent: it is a mark, and passed over. Where fields follow the label (Buckeye's
words have two transcriptions and a part of speech), the header's ``separator`` parts them, ``;`` if
it names none; they are passed over, and so is the colour.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.text import lines_of, read_text, seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances

_SEPARATOR = ";"
_COLOUR = re.compile(r"-?[0-9]{1,9}")
_GAP = re.compile(r"[ \t]+")
_ANOTHER = re.compile(r"(?:^|[ \t])[0-9]*\.[0-9]+[ \t]+-?[0-9]{1,9}(?:[ \t]|$)")


def read_esps(path: Path) -> Utterances:
    """Read a ``.phones``, ``.words`` or ``.lab``. The tier has no name.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, has no line ``#``, or a line below it isn't
        ``END COLOUR LABEL``; the message names file and line.
    """
    lines = lines_of(read_text(path))
    top = header_end(lines)
    if top is None:
        raise CorpusError(
            "no line # ends a header",
            where=str(path),
            remedy="restore it, or name the format that it is in",
        )
    try:
        separator = _separator(lines[:top])
    except CorpusError as error:
        raise error.at(str(path)) from error
    labels: list[Label] = []
    start = Fraction(0)
    for number, line in enumerate(lines[top + 1 :], start=top + 2):
        if not line.strip(" \t"):
            continue
        try:
            stop, text = _entry(line.strip(" \t"), separator)
        except CorpusError as error:
            raise error.at(f"{path}:{number}") from error
        if stop != start:
            labels.append(Label(start, stop, text, number))
        start = stop
    if not labels:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    return {"": {"": LabelTier("seconds", tuple(labels))}}


def header_end(lines: Sequence[str]) -> int | None:
    """Return which line ends the header of such a file; None if it is none."""
    return next((number for number, line in enumerate(lines) if line.strip() == "#"), None)


def _separator(header: Sequence[str]) -> str:
    """Return what the header says parts the fields of a label."""
    named = [line.split()[1:] for line in header if line.split()[:1] == ["separator"]]
    if not named:
        return _SEPARATOR
    if len(named) > 1 or len(named[0]) != 1 or len(named[0][0]) != 1:
        raise CorpusError(
            "its header doesn't name one separator", remedy="write separator and one character"
        )
    return named[0][0]


def _entry(content: str, separator: str) -> tuple[Fraction, str]:
    """Return the end and the label of a line."""
    time, colour, rest = (*_GAP.split(content, maxsplit=2), "", "")[:3]
    stop = seconds_of(time, "END")
    if not _COLOUR.fullmatch(colour):
        raise CorpusError(
            f"line is {shown(content)}", remedy="write END COLOUR LABEL, END in seconds"
        )
    if _ANOTHER.search(rest):
        raise CorpusError(f"line {shown(content)} holds two labels", remedy="give each its line")
    return stop, rest.partition(separator)[0].strip(" \t")
