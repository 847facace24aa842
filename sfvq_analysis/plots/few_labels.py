"""How well speech is read after a few labelled minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from matplotlib.ticker import NullLocator

from sfvq_analysis.errors import OptionError, check_option
from sfvq_analysis.plots.inputs import require_columns
from sfvq_analysis.plots.style import (
    COLUMN_WIDTH,
    SMALL_TEXT_SIZE,
    label_axes,
    new_axes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

Score = Literal["agreement", "accuracy", "balanced_accuracy"]
_Y_LABELS: Mapping[str, str] = {
    "agreement": "agreement with the map of all labels",
    "accuracy": "share of frames in the right group",
    "balanced_accuracy": "balanced accuracy of the group",
}
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "smoothed map": {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    "index map": {"color": "#56B4E9", "marker": "s", "linestyle": "-"},
    "unordered map": {"color": "black", "marker": "x", "linestyle": (0, (4, 1.5))},
    "permuted map": {"color": "0.55", "marker": "+", "linestyle": (0, (1, 1))},
    "probe": {"color": "#D55E00", "marker": "^", "linestyle": (0, (5, 1, 1, 1))},
}
_SHADED = ("smoothed map", "probe")
_SIZE = 3.5


def few_labels_curve(
    frame: pd.DataFrame, ax: Axes | None = None, score: Score = "balanced_accuracy"
) -> Axes:
    """Draw a score against the minutes that are labelled, a line a method.

    Bands hold the middle of the draws of the smoothed map and of the probe; those of the other
    methods are about as wide. Minutes that the table doesn't have are left out.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.labels.few_labels`.
    ax
        Where to draw; a new figure by default.
    score
        ``"balanced_accuracy"``, ``"accuracy"`` or ``"agreement"`` (which a probe doesn't have).

    Raises
    ------
    OptionError
        If the score is none of these, or the frame lacks a column or holds no score.
    """
    check_option("score", score, tuple(_Y_LABELS))
    columns = ("minutes", "method", score, f"{score}_low", f"{score}_high")
    require_columns("frame", frame, columns, "stats.few_labels")
    known = frame.dropna(subset=[score])
    if known.empty:
        raise OptionError(f"frame has no {score}", remedy="label fewer minutes or more speech")
    ax = new_axes(ax, (COLUMN_WIDTH, 2.9))
    for method, look in _LOOKS.items():
        part = known[known["method"] == method].sort_values("minutes")
        if part.empty:
            continue
        ax.plot(part["minutes"], part[score], label=method, markersize=_SIZE, linewidth=1.2, **look)
        if method in _SHADED:
            bounds = part[f"{score}_low"], part[f"{score}_high"]
            shade = {"color": look["color"], "alpha": 0.15, "linewidth": 0}
            ax.fill_between(part["minutes"], *bounds, **shade)
    ax.set_xscale("log")
    minutes = sorted(known["minutes"].unique())
    ax.set_xticks(minutes, [f"{one:g}" for one in minutes])
    ax.xaxis.set_minor_locator(NullLocator())
    label_axes(ax, "labelled minutes", _Y_LABELS[score])
    ax.legend(loc="lower right", frameon=False, fontsize=SMALL_TEXT_SIZE, labelspacing=0.3)
    return ax
