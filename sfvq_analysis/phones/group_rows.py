"""What files of groups say of each label: CSV and TOML, a row a label with its place."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDED, _OPTIONAL = ("label", "group"), ("symbol", "fold48", "fold39")
_MOST_DOTS, _MOST_SQUARED = 16, 1 << 22
_TOML_PLACE = re.compile(r"\(at line ([0-9]{1,9}), column [0-9]{1,9}\)")


class GroupRow(NamedTuple):
    """What a file says of a label; None where it says nothing."""

    label: str
    group: str
    symbol: str | None = None
    fold48: str | None = None
    fold39: str | None = None


def csv_rows(text: str) -> Iterator[tuple[str, GroupRow]]:
    """Yield line and row of a CSV file."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: list[str] = []
    try:
        for cells in reader:
            line = str(reader.line_num)
            if not "".join(cells).strip():
                continue
            if not names:
                names = _checked_names([cell.strip() for cell in cells], line)
                continue
            if len(cells) != len(names):
                raise CorpusError(
                    f"{len(cells)} cells, the first line names {len(names)} columns",
                    where=line,
                    remedy="give every line as many; quote a cell that holds a comma",
                )
            row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
            own = {name: row.get(name) or None for name in _OPTIONAL}
            yield line, GroupRow(row["label"], row["group"], **own)
    except csv.Error as error:
        raise CorpusError(
            f"not CSV ({error})",
            where=str(reader.line_num),
            remedy='a cell that begins with " ends with it; a quote inside is written ""',
        ) from error


def _checked_names(names: list[str], line: str) -> list[str]:
    remedy = "the first line is label,group and any of symbol,fold48,fold39"
    for name in names:
        if name not in (*_NEEDED, *_OPTIONAL):
            raise CorpusError(f"unknown column {shown(name)}", where=line, remedy=remedy)
        if names.count(name) > 1:
            raise CorpusError(f"column {name} stands twice", where=line, remedy=remedy)
    for name in _NEEDED:
        if name not in names:
            raise CorpusError(f"no column {name}", where=line, remedy=remedy)
    return names


def toml_rows(text: str) -> Iterator[tuple[str, GroupRow]]:
    """Yield place and row of a TOML file."""
    _check_dots(text)
    try:
        tables = tomllib.loads(text)
    except MemoryError:
        raise CorpusError("it is too large for the memory", remedy="split it") from None
    except (ValueError, RecursionError) as error:
        place = _TOML_PLACE.search(str(error))
        raise CorpusError(
            f"not TOML ({shown(str(error))})", where=place[1] if place else None, remedy="mend it"
        ) from error
    _check_tables(tables)
    own = {name: _named(tables, name) for name in _OPTIONAL}
    grouped: set[str] = set()
    for group, labels in tables["groups"].items():
        if not isinstance(labels, list) or not all(isinstance(one, str) for one in labels):
            raise CorpusError(
                f"group {shown(group)} is no list of labels", remedy='write such as s = ["s", "z"]'
            )
        for label in map(str.strip, labels):
            grouped.add(label)
            names = {name: found.get(label) for name, found in own.items()}
            yield f"group {shown(group)}", GroupRow(label, group.strip(), **names)
    for name, found in own.items():
        for label in sorted(found.keys() - grouped):
            raise CorpusError(
                f"[{name}] names {shown(label)}, which is in no group",
                remedy="put it in a group, or take it away",
            )


def _check_dots(text: str) -> None:
    """Refuse names of so many parts that tomllib, quadratic in them, takes gigabytes.

    A line's dots are an upper bound of the parts; a table's count for every line below it, too.
    """
    squared = 0
    for number, line in enumerate(text.split("\n"), start=1):
        dots = line.count(".")
        squared += dots**2
        if squared > _MOST_SQUARED or (dots > _MOST_DOTS and line.lstrip().startswith("[")):
            raise CorpusError(
                f"{dots} dots in a line", where=str(number), remedy='write such as s = ["s", "z"]'
            )


def _check_tables(tables: Mapping[str, object]) -> None:
    for name, table in tables.items():
        if name not in ("groups", *_OPTIONAL):
            remedy = "the tables are [groups] and any of [symbol], [fold48], [fold39]"
            raise CorpusError(f"unknown table {shown(name)}", remedy=remedy)
        if not isinstance(table, dict):
            raise CorpusError(f"{name} is no table", remedy=f"write [{name}] on a line of its own")
    if "groups" not in tables:
        raise CorpusError("no table [groups]", remedy='write [groups] and lines such as s = ["s"]')


def _named(tables: Mapping[str, Mapping[str, object]], name: str) -> dict[str, str]:
    found = {}
    for label, symbol in tables.get(name, {}).items():
        if not isinstance(symbol, str):
            raise CorpusError(f"[{name}] {shown(label)} is {shown(symbol)}", remedy="give text")
        found[label.strip()] = symbol.strip()
    return found
