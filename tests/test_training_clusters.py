"""`training.clusters`: k-means that gives the same every time, or nothing."""

import numpy as np
import pytest
from made_frames import gaussian

from sfvq_analysis.training.clusters import k_means


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
