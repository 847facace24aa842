"""Phones against indices, in curve order: what stands where on the axis."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import timit_inventory
from sfvq_analysis.plots.inputs import require_columns, require_frame
from sfvq_analysis.plots.style import (
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    group_colours,
    label_axes,
    literal,
    new_axes,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.plots.style import Palette

    Colours = dict[str | None, str]

_OTHER = None  # a phone in no group
_NO_GROUP = "other"
_SHARES_OF = 'stats.conditional(table, "phone")'
_OTHER_COLOUR = "0.6"
_ROW_HEIGHT = 0.115
_MARGINS = 1.4
_STRIP_HEIGHT, _STRIP_GAP = 0.38, 0.06
_BAR_HEIGHT, _BAR_DROP = 0.07, 0.34
"""All in inches."""


def meanings_heatmap(
    shares: pd.DataFrame,
    ax: Axes | None = None,
    meanings: pd.DataFrame | None = None,
    palette: Palette = "paper",
    inventory: PhoneInventory | None = None,
) -> Axes:
    """Draw where on the axis each phone is, a row a phone, a column an index.

    Rows are ordered by phone group (phones in no group last), inside a group by
    the mean index. Each row is divided by its largest share, so that rare phones are seen as well
    as frequent ones. Indices that stand for nothing known are hatched.

    Parameters
    ----------
    shares
        Of `sfvq_analysis.stats.arithmetic.conditional` given ``"phone"`` (or ``"index"``).
    ax
        Where to draw; a new figure by default, as high as the phones need.
    meanings
        Of `sfvq_analysis.stats.index_meanings`, of the same table: a strip above the panel shows
        the commonest group of each index, as high as its share of the index's frames.
    palette
        Colours of the phone groups, as in `sfvq_analysis.plots.group_colours`.
    inventory
        The table's, which says the groups of phones and their order; by default TIMIT's.

    Raises
    ------
    OptionError
        If `shares` has no row or other columns than indices, `meanings` lacks a column or is of
        another codebook, or the palette isn't one of these.
    """
    _check_shares(shares)
    known = inventory or timit_inventory()
    colours: Colours = {_OTHER: _OTHER_COLOUR}
    colours.update(group_colours(palette, known.groups).items())
    ordered, groups = _in_curve_order(shares, known)
    ax = new_axes(ax, (PAGE_WIDTH, _ROW_HEIGHT * len(ordered) + _MARGINS))
    values = ordered.to_numpy(dtype=np.float64)
    image = _draw_shares(ax, values)
    _hatch(ax, _unused(values))
    _name_rows(ax, [str(phone) for phone in ordered.index], groups, colours)
    label_axes(ax, "index")
    ax.tick_params(axis="y", length=0, pad=7)
    _add_colour_bar(ax, image)
    if meanings is not None:
        _add_strip(ax, _checked(meanings, shares.shape[1]), colours)
    return ax


def _check_shares(shares: pd.DataFrame) -> None:
    require_frame("shares", shares, _SHARES_OF)
    if shares.empty:
        raise OptionError("shares has no row", remedy="count speech that has labels")
    if list(shares.columns) != list(range(shares.shape[1])):
        raise OptionError(
            f"shares has the columns {', '.join(map(str, shares.columns[:3]))} …, not indices",
            remedy=f"give what {_SHARES_OF} gives; stats.index_meanings goes to meanings=",
        )


def _in_curve_order(
    shares: pd.DataFrame, inventory: PhoneInventory
) -> tuple[pd.DataFrame, list[str | None]]:
    """Return the rows by group, then by mean index, and the group of each."""
    order = (*inventory.groups, _OTHER)
    groups = [_group_of(str(name), inventory) for name in shares.index]
    weights = np.nan_to_num(shares.to_numpy(dtype=np.float64))
    mean = weights @ np.arange(weights.shape[1]) / weights.sum(axis=1)
    rows = sorted(range(len(groups)), key=lambda row: (order.index(groups[row]), mean[row]))
    return shares.iloc[rows], [groups[row] for row in rows]


def _group_of(name: str, inventory: PhoneInventory) -> str | None:
    """Return the group of a phone, or a group itself."""
    return inventory.group_of(name) or (name if name in inventory.groups else _OTHER)


def _draw_shares(ax: Axes, values: NDArray[np.float64]) -> AxesImage:
    scaled = values / np.nanmax(values, axis=1, keepdims=True)
    return ax.imshow(
        np.ma.masked_invalid(scaled),
        cmap="Greys",
        vmin=0.0,
        vmax=1.0,
        aspect="auto",
        origin="upper",
        interpolation="nearest",
    )


def _unused(values: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the ranges [first, last] of columns in which no phone has a share."""
    unused = ~(np.nan_to_num(values) > 0).any(axis=0)
    change = np.diff(np.pad(unused, 1).astype(np.int8))
    firsts, stops = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return list(zip(firsts.tolist(), (stops - 1).tolist(), strict=True))


def _hatch(ax: Axes, ranges: list[tuple[int, int]]) -> None:
    for first, last in ranges:
        ax.axvspan(
            first - 0.5, last + 0.5, facecolor="white", edgecolor="0.6", hatch="/////", linewidth=0
        )


def _name_rows(ax: Axes, phones: list[str], groups: list[str | None], colours: Colours) -> None:
    """Write phones at the left, beside their group's colour, and groups at the right."""
    ax.set_yticks(range(len(phones)), phones, parse_math=False)
    row = 0
    for group, members in groupby(groups):
        height = len(list(members))
        across = ax.get_yaxis_transform()
        ax.add_patch(
            Rectangle(
                (-0.012, row - 0.5),
                0.009,
                height,
                facecolor=colours[group],
                transform=across,
                clip_on=False,
                linewidth=0,
                label=group or _NO_GROUP,
            )
        )
        if group not in phones:
            ax.text(
                1.008,
                row + height / 2 - 0.5,
                literal(group or _NO_GROUP),
                transform=across,
                va="center",
                fontsize=SMALL_TEXT_SIZE,
            )
        if row:
            ax.axhline(row - 0.5, color="0.4", linewidth=0.6)
        row += height


def _add_colour_bar(ax: Axes, image: AxesImage) -> None:
    """Put a colour bar below the panel, at the right of the axis label."""
    inches = _height(ax)
    place = (0.76, -(_BAR_DROP + _BAR_HEIGHT) / inches, 0.24, _BAR_HEIGHT / inches)
    cax = ax.inset_axes(place)
    bar = ax.figure.colorbar(image, cax=cax, orientation="horizontal", ticks=[0, 0.5, 1])
    bar.ax.tick_params(labelsize=SMALL_TEXT_SIZE, length=2, pad=2)
    bar.ax.set_ylabel(
        "share / row's largest", fontsize=SMALL_TEXT_SIZE, rotation=0, ha="right", va="center"
    )


def _height(ax: Axes) -> float:
    return float(ax.get_window_extent().height / ax.figure.dpi)


def _checked(meanings: pd.DataFrame, codebook_size: int) -> pd.DataFrame:
    needed = ("index", "phone_group", "group_share")
    require_columns("meanings", meanings, needed, "stats.index_meanings")
    if len(meanings) != codebook_size:
        raise OptionError(
            f"meanings is of {len(meanings)} indices, shares of {codebook_size}",
            remedy="give frames of the same table",
        )
    return meanings


def _add_strip(ax: Axes, meanings: pd.DataFrame, colours: Colours) -> None:
    """Draw the commonest group of each index, as high as its share, above the panel."""
    inches = _height(ax)
    strip = ax.inset_axes((0.0, 1 + _STRIP_GAP / inches, 1.0, _STRIP_HEIGHT / inches), sharex=ax)
    groups = [colours.get(str(group), "white") for group in meanings["phone_group"]]
    heights = meanings["group_share"].fillna(0.0)
    strip.bar(meanings["index"], heights, width=1.0, color=groups, linewidth=0)
    strip.set_ylim(0, 1)
    strip.set_yticks([0, 1])
    strip.tick_params(labelbottom=False, bottom=False, labelsize=SMALL_TEXT_SIZE)
    strip.set_ylabel(
        "share of\ntop group", fontsize=SMALL_TEXT_SIZE, rotation=0, ha="right", va="center"
    )
