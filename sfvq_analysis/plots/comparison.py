"""Methods side by side in one measure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.inputs import require_columns
from sfvq_analysis.plots.style import (
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    label_axes,
    literal,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas as pd
    from matplotlib.axes import Axes

_COLUMNS = (
    "method", "measure", "better", "effect", "low", "high", "fit_sd", "n_fits", "baseline",
    "difference", "claimed", "reason",
)  # fmt: skip
_COLOUR, _FITS = "#0072B2", "0.8"
_ROW_HEIGHT, _BAR = 0.24, 0.5
_LETTERS = 60
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "baseline": {"marker": "D", "markerfacecolor": "black", "markeredgecolor": "black"},
    "difference claimed": {"marker": "o", "markerfacecolor": _COLOUR, "markeredgecolor": _COLOUR},
    "not claimed": {"marker": "o", "markerfacecolor": "white", "markeredgecolor": _COLOUR},
}


def comparison(frame: pd.DataFrame, ax: Axes | None = None, measure: str = "arcs") -> Axes:
    """Draw a measure of several methods, a row a method.

    A dot with a line is the effect with its speaker interval; a grey bar reaches one standard
    deviation of fits to either side. The broken line is the baseline's effect, which the baseline
    has as a diamond. A full dot, and a difference in bold at the right, is one that is claimed; an
    open dot is one that isn't. Where a method has no effect its reason is written instead.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.compare`.
    ax
        Where to draw; a new figure by default.
    measure
        One of the frame's.

    Raises
    ------
    OptionError
        If the frame lacks a column or doesn't have the measure.
    """
    require_columns("frame", frame, _COLUMNS, "stats.compare")
    rows = frame[frame["measure"] == measure].reset_index(drop=True)
    if rows.empty:
        known = ", ".join(dict.fromkeys(frame["measure"]))
        raise OptionError(f"measure is {measure!r}", remedy=f"use one of {known}")
    ax = new_axes(ax, (PAGE_WIDTH * 0.75, max(1.3, 0.85 + _ROW_HEIGHT * len(rows))))
    for at, row in rows.iterrows():
        _draw_row(ax, int(str(at)), row)
    for reference in rows.loc[rows["baseline"] == "", "effect"].dropna() if len(rows) > 1 else ():
        ax.axvline(reference, color="0.45", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    _set_axes(ax, rows)
    _add_legend(ax, rows)
    return ax


def _kind(row: pd.Series) -> str:
    if not row["baseline"]:
        return "baseline"
    return "difference claimed" if row["claimed"] else "not claimed"


def _draw_row(ax: Axes, at: int, row: pd.Series) -> None:
    effect, sd = row["effect"], row["fit_sd"]
    if not np.isfinite(effect):
        text = textwrap.shorten(row["reason"] or "no effect", _LETTERS, placeholder=" …")
        ax.text(
            *(0.01, at, text),
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=SMALL_TEXT_SIZE,
            fontstyle="italic",
            color="0.35",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        return
    kind = _kind(row)
    look = _KINDS[kind]
    if np.isfinite(sd):
        ax.barh(at, 2 * sd, left=effect - sd, height=_BAR, color=_FITS, zorder=1)
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        colour = look["markeredgecolor"]
        ax.hlines(at, row["low"], row["high"], color=colour, linewidth=1.4, zorder=3)
    ax.plot(effect, at, linestyle="none", markersize=4.5, zorder=4, **look)
    if np.isfinite(row["difference"]):
        ax.annotate(
            f"{row['difference']:+#.3g}".rstrip(".").replace("-", "\N{MINUS SIGN}"),
            (1.0, at),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=SMALL_TEXT_SIZE,
            fontweight="bold" if row["claimed"] else "normal",
            annotation_clip=False,
        )


def _set_axes(ax: Axes, rows: pd.DataFrame) -> None:
    better = {"high": "higher", "low": "lower"}[rows["better"].iloc[0]]
    label_axes(ax, f"{rows['measure'].iloc[0].replace('_', ' ')} ({better} is better)")
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_yticks(range(len(rows)), [*map(literal, rows["method"])], fontsize=SMALL_TEXT_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.use_sticky_edges = False
    ax.margins(x=0.04)
    if rows["effect"].isna().all():
        ax.set_xticks([])
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _add_legend(ax: Axes, rows: pd.DataFrame) -> None:
    drawn = rows[rows["effect"].notna()]
    kinds = {_kind(row) for _, row in drawn.iterrows()}
    handles: list[Any] = [
        Line2D([], [], linestyle="none", markersize=4.5, label=name, **_KINDS[name])
        for name in _KINDS
        if name in kinds
    ]
    if drawn["fit_sd"].notna().any():
        handles.append(Patch(color=_FITS, label="± sd of fits"))
    if handles:
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(handles),
            frameon=False,
            fontsize=SMALL_TEXT_SIZE,
            handletextpad=0.4,
            columnspacing=1.2,
            borderaxespad=0.2,
        )
