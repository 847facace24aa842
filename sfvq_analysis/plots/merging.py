"""What is left of the information on the phone when neighbours on the axis are merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import NullLocator

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.inputs import require_columns
from sfvq_analysis.plots.style import COLUMN_WIDTH, SMALL_TEXT_SIZE, label_axes, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLUMNS = (
    *("n_arcs", "pnmi", "low", "high", "label_null_mean", "random_mean", "random_sd"),
    *("dedicated", "reason"),
)
_NEIGHBOURS, _RANDOM, _LABELS, _DEDICATED = "#0072B2", "0.45", "0.45", "#D55E00"
_NEIGHBOURS_LABEL = "neighbours on the axis"


def merge_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the PNMI of merged neighbours against the number of arcs.

    Beside it stand the mean of random merges with a band of two standard deviations, the mean under
    permuted labels, and the dedicated codebooks, as far as the frame has them. The PNMI has its
    interval as error bars.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.merge_information`.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If the frame lacks a column or has no PNMI.
    """
    require_columns("frame", frame, _COLUMNS, "stats.merge_information")
    known = frame[frame["pnmi"].notna()].sort_values("n_arcs")
    if known.empty:
        why = "; ".join(dict.fromkeys(frame["reason"]))
        raise OptionError(f"frame has no PNMI ({why})", remedy="measure speech that has labels")
    ax = new_axes(ax, (COLUMN_WIDTH, 2.5))
    arcs = known["n_arcs"].to_numpy(dtype=np.float64)
    _draw_neighbours(ax, arcs, known)
    _draw_nulls(ax, arcs, known)
    if known["dedicated"].notna().any():
        ax.plot(
            arcs,
            known["dedicated"],
            linestyle="none",
            color=_DEDICATED,
            marker="D",
            markersize=4,
            markerfacecolor="white",
            label="dedicated codebooks",
        )
    _set_axes(ax, arcs)
    return ax


def _draw_neighbours(ax: Axes, arcs: np.ndarray, known: pd.DataFrame) -> None:
    pnmi = known["pnmi"].to_numpy()
    reach = np.abs(known[["low", "high"]].to_numpy().T - pnmi)
    line = ax.errorbar(
        arcs,
        pnmi,
        yerr=reach if np.isfinite(reach).any() else None,
        color=_NEIGHBOURS,
        marker="o",
        markersize=3.5,
        linewidth=1.2,
        elinewidth=1.2,
        capsize=2,
        zorder=3,
    )
    line.set_label(_NEIGHBOURS_LABEL)


def _draw_nulls(ax: Axes, arcs: np.ndarray, known: pd.DataFrame) -> None:
    mean, sd = known["random_mean"].to_numpy(), known["random_sd"].to_numpy()
    if np.isfinite(mean).any():
        ax.fill_between(arcs, mean - 2 * sd, mean + 2 * sd, color=_RANDOM, alpha=0.3, linewidth=0)
        ax.plot(arcs, mean, color=_RANDOM, linewidth=1, label="random merges (± 2 sd)")
    if known["label_null_mean"].notna().any():
        dots = (0, (1, 1.2))
        ax.plot(
            arcs,
            known["label_null_mean"],
            color=_LABELS,
            linewidth=1.2,
            linestyle=dots,
            label="labels permuted",
        )


def _set_axes(ax: Axes, arcs: np.ndarray) -> None:
    ax.set_xscale("log", base=2)
    ax.set_xticks(arcs, [f"{n:.0f}" for n in arcs])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    label_axes(ax, "number of arcs", "PNMI")
    drawn = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    first = sorted(drawn, key=lambda label: label != _NEIGHBOURS_LABEL)
    ax.legend(
        [drawn[label] for label in first],
        first,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        labelspacing=0.3,
        columnspacing=1.2,
    )
