r"""HTK label files (``.lab``) and master label files (``.mlf``): times count 100 ns.

Conventions
-----------
A line is ``START END LABEL [SCORE] {NAME [SCORE]}`` (The HTK Book, section 6.2.1; `htk_fields`
tells how a label is written). Each further NAME opens a label one level up, which lasts until the
next one on that level: words above phones, or, as HVite's state alignments have it, words above
phones above states. A file of one level has one tier, without a name; else the tiers are ``level
1``, the lowest, ``level 2`` and so on, and the reader must be told which. Scores are passed over.

An entry of a master label file is named as its pattern without suffix and ``*/``: ``"*/sa1.lab"``
is ``sa1``, ``"*/dr1/sa1.lab"`` is ``dr1/sa1``, for it is no other folder's. A path without ``*/``
(``"exp/rec/sa1.rec"``) says where a file was written: it is named ``sa1``, and keeps its folder
only where two share that name.

What is refused
---------------
Transcriptions without times, alternatives (``///``), ESPS (Festival) label files, times that aren't
whole numbers, and times too close to be in 100 ns: labels that last less than 1 ms on average are
in samples. In a master label file also patterns that stand for many files, references to folders
(``->``, ``=>``), two entries of one name and an entry without its closing period.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.htk_fields import Field, fields_of
from sfvq_analysis.labels.text import lines_of, read_text, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sfvq_analysis.labels.entries import Tiers, Utterances

UNITS_PER_SECOND = 10**7
_SHORTEST_MEAN = 10_000  # 1 ms
_MOST_LEVELS = 100  # HTK reads no more either
_HEADER = "#!MLF!#"
_PATTERN = re.compile(r'[ \t]*"([^"]*)"[ \t]*(->|=>)?')
_SUFFIX = re.compile(r"(?<=[^/])\.[A-Za-z][A-Za-z0-9]{0,9}\Z")
_WRITE = "write START END LABEL, times in units of 100 ns"


class _Row(NamedTuple):
    """A line: times in units of 100 ns, and the names on it, lowest level first."""

    start: int
    stop: int
    names: tuple[str, ...]
    line: int


class _Entry(NamedTuple):
    """An entry of a master label file."""

    name: str
    rows: list[_Row]
    line: int


def read_htk(path: Path) -> Utterances:
    """Read a ``.lab``.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, is of another kind (see above), or a line isn't
        a label with its times; the message names file and line.
    """
    lines = lines_of(read_text(path))
    first = next((line.strip() for line in lines if line.strip()), "")
    if first == _HEADER:
        raise CorpusError(
            "that is a master label file", where=str(path), remedy="read it as format mlf"
        )
    if any(line.strip() == "#" for line in lines):
        raise CorpusError(
            "that is an ESPS (Festival) label file, not one of HTK",
            where=str(path),
            remedy="convert it to HTK, a TextGrid or a CSV",
        )
    rows = [
        _row(line, f"{path}:{number}", number)
        for number, line in enumerate(lines, start=1)
        if line.strip(" \t")
    ]
    if not rows:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    _check_unit(rows, str(path))
    return {"": _tiers(rows, str(path), has_levels=_has_levels(rows))}


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
    has_levels = _has_levels(row for entry in entries for row in entry.rows)
    found = {}
    for name, entry in zip(names, entries, strict=True):
        _check_unit(entry.rows, f"{path}:{entry.line}")
        found[name] = _tiers(entry.rows, str(path), has_levels=has_levels)
    return found


def _row(line: str, where: str, number: int) -> _Row:
    try:
        fields = fields_of(line)
        start, stop = _times(fields, line)
        return _Row(start, stop, _level_names(fields[2:]), number)
    except CorpusError as error:
        raise error.at(where) from error


def _times(fields: Sequence[Field], line: str) -> tuple[int, int]:
    if len(fields) == 1 and fields[0] == Field("///", quoted=False):
        raise CorpusError(
            "the file holds alternatives (///)", remedy="keep one of them, in a file of its own"
        )
    if not fields[0].is_number:
        raise CorpusError(
            f"no times in {shown(line.strip())}: a transcription can't be aligned", remedy=_WRITE
        )
    times = [None if field.quoted else whole_number(field.text) for field in fields[:2]]
    if len(times) == 2 and times[0] is not None and times[1] is not None:
        return times[0], times[1]
    if len(times) < 2 or not fields[1].is_number:
        raise CorpusError(f"no END in {shown(line.strip())}", remedy=_WRITE)
    raise CorpusError(
        f"times of {shown(line.strip())} aren't whole numbers >= 0",
        remedy=f"{_WRITE}; seconds can be given in a CSV",
    )


def _level_names(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the names among the fields after the times; a score may follow each."""
    if not fields:
        raise CorpusError("label is missing", remedy=_WRITE)
    label = fields[0]
    if label.is_number and whole_number(label.text) is None:
        raise CorpusError(f"label is the number {shown(label.text)}", remedy="put it in quotes")
    names, score_may_follow = [label.text], True
    for field in fields[1:]:
        if not field.is_number:
            names.append(field.text)
        elif not score_may_follow:
            raise CorpusError(
                f"{shown(field.text)} is a second score", remedy="put a label of digits in quotes"
            )
        score_may_follow = not field.is_number
    if len(names) > _MOST_LEVELS:
        raise CorpusError(
            f"line has {len(names)} names", remedy="put a label that holds spaces in quotes"
        )
    return tuple(names)


def _has_levels(rows: Iterable[_Row]) -> bool:
    return any(len(row.names) > 1 for row in rows)


def _check_unit(rows: Sequence[_Row], where: str) -> None:
    """Refuse times that count samples: taken for 100 ns they would be labels all the same."""
    total = sum(abs(row.stop - row.start) for row in rows)
    if total < _SHORTEST_MEAN * len(rows):
        raise CorpusError(
            f"labels last {total / len(rows) / 10_000:.2g} ms on average",
            where=where,
            remedy="HTK's times count 100 ns; labels in samples are of format timit",
        )


def _tiers(rows: Sequence[_Row], path: str, *, has_levels: bool) -> Tiers:
    if not has_levels:
        return {"": _level(rows, 0, path)}
    depth = max((len(row.names) for row in rows), default=0)
    return {f"level {level + 1}": _level(rows, level, path) for level in range(depth)}


def _level(rows: Sequence[_Row], level: int, path: str) -> LabelTier:
    labels: list[Label] = []
    for row in rows:
        start, stop = (Fraction(time, UNITS_PER_SECOND) for time in (row.start, row.stop))
        if level < len(row.names):
            labels.append(Label(start, stop, row.names[level], row.line))
        elif labels:
            if start < labels[-1].stop or stop <= start:
                raise CorpusError(
                    f"[{row.start}, {row.stop}) goes back in time",
                    where=f"{path}:{row.line}",
                    remedy="put the lines in order",
                )
            labels[-1] = labels[-1]._replace(stop=stop)
    return LabelTier("seconds", tuple(labels))


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
    if content != _HEADER:
        raise CorpusError(
            f"first line is {shown(content)}",
            where=where,
            remedy=f"a master label file begins with {_HEADER}",
        )


def _row_of_entry(line: str, where: str, number: int) -> _Row:
    if (match := _PATTERN.fullmatch(line)) and "." in match[1]:
        raise _unclosed(where)
    return _row(line, where, number)


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
    if not _last(name):
        raise CorpusError(f"entry {shown(match[1])} has no name", where=where, remedy="name it")
    return name


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _names(entries: Sequence[_Entry], path: Path) -> list[str]:
    """Return each entry's name, with its folder where that is asked for, or tells several apart."""
    stems = [
        entry.name.removeprefix("*/") if entry.name.startswith("*/") else _last(entry.name)
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
