"""Points at a fractional index, and the doubling of a curve's corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.checks import checked_corners
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PUBLISHED_SHIFT = 0.01


def point_at(corners: ArrayLike, position: ArrayLike) -> NDArray[np.float64]:
    """Return the points of the curve at fractional indices.

    Parameters
    ----------
    corners
        Shape (K, dim).
    position
        Shape (n,), in [0, K - 1].

    Returns
    -------
    NDArray[np.float64], shape (n, dim)

    Raises
    ------
    QuantizerError
        If a position lies outside the axis or is NaN.

    Examples
    --------
    >>> point_at([[0.0], [10.0], [30.0]], [0.5, 2])
    array([[ 5.],
           [30.]])
    """
    c, at = checked_corners(corners, at_least=2), np.asarray(position, dtype=np.float64)
    if not ((at >= 0) & (at <= len(c) - 1)).all():
        raise QuantizerError(
            f"positions span {at.min()} … {at.max()}", remedy=f"stay within 0 … {len(c) - 1}"
        )
    segment = np.minimum(at.astype(np.int64), len(c) - 2)
    t = (at - segment)[:, None]
    points: NDArray[np.float64] = (1 - t) * c[segment] + t * c[segment + 1]
    return points


def grow(corners: ArrayLike, shift: float = PUBLISHED_SHIFT) -> NDArray[np.float64]:
    """Double the corners of a curve without moving it.

    In the first half corner i becomes the points at {i, i + shift}, in the second half those at
    {i - shift, i} (Vali & Bäckström 2023, shift = .01).

    Parameters
    ----------
    corners
        Shape (K, dim), K even.
    shift
        How far, in units of the index, the new corner stands from the old.

    Returns
    -------
    NDArray[np.float64], shape (2K, dim)

    Examples
    --------
    >>> grow([[0.0], [1.0]], shift=0.25)
    array([[0.  ],
           [0.25],
           [0.75],
           [1.  ]])
    """
    c = checked_corners(corners, at_least=2)
    first = np.arange(len(c)) < len(c) / 2
    index = np.arange(len(c), dtype=np.float64)
    pairs = np.stack([np.where(first, index, index - shift), np.where(first, index + shift, index)])
    return point_at(c, pairs.T.ravel())
