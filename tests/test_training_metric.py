"""`training.metric`: coordinates in which the larger axes count for less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import gaussian
from scipy.spatial.distance import cdist

from sfvq_analysis.training.metric import Metric

made = settings(max_examples=40, deadline=None)
seeds, powers = st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0])


def stretched(seed=0, n=500, dim=4):
    """Return frames whose axes differ, turned and moved."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    return (gaussian(n, dim, seed) * np.geomspace(5, 0.5, dim) @ turn + 3).astype(np.float32)


@made
@given(seeds, powers, st.integers(1, 8))
def test_unwarping_undoes_warping(seed, power, dim):
    frames = stretched(seed, 100, dim)
    metric = Metric.of(frames, power)
    np.testing.assert_allclose(metric.unwarped(metric.warped(frames)), frames, atol=1e-4)
    points = np.random.default_rng(seed).normal(size=(20, dim))
    np.testing.assert_allclose(metric.warped(metric.unwarped(points)), points, atol=1e-3)


@made
@given(seeds)
def test_without_whitening_distances_stay_as_they_are(seed):
    frames = stretched(seed, 60)
    warped = Metric.of(frames, 0.0).warped(frames)
    np.testing.assert_allclose(cdist(warped, warped), cdist(frames, frames), atol=1e-4)


@pytest.mark.parametrize(("power", "left"), [(0.0, 1.0), (0.3, 0.7), (1.0, 0.0)])
def test_each_axis_keeps_a_power_of_its_variance(power, left):
    """Whole whitening leaves a variance of 1 to each, a part of it that of the formula."""
    frames = stretched(n=4000)
    variances = np.linalg.eigvalsh(np.cov(frames.T.astype(float)))[::-1]
    found = np.cov(Metric.of(frames, power).warped(frames).T.astype(float))
    exact = variances / (variances + 1e-3 * variances[0]) ** power
    np.testing.assert_allclose(found, np.diag(exact), atol=1e-4 * exact.max())
    np.testing.assert_allclose(np.diag(found), variances**left, rtol=0.11)


def test_axes_that_hardly_vary_are_not_blown_up():
    """The floor: what is much smaller than the largest axis stays smaller than it."""
    frames = gaussian(1000, dim=3) * np.float32([1, 1e-4, 0])
    spread = Metric.of(frames, 1.0).warped(frames).std(axis=0)
    assert spread[0] == pytest.approx(1, rel=1e-3)
    assert spread[1] < 0.01
    assert spread[2] == 0


def test_frames_that_are_all_the_same():
    frames = np.full((9, 3), 2.0, np.float32)
    metric = Metric.of(frames, 0.3)
    np.testing.assert_array_equal(metric.warped(frames), 0)
    np.testing.assert_allclose(metric.unwarped(metric.warped(frames)), frames)


def test_frames_arrive_as_float32_and_return_as_float64():
    metric = Metric.of(stretched(), 0.3)
    assert metric.warped(stretched().astype(np.float64)).dtype == np.float32
    assert metric.unwarped(metric.warped(stretched())).dtype == np.float64


@made
@given(seeds, powers)
def test_a_pull_is_even_in_the_metric(seed, power):
    """What neighbours at any two points cost is their squared distance in the metric, scaled."""
    frames = stretched(seed, 200)
    metric, pairs = Metric.of(frames, power), np.random.default_rng(seed).normal(size=(2, 9, 4))
    pull = metric.pull(0.5)
    cost = (((pairs[0] - pairs[1]) @ pull.axes) ** 2) @ pull.weights
    warped = metric.warped(pairs[0]).astype(float) - metric.warped(pairs[1])
    np.testing.assert_allclose(
        cost, 0.5 * metric.scales[0] ** 2 * (warped**2).sum(axis=1), rtol=1e-3
    )
    assert pull.weights[0] == 0.5


def test_a_pull_is_stronger_the_less_frames_vary_but_has_a_limit():
    frames = gaussian(1000, dim=3) * np.float32([3, 1, 0])
    weights = Metric.of(frames, 0.3).pull(1.0).weights
    assert weights[1] == pytest.approx(9**0.3, rel=0.05)
    assert weights[2] == pytest.approx(1001**0.3, rel=1e-3)
    np.testing.assert_array_equal(Metric.of(frames, 0.0).pull(0.2).weights, 0.2)
