"""Codebooks made without data or from a first batch, and dead codewords brought back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_curves import walk
from oracles import nearest_corner

from sfvq_analysis.curve import point_at
from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers import CodebookUsage, Gradients, PlainVQ, SpaceFillingVQ
from sfvq_analysis.quantizers.starts import principal_line, respread

KINDS = pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])


def used(size, dead):
    """Usage in which these codewords are dead."""
    return CodebookUsage(tuple(0 if k in dead else 5 for k in range(size)))


# Starts


@KINDS
def test_random_codebooks_are_seeded_and_of_unit_variance(kind):
    quantizer = kind.random(64, 50, seed=3, gradients=Gradients("diveq"))
    assert (quantizer.codebook_size, quantizer.dim) == (64, 50)
    assert quantizer.gradients.estimator == "diveq"
    assert quantizer.provenance.fit == {"method": "random", "seed": 3}
    assert quantizer.digest == kind.random(64, 50, seed=3).digest
    assert quantizer.digest != kind.random(64, 50, seed=4).digest
    assert 0.3 < quantizer.corners().std() < 1.2
    with pytest.raises(QuantizerError, match="codebook has shape"):
        kind.random(1, 3)


def test_a_random_curve_is_straight():
    corners = SpaceFillingVQ.random(16, 5).corners()
    steps = np.diff(corners, axis=0)
    np.testing.assert_allclose(steps, np.tile(steps[:1], (15, 1)), atol=1e-6)
    np.testing.assert_allclose(corners[0], -corners[-1], rtol=1e-6)


def test_a_plain_codebook_starts_at_distinct_latents(rng):
    latents = rng.normal(size=(40, 3)).astype(np.float32)
    doubled = np.concatenate([latents, latents[:20]])
    starts = []
    for seed in (0, 0, 1):
        vq = PlainVQ.random(30, 3)
        parameter = vq.codebook
        vq.start_from(torch.from_numpy(doubled), seed)
        assert vq.codebook is parameter
        assert len(np.unique(vq.corners(), axis=0)) == 30
        assert (nearest_corner(vq.corners(), latents)[1] == 0).all()
        starts.append(vq.digest)
    assert starts[0] == starts[1] != starts[2]
    with pytest.raises(QuantizerError, match="40 distinct values for 41 codewords"):
        PlainVQ.random(41, 3).start_from(doubled)


def test_a_curve_starts_on_the_principal_axis_and_forgets_its_stages(rng):
    latents = rng.normal(size=(4000, 3)) * [0.1, 5.0, 0.1] + [7.0, 8.0, 9.0]
    sfvq = SpaceFillingVQ(rng.normal(size=(4, 3)))
    sfvq.grow()
    sfvq.start_from(latents)
    corners = sfvq.corners()
    assert [len(stage) for stage in sfvq.stages] == [8]
    assert (np.diff(corners[:, 1]) > 0).all()  # the end of the smaller norm is first
    np.testing.assert_allclose(corners[:, [0, 2]], [[7.0, 9.0]] * 8, atol=0.2)
    counts = np.bincount(nearest_corner(latents, corners)[0])
    assert counts.min() > 250
    np.testing.assert_array_equal(principal_line(latents, 8).astype(np.float32), corners)


@KINDS
def test_latents_that_do_not_fit_are_refused(kind):
    quantizer = kind(np.eye(3))
    for latents, message in (
        (np.zeros((9, 2)), "frames have 2 dimensions, the codebook 3"),
        (np.zeros((2, 3, 3)), "frames have shape"),
        (np.full((9, 3), np.nan), "hold NaN"),
    ):
        with pytest.raises(QuantizerError, match=message):
            quantizer.start_from(latents)
        with pytest.raises(QuantizerError, match=message):
            quantizer.revive(latents, used(3, {0}))
    with pytest.raises(QuantizerError, match="latents"):
        quantizer.start_from(np.zeros((1, 3)))
    with pytest.raises(QuantizerError, match="usage is of 4 codewords, the codebook has 3"):
        quantizer.revive(np.zeros((9, 3)), used(4, {0}))


# Dead codewords


def test_dead_plain_codewords_move_onto_latents(rng):
    start = rng.normal(size=(8, 2)).astype(np.float32)
    latents = rng.normal(size=(50, 2)).astype(np.float32)
    moved = []
    for seed in (0, 0, 1):
        vq = PlainVQ(start, gradients=Gradients("straight_through"))
        vq.running_counts.fill_(6.0)
        vq.running_sums.copy_(6 * vq.codebook)
        assert vq.revive(latents, used(8, {1, 5}), seed) == 2
        corners = vq.corners()
        living = [0, 2, 3, 4, 6, 7]
        np.testing.assert_array_equal(corners[living], start[living])
        assert (nearest_corner(corners[[1, 5]], latents)[1] == 0).all()
        assert not np.array_equal(corners[1], corners[5])
        assert vq.running_counts.tolist() == [6, 1, 6, 6, 6, 1, 6, 6]
        torch.testing.assert_close(vq.running_sums / vq.running_counts[:, None], vq.codebook.data)
        moved.append(vq.digest)
    assert moved[0] == moved[1] != moved[2]


def test_few_latents_bring_back_few_codewords():
    vq = PlainVQ(np.eye(4))
    assert vq.revive(np.full((9, 4), 0.5), used(4, {0, 3})) == 1
    np.testing.assert_array_equal(vq.corners()[0], np.full(4, 0.5))
    np.testing.assert_array_equal(vq.corners()[1:], np.eye(4)[1:])


@KINDS
def test_nothing_moves_without_dead_codewords_or_latents(kind):
    quantizer = kind(np.eye(4))
    assert quantizer.revive(np.ones((5, 4)), used(4, set())) == 0
    assert quantizer.revive(np.ones((0, 4)), used(4, {1})) == 0
    np.testing.assert_array_equal(quantizer.corners(), np.eye(4))


def test_dead_corners_of_a_curve_are_put_back_in_order(rng):
    corners = walk(32, 3)
    latents = point_at(corners, rng.uniform(0, 12, 3000))  # most of the curve has no latents
    latents += rng.normal(scale=0.1, size=latents.shape)
    sfvq = SpaceFillingVQ(corners)
    parameter, before = sfvq.codebook, sfvq.encode(latents)
    usage = CodebookUsage.of(before.codeword, 32)
    dead = usage.dead
    assert len(dead) > 10
    assert sfvq.revive(latents, usage) == len(dead)
    assert sfvq.codebook is parameter
    found = sfvq.corners()
    living = np.delete(corners, dead, axis=0).astype(np.float32)
    places, apart = nearest_corner(living, found)
    assert (apart == 0).all()
    assert (np.diff(places) > 0).all()  # the order of those that live is kept
    new = np.setdiff1d(np.arange(32), places)
    on_curve = SpaceFillingVQ(living).encode(found[new]).distortion
    np.testing.assert_allclose(on_curve, 0, atol=1e-9)  # a split doesn't move the curve
    after = sfvq.encode(latents)
    assert after.codeword_distortion.mean() < 0.5 * before.codeword_distortion.mean()
    assert len(CodebookUsage.of(after.codeword, 32).dead) < len(dead) / 4


def test_the_split_is_where_most_latents_share_most_length():
    curve = np.array([[0.0], [1.0], [4.0], [5.0], [7.0]])
    latents = np.concatenate([np.full(20, 0.5), np.full(4, 2.0), np.full(3, 6.0)])[:, None]
    # n L²: 20, 36, 0, 12; after the first split 20, 9/2, 9/2, 0, 12
    np.testing.assert_array_equal(
        respread(np.append(curve, [[9.0], [9.5]], axis=0), np.array([5, 6]), latents)[:, 0],
        [0.0, 0.5, 1.0, 2.5, 4.0, 5.0, 7.0],
    )


@pytest.mark.parametrize("dead", [{1, 2, 3}, {0, 1, 2, 3}])
def test_a_curve_of_which_nothing_lives_starts_anew(dead, rng):
    latents = rng.normal(size=(50, 4))
    sfvq = SpaceFillingVQ(np.eye(4))
    assert sfvq.revive(latents, used(4, dead)) == 4
    np.testing.assert_array_equal(sfvq.corners(), principal_line(latents, 4).astype(np.float32))
