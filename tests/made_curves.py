"""Curves with frames around them, the engines at hand, and what each of them must find."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import nearest_corner, nearest_on_curve

from sfvq_analysis.curve import Engine, nearest_codeword, products, project
from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.curve.search import choice, kernels, screening

LIBRARIES = sorted(products._candidates(with_torch=True))
TILED = ["octets", "fused"] if choice._has_octets() else ["fused"]
PRODUCTS = [*TILED, *LIBRARIES]
BY_LOOPS = [Engine(products=name, threads=1) for name in PRODUCTS]
BY_TENSORS = Engine(kernels="torch")
ENGINES = [*BY_LOOPS, BY_TENSORS]


def name_of(value) -> str:
    """Return what pytest shows of a parameter."""
    return f"{value.kernels}-{value.products}" if isinstance(value, Engine) else str(value)


each_engine = pytest.mark.parametrize("engine", ENGINES, ids=name_of)


def walk(size: int, dim: int, seed: int = 0) -> np.ndarray:
    """Return the corners of a random walk, of unit steps in each dimension."""
    return np.random.default_rng(seed).normal(size=(size, dim)).cumsum(axis=0)


def around(corners, n_frames: int, seed: int = 1) -> np.ndarray:
    """Return float32 frames within about a step of corners; every seventh is a corner."""
    rng = np.random.default_rng(seed)
    chosen = corners[rng.integers(len(corners), size=n_frames)]
    noise = rng.normal(size=chosen.shape)
    noise[::7] = 0
    return (chosen + noise).astype(np.float32)


def beside(corners, n_frames: int, seed: int = 1) -> np.ndarray:
    """Return frames around corners of which none is a corner itself."""
    return np.delete(around(corners, 2 * n_frames, seed), np.s_[::7], axis=0)[:n_frames]


def there_and_back(size: int, dim: int) -> np.ndarray:
    """Return the corners of a walk, then the same backwards, then forwards again."""
    corners = walk(size, dim)
    return np.vstack([corners, corners[-2::-1], corners[1:]])


def block_size(corners, n_frames=1_000_000, threads=1, *, fused=False) -> int:
    """Return how many frames are searched together."""
    geometry = Geometry.of(np.asarray(corners, float))
    return screening.block_size(n_frames, geometry, threads, fused=fused)


def assert_same_bytes(found, wanted):
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours.view(np.int32), theirs.view(np.int32))


def assert_same_codes(frames, corners, engine, other):
    """Check that two engines find the same codes, on the curve and of codewords alone."""
    assert_same_bytes(project(frames, corners, engine), project(frames, corners, other))
    both = (nearest_codeword(frames, corners, one) for one in (engine, other))
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def assert_nearest(codes, frames, corners):
    """Check codes against loops in float64, and that segment and t say what distortion says."""
    frames, corners = np.asarray(frames, np.float64), np.asarray(corners, np.float64)
    centre = corners.mean(axis=0)
    largest = max(((a - centre) ** 2).sum(axis=1).max() for a in (frames, corners))
    on_curve = nearest_on_curve(frames, corners).distortion
    _, at_corner = nearest_corner(frames, corners)
    start, step = corners[codes.segment], np.diff(corners, axis=0)[codes.segment]
    decoded = start + codes.t[:, None].astype(np.float64) * step
    for found, wanted in (
        (codes.distortion, on_curve),
        (((frames - decoded) ** 2).sum(axis=1), on_curve),
        (codes.codeword_distortion, at_corner),
        (((frames - corners[codes.codeword]) ** 2).sum(axis=1), at_corner),
    ):
        allowed = 1e-5 * wanted.mean() + 1e-10 * largest
        assert np.abs(found - wanted).max() <= allowed
    at_end = codes.segment == len(corners) - 2
    assert ((codes.t >= 0) & ((codes.t < 1) | ((codes.t == 1) & at_end))).all()


def screened(corners, frames):
    """Return geometry, centred frames and products of the scan, as the search makes them."""
    geometry = Geometry.of(corners)
    centred, slack = np.empty(frames.shape, np.float32), np.empty(len(frames), np.float32)
    assert kernels.centre_frames(frames, geometry, 1e-5, centred, slack)
    return geometry, centred, geometry.minus_two @ centred.T, slack
