"""The paper's claims as a card: what is claimed, what was found, and whether it holds."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.inputs import require_columns
from sfvq_analysis.plots.style import PAGE_WIDTH, SMALL_TEXT_SIZE, TEXT_SIZE, new_axes

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_COLUMNS = (
    "claim", "family", "statement", "measure", "effect", "low", "high", "null_mean", "null_sd",
    "p", "p_corrected", "verdict", "reason",
)  # fmt: skip
_PLACES = {
    "claim": 0.0,
    "statement": 0.05,
    "family": 0.395,
    "effect": 0.67,
    "p": 0.84,
    "verdict": 0.9,
}
_SCALE = (0.47, 0.65)  # of the axes' width
_HEADS = {
    "claim": "",
    "statement": "claim",
    "family": "of",
    "effect": "effect [interval]",
    "p": "p",
    "verdict": "verdict",
}
_FOUND, _CHANCE, _MUTED = "#0072B2", "0.8", "0.4"
_VERDICTS: dict[str, dict[str, Any]] = {
    "holds": {"color": _FOUND, "fontweight": "bold"},
    "not shown": {"color": "black"},
    "untestable": {"color": _MUTED, "fontstyle": "italic"},
}
_ROW_HEIGHT, _BAR = 0.34, 0.42
_POINTS_PER_LETTER = 3.9


def claims(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a card of the claims, a row each, with what was found beside what chance gives.

    Every row has a scale of its own: a dot with a line is the effect with its interval, a grey bar
    the null, its mean (a tick) and two standard deviations to either side; where it has none, the
    tick alone. p is corrected over the claims. Where a claim can't be tested its reason stands
    instead.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.claims`.
    ax
        Where to draw, a page wide; a new figure by default.

    Raises
    ------
    OptionError
        If the frame lacks a column or has no row.
    """
    require_columns("frame", frame, _COLUMNS, "stats.claims")
    if frame.empty:
        raise OptionError("frame has no row", remedy="give at least one claim")
    points = 72 * (PAGE_WIDTH if ax is None else ax.get_window_extent().width / ax.figure.dpi)
    ax = new_axes(ax, (PAGE_WIDTH, 0.5 + _ROW_HEIGHT * len(frame)))
    ax.set_xlim(0, 1)
    ax.set_ylim(len(frame) - 0.5, -1.0)
    ax.set_axis_off()
    for name, head in _HEADS.items():
        _write(ax, _PLACES[name], -0.75, head, color=_MUTED)
    _write(ax, sum(_SCALE) / 2, -0.75, "effect and null", color=_MUTED, ha="center")
    for at, row in enumerate(frame.to_dict("records")):
        ax.axhline(at - 0.5, color="0.85", linewidth=0.5, zorder=0)
        _write_row(ax, at, row, points)
        _draw_row(ax, at, row)
    return ax


def _write_row(ax: Axes, at: int, row: dict[Any, Any], points: float) -> None:
    """Write a row's texts on axes so many points wide."""
    room = int((_PLACES["family"] - _PLACES["statement"]) * points / _POINTS_PER_LETTER)
    _write(ax, _PLACES["claim"], at, row["claim"], fontweight="bold", fontsize=TEXT_SIZE)
    _write(ax, _PLACES["statement"], at, textwrap.fill(row["statement"], max(12, room)))
    _write(ax, _PLACES["family"], at, row["family"], color=_MUTED)
    _write(ax, _PLACES["verdict"], at, row["verdict"], **_VERDICTS.get(row["verdict"], {}))
    if np.isfinite(row["p_corrected"]):
        _write(ax, _PLACES["p"], at, f"{row['p_corrected']:.3f}".replace("0.", "."))
    if not np.isfinite(row["effect"]):
        room = int((_PLACES["verdict"] - _SCALE[0]) * points / _POINTS_PER_LETTER)
        text = textwrap.shorten(row["reason"], max(12, room), placeholder=" …")
        _write(ax, _SCALE[0], at, text, color=_MUTED, fontstyle="italic")
        return
    numbers = f"{row['effect']:.2f}"
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        numbers += f" [{row['low']:.2f}, {row['high']:.2f}]"
    _write(ax, _PLACES["effect"], at - 0.16, numbers.replace("-", "\N{MINUS SIGN}"))
    _write(ax, _PLACES["effect"], at + 0.2, row["measure"], color=_MUTED)


def _draw_row(ax: Axes, at: int, row: dict[Any, Any]) -> None:
    """Draw effect and null on the row's own scale."""
    effect, low, high, mean, sd = (
        float(row[name]) for name in ("effect", "low", "high", "null_mean", "null_sd")
    )
    if not np.isfinite(effect):
        return
    reach = 2 * sd if np.isfinite(sd) else 0.0
    place = _Scale(np.array([effect, low, high, mean - reach, mean + reach]))
    if np.isfinite(mean):
        if reach > 0:
            left, right = place(mean - reach), place(mean + reach)
            ax.barh(at, right - left, left=left, height=_BAR, color=_CHANCE, zorder=1)
        ends = (at - _BAR / 2, at + _BAR / 2)
        ax.vlines(place(mean), *ends, color="0.45", linewidth=1, zorder=2)
    if np.isfinite(low) and np.isfinite(high):
        ax.hlines(at, place(low), place(high), color=_FOUND, linewidth=1.4, zorder=3)
    ax.plot(place(effect), at, "o", color=_FOUND, markersize=4, zorder=4)


class _Scale:
    """The place in the column of pictures of a row's numbers."""

    def __init__(self, numbers: NDArray[np.float64]) -> None:
        known = numbers[np.isfinite(numbers)]
        self._least = float(known.min())
        self._width = float(np.ptp(known))

    def __call__(self, number: float) -> float:
        share = (number - self._least) / self._width if self._width > 0 else 0.5
        return _SCALE[0] + share * (_SCALE[1] - _SCALE[0])


def _write(ax: Axes, x: float, y: float, text: str, **look: Any) -> None:
    given: dict[str, Any] = {"va": "center", "fontsize": SMALL_TEXT_SIZE, **look}
    ax.text(x, y, text, **given)
