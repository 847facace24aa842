"""The index over normalised phone time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.plots.inputs import groups_of, require_columns
from sfvq_analysis.plots.style import (
    COLUMN_WIDTH,
    SMALL_TEXT_SIZE,
    label_axes,
    line_styles,
    literal,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from sfvq_analysis.plots.style import Palette

_MOST_BANDS = 6
_COLUMNS = ("time", "mean", "low", "high", "q25", "q75", "n_tokens")


def trajectory_bands(
    frame: pd.DataFrame,
    phones: Sequence[str] | None = None,
    ax: Axes | None = None,
    palette: Palette = "colorblind",
) -> Axes:
    """Draw the mean index over normalised phone time, a line a phone or group.

    The dark band is the interval of the mean, the pale one holds the middle half of the tokens. The
    legend gives how many tokens a line rests on; one without any has no line, and says so.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.time.trajectories`.
    phones
        Which phones (or groups), at most 6; all of the frame by default.
    ax
        Where to draw; a new figure by default.
    palette
        As in `sfvq_analysis.plots.line_styles`.

    Raises
    ------
    OptionError
        If `frame` lacks a column or one of `phones`, or there are none or too many to tell apart.
    """
    require_columns("frame", frame, _COLUMNS, "stats.trajectories")
    by = str(frame.columns[0])
    parts = {str(name): part for name, part in frame.groupby(by, observed=True, sort=False)}
    chosen = list(parts) if phones is None else list(phones)
    missing = [name for name in chosen if name not in parts]
    if missing:
        raise OptionError(f"frame has no {by} {missing}", remedy=f"choose of {list(parts)}")
    if not 0 < len(chosen) <= _MOST_BANDS:
        raise OptionError(
            f"{len(chosen)} trajectories are chosen", remedy=f"choose 1 to {_MOST_BANDS}"
        )
    ax = new_axes(ax, (COLUMN_WIDTH, 2.6))
    groups = groups_of(frame[by]) if by == "phone_group" else PHONE_GROUPS
    for name, style in zip(chosen, line_styles(chosen, palette, groups), strict=True):
        _draw(ax, name, parts[name], style)
    ax.set_xlim(0, 1)
    label_axes(ax, "time / duration of the phone", "index")
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.02, 1.02),
        borderaxespad=0,
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        title=f"{by.replace('_', ' ')} (tokens)",
        title_fontsize=SMALL_TEXT_SIZE,
        alignment="left",
        labelspacing=0.3,
        handlelength=1.6,
    )
    return ax


def _draw(ax: Axes, name: str, part: pd.DataFrame, style: dict[str, Any]) -> None:
    n_tokens = int(part["n_tokens"].iloc[0])
    if not n_tokens:
        ax.plot([], [], label=f"{literal(name)} (too short)", **style)
        return
    for low, high, alpha in (("q25", "q75", 0.15), ("low", "high", 0.4)):
        ax.fill_between(
            part["time"], part[low], part[high], color=style["color"], alpha=alpha, linewidth=0
        )
    ax.plot(
        part["time"], part["mean"], linewidth=1.4, label=f"{literal(name)} ({n_tokens:,})", **style
    )
