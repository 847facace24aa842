"""Codebooks and frames as no one would choose them, found alike by all.

Steps from a billionth to a whole one, some of none; corners far from the origin; frames on corners,
on segments, beside them by as little as round-off, and some a million times as long as others.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_curves import BY_TENSORS, TILED, assert_same_codes

from sfvq_analysis.curve import Engine, project

BY_NUMPY = Engine(products="numpy", threads=1)
DIMS, SIZES = (5, 7, 16, 20, 33, 64), (2, 3, 8, 9, 16, 40, 64, 100)


def odd(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return 500 frames and a codebook."""
    rng = np.random.default_rng(seed)
    dim, size = (int(rng.choice(some)) for some in (DIMS, SIZES))
    lengths = 10 ** rng.uniform(-9, 0, size=(size, 1)) ** rng.choice([0, 1])
    steps = rng.normal(size=(size, dim)) * lengths
    steps[rng.random(size) < rng.choice([0, 0, 0.4])] = 0
    corners = steps.cumsum(axis=0)
    corners += rng.choice([0, 0, 1]) * rng.normal(size=dim) * 10 ** rng.uniform(0, 5)
    k = rng.integers(size - 1, size=500)
    t = rng.choice([0, 1, 0.5, 1e-7, 1 - 1e-7, rng.random()], size=(500, 1))
    frames = corners[k] + t * (corners[k + 1] - corners[k])
    frames += rng.choice([0, 1, 1, 1]) * 10 ** rng.uniform(-7, 0.5) * rng.normal(size=frames.shape)
    if rng.random() < 0.3:
        frames[rng.integers(500, size=5)] *= 10 ** rng.uniform(0, 6)
    return frames.astype(rng.choice(["f4", "f8"])), corners


@pytest.mark.parametrize("products", TILED)
@settings(max_examples=200)
@given(seed=st.integers(0, 2**32))
def test_codes_in_tiles_are_those_of_libraries_products(products, seed):
    frames, corners = odd(seed)
    assert_same_codes(frames, corners, Engine(products=products, threads=1), BY_NUMPY)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32))
def test_points_by_tensors_are_as_near(seed):
    frames, corners = odd(seed)
    found, wanted = (project(frames, corners, engine) for engine in (BY_TENSORS, BY_NUMPY))
    largest = np.square(np.vstack([frames, corners]) - corners.mean(axis=0)).sum(axis=1).max()
    for ours, theirs in (
        (found.distortion, wanted.distortion),
        (found.codeword_distortion, wanted.codeword_distortion),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-10 * largest)
