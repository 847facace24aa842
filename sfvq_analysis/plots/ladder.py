"""What every index stands for at every bit rate of a curve, as strips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch, Rectangle

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.inputs import groups_of, require_columns
from sfvq_analysis.plots.style import (
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    group_colours,
    label_axes,
    literal,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas as pd
    from matplotlib.axes import Axes

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.plots.style import Palette

_HEIGHT = 0.86
_FAINTEST = 0.12
_NOTHING = "no group"
_MOST_IN_LINE = 8
_WIDEST_EDGE = 32  # cells of longer rows have no edges


def ladder_strips(
    meanings: pd.DataFrame,
    ax: Axes | None = None,
    palette: Palette = "colorblind",
    inventory: PhoneInventory | None = None,
) -> Axes:
    """Draw what each index stands for: a row a bit rate, the axis from left to right.

    The colour of a cell is the group with most of its frames, the more opaque the larger its share
    of them; an index without a frame that has a group is hatched. A row of 2^b cells is as wide as
    any other, so that an index stands above the two that its half would split into.

    Parameters
    ----------
    meanings
        Of `sfvq_analysis.stats.ladder_meanings`.
    ax
        Where to draw; a new figure by default.
    palette
        Colours of the groups, as in `sfvq_analysis.plots.group_colours`.
    inventory
        The table's, whose groups have the colours; by default those of `meanings`.

    Raises
    ------
    OptionError
        If the frame lacks a column or is empty.
    """
    columns = ("bits", "index", "phone_group", "group_share")
    require_columns("meanings", meanings, columns, "stats.ladder_meanings")
    if meanings.empty:
        raise OptionError("meanings is empty", remedy="give what stats.ladder_meanings gives")
    colours = group_colours(palette, groups_of(meanings["phone_group"], inventory))
    rates = sorted(meanings["bits"].unique())
    ax = new_axes(ax, (PAGE_WIDTH, 0.55 + 0.26 * len(rates)))
    for row, bits in enumerate(rates):
        part = meanings[meanings["bits"] == bits].sort_values("index")
        width = 0.4 if len(part) <= _WIDEST_EDGE else 0.0
        edge: dict[str, Any] = {"linewidth": width, "edgecolor": "white" if width else "none"}
        for at, (group, share) in enumerate(
            zip(part["phone_group"], part["group_share"], strict=True)
        ):
            look = _look(group, share, colours)
            corner = at / len(part), row - _HEIGHT / 2
            size = 1 / len(part), _HEIGHT
            ax.add_patch(Rectangle(corner, *size, **edge | look))
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rates) - 0.5, -0.5)
    ax.set_yticks(range(len(rates)), [f"{bits:g}" for bits in rates])
    ax.set_xticks(np.linspace(0, 1, 5))
    label_axes(ax, "place on the axis (share of the codebook)", "bits")
    ax.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    _add_legend(ax, meanings, colours)
    return ax


def _look(group: object, share: float, colours: Mapping[str, str]) -> dict[str, Any]:
    """Return how a cell is filled."""
    if group not in colours:
        return {"facecolor": "white", "hatch": "/////", "edgecolor": "0.6", "linewidth": 0.0}
    return {"facecolor": colours[str(group)], "alpha": _FAINTEST + (1 - _FAINTEST) * share}


def _add_legend(ax: Axes, meanings: pd.DataFrame, colours: Mapping[str, str]) -> None:
    """Name the colours that occur, above the strips."""
    found = set(meanings["phone_group"].dropna())
    handles = [
        Patch(facecolor=colour, label=literal(group))
        for group, colour in colours.items()
        if group in found
    ]
    if meanings["phone_group"].isna().any():
        handles.append(Patch(**_look(None, 0.0, colours), label=_NOTHING))
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=max(1, min(len(handles), _MOST_IN_LINE)),
        borderaxespad=0.2,
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        handlelength=1.0,
        handletextpad=0.4,
        columnspacing=1.0,
    )
