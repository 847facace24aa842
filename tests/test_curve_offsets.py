"""`curve.offsets`: sums in float64 over a frame's offset from a corner."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from sfvq_analysis.curve.offsets import (
    along_and_square,
    along_and_square_by_loop,
    square_of,
    square_of_by_loop,
)

DIMENSIONS = [*range(1, 34), 39, 40, 47, 48, 768]


@njit
def summed(frames, i, corners, k):
    return along_and_square(frames, i, corners, k)


@njit
def squared(frames, i, corners, k):
    return square_of(frames, i, corners, k)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_are_those_of_the_rows_named(dtype, rng):
    for dim in DIMENSIONS:
        frames = rng.normal(size=(3, dim)).astype(dtype)
        corners = rng.normal(size=(5, dim))
        offset = frames[2].astype(float) - corners[3]
        square = offset @ offset
        wanted = pytest.approx((offset @ (corners[4] - corners[3]), square), rel=1e-12, abs=1e-12)
        assert summed(frames, 2, corners, 3) == wanted
        assert along_and_square_by_loop(frames, 2, corners, 3) == wanted
        assert squared(frames, 2, corners, np.int32(3)) == pytest.approx(square, rel=1e-12)
        assert square_of_by_loop(frames, 2, corners, 3) == pytest.approx(square, rel=1e-12)


def test_what_is_not_a_number_stays_so():
    frames = np.full((1, 20), np.nan, np.float32)
    assert np.isnan(squared(frames, 0, np.zeros((1, 20)), 0))
    frames[0, :19] = 0
    assert np.isnan(summed(frames, 0, np.zeros((2, 20)), 0)).all()
