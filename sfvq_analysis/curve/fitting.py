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

With a `Grid` the sums of every block of frames are rounded to whole multiples of a power of two,
so fine that the total is what float64 can hold: then adding is exact, and a total is the same to
the last bit in whatever order and in whatever parts the blocks are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d

from sfvq_analysis.curve.engine import Engine
from sfvq_analysis.curve.projection import nearest_codeword

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]
    Search = Callable[[NDArray[np.float32], Float64], tuple[NDArray[np.int32], NDArray[np.float32]]]

DEAD_SEGMENT_RIDGE = 1e-3
"""Proximal weight, in mean counts per corner, that keeps corners without frames where they are."""
_REACH = 38.0  # standard deviations beyond which the neighbourhood is 0 in float64


@dataclass(frozen=True, slots=True)
class Grid:
    """Units that sums of blocks are rounded to: of counts, of values and of squares.

    A unit is the smallest power of two of which 2^52 are no less than what all frames together can
    reach: rounding moves a total by parts in 1e15 at most.
    """

    count: float
    value: float
    square: float

    @classmethod
    def of(cls, n_frames: int, dim: int, largest: float, farthest: float) -> Grid:
        """Return the units for so many frames of `dim` coordinates.

        Parameters
        ----------
        n_frames, dim
            Shape of the frames.
        largest
            No coordinate is larger in size.
        farthest
            No coordinate is farther from that of the first frame.
        """
        size, spread = (
            max(bound, float(np.finfo(np.float32).tiny)) for bound in (largest, farthest)
        )
        return cls(_unit(n_frames), _unit(n_frames * size), _unit(n_frames * dim * 4 * spread**2))


def _unit(bound: float) -> float:
    return float(2.0 ** (np.ceil(np.log2(bound)) - 52))


def _rounded(values: Any, unit: float) -> Any:
    return np.rint(values / unit) * unit


class Pull(NamedTuple):
    """What draws neighbouring corners together, by Σ_i weights_i |(c_{k+1} - c_k) · axes_i|².

    Attributes
    ----------
    axes
        Orthonormal, as columns, shape (dim, dim).
    weights
        Along each axis, in mean counts per corner, shape (dim,).
    """

    axes: NDArray[np.float64]
    weights: NDArray[np.float64]


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
        blurred = partial(gaussian_filter1d, sigma=width, axis=0, mode="constant", truncate=_REACH)
        mass: NDArray[np.float64] = blurred(self.counts)[:, None]
        reached = mass > np.finfo(np.float64).tiny
        moved = corners.copy()
        np.divide(blurred(self.sums), mass, out=moved, where=reached)
        return moved

    def on_grid(self, grid: Grid) -> MapStatistics:
        """Return the sums in whole units."""
        return MapStatistics(
            self.counts,
            _rounded(self.sums, grid.value),
            float(_rounded(self.squared_error, grid.square)),
        )


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

    def on_grid(self, grid: Grid) -> CurveStatistics:
        """Return the sums in whole units."""
        return CurveStatistics(
            _rounded(self.diagonal, grid.count),
            _rounded(self.beside, grid.count),
            _rounded(self.target, grid.value),
            self.counts,
            float(_rounded(self.squared_error, grid.square)),
        )

    @property
    def n_frames(self) -> int:
        """How many frames were added."""
        return int(self.counts.sum())

    def slope(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return half the gradient of the squared error at corners (K, dim): A c - R."""
        from sfvq_analysis.curve.steps import slope_at

        slope = np.empty_like(self.target)
        slope_at(corners, self.diagonal, self.beside, self.target, slope)
        return slope

    def solve(self, corners: NDArray[np.float64], *, elastic: float | Pull) -> NDArray[np.float64]:
        """Return the corners that minimise the squared error plus two penalties.

        With r = 1e-3 · N/K a corner is held where it was by r |c_k - old c_k|² (a segment without
        frames would leave the equations singular), and with w = elastic · N/K neighbours are drawn
        together by w |c_{k+1} - c_k|², which buys order of the axis for some distortion.

        Parameters
        ----------
        corners
            Where the corners are, shape (K, dim).
        elastic
            Weight of the pull between neighbours, in mean counts per corner: the same in every
            direction, or one for each of some axes.

        Returns
        -------
        NDArray[np.float64], shape (K, dim)
        """
        target = self.target + self._hold * corners
        if not isinstance(elastic, Pull):
            return self._drawn_together(target, elastic)
        along = target @ elastic.axes  # the penalties part into one problem for each axis
        for weight in np.unique(elastic.weights):
            alike = elastic.weights == weight
            along[:, alike] = self._drawn_together(along[:, alike], weight)
        solution: NDArray[np.float64] = along @ elastic.axes.T
        return solution

    @property
    def _per_corner(self) -> float:
        return self.n_frames / len(self.diagonal)

    @property
    def _hold(self) -> float:
        return DEAD_SEGMENT_RIDGE * self._per_corner

    def _drawn_together(self, target: NDArray[np.float64], elastic: float) -> NDArray[np.float64]:
        """Return the solution for a right-hand side (K, n), with one pull for all its columns."""
        pull = elastic * self._per_corner
        banded = np.zeros((2, len(target)))  # upper form of solveh_banded
        banded[0, 1:] = self.beside - pull
        banded[1] = self.diagonal + self._hold
        banded[1, :-1] += pull
        banded[1, 1:] += pull
        solution: NDArray[np.float64] = solveh_banded(banded, target)
        return solution


def map_statistics(
    frames: NDArray[np.float32], corners: NDArray[np.float64], engine: Engine = Engine()
) -> MapStatistics:
    """Return the sums by nearest corner of some frames, shape (n_frames, dim)."""
    codeword, distortion = nearest_codeword(frames, corners, engine)
    counts, sums = _sums_by_index(frames, codeword, len(corners))
    return MapStatistics(counts, sums, float(distortion.sum(dtype=np.float64)))


def curve_statistics(
    frames: NDArray[np.float32],
    corners: NDArray[np.float64],
    dither: NDArray[np.float64],
    search: Search = nearest_codeword,
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
    search
        Finds the nearest of the dithered points, and the squared distance to it.
    """
    u = dither
    dithered = (1 - u)[:, None] * corners[:-1] + u[:, None] * corners[1:]  # (K-1, dim)
    segment, distortion = search(frames, dithered)
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
    from sfvq_analysis.curve.sums import add_by_index

    add_by_index(frames, index, sums, counts)
    return counts, sums
