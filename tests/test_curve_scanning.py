"""`curve.scanning`: what is least, against the formulas it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import around, screened, walk
from oracles import nearest_on_segment

from sfvq_analysis.curve.search import scanning

CHUNK = scanning.CHUNK


@pytest.mark.parametrize("size", [2, 3, 7, 8, 9, 15, 16, 17, 24, 25, 33])
def test_the_scan_gives_the_least_of_every_chunk(size):
    corners = walk(size, 6)
    if size > 4:
        corners[3] = corners[2]  # a segment without length
    frames = around(corners, 50).astype(np.float64)
    geometry, centred, made, _ = screened(corners, frames)
    n_chunks = -(-size // CHUNK)
    of_segments, of_corners = np.empty((2, n_chunks, 50), np.float32)
    scanning.scan_curve(geometry, made, of_segments, of_corners)
    squares, scale = (centred.astype(float) ** 2).sum(axis=1), geometry.scale**2
    segments = np.array(
        [
            [nearest_on_segment(frame, *corners[k : k + 2])[1] for frame in frames]
            for k in range(size - 1)
        ]
    )
    ends = ((frames - corners[:, None]) ** 2).sum(axis=2)
    for chunk in range(n_chunks):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        wanted = scale * segments[part].min(axis=0, initial=np.inf) - squares
        np.testing.assert_allclose(of_segments[chunk], wanted, atol=1e-4)
        np.testing.assert_allclose(
            of_corners[chunk], scale * ends[part].min(axis=0) - squares, atol=1e-4
        )


@pytest.mark.parametrize("n_chunks", [1, 2, 9])
def test_least_next_least_and_its_chunk(n_chunks, rng):
    values = rng.integers(5, size=(n_chunks, 200)).astype(np.float32)
    value, rival = np.empty((2, 200), np.float32)
    least = scanning.Least(value, rival, np.empty(200, np.int32))
    scanning.least_chunks(values, least)
    in_order = np.sort(np.vstack([values, np.full((1, 200), np.inf)]), axis=0)
    np.testing.assert_array_equal(least.value, in_order[0])
    np.testing.assert_array_equal(least.rival, in_order[1])
    np.testing.assert_array_equal(least.chunk, values.argmin(axis=0))
