"""Text files and the numbers in them, read strictly."""

from __future__ import annotations

import codecs
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 1 << 30
"""A label file that is larger (1 GiB) isn't read."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?"
)
_LINE = re.compile(r"\r\n|\r|\n")


def read_text(path: Path) -> str:
    """Return the text of a label file: UTF-8, with or without byte order mark, or UTF-16 with one.

    Raises
    ------
    CorpusError
        If the file is missing, no file, too large, unreadable, or not such text, or it holds NUL
        characters.
    """
    try:
        if not path.is_file():
            raise CorpusError(
                "that is a folder" if path.is_dir() else "label file is missing",
                where=str(path),
                remedy="restore the file",
            )
        if path.stat().st_size > LARGEST_BYTES:
            raise CorpusError("label file is larger than 1 GiB", where=str(path), remedy="split it")
        raw = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"label file can't be read ({error.strerror or error})",
            where=str(path),
            remedy="give yourself the right to read it",
        ) from error
    encoding = "utf-16" if raw.startswith(_UTF16) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        name = "UTF-16" if encoding == "utf-16" else "UTF-8"
        line = len(lines_of(raw[: error.start].decode("latin-1")))
        raise CorpusError(
            f"not {name} text (byte {error.start})",
            where=f"{path}:{line}" if name == "UTF-8" else str(path),
            remedy="store it as UTF-8",
        ) from error
    if "\0" in text:
        line = len(lines_of(text[: text.index("\0")]))
        raise CorpusError(
            "it holds NUL characters", where=f"{path}:{line}", remedy="store it as UTF-8 text"
        )
    return text


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text, ended by LF, CR LF or CR alone; no other character ends one.

    Examples
    --------
    >>> lines_of("0 10 a\r\n10 20 b\x0b\n")
    ['0 10 a', '10 20 b\x0b', '']
    """
    return _LINE.split(text)


def whole_number(text: str) -> int | None:
    """Return a number of at most 18 digits 0-9; None for all else (signs, ``1_000``, other digits).

    Examples
    --------
    >>> whole_number("016"), whole_number("1_000"), whole_number("-1")
    (16, None, None)
    """
    return int(text) if _WHOLE.fullmatch(text) else None


def exact_number(text: str) -> Fraction | None:
    """Return a decimal number exactly; None for what isn't a plain finite one.

    Examples
    --------
    >>> exact_number("0.125"), exact_number("2e-1"), exact_number("nan"), exact_number("1,5")
    (Fraction(1, 8), Fraction(1, 5), None, None)
    """
    return Fraction(text) if _DECIMAL.fullmatch(text) else None


def seconds_of(text: str, name: str) -> Fraction:
    """Return a time in seconds, exactly.

    Raises
    ------
    CorpusError
        If the text isn't a plain finite decimal number; the caller adds the place.
    """
    number = exact_number(text)
    if number is None:
        raise CorpusError(f"{name} is {shown(text)}", remedy="write seconds such as 0.125")
    return number
