"""`curve.kernels`: the loops one by one, against the formulas they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import around, screened, walk

from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.curve.search import kernels


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_frames_are_centred_and_those_that_are_not_usable_noticed(dtype):
    corners = walk(9, 5) + 1e4
    frames = (around(walk(9, 5), 40) + 1e4).astype(dtype)
    geometry, centred, _, slack = screened(corners, frames)
    exact = frames.astype(float) - geometry.centre
    np.testing.assert_allclose(centred, exact * geometry.scale, rtol=1e-7)
    reach = np.linalg.norm(corners - geometry.centre, axis=1).max()
    wanted = 1e-5 * (np.linalg.norm(exact, axis=1) + reach) ** 2 * geometry.scale**2
    np.testing.assert_allclose(slack, wanted, rtol=1e-6)
    for value in (np.nan, np.inf, -np.inf, 1e19):
        for row in (0, 39):
            bad = frames.copy()
            bad[row, 4] = value
            assert not kernels.centre_frames(bad, geometry, 1e-5, centred, slack)


def test_nan_stays_nan_in_compiled_loops():
    """What makes bad frames noticed; the flag that lets sums be reordered alone must not end it."""
    geometry = Geometry.of(walk(3, 4))
    slack = np.empty(1, np.float32)
    for dtype in (np.float32, np.float64):
        frames = np.full((1, 4), np.nan, dtype)
        assert not kernels.centre_frames(
            frames, geometry, 1e-5, np.empty((1, 4), np.float32), slack
        )
