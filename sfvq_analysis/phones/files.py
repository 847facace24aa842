"""A user's own groups: which label is in which group, from a file or a dictionary.

CSV: a line of names, ``label,group`` and any of ``symbol``, ``fold48``, ``fold39``, then a line a
label; groups are in the order in which they first appear. TOML: a table ``[groups]`` with a list of
labels for each group, and any of ``[symbol]``, ``[fold48]``, ``[fold39]`` with a name for a label.

A label that the file doesn't hold as it is written goes by the file's label that is another
spelling of the same phone (``ah`` answers for ``AH0``), and by the set where there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, in_line, shown
from sfvq_analysis.phones.entries import PhoneEntry
from sfvq_analysis.phones.group_rows import GroupRow, csv_rows, toml_rows
from sfvq_analysis.phones.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfvq_analysis.phones.rules import SetName

LARGEST_BYTES = 1 << 20
"""A file of groups that is larger (1 MiB) isn't read."""
LONGEST_NAME = 60
_RESERVED = ("all", "rest", "consonant_vowel")


@dataclass(frozen=True)
class PhoneGroups:
    """Groups of labels.

    Attributes
    ----------
    groups
        In order.
    rows
        By label.
    source
        Name of the file, empty for a dictionary.
    """

    groups: tuple[str, ...]
    rows: Mapping[str, GroupRow] = field(hash=False)
    source: str = ""
    _spellings: dict[str, Mapping[str, tuple[GroupRow, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, group_of: Mapping[str, str]) -> PhoneGroups:
        """Return the groups of a dictionary from label to group.

        Raises
        ------
        CorpusError
            If a label or a group is no text, empty, or has what a name can't have.

        Examples
        --------
        >>> PhoneGroups.of({"1": "odd", "2": "even", "3": "odd"}).groups
        ('odd', 'even')
        """
        return _collected((("groups", GroupRow(*pair)) for pair in group_of.items()), "")

    def entry(self, label: str, base: SetName) -> PhoneEntry | None:
        """Return what is said of a label, or of another spelling of its phone, or None."""
        known = rule(base, label)
        alike = self._alike(base).get(known.symbol or "", ()) if known else ()
        agree = len({row[1:] for row in alike}) == 1
        row = self.rows.get(label) or (alike[0] if agree else None)
        if row is None:
            return None
        symbol = known.symbol if known and agree else None
        name = row.symbol or symbol or label
        folds = (known.fold48, known.fold39) if known and name == symbol else (name, name)
        return PhoneEntry(name, row.group, row.fold48 or folds[0], row.fold39 or folds[1], "file")

    def _alike(self, base: SetName) -> Mapping[str, tuple[GroupRow, ...]]:
        """Return the rows whose labels are spellings of one phone of a set, by its symbol."""
        if base not in self._spellings:
            found: dict[str, tuple[GroupRow, ...]] = {}
            for label, row in self.rows.items():
                known = rule(base, label)
                if known is not None and known.symbol is not None:
                    found[known.symbol] = (*found.get(known.symbol, ()), row)
            self._spellings[base] = found
        return self._spellings[base]


def load_phone_groups(path: Path | str) -> PhoneGroups:
    """Read a file of groups, CSV or TOML; see the module's docstring.

    Raises
    ------
    CorpusError
        With file and line, if the file is missing, too large, not UTF-8 or not of its kind, has an
        unknown column or table, no label, a label twice or in two groups, or a name that is empty,
        longer than 60 characters, or holds a comma or what can't be printed.
    """
    path = Path(path)
    readers = {".csv": csv_rows, ".toml": toml_rows}
    if path.suffix.lower() not in readers:
        raise CorpusError("no file of groups", where=str(path), remedy="give a .csv or .toml file")
    text = _text(path)
    try:
        return _collected(readers[path.suffix.lower()](text), path.name)
    except CorpusError as error:
        place = error.where or ""
        where = f"{path}:{place}" if place.isdecimal() else f"{path}: {place}" if place else path
        raise CorpusError(error.what, where=str(where), remedy=error.remedy) from error


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            what = "that is a folder" if path.is_dir() else "file of groups is missing"
            raise CorpusError(what, where=str(path), remedy="name a .csv or .toml file")
        if path.stat().st_size > LARGEST_BYTES:
            raise CorpusError(
                "file of groups is larger than 1 MiB",
                where=str(path),
                remedy="give a line a label",
            )
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            "not UTF-8 text", where=f"{path}:{line}", remedy="store it as UTF-8"
        ) from error
    except (OSError, ValueError) as error:
        if isinstance(error, CorpusError):
            raise
        what = f"can't be read ({in_line(error)})"
        raise CorpusError(what, where=str(path), remedy="check its name and rights") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CorpusError("it holds NUL characters", where=f"{path}:{line}", remedy="mend it")
    return text


def _collected(rows: Iterable[tuple[str, GroupRow]], source: str) -> PhoneGroups:
    """Return rows as groups; `where` of an error is the place that stands with its row."""
    found: dict[str, GroupRow] = {}
    places: dict[str, str] = {}
    for place, row in rows:
        _check(row, place)
        other = found.get(row.label)
        if other is not None:
            first = places[row.label]
            what = (
                f"label {shown(row.label)} stands twice, first in "
                f"{'line ' if first.isdecimal() else ''}{first}"
                if other.group == row.group
                else f"label {shown(row.label)} is in two groups, {shown(other.group)} "
                f"and {shown(row.group)}"
            )
            raise CorpusError(what, where=place, remedy="keep one of them")
        found[row.label], places[row.label] = row, place
    if not found:
        raise CorpusError("it holds no label", remedy="give at least one label and its group")
    return PhoneGroups(tuple(dict.fromkeys(row.group for row in found.values())), found, source)


def _check(row: GroupRow, place: str) -> None:
    for name, value in row._asdict().items():
        if value is None:
            continue
        if not isinstance(value, str):
            raise CorpusError(f"{name} is {shown(value)}", where=place, remedy="give text")
        wrong = (
            "is empty"
            if not value.strip()
            else "is longer than 60 characters"
            if len(value) > LONGEST_NAME
            else "can't be printed"
            if not value.isprintable()
            else ""
        )
        if wrong:
            raise CorpusError(f"{name} {shown(value)} {wrong}", where=place, remedy="rename it")
    if "," in row.group:
        raise CorpusError(
            f"group {shown(row.group)} holds a comma", where=place, remedy="use another sign"
        )
    if row.group in _RESERVED:
        raise CorpusError(
            f"group {row.group!r} has a name that tables use for something else",
            where=place,
            remedy="rename it",
        )
