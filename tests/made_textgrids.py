"""TextGrids as text, in every form and encoding: an independent writer for the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Form = Literal["long", "short", "loose"]
FORMS: tuple[Form, ...] = ("long", "short", "loose")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be")
BREAKS = ("\n", "\r", "\r\n")


@dataclass
class MadeTier:
    """Rows of (xmin, xmax, text), or of (time, text) in a tier of points; numbers as written."""

    name: str
    rows: list[tuple[str, ...]]
    points: bool = False
    xmin: str = "0"
    xmax: str = "1"
    size: int | str | None = None


@dataclass
class MadeGrid:
    tiers: list[MadeTier] = field(default_factory=list)
    xmin: str = "0"
    xmax: str = "1"
    size: int | str | None = None

    def text(self, form: Form = "long") -> str:
        return {"long": _long, "short": _short, "loose": _loose}[form](self)

    def write(
        self, path: Path, form: Form = "long", encoding: str = "utf-8", line_break: str = "\n"
    ) -> Path:
        return write_text(path, self.text(form), encoding, line_break)


def write_text(path: Path, text: str, encoding: str = "utf-8", line_break: str = "\n") -> Path:
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    path.write_bytes((mark + text.replace("\n", line_break)).encode(encoding))
    return path


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _size(stated: int | str | None, rows: list) -> str:
    return str(len(rows) if stated is None else stated)


def _long(grid: MadeGrid) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [f"xmin = {grid.xmin} ", f"xmax = {grid.xmax} ", "tiers? <exists> "]
    lines += [f"size = {_size(grid.size, grid.tiers)} ", "item []: "]
    for number, tier in enumerate(grid.tiers, start=1):
        rows = "points" if tier.points else "intervals"
        lines += [f"    item [{number}]:"]
        lines += [f'        class = "{"TextTier" if tier.points else "IntervalTier"}" ']
        lines += [f"        name = {quoted(tier.name)} "]
        lines += [f"        xmin = {tier.xmin} ", f"        xmax = {tier.xmax} "]
        lines += [f"        {rows}: size = {_size(tier.size, tier.rows)} "]
        keys = ("number", "mark") if tier.points else ("xmin", "xmax", "text")
        for ordinal, row in enumerate(tier.rows, start=1):
            lines += [f"        {rows} [{ordinal}]:"]
            values = (*row[:-1], quoted(row[-1]))
            lines += [f"            {k} = {v} " for k, v in zip(keys, values, strict=True)]
    return "\n".join(lines) + "\n"


def _short(grid: MadeGrid) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += [grid.xmin, grid.xmax, "<exists>", _size(grid.size, grid.tiers)]
    for tier in grid.tiers:
        lines += ['"TextTier"' if tier.points else '"IntervalTier"', quoted(tier.name)]
        lines += [tier.xmin, tier.xmax, _size(tier.size, tier.rows)]
        for row in tier.rows:
            lines += [*row[:-1], quoted(row[-1])]
    return "\n".join(lines) + "\n"


def _loose(grid: MadeGrid) -> str:
    """Return what Praat's manual shows: values a line, words and comments among them."""
    lines = ['"ooTextFile"', '"TextGrid"', f'{grid.xmin} {grid.xmax}\t! <time> of 1 "grid"']
    lines += ["tiers: <exists>", f"{_size(grid.size, grid.tiers)} tiers"]
    for tier in grid.tiers:
        lines += [f'"{"TextTier" if tier.points else "IntervalTier"}" {quoted(tier.name)}']
        lines += [f"from {tier.xmin} to {tier.xmax} seconds"]
        lines += [f"{_size(tier.size, tier.rows)} rows coming ! not 7"]
        lines += [f" {' '.join(row[:-1])}\t{quoted(row[-1])}   ! row" for row in tier.rows]
    return "\n".join(lines)
