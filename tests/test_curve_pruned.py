"""`curve.pruned`: the same codes as by going through all segments, to the byte."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import around, assert_nearest, assert_same_bytes, there_and_back, walk

from sfvq_analysis.curve import Engine, nearest_codeword, project
from sfvq_analysis.curve.prepared import Prepared
from sfvq_analysis.curve.search import screening
from sfvq_analysis.curve.search.balls import CLUSTER, STRETCH, Balls, Clusters
from sfvq_analysis.curve.search.few_dimensions import Pruned

ONE_THREAD = Engine(threads=1)


def both_ways(monkeypatch, frames, corners):
    """Return codes and codewords by all segments, and by stretches that may be nearest."""
    found = []
    for fewest in (10**9, 1):
        monkeypatch.setattr(screening, "_FEWEST_PRUNED", fewest)
        found.append(
            (project(frames, corners, ONE_THREAD), nearest_codeword(frames, corners, ONE_THREAD))
        )
    return found


def folded(size: int, dim: int) -> np.ndarray:
    """Return a walk with doubled corners, a piece without length and a piece walked twice."""
    corners, half = walk(size, dim), (size + 1) // 2
    corners[size // 3 + 1] = corners[size // 3]
    corners[half:] = corners[: size - half][::-1]
    return corners


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [2, 3, 8, 9, 10, 16, 17, 18, 200, 1500])
@pytest.mark.parametrize("make", [walk, folded, there_and_back])
@pytest.mark.parametrize("scale", [1.0, 1e-16])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_codes_are_those_of_all_segments(monkeypatch, dim, size, make, scale, offset):
    corners = scale * (make(size, dim) + offset)
    frames = (scale * (around(make(size, dim), 700).astype(float) + offset)).astype(np.float64)
    (codes, codewords), (pruned, pruned_codewords) = both_ways(monkeypatch, frames, corners)
    assert_same_bytes(pruned, codes)
    assert_same_bytes(pruned_codewords, codewords)


@pytest.mark.parametrize("n_frames", [0, 1, 2, 31, 32, 33, 1023, 1024, 1025])
def test_blocks_change_nothing(monkeypatch, n_frames):
    corners = walk(300, 2)
    frames = around(corners, n_frames)
    (codes, codewords), (pruned, pruned_codewords) = both_ways(monkeypatch, frames, corners)
    assert_same_bytes(pruned, codes)
    assert_same_bytes(pruned_codewords, codewords)


@pytest.mark.parametrize("dim", [2, 4])
def test_large_curves_are_searched_so_and_exactly(dim):
    corners = walk(1024, dim)
    searcher = screening._searchers(Prepared(corners), Engine(), 512, fused=False)()
    assert isinstance(searcher, Pruned)
    frames = around(corners, 300)
    assert_nearest(project(frames, corners), frames, corners)


def test_frames_far_from_every_ball_have_the_nearest_end(monkeypatch):
    corners = walk(100, 2)
    frames = np.array([[1e9, 1e9], [-1e12, 3.0], [0.0, 1e17]])
    (codes, codewords), (pruned, pruned_codewords) = both_ways(monkeypatch, frames, corners)
    assert_same_bytes(pruned, codes)
    assert_same_bytes(pruned_codewords, codewords)


@pytest.mark.parametrize("size", [1, 2, 8, 9, 10, 17, 100])
def test_balls_hold_their_corners_and_every_segment_is_in_one(size):
    corners = walk(size, 4)
    balls = Balls.of(corners)
    assert len(balls.radii) == -(-size // STRETCH)
    for number, (centre, radius) in enumerate(zip(*balls, strict=True)):
        part = corners[number * STRETCH : (number + 1) * STRETCH + 1]
        assert np.linalg.norm(part - centre, axis=1).max() <= radius * (1 + 1e-12)


@pytest.mark.parametrize("size", [1, 8, 9, 64, 65, 130])
def test_clusters_hold_their_corners_and_are_filled_up_with_what_is_far_away(size):
    corners = walk(size, 4)
    balls, clusters = Balls.of(corners), Clusters.of(corners)
    each = STRETCH * CLUSTER
    assert len(clusters.within) == len(clusters.around.radii) == -(-size // each)
    for number, (centre, radius) in enumerate(zip(*clusters.around, strict=True)):
        part = corners[number * each : (number + 1) * each + 1]
        assert np.linalg.norm(part - centre, axis=1).max() <= radius * (1 + 1e-12)
    columns = clusters.within.transpose(1, 0, 2).reshape(5, -1)
    np.testing.assert_array_equal(columns[:4, : len(balls.radii)].T, balls.centres)
    np.testing.assert_array_equal(columns[4, : len(balls.radii)], balls.radii)
    assert (columns[:4, len(balls.radii) :] > 1e100).all()


def test_the_first_of_equals_is_looked_into_though_its_ball_is_a_little_farther(monkeypatch):
    """What ties is measured by the longest segment; so is how near a ball must be."""
    corners = np.zeros((40, 2))
    corners[:16, 1] = 0.2 + 1e-4 * (-1.0) ** np.arange(16)
    corners[16:, 0] = 1e6 * (-1.0) ** np.arange(24)
    frames = np.array([[0.0, 0.0], [0.0, 0.05], [1e-3, 0.1]])
    for found in zip(*both_ways(monkeypatch, frames, corners), strict=True):
        assert_same_bytes(*found)


@pytest.mark.parametrize("seed", range(16))
def test_doubled_corners_and_short_segments(monkeypatch, seed):
    rng = np.random.default_rng(seed)
    size, dim = int(rng.choice([9, 100, 300, 1025])), int(rng.integers(1, 5))
    steps = rng.normal(size=(size, dim)) * 10.0 ** rng.uniform(-9, 3, (size, 1))
    corners = (rng.normal(size=(size, dim))[rng.integers(size // 2 + 1, size=size)]
               if seed % 2 else steps.cumsum(axis=0))  # fmt: skip
    frames = corners[rng.integers(size, size=300)].copy()
    frames[::2] += rng.normal(size=frames[::2].shape) * 10.0 ** rng.uniform(-12, 1, (150, 1))
    for found in zip(*both_ways(monkeypatch, frames, corners), strict=True):
        assert_same_bytes(*found)
