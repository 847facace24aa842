"""Rows of small text above a panel, set so that no two touch.

Positions are in seconds along the panel's x axis, sizes in points. A text that isn't inside the
panel's x limits isn't drawn, so that a figure can be zoomed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.textpath import TextPath

from sfvq_analysis.plots.style import SMALL_TEXT_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_GAP = 1.3
_ROW_GAP = 4.0
_DIGIT_HEIGHT = 0.73 * SMALL_TEXT_SIZE
_HALF_DESCENT = 0.12 * SMALL_TEXT_SIZE
_LINE = 1.25 * SMALL_TEXT_SIZE


def stagger(
    centres: NDArray[np.float64], widths: NDArray[np.float64], most_rows: int | None = None
) -> NDArray[np.int64]:
    """Return the row of each text: the lowest in which it touches none before it.

    Parameters
    ----------
    centres
        Ascending, shape (n,).
    widths
        In the same unit, gap included, shape (n,).
    most_rows
        As many as it takes by default.

    Returns
    -------
    NDArray[np.int64], shape (n,)
        -1 for a text that fits in none of `most_rows` rows.

    Examples
    --------
    >>> stagger(np.array([0.0, 1.0, 2.0]), np.array([2.0, 2.0, 2.0]))
    array([0, 1, 0])
    """
    rows = np.full(len(centres), -1, dtype=np.int64)
    ends: list[float] = []
    for i, (centre, width) in enumerate(zip(centres, widths, strict=True)):
        start = centre - width / 2
        free = [row for row, end in enumerate(ends) if end <= start]
        if not free and (most_rows is None or len(ends) < most_rows):
            ends.append(-np.inf)
            free = [len(ends) - 1]
        if free:
            rows[i] = free[0]
            ends[free[0]] = centre + width / 2
    return rows


def points_per_second(ax: Axes) -> float:
    """Return the scale of a panel's x axis, in points, as the figure is laid out now."""
    first, last = ax.get_xlim()
    return float(72 * ax.get_window_extent().width / ax.figure.dpi / (last - first))


def write_level(ax: Axes, seconds: NDArray[np.float64], texts: Sequence[str], lift: float) -> float:
    """Write texts level above a panel, in as many rows as it takes.

    Parameters
    ----------
    ax
        The panel.
    seconds
        Where each text is centred, ascending.
    texts
        What to write.
    lift
        Points above the panel at which the lowest row begins.

    Returns
    -------
    float
        Points above the panel at which the highest row ends.
    """
    scale = points_per_second(ax)
    widths = np.array([text_width(text) + 2 * _GAP for text in texts])
    rows = stagger(seconds * scale, widths)
    for at, text, row in zip(seconds, texts, rows, strict=True):
        _write(ax, at, text, (0.0, lift + row * _LINE))
    return float(lift + (rows.max(initial=-1) + 1) * _LINE)


def fit_upright(ax: Axes, seconds: NDArray[np.float64], most_rows: int) -> NDArray[np.int64]:
    """Return the row of each upright number, -1 where it fits in none; see `stagger`."""
    width = _DIGIT_HEIGHT + _GAP
    return stagger(seconds * points_per_second(ax), np.full(len(seconds), width), most_rows)


def write_upright(
    ax: Axes,
    seconds: NDArray[np.float64],
    numbers: NDArray[np.int32],
    rows: NDArray[np.int64],
    *,
    lift: float,
    colour: str,
) -> float:
    """Write numbers turned by 90° above a panel, those of row -1 left out.

    Parameters
    ----------
    ax, seconds, lift
        As in `write_level`.
    numbers
        What to write.
    rows
        Of `fit_upright`.
    colour
        Of the numbers.

    Returns
    -------
    float
        Points above the panel at which the highest row ends.
    """
    height = max((text_width(str(number)) for number in numbers), default=0.0) + _ROW_GAP
    for at, number, row in zip(seconds, numbers, rows, strict=True):
        if row >= 0:
            offset = (_HALF_DESCENT, lift + row * height)
            _write(ax, at, str(number), offset, rotation=90, color=colour)
    return float(lift + (rows.max(initial=-1) + 1) * height)


def name_strip(ax: Axes, name: str, low: float, high: float) -> None:
    """Write what a strip holds at its left, halfway between two heights."""
    ax.annotate(
        name,
        (0, 1),
        xycoords="axes fraction",
        xytext=(-4, (low + high) / 2),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=SMALL_TEXT_SIZE,
    )


@functools.lru_cache(maxsize=4096)
def text_width(text: str) -> float:
    """Return how many points wide a small text is."""
    if not text.strip():
        return 0.0
    return float(
        TextPath((0, 0), text.replace("$", r"\$"), size=SMALL_TEXT_SIZE).get_extents().width
    )


def _write(ax: Axes, seconds: float, text: str, offset: tuple[float, float], **look: Any) -> None:
    ax.annotate(
        text,
        (seconds, 1),
        xycoords=("data", "axes fraction"),
        xytext=offset,
        textcoords="offset points",
        annotation_clip=True,
        ha="center",
        va="bottom",
        fontsize=SMALL_TEXT_SIZE,
        parse_math=False,
        **look,
    )
