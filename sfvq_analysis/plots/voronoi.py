"""Plain vector quantization of the plane, with the cell of each codeword."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import Voronoi

from sfvq_analysis.plots.inputs import as_plane
from sfvq_analysis.plots.style import COLUMN_WIDTH, label_axes, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_MARGIN = 0.03
_MANY = 2000


def voronoi(points: ArrayLike, codewords: ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw data in grey, codewords in blue and the borders of their cells in green.

    The frame holds all data and codewords; cells that have no end are drawn to it.

    Parameters
    ----------
    points
        Data, shape (n, 2).
    codewords
        Shape (K, 2).
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If an array has another shape or holds values that aren't finite.
    """
    from matplotlib.collections import LineCollection

    data, centres = as_plane("points", points), as_plane("codewords", codewords)
    low, high = frame_of(np.concatenate([data, centres]))
    ax = new_axes(ax, (COLUMN_WIDTH, COLUMN_WIDTH))
    scatter_data(ax, data)
    borders = cell_borders(centres, low, high)
    ax.add_collection(LineCollection(list(borders), colors="green", linewidths=0.9, zorder=2))
    ax.plot(centres[:, 0], centres[:, 1], "o", color="blue", markersize=3.5, zorder=3)
    set_frame(ax, low, high)
    return ax


def cell_borders(
    codewords: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the borders between nearest-codeword cells, cut off at a frame.

    Every codeword is mirrored at the four sides. Inside the frame a mirror image is never the
    nearest, so that borders between codewords stay what they are, and each side of the frame is
    itself a border; hence none is left without an end.

    Parameters
    ----------
    codewords
        Shape (K, 2), inside the frame.
    low, high
        Corners of the frame, shape (2,).

    Returns
    -------
    NDArray[np.float64], shape (n, 2, 2)
        Border, end, coordinate.
    """
    mirrored = [codewords]
    for axis in (0, 1):
        for side in (low, high):
            image = codewords.copy()
            image[:, axis] = 2 * side[axis] - image[:, axis]
            mirrored.append(image)
    diagram = Voronoi(np.concatenate(mirrored))
    inner = (diagram.ridge_points < len(codewords)).all(axis=1)
    ends = np.array(diagram.ridge_vertices, dtype=np.int64)[inner]
    borders: NDArray[np.float64] = diagram.vertices[ends]
    return borders


def frame_of(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower left and the upper right corner of a frame around points, shape (2,)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = _MARGIN * (high - low).max() or 1.0
    return low - margin, high + margin


def scatter_data(ax: Axes, data: NDArray[np.float64]) -> None:
    """Draw data as small grey points; many of them as one image, lest a vector file swell."""
    ax.plot(
        data[:, 0],
        data[:, 1],
        ".",
        color="0.65",
        markersize=2.0,
        markeredgewidth=0,
        zorder=1,
        rasterized=len(data) > _MANY,
    )


def set_frame(ax: Axes, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Set limits, equal scales and the names of the axes."""
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    ax.set_aspect("equal")
    label_axes(ax, "dimension 1", "dimension 2")
