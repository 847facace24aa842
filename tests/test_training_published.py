"""The author's recipe: where it starts, what it minimises, how it grows."""

from __future__ import annotations

from itertools import count

import made_frames
import numpy as np
import pytest
import torch
from oracles import dithered_loss, dithered_points, nearest_corner, nearest_on_curve, path_length

from sfvq_analysis.curve import grow
from sfvq_analysis.training import published
from sfvq_analysis.training.frames import FittingFrames
from sfvq_analysis.training.published import published_fit


def gaussian(n=600, dim=2, seed=0):
    return made_frames.gaussian(n, dim, seed)


def published_stages(frames, n_corners, seed):
    return published_fit(FittingFrames.of(frames, 1), n_corners, seed)


def test_start_is_the_means_of_four_quarters_sorted_by_norm(monkeypatch):
    """With a rate of nothing the first stage is its own start, and the next is it grown."""
    monkeypatch.setattr(published, "RATE", 0.0)
    frames = gaussian()
    first, second = published_stages(frames, 8, seed=0)
    ordered = frames[np.argsort(np.linalg.norm(frames, axis=1), kind="stable")]
    quarters = ordered.reshape(4, 150, 2).mean(axis=1)
    np.testing.assert_allclose(first.corners, quarters, atol=1e-6)
    np.testing.assert_allclose(second.corners, grow(first.corners), atol=1e-6)


@pytest.mark.parametrize(
    ("n_corners", "sizes"), [(2, [2]), (4, [4]), (8, [4, 8]), (32, [4, 8, 16, 32])]
)
def test_stages_double(n_corners, sizes):
    stages = list(published_stages(gaussian(130), n_corners, seed=0))
    assert [len(stage.corners) for stage in stages] == sizes


def test_loss_of_a_batch_is_the_mean_over_frames_and_dimensions():
    frames, corners = gaussian(64, dim=3), gaussian(8, dim=3, seed=1)
    generator = torch.Generator().manual_seed(0)
    batch = torch.from_numpy(frames), torch.from_numpy(corners)
    loss, nearest = published._dithered_loss(*batch, generator)
    u = torch.rand(7, 1, generator=torch.Generator().manual_seed(0)).numpy()[:, 0]
    expected = dithered_loss(frames, corners, u) / frames.size
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    np.testing.assert_array_equal(nearest, nearest_corner(frames, dithered_points(corners, u))[0])


def test_gradient_of_a_batch_is_the_closed_form():
    """2/(B D) Σ (Y_k - x) times the shares of the two corners, over the frames of segment k."""
    frames, corners = gaussian(64, dim=3), gaussian(8, dim=3, seed=1)
    leaf = torch.from_numpy(corners).requires_grad_()
    generator = torch.Generator().manual_seed(5)
    published._dithered_loss(torch.from_numpy(frames), leaf, generator)[0].backward()
    u = torch.rand(7, 1, generator=torch.Generator().manual_seed(5)).numpy()[:, 0]
    points = dithered_points(corners, u)
    expected = np.zeros(corners.shape)
    for frame, k in zip(frames, nearest_corner(frames, points)[0], strict=True):
        pull = 2 * (points[k] - frame) / frames.size
        expected[k] += (1 - u[k]) * pull
        expected[k + 1] += u[k] * pull
    np.testing.assert_allclose(leaf.grad.numpy(), expected, atol=1e-6)


def test_rate_is_halved_at_three_and_at_four_fifths_of_a_stage(monkeypatch):
    """Adam's rate at every step, read off the optimiser: a fresh one for each size."""
    rates = []
    step = torch.optim.Adam.step

    def noting(self, *args, **options):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args, **options)

    monkeypatch.setattr(torch.optim.Adam, "step", noting)
    list(published_stages(gaussian(640), 8, seed=0))
    one_stage = [1e-3] * 30 + [5e-4] * 10 + [2.5e-4] * 10  # 5 epochs of 10 batches of 64
    np.testing.assert_allclose(rates, one_stage * 2)


def test_every_frame_is_seen_once_an_epoch_in_batches_of_64(monkeypatch):
    batches = []
    loss = published._dithered_loss

    def noting(batch, corners, generator):
        batches.append(batch.numpy()[:, 0].copy())
        return loss(batch, corners, generator)

    monkeypatch.setattr(published, "_dithered_loss", noting)
    frames = np.arange(150, dtype=np.float32)[:, None]
    list(published_stages(frames, 4, seed=0))
    assert [len(batch) for batch in batches] == [64, 64, 22] * 5
    for epoch in range(5):
        seen = np.concatenate(batches[3 * epoch : 3 * epoch + 3])
        assert sorted(seen.tolist()) == frames[:, 0].tolist()
        assert seen.tolist() != frames[:, 0].tolist()


def test_training_lowers_the_loss_and_states_it():
    frames = gaussian(6000) * np.float32(0.3)
    (stage,) = published_stages(frames, 4, seed=0)
    ordered = frames[np.argsort(np.linalg.norm(frames, axis=1))]
    start = ordered.reshape(4, 1500, 2).mean(axis=1)
    rng = np.random.default_rng(0)
    dithers = rng.random((20, 3))
    before, after = (
        np.mean([dithered_loss(frames[:500], c, u) for u in dithers]) / 500
        for c in (start, stage.corners)
    )
    assert after < 0.8 * before
    (row,) = stage.rows
    assert row.dithered_mse == pytest.approx(after, rel=0.15)


def test_a_row_of_the_log_says_what_a_stage_is():
    frames = gaussian(1000, dim=3)
    for stage, size in zip(published_stages(frames, 8, seed=0), (4, 8), strict=True):
        (row,) = stage.rows
        assert (row.stage, row.step, row.start, row.kept) == (size, "published", "growth", True)
        on_curve = nearest_on_curve(frames, stage.corners).distortion.mean()
        assert row.projection_mse == pytest.approx(on_curve, rel=1e-5)
        assert row.curve_length == pytest.approx(path_length(stage.corners), rel=1e-5)
        assert row.usage == 1


def test_segments_in_use_are_those_of_the_last_epoch(monkeypatch):
    """All three are said to be in use at first, and then the first one alone."""
    calls, loss = count(), published._dithered_loss

    def said(batch, corners, generator):
        found, nearest = loss(batch, corners, generator)
        return found, torch.arange(3) if next(calls) == 0 else 0 * nearest

    monkeypatch.setattr(published, "_dithered_loss", said)
    (stage,) = published_stages(gaussian(150), 4, seed=0)
    assert stage.rows[0].usage == pytest.approx(1 / 3)


def test_seeds():
    first, again, other = (
        list(published_stages(gaussian(200), 8, seed=seed))[-1].corners for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
