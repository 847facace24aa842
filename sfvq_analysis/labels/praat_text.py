"""Praat's text format: values that stand free among words that say what they are.

A value is a number, a ``"string"`` (quotes in it doubled, line breaks allowed) or a ``<flag>``,
with white space on either side. Praat passes over all other words, and over what follows a ``!`` to
the end of its line, so that its long and its short files hold the same values in the same order
(https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html).

Praat also passes over what was meant to be a value and isn't: ``xmin=0.5`` (no spaces), ``nan``,
``.5``. Here a word that holds a digit, a quote or a ``<``, or is a name of no number, is refused,
and so is ``xmax =`` where an ``xmin`` belongs: what follows would be read as something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.text import exact_number, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

Kind = Literal["number", "string", "flag", "end"]

_PIECE = re.compile(  # possessive: each character is looked at once
    r"""
      (?P<space>[ \t\r\n]++)
    | (?P<string>"[^"]*+(?:""[^"]*+)*+")
    | (?P<flag><[^<>"\s]*+>)(?![^ \t\r\n])
    | (?P<comment>![^\r\n]*+)
    | (?P<number>[0-9+\-][^ \t\r\n]*+)
    | (?P<place>(?:item|intervals|points)?\[[0-9]*+\]:?+)(?![^ \t\r\n])
    | (?P<word>[^ \t\r\n]++)
    """,
    re.VERBOSE,
)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_KEYS = frozenset(("class", "mark", "name", "number", "size", "text", "time", "xmax", "xmin"))
_NO_NUMBERS = frozenset(("nan", "inf", "infinity", "undefined", "null", "none", "na", "n/a"))


class Value(NamedTuple):
    """A free-standing value: its kind, its text, its line, and the ``key =`` before it, if any."""

    kind: Kind
    text: str
    line: int
    key: str


class PraatText:
    """The values of a text, one after the other.

    Parameters
    ----------
    text
        Of the whole file.
    path
        Of the file, for messages.

    Attributes
    ----------
    heading
        The first line, which Praat doesn't take values from.
    line
        Of the value that was taken last.
    """

    def __init__(self, text: str, path: Path) -> None:
        end = _LINE_BREAK.search(text)
        self.heading = text[: end.start()] if end else text
        self.line = 1
        self._path = path
        self._values = _values(text, end.end() if end else len(text), path)
        self._ahead = next(self._values)

    def sees(self, kind: Kind) -> bool:
        """Return whether the next value is of that kind."""
        return self._ahead.kind == kind

    def string(self, *keys: str) -> str:
        """Take a string; `keys` are the names it may have, the first that for messages."""
        return self._take("string", keys).text

    def flag(self, key: str) -> str:
        """Take a flag."""
        return self._take("flag", (key,)).text

    def number(self, *keys: str) -> Fraction:
        """Take a number, exactly."""
        text = self._take("number", keys).text
        number = exact_number(text)
        if number is None:
            raise self.refusal(f"{keys[0]} is {shown(text)}", "write seconds such as 0.125")
        return number

    def count(self, key: str) -> int:
        """Take a whole number."""
        text = self._take("number", (key,)).text
        number = whole_number(text)
        if number is None:
            raise self.refusal(f"{key} is {shown(text)}", "write a whole number")
        return number

    def end(self) -> None:
        """Check that no value is left."""
        self._take("end", ())

    def refusal(self, what: str, remedy: str, line: int | None = None) -> CorpusError:
        """Return an error that names the file and a line: if none is given, the present one."""
        return _refusal(what, remedy, self._path, line or self.line)

    def _take(self, kind: Kind, keys: tuple[str, ...]) -> Value:
        value = self._ahead
        self.line = value.line
        if value.kind != kind:
            found = "the file ends" if value.kind == "end" else f"{value.kind} {shown(value.text)}"
            place = "after the last tier" if kind == "end" else f"where {keys[0]} belongs"
            raise self.refusal(f"{found} {place}", "restore what is missing, or take away the rest")
        if value.key and value.key not in keys:
            raise self.refusal(
                f"{value.key} stands where {keys[0]} belongs", "put the lines in Praat's order"
            )
        if kind != "end":
            self._ahead = next(self._values)
        return value


def _values(text: str, start: int, path: Path) -> Iterator[Value]:
    line, key, before = 2, "", ""
    for piece in _PIECE.finditer(text, start):
        found = piece.group()
        match piece.lastgroup:
            case "space":
                line += _n_breaks(found)
            case "string":
                if piece.end() < len(text) and text[piece.end()] not in " \t\r\n":
                    raise _refusal(
                        f"{shown(text[piece.end()])} follows the end of a string",
                        "double the quotes inside of strings, and put a space after them",
                        path,
                        line + _n_breaks(found),
                    )
                yield Value("string", _unquoted(found), line, key)
                line += _n_breaks(found)
                key = before = ""
            case "number" | "flag" as kind:
                yield Value("number" if kind == "number" else "flag", found, line, key)
                key = before = ""
            case "word":
                _check_word(found, path, line)
                if found == "=" and before in _KEYS:
                    key = before
                before = found
    yield Value("end", "", line, "")


def _check_word(word: str, path: Path, line: int) -> None:
    """Raise a CorpusError if a word that Praat passes over was meant as a value."""
    if word.startswith('"'):
        raise _refusal("a string isn't closed", "restore its closing quote", path, line)
    if '"' in word or "<" in word or "=" in word[:-1]:
        raise _refusal(f"{shown(word)} is no value", "put spaces around values", path, line)
    if word.lower() in _NO_NUMBERS or any(map(str.isdigit, word)):
        raise _refusal(
            f"{shown(word)} is no plain number", "write seconds such as 0.125", path, line
        )


def _unquoted(string: str) -> str:
    """Return what a string says; a line break in it is LF, whatever ends the file's lines."""
    plain = string[1:-1].replace('""', '"')
    return _LINE_BREAK.sub("\n", plain) if "\r" in plain else plain


def _n_breaks(text: str) -> int:
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _refusal(what: str, remedy: str, path: Path, line: int) -> CorpusError:
    return CorpusError(what, where=f"{path}:{line}", remedy=remedy)
