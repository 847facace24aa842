r"""HTK's master label files (``.mlf``): the lines of many label files, each after its name.

Conventions
-----------
An entry of a master label file is named as its pattern without suffix and ``*/``: ``"*/sa1.lab"``
is ``sa1``, ``"*/dr1/sa1.lab"`` is ``dr1/sa1``, for it is no other folder's. A path without ``*/``
(``"exp/rec/sa1.rec"``) says where a file was written: it is named ``sa1``, and keeps its folder
only where two share that name.

What is refused
---------------
What `sfvq_analysis.labels.htk` refuses, and patterns that stand for many files, references to
folders (``->``, ``=>``), two entries of one name and an entry without its closing period.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.htk import (
    MLF_HEADER,
    Row,
    check_unit,
    has_levels_in,
    row_of,
    tiers_of,
)
from sfvq_analysis.labels.naming import last_part
from sfvq_analysis.labels.text import lines_of, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances

_PATTERN = re.compile(r'[ \t]*"([^"]*)"[ \t]*(->|=>)?')
_SUFFIX = re.compile(r"(?<=[^/])\.[A-Za-z][A-Za-z0-9]{0,9}\Z")


class _Entry(NamedTuple):
    """An entry of a master label file."""

    name: str
    rows: list[Row]
    line: int


def read_mlf(path: Path) -> Utterances:
    """Read a master label file.

    Raises
    ------
    CorpusError
        If the file is missing or not text, isn't a master label file with at least one entry, or
        holds what is refused (see above); the message names file and line.
    """
    entries = _entries(enumerate(lines_of(read_text(path)), start=1), path)
    names = _names(entries, path)
    has_levels = has_levels_in(row for entry in entries for row in entry.rows)
    found = {}
    for name, entry in zip(names, entries, strict=True):
        check_unit(entry.rows, f"{path}:{entry.line}")
        found[name] = tiers_of(entry.rows, str(path), has_levels=has_levels)
    return found


def _entries(lines: Iterable[tuple[int, str]], path: Path) -> list[_Entry]:
    entries: list[_Entry] = []
    is_open, has_header = False, False
    for number, line in lines:
        where, content = f"{path}:{number}", line.strip(" \t")
        if not content:
            continue
        if not has_header:
            _check_header(content, where)
            has_header = True
        elif not is_open:
            entries.append(_Entry(_pattern(line, where), [], number))
            is_open = True
        elif content == ".":
            is_open = False
        else:
            entries[-1].rows.append(_row_of_entry(line, where, number))
    if is_open:
        raise _unclosed(f"{path}:{entries[-1].line}")
    if not entries:
        raise CorpusError("it holds no utterances", where=str(path), remedy="restore its entries")
    return entries


def _check_header(content: str, where: str) -> None:
    if content != MLF_HEADER:
        raise CorpusError(
            f"first line is {shown(content)}",
            where=where,
            remedy=f"a master label file begins with {MLF_HEADER}",
        )


def _row_of_entry(line: str, where: str, number: int) -> Row:
    if (match := _PATTERN.fullmatch(line)) and "." in match[1]:
        raise _unclosed(where)
    return row_of(line, where, number)


def _unclosed(where: str) -> CorpusError:
    return CorpusError(
        "entry isn't ended by a line with a period", where=where, remedy="restore what is cut off"
    )


def _pattern(line: str, where: str) -> str:
    """Return the path an entry is for, without suffix."""
    match = _PATTERN.match(line)
    if match is None:
        raise CorpusError(
            f"line is {shown(line.strip())} where an entry should begin",
            where=where,
            remedy='begin an entry with the name of its label file in quotes: "*/sa1.lab"',
        )
    if match[2]:
        raise CorpusError(
            f"{shown(line.strip())} refers to a folder", where=where, remedy="read its files"
        )
    whole = match[1].replace("\\", "/")
    if match.end() != len(line) or "*" in whole.removeprefix("*/") or "?" in whole:
        raise CorpusError(
            f"{shown(line.strip())} isn't the name of one label file",
            where=where,
            remedy='write "*/sa1.lab"',
        )
    name = _SUFFIX.sub("", whole)
    if not last_part(name):
        raise CorpusError(f"entry {shown(match[1])} has no name", where=where, remedy="name it")
    return name


def _names(entries: Sequence[_Entry], path: Path) -> list[str]:
    """Return each entry's name, with its folder where that is asked for, or tells several apart."""
    stems = [
        entry.name.removeprefix("*/") if entry.name.startswith("*/") else last_part(entry.name)
        for entry in entries
    ]
    count = Counter(stems)
    seen: set[str] = set()
    names = []
    for stem, entry in zip(stems, entries, strict=True):
        name = stem if count[stem] == 1 else entry.name.removeprefix("*/")
        if name in seen:
            raise CorpusError(
                f"entry {shown(name)} stands there twice",
                where=f"{path}:{entry.line}",
                remedy="keep one of them",
            )
        seen.add(name)
        names.append(name)
    return names
