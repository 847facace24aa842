"""Errors that say what is wrong, where, and what to do about it, in one line."""

from __future__ import annotations

import math
import re
from itertools import islice
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Collection

ErrorPolicy = Literal["raise", "skip"]
"""What becomes of bad data: the call stops at the first, or leaves it out and keeps a list."""

_LINE_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*")
_LONGEST_PLACE, _CUT_PLACE = 4096, 200  # no path of Linux is longer than the first


def printable(text: str) -> str:
    r"""Return a text with every character that isn't printable written as Python would.

    Names of files may hold anything: bytes that aren't UTF-8, escapes that steer a terminal.

    Examples
    --------
    >>> print(printable("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def cut(text: str, at_most: int) -> str:
    """Return a text of at most so many characters, ``…`` in the place of what is cut off."""
    return text if len(text) <= at_most else f"{text[: at_most - 1]}…"


class SfvqError(ValueError):
    """Base of every error this package raises on purpose.

    Parameters
    ----------
    what
        What is wrong, with the offending value.
    where
        File, line or utterance; shown to the letter, what isn't printable escaped. May be added
        later by `at`, where it becomes known.
    remedy
        What the reader can do.

    Examples
    --------
    >>> print(SfvqError("file is empty", where="sa1.phn", remedy="restore it"))
    sa1.phn: file is empty; restore it
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{_placed(self.where)}: " if self.where else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return place + printable(_LINE_BREAKS.sub(" ", f"{self.what}{advice}"))

    def at(self, where: str) -> Self:
        """Return the same error with its place put in front of what is known of it."""
        place = f"{where}: {self.where}" if self.where else where
        return type(self)(self.what, where=place, remedy=self.remedy)


def _placed(where: str) -> str:
    return printable(where if len(where) <= _LONGEST_PLACE else cut(where, _CUT_PLACE))


class OptionError(SfvqError):
    """An argument has a value that is not among its options or outside its range."""


class CorpusError(SfvqError):
    """A corpus tree, a label file or an audio file can't be read as what it claims to be."""


class EncoderError(SfvqError):
    """An encoder can't turn this audio (or these stored latents) into frames."""


class QuantizerError(SfvqError):
    """A codebook, a checkpoint or the latents given to it don't fit together."""


class VoiceError(SfvqError):
    """A voice conversion model, or the speech it is trained on or given, can't be used."""


class TableError(SfvqError):
    """An index table breaks its own contract."""


def shown(value: object, at_most: int = 60) -> str:
    """Return what a message shows of a value that comes from data: one short printable line.

    Examples
    --------
    >>> print(shown("x" * 100, at_most=8))
    'xxxxxx…
    """
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return cut(text, at_most)


def listed(names: Collection[str], at_most: int = 8, *, width: int = 60) -> str:
    """Return the first of some names, as messages show them; ``none`` if there are none.

    Examples
    --------
    >>> listed(["phones", "words"]), listed(["1", "2", "3"], at_most=2), listed([])
    ("'phones', 'words'", "'1', '2', …", 'none')
    """
    few = ", ".join(shown(name, width) for name in islice(names, at_most))
    return (few + (", …" if len(names) > at_most else "")) or "none"


def in_line(text: object, at_most: int = 60) -> str:
    r"""Return what others say (an error, mostly) in one line without quotes.

    Examples
    --------
    >>> in_line("bad magic\n  number"), in_line("x" * 100, at_most=4)
    ('bad magic number', 'xxx…')
    """
    return cut(" ".join(str(text)[: 8 * at_most].split()), at_most)


def told(error: BaseException, at_most: int = 160) -> str:
    """Return the type of another's error and what it says, in one line.

    Examples
    --------
    >>> told(KeyError("a")), told(ValueError())
    ("KeyError: 'a'", 'ValueError')
    """
    try:
        text = in_line(error, at_most)
    except Exception:  # noqa: BLE001 -- an error of anyone's making
        text = "unprintable"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def check_option(name: str, value: object, options: tuple[object, ...]) -> None:
    """Raise an OptionError unless a parameter has one of its options."""
    if value not in options:
        raise unknown_option(name, value, options)


def check_count(name: str, value: object, at_least: int = 1, at_most: int | None = None) -> None:
    """Raise an OptionError unless a parameter is an integer, and neither too small nor too large.

    Examples
    --------
    >>> check_count("channels", 0)
    Traceback (most recent call last):
    sfvq_analysis.errors.OptionError: channels is 0; use an integer >= 1
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise OptionError(f"{name} is {value!r}", remedy=f"use an integer >= {at_least}")
    if at_most is not None and value > at_most:
        raise OptionError(f"{name} is {value!r}", remedy=f"use at most {at_most}")


def check_between(name: str, value: object, low: float, high: float = math.inf) -> None:
    """Raise an OptionError unless a parameter is a finite number from `low` to `high`.

    Examples
    --------
    >>> check_between("jitter", 2, 0, 1)
    Traceback (most recent call last):
    sfvq_analysis.errors.OptionError: jitter is 2; use a number from 0 to 1
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        span = f"from {low:g} to {high:g}" if high < math.inf else f">= {low:g}"
        raise OptionError(f"{name} is {value!r}", remedy=f"use a number {span}")


def unknown_option(name: str, value: object, options: tuple[object, ...]) -> OptionError:
    """Return the error for a `Literal` parameter that got something else.

    Examples
    --------
    >>> print(unknown_option("mode", "quick", ("exact", "published")))
    mode is 'quick'; use one of 'exact', 'published'
    """
    listed = ", ".join(repr(option) for option in options)
    return OptionError(f"{name} is {value!r}", remedy=f"use one of {listed}")
