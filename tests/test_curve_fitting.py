"""`curve.fitting`: sums that add, and the closed forms solved from them."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import (
    corners_pulled_along_axes,
    dithered_design,
    dithered_loss,
    map_sweep,
    nearest_corner,
    penalised_corners,
)

from sfvq_analysis.curve import Grid, Pull, curve_statistics, map_statistics

made = settings(max_examples=30, deadline=None)
elastics = st.sampled_from([0.0, 0.1, 1.0])


@st.composite
def batches(draw):
    """Frames, corners and a dither; often more corners than frames reach."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dim, size = draw(st.integers(1, 8)), draw(st.integers(2, 20))
    offset = draw(st.sampled_from([0.0, 100.0]))
    frames = rng.normal(size=(draw(st.integers(1, 60)), dim)) + offset
    corners = draw(st.sampled_from([1.0, 4.0])) * rng.normal(size=(size, dim)) + offset
    return frames.astype(np.float32), corners, rng.random(size - 1)


def fields(statistics):
    return [getattr(statistics, name) for name in statistics.__slots__]


def grid_of(frames):
    largest, farthest = (float(np.abs(x).max()) for x in (frames, frames - frames[0]))
    return Grid.of(*frames.shape, largest, farthest)


def dense(statistics):
    """The tridiagonal matrix written out."""
    beside = statistics.beside
    return np.diag(statistics.diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


@made
@given(batches(), st.data())
def test_sums_of_parts_are_the_sum_of_the_whole(batch, data):
    frames, corners, dither = batch
    cut = data.draw(st.integers(0, len(frames)))
    for whole, first, second in (
        [curve_statistics(part, corners, dither) for part in (frames, frames[:cut], frames[cut:])],
        [map_statistics(part, corners) for part in (frames, frames[:cut], frames[cut:])],
    ):
        for total, added in zip(fields(whole), fields(first + second), strict=True):
            np.testing.assert_allclose(added, total, rtol=1e-6, atol=1e-9)


@made
@given(batches())
def test_statistics_are_the_normal_equations(batch):
    frames, corners, dither = batch
    statistics = curve_statistics(frames, corners, dither)
    design = dithered_design(frames.astype(np.float64), corners, dither)
    np.testing.assert_allclose(dense(statistics), design.T @ design, atol=1e-9)
    np.testing.assert_allclose(statistics.target, design.T @ frames, rtol=1e-9, atol=1e-8)
    assert statistics.counts.sum() == statistics.n_frames == len(frames)
    expected = dithered_loss(frames, corners, dither)
    assert statistics.squared_error == pytest.approx(expected, rel=1e-6)


@made
@given(batches())
def test_the_slope_is_half_the_gradient_of_the_squared_error(batch):
    frames, corners, dither = batch
    statistics = curve_statistics(frames, corners, dither)
    expected = dense(statistics) @ corners - statistics.target
    np.testing.assert_allclose(statistics.slope(corners), expected, rtol=1e-9, atol=1e-8)


@made
@given(batches(), elastics)
def test_solving_is_the_dense_solution_of_the_penalised_problem(batch, elastic):
    frames, corners, dither = batch
    solved = curve_statistics(frames, corners, dither).solve(corners, elastic=elastic)
    expected = penalised_corners(frames, corners, dither, elastic=elastic)
    np.testing.assert_allclose(solved, expected, rtol=1e-7, atol=1e-7)


def turned(dim, seed) -> np.ndarray:
    """Return orthonormal axes as columns."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0]


@made
@given(batches(), st.lists(elastics, min_size=9, max_size=9), st.integers(0, 99))
def test_solving_with_a_pull_for_each_axis_is_the_dense_solution_too(batch, weights, seed):
    """Some weights the same, some 0; the axes not those of the coordinates."""
    frames, corners, dither = batch
    dim = corners.shape[1]
    pull = Pull(turned(dim, seed), np.array(weights[:dim]))
    solved = curve_statistics(frames, corners, dither).solve(corners, elastic=pull)
    expected = corners_pulled_along_axes(frames, corners, dither, pull)
    np.testing.assert_allclose(solved, expected, rtol=1e-7, atol=1e-7)


@made
@given(batches(), elastics, st.integers(0, 99))
def test_one_pull_for_all_axes_is_the_same_as_a_number(batch, elastic, seed):
    frames, corners, dither = batch
    statistics, dim = curve_statistics(frames, corners, dither), corners.shape[1]
    solved = statistics.solve(corners, elastic=Pull(turned(dim, seed), np.full(dim, elastic)))
    expected = statistics.solve(corners, elastic=elastic)
    np.testing.assert_allclose(solved, expected, rtol=1e-9, atol=1e-9)


def test_a_curve_is_flat_only_along_the_axis_of_a_strong_pull():
    rng = np.random.default_rng(1)
    frames, corners = rng.normal(size=(300, 3)).astype(np.float32), rng.normal(size=(12, 3))
    statistics = curve_statistics(frames, corners, rng.random(11))
    spread = statistics.solve(corners, elastic=Pull(np.eye(3), np.array([0.0, 1e4, 0.0]))).std(0)
    assert spread[1] < 1e-2
    assert min(spread[0], spread[2]) > 0.3


@made
@given(batches())
def test_the_loss_under_the_same_dither_does_not_rise(batch):
    frames, corners, dither = batch
    solved = curve_statistics(frames, corners, dither).solve(corners, elastic=0.0)
    before, after = (dithered_loss(frames, c, dither) for c in (corners, solved))
    assert after <= before * (1 + 1e-6)


def test_the_loss_falls_much_where_there_is_much_to_gain():
    rng = np.random.default_rng(0)
    frames = (rng.normal(size=(500, 3)) + 5).astype(np.float32)
    corners, dither = rng.normal(size=(8, 3)), rng.random(7)
    solved = curve_statistics(frames, corners, dither).solve(corners, elastic=0.0)
    assert dithered_loss(frames, solved, dither) < 0.3 * dithered_loss(frames, corners, dither)


def test_an_elastic_curve_is_shorter():
    rng = np.random.default_rng(1)
    frames, corners = rng.normal(size=(300, 4)).astype(np.float32), rng.normal(size=(12, 4))
    statistics = curve_statistics(frames, corners, rng.random(11))
    lengths = [
        np.linalg.norm(np.diff(statistics.solve(corners, elastic=w), axis=0), axis=1).sum()
        for w in (0.0, 0.1, 1.0, 100.0)
    ]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 0.1 * lengths[0]


def test_corners_without_frames_stay_where_they_are():
    """All frames at one end: the far corners keep their places but for the ridge's neighbours."""
    frames = np.zeros((50, 2), np.float32)
    corners = np.stack([np.arange(10.0), np.zeros(10)], axis=1)
    statistics = curve_statistics(frames, corners, np.full(9, 0.5))
    assert statistics.counts.tolist() == [50, 0, 0, 0, 0, 0, 0, 0, 0]
    solved = statistics.solve(corners, elastic=0.0)
    np.testing.assert_allclose(solved[2:], corners[2:], atol=1e-12)
    np.testing.assert_allclose(solved[0] + solved[1], 0, atol=1e-3)
    assert np.isfinite(statistics.solve(corners, elastic=10.0)).all()


def test_no_frames_add_nothing():
    rng = np.random.default_rng(2)
    frames, corners = rng.normal(size=(20, 3)).astype(np.float32), rng.normal(size=(5, 3))
    dither = rng.random(4)
    for whole, nothing in (
        (curve_statistics(frames, corners, dither), curve_statistics(frames[:0], corners, dither)),
        (map_statistics(frames, corners), map_statistics(frames[:0], corners)),
    ):
        for left, right in zip(fields(whole + nothing), fields(whole), strict=True):
            np.testing.assert_array_equal(left, right)


@made
@given(batches(), st.sampled_from([0.3, 0.7, 2.0, 10.0]))
def test_a_map_sweep_is_that_of_the_loops(batch, width):
    frames, corners, _ = batch
    statistics = map_statistics(frames, corners)
    index, distortion = nearest_corner(frames, corners)
    np.testing.assert_array_equal(statistics.counts, np.bincount(index, minlength=len(corners)))
    assert statistics.squared_error == pytest.approx(distortion.sum(), rel=1e-6)
    expected = map_sweep(frames.astype(np.float64), corners, width)
    reached = [
        np.exp(-0.5 * ((i - index) / width) ** 2).sum() > 1e-200 for i in range(len(corners))
    ]
    np.testing.assert_allclose(
        statistics.smoothed(corners, width=width)[reached], expected[reached], rtol=1e-6, atol=1e-6
    )


def test_nodes_out_of_every_frames_reach_stay():
    corners = np.arange(80.0)[:, None]
    moved = map_statistics(np.zeros((3, 1), np.float32), corners).smoothed(corners, width=0.5)
    np.testing.assert_array_equal(moved[:15], 0)
    np.testing.assert_array_equal(moved[40:], corners[40:])


def test_given_arrays_are_not_changed():
    frames, corners, dither = np.ones((9, 2), np.float32), np.eye(4)[:, :2], np.full(3, 0.25)
    kept = corners.copy()
    curve_statistics(frames, corners, dither).solve(corners, elastic=0.1)
    map_statistics(frames, corners).smoothed(corners, width=1.0)
    np.testing.assert_array_equal(corners, kept)
    np.testing.assert_array_equal(frames, 1)
    np.testing.assert_array_equal(dither, 0.25)


@made
@given(st.integers(1, 10**9), st.integers(1, 2000), st.floats(1e-30, 1e15), st.floats(1e-30, 1e15))
def test_units_of_a_grid_are_powers_of_two_fine_enough_for_the_whole(n, dim, largest, farthest):
    """What all frames can reach takes 2^52 units at most, and half as fine would take too many."""
    grid = Grid.of(n, dim, largest, farthest)
    reach = n, n * largest, n * dim * (2 * farthest) ** 2
    for unit, most in zip((grid.count, grid.value, grid.square), reach, strict=True):
        assert np.frexp(unit)[0] == 0.5
        assert 2.0**51 < most / unit <= 2.0**52


def test_a_grid_for_frames_of_nothing():
    grid = Grid.of(100, 3, 0.0, 0.0)
    assert min(grid.count, grid.value, grid.square) > 0


@made
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-20, 1.0, 1e6]), st.randoms())
def test_sums_on_a_grid_add_up_to_the_same_bits_in_any_order_and_to_the_sums(seed, scale, chance):
    rng = np.random.default_rng(seed)
    frames = (scale * rng.normal(size=(500, 3))).astype(np.float32)
    corners, dither = scale * rng.normal(size=(6, 3)), rng.random(5)
    grid = grid_of(frames)
    for of in (
        lambda part: curve_statistics(part, corners, dither),
        lambda part: map_statistics(part, corners),
    ):
        parts = [of(part).on_grid(grid) for part in np.split(frames, range(37, 500, 37))]
        total = reduce(add, parts)
        chance.shuffle(parts)
        for whole, one, other in zip(
            fields(of(frames)), fields(total), fields(reduce(add, parts)), strict=True
        ):
            np.testing.assert_array_equal(one, other)
            np.testing.assert_allclose(one, whole, rtol=1e-11, atol=1e-11 * np.abs(whole).max())


@made
@given(batches())
def test_sums_on_a_grid_are_whole_units(batch):
    frames, corners, dither = batch
    grid = grid_of(frames)
    for statistics in (curve_statistics(frames, corners, dither), map_statistics(frames, corners)):
        rounded = statistics.on_grid(grid)
        for name, unit in (
            ("counts", 1.0),
            ("squared_error", grid.square),
            ("sums", grid.value),
            ("target", grid.value),
            ("diagonal", grid.count),
            ("beside", grid.count),
        ):
            units = np.asarray(getattr(rounded, name, 0.0)) / unit
            np.testing.assert_array_equal(units, np.rint(units))
