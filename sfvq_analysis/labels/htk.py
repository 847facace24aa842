r"""HTK label files (``.lab``): times count 100 ns. Master label files are made of their lines.

Conventions
-----------
A line is ``START END LABEL [SCORE] {NAME [SCORE]}`` (The HTK Book, section 6.2.1; `htk_fields`
tells how a label is written). Each further NAME opens a label one level up, which lasts until the
next one on that level: words above phones, or, as HVite's state alignments have it, words above
phones above states. A file of one level has one tier, without a name; else the tiers are ``level
1``, the lowest, ``level 2`` and so on, and the reader must be told which. Scores are passed over.

What is refused
---------------
Transcriptions without times, alternatives (``///``), ESPS (Festival) label files, times that aren't
whole numbers, and times too close to be in 100 ns: labels that last less than 1 ms on average are
in samples.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.esps import header_end
from sfvq_analysis.labels.htk_fields import Field, fields_of
from sfvq_analysis.labels.text import lines_of, read_text, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sfvq_analysis.labels.entries import Tiers, Utterances

UNITS_PER_SECOND = 10**7
MLF_HEADER = "#!MLF!#"
"""First line of a master label file (`sfvq_analysis.labels.mlf`)."""
_SHORTEST_MEAN = 10_000  # 1 ms
_MOST_LEVELS = 100  # HTK reads no more either
_WRITE = "write START END LABEL, times in units of 100 ns"


class Row(NamedTuple):
    """A line: times in units of 100 ns, and the names on it, lowest level first."""

    start: int
    stop: int
    names: tuple[str, ...]
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
    if first == MLF_HEADER:
        raise CorpusError(
            "that is a master label file", where=str(path), remedy="read it as format mlf"
        )
    if header_end(lines) is not None:
        raise CorpusError(
            "that is an ESPS (Festival) label file, not one of HTK",
            where=str(path),
            remedy='read it as format "esps" (--labels esps)',
        )
    rows = [
        row_of(line, f"{path}:{number}", number)
        for number, line in enumerate(lines, start=1)
        if line.strip(" \t")
    ]
    if not rows:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    check_unit(rows, str(path))
    return {"": tiers_of(rows, str(path), has_levels=has_levels_in(rows))}


def row_of(line: str, where: str, number: int) -> Row:
    """Return what a line says.

    Raises
    ------
    CorpusError
        If it isn't a label with its times.
    """
    try:
        fields = fields_of(line)
        start, stop = _times(fields, line)
        return Row(start, stop, _level_names(fields[2:]), number)
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


def has_levels_in(rows: Iterable[Row]) -> bool:
    """Tell whether a line has more than one name."""
    return any(len(row.names) > 1 for row in rows)


def check_unit(rows: Sequence[Row], where: str) -> None:
    """Raise a CorpusError if times count samples: as 100 ns they would be labels all the same."""
    total = sum(abs(row.stop - row.start) for row in rows)
    if total < _SHORTEST_MEAN * len(rows):
        raise CorpusError(
            f"labels last {total / len(rows) / 10_000:.2g} ms on average",
            where=where,
            remedy="HTK's times count 100 ns; labels in samples are of format timit",
        )


def tiers_of(rows: Sequence[Row], path: str, *, has_levels: bool) -> Tiers:
    """Return the rows of an utterance as one tier, or one a level.

    Raises
    ------
    CorpusError
        If a label of a higher level goes back in time.
    """
    if not has_levels:
        return {"": _level(rows, 0, path)}
    depth = max((len(row.names) for row in rows), default=0)
    return {f"level {level + 1}": _level(rows, level, path) for level in range(depth)}


def _level(rows: Sequence[Row], level: int, path: str) -> LabelTier:
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
