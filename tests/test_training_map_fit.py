"""`training.map_fit`: the annealed map that gives the curve its order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import map_sweep, nearest_corner

from sfvq_analysis.training.map_fit import (
    annealed_map,
    first_nodes,
    principal_axes,
    principal_start,
    resampled,
)

made = settings(max_examples=30, deadline=None)


def frames_of(seed=0, n=400, dim=4):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dim)) * np.linspace(3, 1, dim) + 5).astype(np.float32)


@made
@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_axes_are_those_of_the_covariance(seed, dim):
    frames = np.random.default_rng(seed).normal(size=(50, dim)).astype(np.float32)
    variances, axes = principal_axes(frames)
    covariance = np.atleast_2d(np.cov(frames.astype(np.float64).T))
    np.testing.assert_allclose(axes * variances @ axes.T, covariance, atol=1e-10)
    np.testing.assert_allclose(axes.T @ axes, np.eye(dim), atol=1e-10)
    assert (np.diff(variances) <= 0).all()
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(dim)] > 0).all()


def test_axes_of_frames_that_do_not_vary():
    variances, axes = principal_axes(np.full((9, 3), 2, np.float32))
    np.testing.assert_array_equal(variances, 0)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)


def test_start_lies_on_the_first_axis_at_even_quantiles():
    frames = frames_of()
    start = principal_start(frames, 20)
    _, axes = principal_axes(frames)
    centred = start - frames.mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(centred @ axes[:, 1:], 0, atol=1e-5)
    along = (frames - frames.mean(axis=0)) @ axes[:, 0]
    below = [(along < a).mean() for a in centred @ axes[:, 0]]
    np.testing.assert_allclose(below, (np.arange(20) + 0.5) / 20, atol=1.5 / len(frames))


@made
@given(st.integers(2, 40), st.integers(1, 100))
def test_resampling_keeps_shares_of_the_axis(size, wanted):
    """On a straight even map, a node that stands for a share lies where the share does."""
    nodes = (np.arange(size) + 0.5)[:, None] / size
    share = (np.arange(wanted) + 0.5) / wanted
    got = resampled(nodes, wanted)
    assert got.shape == (wanted, 1)
    np.testing.assert_allclose(got[:, 0], np.clip(share, nodes[0, 0], nodes[-1, 0]), atol=1e-12)


def test_resampling_to_the_same_number_changes_nothing():
    nodes = np.random.default_rng(0).normal(size=(12, 3))
    np.testing.assert_allclose(resampled(nodes, 12), nodes, atol=1e-12)


@pytest.mark.parametrize(("most", "n"), [(None, 32), (2, 2), (32, 32), (256, 32)])
def test_first_nodes(most, n):
    assert first_nodes(most) == n


def test_sweeps_are_those_of_the_loops():
    frames, widths = frames_of(n=60), np.array([0.3, 0.2, 0.1])
    start = principal_start(frames, 8)
    nodes = start
    for sweep, width in zip(annealed_map([frames], start, widths, 8), widths, strict=True):
        _, distortion = nearest_corner(frames, nodes)
        used = len(set(nearest_corner(frames, nodes)[0].tolist())) / 8
        nodes = map_sweep(frames.astype(np.float64), nodes, width * 8)
        np.testing.assert_allclose(sweep.nodes, nodes, rtol=1e-5)
        assert sweep.squared_error == pytest.approx(distortion.mean(), rel=1e-5)
        assert (sweep.width, sweep.usage) == (width, used)


def test_blocks_add_up_to_the_whole():
    frames, widths = frames_of(), np.geomspace(0.25, 0.05, 6)
    start = principal_start(frames, 16)
    *_, whole = annealed_map([frames], start, widths, 64)
    *_, parts = annealed_map([frames[:7], frames[7:300], frames[300:]], start, widths, 64)
    np.testing.assert_allclose(parts.nodes, whole.nodes, rtol=1e-6)


def test_nodes_double_as_the_width_narrows_up_to_the_most():
    frames, widths = frames_of(), np.geomspace(0.25, 0.005, 12)
    sweeps = list(annealed_map([frames], principal_start(frames, 8), widths, 64))
    sizes = [len(sweep.nodes) for sweep in sweeps]
    assert sizes[0] == 8
    assert sizes[-1] == 64
    for before, after in pairwise(sizes):
        assert after in (before, 2 * before, 4 * before)
    for sweep in sweeps:
        assert len(sweep.nodes) == 64 or sweep.width * len(sweep.nodes) >= 2
