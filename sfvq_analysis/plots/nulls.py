"""Measures beside what they would be by chance."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.ticker import NullLocator

from sfvq_analysis.errors import OptionError, check_option
from sfvq_analysis.plots.inputs import require_columns
from sfvq_analysis.plots.style import PAGE_WIDTH, SMALL_TEXT_SIZE, label_axes, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

Scale = Literal["measure", "null_sd"]
_NUMBERS = ("effect", "low", "high", "null_mean", "null_sd", "p")
_OBSERVED, _CHANCE = "#0072B2", "0.8"
_X_LABELS = {"measure": "effect", "null_sd": "standard deviations of the null, from its mean"}
_ROW_HEIGHT, _BAR = 0.2, 0.62
_POINTS_PER_LETTER = 4.8
_P_COLUMN = 38
_LINEAR = 4.0
_SD_TICKS = (-300, -100, -30, -10, -4, -2, 0, 2, 4, 10, 30, 100, 300, 1000)


def null(measures: pd.DataFrame, ax: Axes | None = None, scale: Scale = "measure") -> Axes:
    """Draw each measure's effect and interval against its null, a row a measure.

    A dot with a line is the effect with its interval; a grey bar is the null's mean (its tick)
    and two standard deviations on either side. At the right stand the effect and p (corrected
    where the frame says so). Where there is no effect its reason is written instead.

    Parameters
    ----------
    measures
        A frame with the columns of `sfvq_analysis.stats.inference.as_frame`; rows are named by
        ``measure``, or else by the first column (a group, a phone).
    ax
        Where to draw; a new figure by default.
    scale
        ``"measure"``: in the measures' own unit, which should be one. ``"null_sd"``: from the
        null's mean, in its standard deviations, so that different measures stand on one axis
        (linear up to 4, logarithmic beyond); one without a null isn't drawn then.

    Raises
    ------
    OptionError
        If the scale isn't one of these, or the frame lacks a column or has no row.

    Examples
    --------
    >>> from sfvq_analysis.stats.inference import Measure, as_frame
    >>> ax = null(as_frame([Measure("pairs", 0.7, 0.6, 0.8, 0.5, 0.05, 0.001)]))
    >>> [text.get_text() for text in ax.texts]
    ['0.700', 'p = .001']
    """
    check_option("scale", scale, tuple(_X_LABELS))
    require_columns("measures", measures, (*_NUMBERS, "reason"), "a statistic with a null")
    if measures.empty:
        raise OptionError("measures has no row", remedy="give at least one")
    ax = new_axes(ax, (PAGE_WIDTH * 0.75, max(1.1, 0.6 + _ROW_HEIGHT * len(measures))))
    numbers = _on_scale(measures, scale)
    for at, row in enumerate(numbers):
        _draw_row(ax, at, row)
    _write_numbers(ax, measures)
    _set_axes(ax, measures, scale)
    _write_reasons(ax, measures, numbers)
    return ax


def _on_scale(measures: pd.DataFrame, scale: Scale) -> NDArray[np.float64]:
    """Return effect, low, high, and the null's mean and sd, shape (n, 5), as they are drawn."""
    numbers: NDArray[np.float64] = measures[list(_NUMBERS[:5])].to_numpy(dtype=np.float64)
    if scale == "measure":
        return numbers
    mean, sd = numbers[:, 3:4], numbers[:, 4:5]
    sd = np.where(sd > 0, sd, np.nan)
    drawn = (numbers[:, :3] - mean) / sd
    return np.column_stack([drawn, 0 * sd, sd / sd])


def _write_numbers(ax: Axes, measures: pd.DataFrame) -> None:
    """Write effect and p of every row at the right of the panel."""
    p = measures["p_corrected" if "p_corrected" in measures else "p"]
    for at, (effect, one) in enumerate(zip(measures["effect"], p, strict=True)):
        if np.isfinite(effect):
            _write_beside(ax, at, f"{effect:#.3g}".rstrip("."), 5)
        if np.isfinite(one):
            _write_beside(ax, at, f"p = {one:.3f}".replace("0.", "."), _P_COLUMN)


def _write_beside(ax: Axes, at: int, text: str, points: float) -> None:
    ax.annotate(
        text,
        (1.0, at),
        xycoords=("axes fraction", "data"),
        xytext=(points, 0),
        textcoords="offset points",
        va="center",
        fontsize=SMALL_TEXT_SIZE,
        annotation_clip=False,
    )


def _draw_row(ax: Axes, at: int, row: NDArray[np.float64]) -> None:
    effect, low, high, mean, sd = row
    if np.isfinite(mean) and np.isfinite(sd):
        ax.barh(at, 4 * sd, left=mean - 2 * sd, height=_BAR, color=_CHANCE, zorder=1)
        ax.vlines(mean, at - _BAR / 2, at + _BAR / 2, color="0.45", linewidth=1, zorder=2)
    if np.isfinite(low) and np.isfinite(high):
        ax.hlines(at, low, high, color=_OBSERVED, linewidth=1.4, zorder=3)
    if np.isfinite(effect):
        ax.plot(effect, at, "o", color=_OBSERVED, markersize=4, zorder=4)


def _set_axes(ax: Axes, measures: pd.DataFrame, scale: Scale) -> None:
    names = measures["measure"] if "measure" in measures else measures.iloc[:, 0]
    names = [str(name).replace("_", " ") for name in names]
    ax.set_ylim(len(names) - 0.5, -0.5)
    label_axes(ax, _X_LABELS[scale])
    ax.set_yticks(range(len(names)), names, fontsize=SMALL_TEXT_SIZE)
    ax.tick_params(axis="y", length=0)
    ax.use_sticky_edges = False
    ax.margins(x=0.04)
    if not ax.has_data():
        ax.set_xticks([])
    elif scale == "null_sd":
        ax.set_xscale("symlog", linthresh=_LINEAR, linscale=0.8)
        shown = [at for at in _SD_TICKS if ax.get_xlim()[0] <= at <= ax.get_xlim()[1]]
        ax.set_xticks(shown, [f"{at}" for at in shown])
        ax.xaxis.set_minor_locator(NullLocator())
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)


def _write_reasons(ax: Axes, measures: pd.DataFrame, numbers: NDArray[np.float64]) -> None:
    """Write why a row has no dot, as much of it as the panel is wide."""
    width = 72 * ax.get_window_extent().width / ax.figure.dpi
    for at, (drawn, reason) in enumerate(
        zip(np.isfinite(numbers[:, 0]), measures["reason"], strict=True)
    ):
        if not drawn:
            letters = max(20, int(width / _POINTS_PER_LETTER))
            text = textwrap.shorten(reason or "no null", letters, placeholder=" …")
            ax.text(
                *(0.01, at, text),
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=SMALL_TEXT_SIZE,
                fontstyle="italic",
                color="0.35",
            )
