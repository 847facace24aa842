"""Histograms of the index, one line a phone group, phone or other property."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sfvq_analysis.errors import OptionError, unknown_option
from sfvq_analysis.phones import PHONE_GROUPS, timit_inventory
from sfvq_analysis.plots.inputs import groups_of, require_columns
from sfvq_analysis.plots.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    label_axes,
    line_styles,
    literal,
    new_axes,
)
from sfvq_analysis.stats.histograms import by_columns
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.plots.style import Palette

Normalise = Literal["max", "density"]
MOST_LINES, MOST_GROUPS = 20, 60
_Y_LABELS = {"max": "smoothed density / its maximum", "density": "smoothed density"}


def histogram(
    hist: pd.DataFrame,
    ax: Axes | None = None,
    palette: Palette = "paper",
    normalise: Normalise = "max",
) -> Axes:
    """Draw the smoothed histogram of the index, a line a value.

    The legend gives how many frames a line rests on; a value without any has no line.

    Parameters
    ----------
    hist
        Of `sfvq_analysis.stats.index_histogram`, by one property; at most 20 values (60 groups).
    ax
        Where to draw; a new figure by default.
    palette
        Colours of the phone groups, as in `sfvq_analysis.plots.group_colours`. Other values take
        ten colours (``"colorblind"``: seven) in turn, then the same ones dashed.
    normalise
        ``"max"``: every line is divided by its own maximum (the paper's). ``"density"``: lines
        stay densities, which sum to 1, and can be compared in height.

    Raises
    ------
    OptionError
        If an option isn't one of these, or `hist` lacks a column, is by several properties, or has
        no or too many values.
    """
    by = _only_property(hist)
    ax = _draw_lines(hist, ax, palette, normalise)
    _add_legend(ax, f"{by.replace('_', ' ')} (frames)")
    return ax


def phone_histograms(
    hist: pd.DataFrame,
    group: str,
    ax: Axes | None = None,
    palette: Palette = "paper",
    normalise: Normalise = "max",
    inventory: PhoneInventory | None = None,
) -> Axes:
    """Draw the histograms of the phones of one group.

    Parameters
    ----------
    hist
        Of `sfvq_analysis.stats.index_histogram` by ``"phone"``.
    group
        One of the inventory's, by default of `sfvq_analysis.phones.PHONE_GROUPS`.
    ax, palette, normalise
        As in `histogram`.
    inventory
        The table's, which says the groups of phones and their order; by default TIMIT's.

    Raises
    ------
    OptionError
        If the group isn't one of these, `hist` isn't by phone, or it has no phone of the group.
    """
    known = inventory or timit_inventory()
    if group not in known.groups:
        raise unknown_option("group", group, known.groups)
    if _only_property(hist) != "phone":
        raise OptionError("hist isn't by phone", remedy='count with by="phone"')
    group_of = {str(phone): known.group_of(str(phone)) for phone in hist["phone"].unique()}
    chosen = hist[[group_of[str(phone)] == group for phone in hist["phone"]]]
    if chosen.empty:
        raise OptionError(f"hist has no {group}", remedy="count more speech or take another group")
    ax = _draw_lines(_in_table_order(chosen, known), ax, palette, normalise)
    _add_legend(ax, f"{literal(group)} (frames)")
    return ax


def _draw_lines(
    hist: pd.DataFrame, ax: Axes | None, palette: Palette, normalise: Normalise
) -> Axes:
    if normalise not in _Y_LABELS:
        raise unknown_option("normalise", normalise, tuple(_Y_LABELS))
    by = _only_property(hist)
    parts = [(str(value), part) for value, part in hist.groupby(by, observed=True, sort=False)]
    _check_number(by, len(parts))
    ax = new_axes(ax, (PAGE_WIDTH, 2.7))
    groups = groups_of(hist[by]) if by == "phone_group" else PHONE_GROUPS
    styles = line_styles([value for value, _ in parts], palette, groups)
    for (value, part), style in zip(parts, styles, strict=True):
        height = part["smoothed"] / (part["smoothed"].max() if normalise == "max" else 1.0)
        label = f"{literal(value)} ({part['n_frames'].iloc[0]:,})"
        ax.plot(part["index"], height, linewidth=1.2, label=label, **style)
    ax.set_xlim(-0.5, hist["index"].max() + 0.5)
    ax.set_ylim(bottom=0)
    label_axes(ax, "SFVQ index", _Y_LABELS[normalise])
    return ax


def _only_property(hist: pd.DataFrame) -> str:
    if isinstance(hist, IndexTable):
        raise OptionError("hist is a table", remedy="give stats.index_histogram(table)")
    require_columns("hist", hist, ("index", "smoothed", "n_frames"), "stats.index_histogram")
    by = by_columns(hist)
    if len(by) != 1:
        raise OptionError(f"hist is by {by}", remedy="count by one property, or select one value")
    return by[0]


def _check_number(by: str, n_lines: int) -> None:
    if n_lines == 0:
        raise OptionError("hist is empty", remedy="count speech that has labels")
    most = MOST_GROUPS if by == "phone_group" else MOST_LINES
    if n_lines > most:
        raise OptionError(
            f"hist has {n_lines} values of {by}, too many lines to tell apart",
            remedy=f"filter it to at most {most}, or use phone_histograms for one group",
        )


def _in_table_order(hist: pd.DataFrame, inventory: PhoneInventory) -> pd.DataFrame:
    """Return rows with phones in the inventory's order, where similar ones are close."""
    place, last = inventory.order, len(inventory.order)
    names = hist["phone"].astype(object)
    order = names.map(lambda label: place.get(inventory.name(str(label)), last))
    return hist.iloc[order.argsort(kind="stable").to_numpy()]


def _add_legend(ax: Axes, title: str) -> None:
    """Put the legend at the right of the panel, or above a narrow one, never on its data."""
    narrow = ax.get_window_extent().width / ax.figure.dpi < COLUMN_WIDTH
    ax.legend(
        loc="lower left" if narrow else "upper left",
        bbox_to_anchor=(0.0, 1.02) if narrow else (1.01, 1.03),
        ncols=2 if narrow else 1,
        borderaxespad=0,
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        title=title,
        title_fontsize=SMALL_TEXT_SIZE,
        alignment="left",
        labelspacing=0.3,
    )
