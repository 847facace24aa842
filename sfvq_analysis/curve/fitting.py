"""The sums over frames that fit a curve: additive, so that parts of a corpus can be added.

Two objects, each a plain sum over frames, each with a closed-form solution for the corners.

`MapStatistics` (for the order): counts n_k and sums S_k of the frames whose nearest corner is k.
One sweep of a batch self-organising map moves the corners to
c_i = Σ_k h(i,k) S_k / Σ_k h(i,k) n_k, h a Gaussian over index distance (Kohonen 1995).

`CurveStatistics` (for the curve itself): dithered assignment (Vali & Bäckström 2023) as a least
squares problem. A mini-batch draws one u_k ~ U[0,1) per segment; its frames go to the nearest of
the K - 1 points Y_k = (1 - u_k) c_k + u_k c_{k+1}. The normal equations of Σ |x - Y_k|² in the
corners are tridiagonal:
A_kk += n_k (1 - u_k)², A_{k+1,k+1} += n_k u_k², A_{k,k+1} += n_k u_k (1 - u_k),
R_k += (1 - u_k) S_k, R_{k+1} += u_k S_k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solveh_banded

from sfvq_analysis.curve.projection import nearest_codeword

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEAD_SEGMENT_RIDGE = 1e-3
"""Proximal weight, in mean counts per corner, that keeps corners without frames where they are."""


@dataclass(frozen=True, slots=True)
class MapStatistics:
    """Sums of frames by nearest corner; ``a + b`` is that of both sets of frames.

    Attributes
    ----------
    counts
        Frames per corner, shape (K,).
    sums
        Sum of those frames, shape (K, dim).
    squared_error
        Sum of squared distances to the nearest corner.
    """

    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    squared_error: float

    def __add__(self, other: MapStatistics) -> MapStatistics:
        return MapStatistics(
            self.counts + other.counts,
            self.sums + other.sums,
            self.squared_error + other.squared_error,
        )

    def smoothed(self, corners: NDArray[np.float64], *, width: float) -> NDArray[np.float64]:
        """Return the corners after one sweep of the map.

        Parameters
        ----------
        corners
            Where the corners are, shape (K, dim); one that no frame reaches stays.
        width
            Standard deviation, in indices, of the neighbourhood.

        Returns
        -------
        NDArray[np.float64], shape (K, dim)
        """
        index = np.arange(len(self.counts))
        weight = np.exp(-0.5 * ((index[:, None] - index) / width) ** 2)  # (K, K)
        mass = (weight @ self.counts)[:, None]
        reached = mass > np.finfo(np.float64).tiny
        return np.divide(weight @ self.sums, mass, out=corners.copy(), where=reached)


@dataclass(frozen=True, slots=True)
class CurveStatistics:
    """Normal equations of dithered frames; ``a + b`` is that of both sets of frames.

    Attributes
    ----------
    diagonal, beside
        The tridiagonal matrix A: its diagonal, shape (K,), and the one beside it, shape (K - 1,).
    target
        Right-hand side R, shape (K, dim).
    counts
        Frames per segment, shape (K - 1,).
    squared_error
        Sum of squared distances to the nearest dithered point.
    """

    diagonal: NDArray[np.float64]
    beside: NDArray[np.float64]
    target: NDArray[np.float64]
    counts: NDArray[np.float64]
    squared_error: float

    def __add__(self, other: CurveStatistics) -> CurveStatistics:
        return CurveStatistics(
            self.diagonal + other.diagonal,
            self.beside + other.beside,
            self.target + other.target,
            self.counts + other.counts,
            self.squared_error + other.squared_error,
        )

    @property
    def n_frames(self) -> int:
        """How many frames were added."""
        return int(self.counts.sum())

    def solve(self, corners: NDArray[np.float64], *, elastic: float) -> NDArray[np.float64]:
        """Return the corners that minimise the squared error plus two penalties.

        With r = 1e-3 · N/K a corner is held where it was by r |c_k - old c_k|² (a segment without
        frames would leave the equations singular), and with w = elastic · N/K neighbours are drawn
        together by w |c_{k+1} - c_k|², which buys order of the axis for some distortion.

        Parameters
        ----------
        corners
            Where the corners are, shape (K, dim).
        elastic
            Weight of the pull between neighbours, in mean counts per corner.

        Returns
        -------
        NDArray[np.float64], shape (K, dim)
        """
        per_corner = self.n_frames / len(corners)
        hold, pull = DEAD_SEGMENT_RIDGE * per_corner, elastic * per_corner
        banded = np.zeros((2, len(corners)))  # upper form of solveh_banded
        banded[0, 1:] = self.beside - pull
        banded[1] = self.diagonal + hold
        banded[1, :-1] += pull
        banded[1, 1:] += pull
        solution: NDArray[np.float64] = solveh_banded(banded, self.target + hold * corners)
        return solution


def map_statistics(frames: NDArray[np.float32], corners: NDArray[np.float64]) -> MapStatistics:
    """Return the sums by nearest corner of some frames, shape (n_frames, dim)."""
    codeword, distortion = nearest_codeword(frames, corners)
    counts, sums = _sums_by_index(frames, codeword, len(corners))
    return MapStatistics(counts, sums, float(distortion.sum(dtype=np.float64)))


def curve_statistics(
    frames: NDArray[np.float32], corners: NDArray[np.float64], dither: NDArray[np.float64]
) -> CurveStatistics:
    """Return the normal equations of one mini-batch.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    corners
        Shape (K, dim).
    dither
        u_k in [0, 1), one for each segment, shape (K - 1,).
    """
    u = dither
    dithered = (1 - u)[:, None] * corners[:-1] + u[:, None] * corners[1:]  # (K-1, dim)
    segment, distortion = nearest_codeword(frames, dithered)
    counts, sums = _sums_by_index(frames, segment, len(u))
    diagonal, target = np.zeros(len(corners)), np.zeros(corners.shape)
    diagonal[:-1] += counts * (1 - u) ** 2
    diagonal[1:] += counts * u**2
    target[:-1] += (1 - u)[:, None] * sums
    target[1:] += u[:, None] * sums
    error = float(distortion.sum(dtype=np.float64))
    return CurveStatistics(diagonal, counts * u * (1 - u), target, counts, error)


def _sums_by_index(
    frames: NDArray[np.float32], index: NDArray[np.int32], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counts, sums = np.zeros(size), np.zeros((size, frames.shape[1]))
    try:
        from sfvq_analysis.curve.kernels import add_by_index
    except ImportError:  # no numba: the same sums in the same order, slowly
        np.add.at(sums, index, frames)
        np.add.at(counts, index, 1.0)
    else:
        add_by_index(frames, index, sums, counts)
    return counts, sums
