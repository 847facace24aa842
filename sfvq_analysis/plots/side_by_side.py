"""Plain VQ and a curve of the same data, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from sfvq_analysis.plots.curve import curve
from sfvq_analysis.plots.voronoi import voronoi

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


def vq_and_sfvq(
    points: ArrayLike,
    vq: ArrayLike,
    sfvq: ArrayLike,
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw figure 3 of the paper: VQ with its cells on the left, the curve on the right.

    Parameters
    ----------
    points
        Data, shape (n, 2).
    vq
        Codewords of the plain codebook, shape (K, 2).
    sfvq
        Corners of the curve, shape (K, 2), in order.
    axes
        Where to draw; a new figure by default.

    Returns
    -------
    tuple[Axes, Axes]
    """
    if axes is None:
        _, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
    else:
        left, right = axes
    voronoi(points, vq, ax=left).set_title("VQ")
    curve(points, sfvq, ax=right).set_title("SFVQ")
    return left, right
