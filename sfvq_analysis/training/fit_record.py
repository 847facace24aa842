"""What a fit writes down of itself: one row a sweep, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sfvq_analysis.curve import project

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.quantizers import Quantizer


class FitRow(NamedTuple):
    """One sweep. What doesn't apply is None.

    Attributes
    ----------
    stage
        Number of corners (of nodes, for the map).
    step
        ``"map"``, ``"curve"`` (least squares), ``"stochastic"`` or ``"published"``.
    start
        What the stage started from: ``"arcs"``, ``"map 6"`` (a width in codes), ``"growth"``.
    width
        Of the map's neighbourhood, as a share of the axis.
    sweep
        0, 1, …
    map_mse
        Mean squared distance to the nearest node, in the map's own metric, before the sweep.
    dithered_mse
        Mean squared distance to the nearest dithered point, over the sweep's frames, before it.
    projection_mse
        Mean squared distance to the curve, of a sample, after the sweep.
    usage
        Share of nodes or segments that were nearest to a frame.
    curve_length
        Sum of the distances between neighbouring corners, after the sweep.
    kept
        False for the starts of a stage that weren't kept.
    """

    stage: int
    step: str
    start: str | None
    width: float | None
    sweep: int
    map_mse: float | None
    dithered_mse: float | None
    projection_mse: float | None
    usage: float | None
    curve_length: float
    kept: bool


def curve_row(corners: NDArray[np.float64], probe: NDArray[np.float32], **known: Any) -> FitRow:
    """Return the row of a sweep that left the curve at `corners`; `known` are its other values.

    Parameters
    ----------
    corners
        Shape (K', dim).
    probe
        Frames to measure the projection on, shape (n, dim).
    known
        ``step``, ``start``, ``sweep``, ``dithered_mse`` and ``usage``.
    """
    return FitRow(
        stage=len(corners),
        width=None,
        map_mse=None,
        projection_mse=float(project(probe, corners).distortion.mean(dtype=np.float64)),
        curve_length=curve_length(corners),
        kept=True,
        **known,
    )


class Stage(NamedTuple):
    """A stage's corners (K', dim), and the rows of its sweeps."""

    corners: NDArray[np.float64]
    rows: list[FitRow]


def curve_length(corners: NDArray[np.floating]) -> float:
    """Return the sum of the distances between neighbouring corners."""
    return float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())


def fit_log(quantizer: Quantizer) -> pd.DataFrame:
    """Return the log of a fit, one row a sweep, with the columns of `FitRow`."""
    return pd.DataFrame(list(quantizer.provenance.log), columns=list(FitRow._fields))


def as_log(rows: list[FitRow]) -> tuple[dict[str, Any], ...]:
    """Return rows as they stand in the provenance."""
    return tuple(row._asdict() for row in rows)


def progress_bar(total: float, *, shown: bool) -> tqdm[Any]:
    """Return a bar of the share of the work that is done, and of the time left.

    A unit is what one sweep over all frames against one corner costs.
    """
    shape = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
    return tqdm(total=total, desc="fitting the curve", disable=not shown, bar_format=shape)
