"""Where groups lie on the axis: their shortest ranges, and the axis as it is described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from scipy.optimize import isotonic_regression

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import timit_inventory
from sfvq_analysis.plots.inputs import groups_of, require_columns
from sfvq_analysis.plots.strips import points_per_second, text_width
from sfvq_analysis.plots.style import (
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    group_colours,
    label_axes,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.plots.style import Palette

_ROW, _MARGIN = 0.2, 0.75
_RIBBON_HEIGHT = 0.85
_THIN, _THICK = 0.36, 0.72
_BARE, _DARK = "0.82", "0.25"
_CHANCE, _PALEST = 0.05, 0.75
_PEAK: dict[str, Any] = {
    "linestyle": "none",
    "marker": "D",
    "markersize": 4,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
    "zorder": 3,
}
_LIFT, _LINE, _GAP = 12.0, 9.0, 4.0
_MOST_PHONES = 3


def range_strip(
    ranges: pd.DataFrame,
    peaks: pd.DataFrame | None = None,
    ax: Axes | None = None,
    palette: Palette = "paper",
    inventory: PhoneInventory | None = None,
) -> Axes:
    """Draw each group's shortest ranges as bars along the axis, a row a group.

    The smallest share has the thickest bar, larger ones thinner and paler ones; a diamond marks the
    peak. A range that isn't shorter than in a random order (corrected p > .05) is hatched.

    Parameters
    ----------
    ranges
        Of `sfvq_analysis.stats.group_ranges`.
    peaks
        Of `sfvq_analysis.stats.peaks` of a histogram by the same property; main peaks are marked.
    ax
        Where to draw; a new figure by default.
    palette
        As in `sfvq_analysis.plots.group_colours`; a phone has its group's colour.
    inventory
        The table's, which says the groups of phones and their order; by default TIMIT's.

    Raises
    ------
    OptionError
        If a frame lacks a column, or there is no range to draw.
    """
    columns = ("mass", "first", "last", "p_corrected", "codebook_size")
    require_columns("ranges", ranges, columns, "stats.group_ranges")
    by = str(ranges.columns[0])
    known = ranges.dropna(subset=["first", "last"])
    if known.empty:
        raise OptionError("ranges holds no range", remedy="measure speech that has labels")
    names = inventory or timit_inventory()
    groups = groups_of(known[by], inventory) if by == "phone_group" else names.groups
    places = {value: _place(value, groups, names) for value in dict.fromkeys(known[by])}
    values = sorted(places, key=lambda value: places[value])
    colours = group_colours(palette, groups)
    ax = new_axes(ax, (PAGE_WIDTH, _ROW * len(values) + _MARGIN))
    shares = sorted(set(known["mass"]), reverse=True)  # the longest first, the shortest on top
    for row in known.sort_values("mass", ascending=False).to_dict("records"):
        look = _bar_look(shares.index(row["mass"]), len(shares))
        by_chance = row["p_corrected"] > _CHANCE
        pale = _PALEST if by_chance else look.pop("pale")
        look["color"] = _paler(_colour_of(row[by], colours, names), pale)
        look["hatch"] = "/////" if by_chance else None
        _draw_bar(ax, row, values.index(row[by]), look)
    if peaks is not None:
        _mark_peaks(ax, peaks, by, values)
    ax.set_yticks(range(len(values)), [str(value) for value in values], parse_math=False)
    ax.set_ylim(len(values) - 0.4, -0.6)
    _finish(ax, int(known["codebook_size"].iloc[0]))
    _range_legend(ax, shares, bool((known["p_corrected"] > _CHANCE).any()), peaks is not None)
    return ax


def description_strip(
    description: pd.DataFrame,
    ax: Axes | None = None,
    palette: Palette = "paper",
    inventory: PhoneInventory | None = None,
) -> Axes:
    """Draw the axis as a ribbon in the colours of the groups that each range is named by.

    A range named by two groups has two stripes, one without a name is grey, indices without a frame
    are hatched. The names stand above, with the share of the range's frames that belong to them
    (that on other speakers, where it is known).

    Parameters
    ----------
    description
        Of `sfvq_analysis.stats.describe_axis`.
    ax
        Where to draw; a new figure by default.
    palette
        As in `sfvq_analysis.plots.group_colours`.
    inventory
        The table's, whose groups have the colours; by default the paper's and any others named.

    Raises
    ------
    OptionError
        If `description` lacks a column or has no row.
    """
    columns = ("first", "last", "groups", "share", "share_checked", "exceptions", "dead")
    require_columns("description", description, columns, "stats.describe_axis")
    if description.empty:
        raise OptionError("description has no row", remedy="give what stats.describe_axis gives")
    named = description["groups"].str.split(", ").explode()
    colours = group_colours(palette, groups_of(named[named != ""], inventory))
    given, ax = ax, new_axes(ax, (PAGE_WIDTH, _RIBBON_HEIGHT))
    rows = description.to_dict("records")
    for row in rows:
        _draw_ribbon(ax, row, colours)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.set_xlim(-0.5, int(description["last"].iloc[-1]) + 0.5)
    _finish(ax, int(description["last"].iloc[-1]) + 1)
    edges = [int(row["first"]) for row in rows[1:]]
    for edge in edges:
        ax.axvline(edge - 0.5, color="white", linewidth=1.2)
    top = _write_names(ax, rows)
    if given is None and isinstance(ax.figure, Figure):
        ax.figure.set_size_inches(PAGE_WIDTH, _RIBBON_HEIGHT + top / 72)
    return ax


def _place(value: str, groups: Sequence[str], inventory: PhoneInventory) -> tuple[int, int]:
    """Return the place of a group, or of a phone by its group and in the inventory's order."""
    group = value if value in groups else inventory.group_of(value)
    at = groups.index(group) if group in groups else len(groups)
    return at, inventory.order.get(inventory.name(value), -1)


def _colour_of(value: object, colours: dict[str, str], inventory: PhoneInventory) -> str:
    """Return the colour of a group, or of a phone's group; grey for a phone in none."""
    group = str(value) if value in colours else inventory.group_of(str(value))
    return colours.get(group or "", "0.5")


def _paler(colour: str, share: float) -> tuple[float, float, float]:
    """Return a colour mixed with white, which keeps it opaque."""
    red, green, blue = ((1 - share) * part + share for part in to_rgb(colour))
    return red, green, blue


def _bar_look(place: int, n_bars: int) -> dict[str, Any]:
    """Return height and paleness of a bar; place 0 is the longest range."""
    part = (place + 1) / n_bars
    return {"height": _THIN + (_THICK - _THIN) * part, "pale": 0.6 * (1 - part)}


def _draw_bar(ax: Axes, row: dict[str, Any], at: int, look: dict[str, Any]) -> None:
    height = look["height"]
    bar = Rectangle(
        (row["first"] - 0.5, at - height / 2),
        row["last"] - row["first"] + 1,
        height,
        facecolor=look["color"],
        edgecolor=_DARK,
        linewidth=0.4,
        hatch=look["hatch"],
    )
    ax.add_patch(bar)


def _mark_peaks(ax: Axes, peaks: pd.DataFrame, by: str, values: list[Any]) -> None:
    require_columns("peaks", peaks, (by, "rank", "peak"), f"stats.peaks of a histogram by {by}")
    main = peaks[(peaks["rank"] == 0) & peaks["peak"].notna() & peaks[by].isin(values)]
    place = [values.index(value) for value in main[by]]
    ax.plot(main["peak"].astype(float), place, **_PEAK)


def _finish(ax: Axes, codebook_size: int) -> None:
    ax.set_xlim(-0.5, codebook_size - 0.5)
    label_axes(ax, "index")
    ax.tick_params(axis="y", length=0)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)


def _range_legend(ax: Axes, shares: list[float], hatched: bool, peaked: bool) -> None:
    """Name the bars beside the panel, on grey."""
    looks = [_bar_look(place, len(shares)) for place in range(len(shares))]
    handles: list[Any] = [
        Patch(facecolor=_paler("0.3", look["pale"]), label=f"{_percent(share)} of frames")
        for share, look in reversed(list(zip(shares, looks, strict=True)))
    ]
    if hatched:
        label = "as long in a\nrandom order"
        handles.append(Patch(facecolor="white", edgecolor=_DARK, hatch="/////", label=label))
    if peaked:
        handles.append(Line2D([], [], label="peak", **_PEAK))
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.03),
        borderaxespad=0,
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        labelspacing=0.3,
        handlelength=1.4,
    )


def _draw_ribbon(ax: Axes, row: dict[str, Any], colours: dict[str, str]) -> None:
    first, width = row["first"] - 0.5, row["last"] - row["first"] + 1
    groups = row["groups"].split(", ") if row["groups"] else []
    stripes = [colours[group] for group in groups] or [_BARE]
    for at, colour in enumerate(reversed(stripes)):
        low = at / len(stripes)
        ax.add_patch(Rectangle((first, low), width, 1 / len(stripes), color=colour, linewidth=0))
    for dead in filter(None, row["dead"].split(", ")):
        start, stop = map(int, dead.split("-"))
        ax.add_patch(
            Rectangle(
                (start - 0.5, 0), stop - start + 1, 1,
                facecolor="white", edgecolor=_DARK, hatch="//////", linewidth=0,
            )
        )  # fmt: skip


def _write_names(ax: Axes, rows: list[dict[str, Any]]) -> float:
    """Write what each range holds above it; return how many points above the ribbon that ends."""
    texts = [_lines(row) for row in rows]
    scale = points_per_second(ax)
    widths = np.array([max(map(text_width, lines)) + 2 * _GAP for lines in texts])
    middles = np.array([(row["first"] + row["last"]) / 2 + 0.5 for row in rows]) * scale
    whole = (rows[-1]["last"] + 1) * scale
    n_levels = int(np.ceil(widths.sum() / whole))
    levels = np.arange(len(rows)) % n_levels
    centres = np.empty(len(rows))
    for first in range(n_levels):
        centres[first::n_levels] = _apart(middles[first::n_levels], widths[first::n_levels], whole)
    height = max(map(len, texts)) * _LINE + _GAP
    for row, lines, middle, centre, level in zip(
        rows, texts, middles, centres, levels, strict=True
    ):
        ax.annotate(
            "\n".join(lines),
            ((row["first"] + row["last"]) / 2, 1),
            xytext=(centre - middle, _LIFT + level * height),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=SMALL_TEXT_SIZE,
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.5,
                "color": _DARK,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (0.5, 0.0),
            },
        )
    return float(_LIFT + (levels.max() + 1) * height)


def _apart(
    centres: NDArray[np.float64], widths: NDArray[np.float64], whole: float
) -> NDArray[np.float64]:
    """Return centres moved so that texts of such widths don't touch, and stay in 0 … whole.

    They are the nearest such places: less the widths before each, places must ascend.
    """
    before = np.cumsum(widths) - widths / 2
    ascending = isotonic_regression(centres - before).x
    return np.asarray(np.clip(ascending, 0.0, max(whole - widths.sum(), 0.0)) + before)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _lines(row: dict[str, Any]) -> list[str]:
    """Return the lines that stand above a range."""
    names = row["groups"].split(", ") if row["groups"] else ["no name"]
    share = row["share"] if np.isnan(row["share_checked"]) else row["share_checked"]
    lines = names if np.isnan(share) else [*names, _percent(share)]
    away = row["exceptions"].split(", ") if row["exceptions"] else []
    if len(away) > _MOST_PHONES:
        return [*lines, f"except {len(away)} phones"]
    return [*lines, f"except {', '.join(away)}"] if away else lines
