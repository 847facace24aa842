"""The Hilbert curve: what a space-filling curve is, in its oldest form (Hilbert 1891)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.style import TEXT_SIZE, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_MOST = 10


def hilbert(iteration: int, ax: Axes | None = None) -> Axes:
    """Draw one iteration of the Hilbert curve in the unit square.

    Parameters
    ----------
    iteration
        1 … 10.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If `iteration` isn't one of these.
    """
    points = hilbert_points(iteration)
    ax = new_axes(ax, (1.7, 1.9))
    ax.plot(points[:, 0], points[:, 1], "-", color="black", linewidth=1.0)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[])
    ax.set_title(f"Iteration {iteration}", fontsize=TEXT_SIZE)
    return ax


def hilbert_points(iteration: int) -> NDArray[np.float64]:
    """Return the corners of an iteration of the Hilbert curve.

    The next iteration is four copies at half size: one turned over, two upright, one turned over
    the other way, so that each begins beside the end of the one before.

    Parameters
    ----------
    iteration
        1 … 10.

    Returns
    -------
    NDArray[np.float64], shape (4 ** iteration, 2)
        The centres of the cells of a square grid over the unit square, each once; every step has
        the length ``2 ** -iteration``.

    Raises
    ------
    OptionError
        If `iteration` isn't one of these.

    Examples
    --------
    >>> hilbert_points(1).tolist()
    [[0.25, 0.25], [0.25, 0.75], [0.75, 0.75], [0.75, 0.25]]
    """
    if not isinstance(iteration, int) or not 1 <= iteration <= _MOST:
        raise OptionError(f"iteration is {iteration!r}", remedy=f"use an integer in 1 … {_MOST}")
    up, right = np.array([0.0, 0.5]), np.array([1.0, 0.5])
    points = np.array([[0.5, 0.5]])
    for _ in range(iteration):
        half, turned = points / 2, points[:, ::-1] / 2
        points = np.concatenate([turned, half + up, half + 0.5, right - turned])
    return points
