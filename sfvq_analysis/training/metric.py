"""Coordinates in which the order of a curve is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import Pull
from sfvq_analysis.training.map_fit import principal_axes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FLOOR = 1e-3


class Metric(NamedTuple):
    """Principal coordinates, each divided by a power of its standard deviation.

    A step along an axis counts for less the more the frames vary along it.

    Attributes
    ----------
    mean, axes, scales
        Mean frame (dim,); principal axes as columns (dim, dim); what each is divided by (dim,).
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    scales: NDArray[np.float64]

    @classmethod
    def of(cls, frames: NDArray[np.float32], whitening: float) -> Metric:
        """Return the metric in which axis i is divided by (v_i + 1e-3 v_0)^(whitening / 2)."""
        variances, axes = principal_axes(frames)
        floor = _FLOOR * variances[0] or 1.0  # 1 where all frames are the same
        return cls(
            frames.mean(axis=0, dtype=np.float64), axes, (variances + floor) ** (whitening / 2)
        )

    def warped(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return points (n, dim) of the latents in this metric's coordinates."""
        centred = points - self.mean.astype(np.float32)
        return np.asarray(centred @ (self.axes / self.scales).astype(np.float32), dtype=np.float32)

    def unwarped(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return points (n, dim) of this metric in the latents' coordinates."""
        return np.asarray(points * self.scales @ self.axes.T + self.mean, dtype=np.float64)

    def pull(self, elastic: float) -> Pull:
        """Return a pull between corners that is even in this metric, `elastic` on the widest axis.

        What varies little among the frames varies less from corner to corner, the more so the more
        this metric whitens.
        """
        return Pull(self.axes, elastic * (self.scales[0] / self.scales) ** 2)
