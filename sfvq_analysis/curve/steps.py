"""The inner loops of gradient steps; import them inside functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]


@compiled
def slope_at(
    corners: Float64, diagonal: Float64, beside: Float64, target: Float64, slope: Float64
) -> None:
    """Fill in A c - R of corners (K, dim), A tridiagonal."""
    last = corners.shape[0] - 1
    for k in range(last + 1):
        here = slope[k]
        for j in range(corners.shape[1]):
            here[j] = diagonal[k] * corners[k, j] - target[k, j]
        if k > 0:
            for j in range(corners.shape[1]):
                here[j] += beside[k - 1] * corners[k - 1, j]
        if k < last:
            for j in range(corners.shape[1]):
                here[j] += beside[k] * corners[k + 1, j]


@compiled
def adam_step(
    values: Float64,
    mean: Float64,
    square: Float64,
    gradient: Float64,
    kept: tuple[float, float],
    rates: tuple[float, float, float],
) -> None:
    """Move values (n,) against their gradient, and bring its running moments up to date.

    `kept` is how much of the mean and of the mean square stays; `rates` are the step, the inverse
    of the mean square's bias, and what keeps a quotient from growing without end.
    """
    step, unbias, least = rates
    for i in range(values.shape[0]):
        mean[i] += (1 - kept[0]) * (gradient[i] - mean[i])
        square[i] += (1 - kept[1]) * (gradient[i] * gradient[i] - square[i])
        values[i] -= step * mean[i] / (np.sqrt(square[i] * unbias) + least)
