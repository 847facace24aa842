r"""The fields of a line of an HTK label file: plain, or in quotes, with HTK's escapes.

Conventions
-----------
Spaces and tabs part fields. A field that begins with ``"`` or ``'`` ends at the same quote; any
other runs to the next space or tab, and quotes inside it are letters. In both, a backslash stands
before a backslash, before a quote, or before three octal digits, which are one byte of UTF-8. HTK
takes a backslash before any other letter for that letter alone; here it is refused, for it mostly
is an X-SAMPA symbol (``r\``) written without doubling.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.text import exact_number

_FIELD = re.compile(
    r"""[ \t]*+(?:"(?P<double>(?:[^"\\]++|\\.)*+)"|'(?P<single>(?:[^'\\]++|\\.)*+)'"""
    r"""|(?P<plain>[^ \t"'][^ \t]*+))(?=[ \t]|\Z)""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"""\\(?:(?P<octal>[0-3][0-7]{2})|(?P<letter>["'\\])|.?)""", re.DOTALL)


class Field(NamedTuple):
    """One field, its escapes undone, and whether it stands in quotes."""

    text: str
    quoted: bool

    @property
    def is_number(self) -> bool:
        """Whether HTK takes the field for a number: a time or a score."""
        return not self.quoted and exact_number(self.text) is not None


def fields_of(line: str) -> list[Field]:
    r"""Return the fields of a line.

    Raises
    ------
    CorpusError
        If a quote isn't closed, or a backslash means nothing; the caller adds the place.

    Examples
    --------
    >>> [field.text for field in fields_of(r'0 100 "New York" \303\244 don\'t')]
    ['0', '100', 'New York', 'ä', "don't"]
    """
    line = line.rstrip(" \t")
    fields, at = [], 0
    while at < len(line):
        match = _FIELD.match(line, at)
        if match is None:
            raise CorpusError(
                f"quote isn't closed in {shown(line[at:].lstrip())}",
                remedy=r"close it, or write \" for a label's own quote",
            )
        kind = match.lastgroup or "plain"
        fields.append(Field(_unescaped(match[kind]), quoted=kind != "plain"))
        at = match.end()
    return fields


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    try:  # octal bytes pass through as the surrogates that stand for undecoded bytes
        whole = _ESCAPE.sub(_character, text).encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"octal escapes of {shown(text)} aren't UTF-8", remedy="store the label as UTF-8"
        ) from error
    if "\0" in whole:
        raise CorpusError(f"{shown(text)} holds a NUL character", remedy="mend the label")
    return whole


def _character(match: re.Match[str]) -> str:
    if match["octal"] is not None:
        byte = int(match["octal"], 8)
        return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
    if match["letter"] is None:
        raise CorpusError(
            f"backslash in {shown(match.string)} means nothing",
            remedy=r"write \\ for a backslash, \" for a quote, \101 for a byte in octal",
        )
    return match["letter"]
