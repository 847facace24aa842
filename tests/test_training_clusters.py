"""`training.clusters`: k-means that gives the same every time, or nothing."""

import numpy as np
import pytest
from made_frames import gaussian

from sfvq_analysis.training.clusters import densest, k_means


def test_clusters_that_lie_apart_are_found():
    centres = np.array([[0.0, 0], [9, 0], [0, 9], [9, 9]])
    frames = (np.repeat(centres, 50, axis=0) + 0.1 * gaussian(200, 2)).astype(np.float32)
    found = k_means(frames, 4, seed=0, n_starts=3)
    assert found.dtype == np.float64
    means = frames.reshape(4, 50, 2).mean(axis=1)
    np.testing.assert_allclose(found[np.lexsort(np.round(found).T[::1])], means, atol=1e-5)


def test_it_depends_on_the_seed_alone():
    frames = gaussian(500)
    one, again, other = (k_means(frames, 8, seed=seed).tobytes() for seed in (1, 1, 2))
    assert one == again != other


def test_several_starts_are_as_good_as_any_of_them():
    frames = gaussian(600, 2)

    def error(codebook):
        return ((frames[:, None] - codebook) ** 2).sum(axis=2).min(axis=1).mean()

    singles = [error(k_means(frames, 12, seed=seed)) for seed in range(5)]
    assert error(k_means(frames, 12, seed=0, n_starts=10)) <= np.mean(singles)
    assert error(k_means(frames, 12, seed=0, sweeps=1)) >= singles[0]


@pytest.mark.parametrize("n", [0, 1, 3])
def test_fewer_frames_than_clusters_give_none(n):
    assert k_means(gaussian(n), 4, seed=0) is None


def test_so_do_fewer_distinct_ones():
    assert k_means(np.repeat(gaussian(3), 20, axis=0), 4, seed=0) is None
    assert k_means(np.repeat(gaussian(4), 20, axis=0), 4, seed=0).shape == (4, 3)


def test_the_densest_half_is_that_of_a_gaussian_near_its_middle():
    frames = gaussian(3000, 8)
    kept = densest(frames, at_least=16)
    assert len(kept) == 1500
    assert {row.tobytes() for row in kept} <= {row.tobytes() for row in frames}
    radii = np.sort(np.linalg.norm(frames, axis=1))
    assert np.linalg.norm(kept, axis=1).max() < radii[2400]
    assert np.linalg.norm(kept, axis=1).mean() < 0.95 * radii[:1500].mean() + 0.1 * radii[2999]


def test_frames_that_are_the_same_count_once():
    """Digital silence: most frames are one and the same, and must not be all that is kept."""
    frames = np.concatenate([np.zeros((900, 3), np.float32), gaussian(100, 3)])
    kept = densest(frames, at_least=16)
    assert len(kept) == 50
    assert len(np.unique(kept, axis=0)) == 50


def test_a_half_that_were_too_few_is_not_taken():
    frames = gaussian(40, 2)
    for at_least, n_kept in ((1, 20), (20, 20), (21, 40)):
        assert len(densest(frames, at_least=at_least)) == n_kept
    assert len(densest(frames[:15], at_least=1)) == 15
    assert densest(frames[:0], at_least=1).shape == (0, 2)


def test_what_is_densest_does_not_depend_on_the_order_of_frames():
    frames = gaussian(900, 5)
    shuffled = np.random.default_rng(0).permutation(frames)
    assert densest(frames, at_least=4).tobytes() == densest(shuffled, at_least=4).tobytes()
