"""The paper's explanatory figures, on data made for them: a Gaussian in two dimensions, Hilbert."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.hilbert import hilbert_points
from sfvq_analysis.training import fit_sfvq, fit_vq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

GAUSSIAN_POINTS, GAUSSIAN_BITS, HILBERT_ITERATIONS = 4000, 5, 5


class NamedFigure(NamedTuple):
    """A figure, the name of its files, and the frame behind it."""

    name: str
    figure: Figure
    data: pd.DataFrame


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that axes are in."""
    figure = ax.get_figure(root=True)
    if figure is None:
        raise OptionError("axes belong to no figure", remedy="make them with plt.subplots")
    return figure


def illustrations(seed: int) -> Iterator[NamedFigure]:
    """Yield figures 1 to 3: VQ with its cells, the Hilbert curve, VQ and SFVQ side by side.

    Parameters
    ----------
    seed
        Of the Gaussian data and of the fits.
    """
    points, vq, sfvq = _fitted(seed)
    yield _cells(points, vq)
    yield _hilbert()
    yield _side_by_side(points, vq, sfvq)


@functools.cache
def _fitted(seed: int) -> tuple[NDArray[np.float32], ...]:
    """Return points and both codebooks, which are the same in every folder that is written."""
    points = np.random.default_rng(seed).standard_normal((GAUSSIAN_POINTS, 2)).astype(np.float32)
    vq = fit_vq(points, bits=GAUSSIAN_BITS, seed=seed).corners()
    sfvq = fit_sfvq(points, bits=GAUSSIAN_BITS, seed=seed).corners()
    return points, vq, sfvq


def _cells(points: NDArray[np.float32], vq: NDArray[np.float32]) -> NamedFigure:
    ax = plots.voronoi(points, vq)
    return NamedFigure("figure_1_vq_gaussian", figure_of(ax), _layers(data=points, vq=vq))


def _hilbert() -> NamedFigure:
    figure, axes = plt.subplots(1, HILBERT_ITERATIONS, figsize=(10, 2.4), layout="constrained")
    frames = []
    for iteration, ax in enumerate(axes, start=1):
        plots.hilbert(iteration, ax=ax)
        frames.append(_layers(**{f"iteration {iteration}": hilbert_points(iteration)}))
    return NamedFigure("figure_2_hilbert", figure, pd.concat(frames, ignore_index=True))


def _side_by_side(
    points: NDArray[np.float32], vq: NDArray[np.float32], sfvq: NDArray[np.float32]
) -> NamedFigure:
    left, _ = plots.vq_and_sfvq(points, vq, sfvq)
    data = _layers(data=points, vq=vq, sfvq=sfvq)
    return NamedFigure("figure_3_vq_and_sfvq", figure_of(left), data)


def _layers(**layers: NDArray[np.floating]) -> pd.DataFrame:
    """Return points of several layers as one frame: layer, index, x, y."""
    frames = [
        pd.DataFrame({"layer": name, "index": range(len(at)), "x": at[:, 0], "y": at[:, 1]})
        for name, at in layers.items()
    ]
    return pd.concat(frames, ignore_index=True)
