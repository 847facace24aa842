"""`training.stochastic`: the written-out gradient and optimiser are torch's, and fit as well."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import dithered_mse, gaussian
from oracles import dithered_points, nearest_corner, nearest_on_curve, path_length

from sfvq_analysis.curve import grow
from sfvq_analysis.training import stochastic
from sfvq_analysis.training.frames import FittingFrames
from sfvq_analysis.training.growing import norm_sorted_means
from sfvq_analysis.training.published import published_fit
from sfvq_analysis.training.settling import dither_of
from sfvq_analysis.training.stochastic import stochastic_fit


def stages(values, n_corners, seed=0):
    return list(stochastic_fit(FittingFrames.of(values, 1), n_corners, seed))


def loss_of(batch, corners, dither) -> torch.Tensor:
    """Return K times the mean squared distance to the nearest dithered point."""
    index, _ = nearest_corner(batch, dithered_points(corners.detach().numpy(), dither))
    u = torch.from_numpy(dither[index])[:, None]
    points = (1 - u) * corners[index] + u * corners[index + 1]
    return len(corners) * (torch.from_numpy(batch) - points).square().sum(dim=1).mean()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20), st.integers(1, 6), st.integers(1, 90))
def test_the_gradient_is_autograds(seed, size, dim, n):
    rng = np.random.default_rng(seed)
    batch, dither = gaussian(n, dim, seed), rng.random(size - 1)
    corners = torch.from_numpy(rng.normal(size=(size, dim))).requires_grad_()
    loss = loss_of(batch.astype(np.float64), corners, dither)
    loss.backward()
    given_corners = corners.detach().numpy()
    gradient, error, counts = stochastic._gradient(batch, given_corners, dither)
    np.testing.assert_allclose(gradient, corners.grad.numpy(), rtol=1e-6, atol=1e-6)
    norms = np.square(batch).sum(axis=1).max() + np.square(given_corners).sum(axis=1).max()
    assert error == pytest.approx(loss.item() / size, abs=4e-6 * norms)
    index, _ = nearest_corner(batch, dithered_points(given_corners, dither))
    np.testing.assert_array_equal(counts, np.bincount(index, minlength=size - 1))


def test_a_stage_is_torchs_adam_with_a_rate_along_a_cosine(monkeypatch):
    """From 8 % of the frames' standard deviation to a twentieth of that."""
    monkeypatch.setattr(stochastic, "FEWEST_STEPS", 40)
    monkeypatch.setattr(stochastic, "BATCH", 50)
    values = gaussian(120, dim=3) * np.float32(4)
    frames = FittingFrames.of(values, 1)
    (stage,) = stochastic_fit(frames, 4, seed=6)
    shuffled = values[np.random.default_rng(6).permutation(120)]
    corners = torch.from_numpy(norm_sorted_means(shuffled, 4)).requires_grad_()
    adam = torch.optim.Adam([corners], betas=(0.9, 0.99), eps=1e-8)
    endless, errors = np.concatenate([shuffled] * 20).astype(np.float64), []
    for step in range(40):
        share = 0.05 + 0.95 * (1 + np.cos(np.pi * step / 40)) / 2
        adam.param_groups[0]["lr"] = 0.08 * np.sqrt(frames.variance / 3) * share
        adam.zero_grad()
        loss = loss_of(endless[50 * step : 50 * step + 50], corners, dither_of(4, 6, step, 0))
        loss.backward()
        adam.step()
        errors.append(loss.item() / 4)
    np.testing.assert_allclose(stage.corners, corners.detach().numpy(), rtol=1e-5)
    assert stage.rows[0].dithered_mse == pytest.approx(np.mean(errors[-4:]), rel=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(0, 30))
def test_batches_are_runs_of_the_sample_that_go_round_and_round(n, step):
    sample = np.arange(n, dtype=np.float32)[:, None]
    batch = stochastic._batch(sample, step)
    np.testing.assert_array_equal(batch[:, 0], (np.arange(n) + step * n) % n)
    longer = np.arange(stochastic.BATCH + n, dtype=np.float32)[:, None]
    batch = stochastic._batch(longer, step)
    expected = (np.arange(stochastic.BATCH) + step * stochastic.BATCH) % len(longer)
    np.testing.assert_array_equal(batch[:, 0], expected)


@pytest.mark.parametrize(
    ("n_corners", "sizes"), [(2, [2]), (4, [4]), (8, [4, 8]), (32, [4, 8, 16, 32])]
)
def test_stages_double(n_corners, sizes):
    assert [len(stage.corners) for stage in stages(gaussian(130), n_corners)] == sizes


def test_a_stage_takes_two_steps_a_corner_within_bounds_on_frames_of_a_sample(monkeypatch):
    steps, batch = [], stochastic._batch

    def noting(sample, step):
        steps.append((step, len(sample)))
        return batch(sample, step)

    monkeypatch.setattr(stochastic, "_batch", noting)
    monkeypatch.setattr(stochastic, "_SAMPLE", 400)
    monkeypatch.setattr(stochastic, "MOST_STEPS", 200)
    stages(gaussian(700), 128)
    expected = [80, 80, 80, 80, 128, 200]  # of 4, 8, 16, 32, 64, 128 corners
    assert steps == [(step, 400) for n_steps in expected for step in range(n_steps)]


def test_it_starts_at_means_by_norm_and_every_stage_where_the_last_one_ended(monkeypatch):
    monkeypatch.setattr(stochastic, "_RATE", 0.0)
    first, second = stages(gaussian(600), 8)
    np.testing.assert_allclose(first.corners, norm_sorted_means(gaussian(600), 4), atol=1e-6)
    np.testing.assert_allclose(second.corners, grow(first.corners), atol=1e-12)


def test_seeds():
    first, again, other = (stages(gaussian(300), 8, seed)[-1].corners for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(("dim", "n_corners"), [(2, 16), (8, 32)])
def test_it_fits_a_gaussian_as_well_as_the_published_recipe(dim, n_corners):
    values, held_out = gaussian(8000, dim), gaussian(1500, dim, seed=1)
    *_, theirs = published_fit(FittingFrames.of(values, 1), n_corners, 0)
    ours = stages(values, n_corners)[-1].corners
    assert dithered_mse(held_out, ours) < 1.02 * dithered_mse(held_out, theirs.corners)


def test_the_log_says_what_the_stages_are():
    values = gaussian(3000)
    for stage in stages(values, 16):
        (row,) = stage.rows
        assert (row.stage, row.step, row.start) == (len(stage.corners), "stochastic", "growth")
        assert row.dithered_mse == pytest.approx(dithered_mse(values, stage.corners), rel=0.05)
        on_curve = nearest_on_curve(values[:300], stage.corners).distortion.mean()
        assert row.projection_mse == pytest.approx(on_curve, rel=0.1)
        assert row.curve_length == pytest.approx(path_length(stage.corners))
        assert row.usage == 1


def test_segments_that_no_frame_reaches_are_told():
    """All frames at one place and a few far off: most of the axis stands between them."""
    values = np.zeros((500, 2), np.float32)
    values[:5] = 1
    assert 0 < stages(values, 32)[-1].rows[0].usage < 1


@pytest.mark.parametrize("scale", [1e-15, 1e12])
def test_the_scale_of_the_frames_does_not_matter(scale):
    values = gaussian(600)
    near, far = stages(values, 8)[-1].corners, stages(values * np.float32(scale), 8)[-1].corners
    assert dithered_mse(values, far / scale) == pytest.approx(dithered_mse(values, near), rel=0.01)
