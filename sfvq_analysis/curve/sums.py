"""The inner loops that add up frames; import them inside functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]
    Int32 = NDArray[np.int32]

_ZERO, _INFINITE = np.float32(0), np.float32(np.inf)


@compiled
def least_of_rows(products: Float32, squares: Float32, index: Int32, value: Float32) -> None:
    """Fill in, for each column, the row of the least product plus square, and that sum."""
    for i in range(products.shape[1]):
        index[i], value[i] = 0, _INFINITE
    for k in range(products.shape[0]):
        square = squares[k]
        for i in range(products.shape[1]):
            here = products[k, i] + square
            nearer = here < value[i]
            index[i] = np.int32(k) if nearer else index[i]
            value[i] = here if nearer else value[i]


@compiled
def add_by_index(
    frames: Float32, index: Int32, sums: NDArray[np.float64], counts: NDArray[np.float64]
) -> None:
    """Add every frame to the row of `sums` that its index names, in the order of the frames."""
    for i in range(frames.shape[0]):
        k = index[i]
        counts[k] += 1.0
        for j in range(frames.shape[1]):
            sums[k, j] += frames[i, j]


@compiled
def add_moments(frames: Float32, shift: NDArray[np.float64], sums: NDArray[np.float64]) -> Any:
    """Add frames less `shift` to sums[0] and their squares to sums[1].

    Return the largest size of a value, and of a value less `shift`; infinity if one isn't finite.
    """
    largest, farthest, finite = _ZERO, 0.0, True
    for i in range(frames.shape[0]):
        for j in range(frames.shape[1]):
            value = frames[i, j]
            offset = value - shift[j]
            sums[0, j] += offset
            sums[1, j] += offset * offset
            size = abs(value)
            finite &= size < _INFINITE
            largest = size if size > largest else largest
            farthest = abs(offset) if abs(offset) > farthest else farthest
    return (largest if finite else _INFINITE), farthest
