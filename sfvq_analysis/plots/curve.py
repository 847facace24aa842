"""The space-filling curve in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke
from scipy.spatial.distance import cdist

from sfvq_analysis.plots.inputs import as_plane
from sfvq_analysis.plots.style import COLUMN_WIDTH, TEXT_SIZE, new_axes
from sfvq_analysis.plots.voronoi import frame_of, scatter_data, set_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_DISTANCE = 9.0  # points, from a corner to its mark
_WIDE = np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])  # a mark is wider than high


def curve(points: ArrayLike, corners: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw data in grey and the curve in black through its blue corners, in index order.

    The first corner is marked 0, the last K - 1.

    Parameters
    ----------
    points
        Data, shape (n, 2).
    corners
        Shape (K, 2), K >= 2.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If an array has another shape or holds values that aren't finite.
    """
    data, path = as_plane("points", points), as_plane("corners", corners, at_least=2)
    low, high = frame_of(np.concatenate([data, path]))
    ax = new_axes(ax, (COLUMN_WIDTH, COLUMN_WIDTH))
    scatter_data(ax, data)
    ax.plot(path[:, 0], path[:, 1], "-", color="black", linewidth=1.0, zorder=2)
    ax.plot(path[:, 0], path[:, 1], "o", color="blue", markersize=3.5, zorder=3)
    set_frame(ax, low, high)
    _mark_ends(ax, path)
    return ax


def _mark_ends(ax: Axes, path: NDArray[np.float64]) -> None:
    """Write the end corners' indices beside them, where the curve and each other leave room."""
    angles = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)  # (24, 2)
    reach = _DISTANCE / _points_per_unit(ax)
    steps = np.linspace(0.0, 1.0, 20)[:, None, None]
    taken = ((1 - steps) * path[:-1] + steps * path[1:]).reshape(-1, 2)
    for index in (0, len(path) - 1):
        places = path[index] + reach * directions
        others = taken[np.linalg.norm(taken - path[index], axis=1) > reach / 2]
        room = cdist(places, others).min(axis=1, initial=np.inf)
        best = int(room.argmax())
        taken = np.concatenate([taken, places[best] + reach * _WIDE])
        ax.annotate(
            str(index),
            path[index],
            xytext=tuple(_DISTANCE * directions[best]),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=TEXT_SIZE,
            fontweight="bold",
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=4,
        )


def _points_per_unit(ax: Axes) -> float:
    """Return the scale of a panel whose axes are to have equal scales."""
    panel = ax.get_window_extent()
    units = max(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim()))
    return float(72 * min(panel.width, panel.height) / ax.figure.dpi / units)
