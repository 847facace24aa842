from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score
from sklearn.metrics.cluster import expected_mutual_information

from sfvq_analysis.stats.arithmetic.expected import expected_information


def random_counts(seed: int, shape: tuple[int, int], n_frames: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    share = np.outer(rng.dirichlet(np.ones(shape[0])), rng.dirichlet(np.ones(shape[1])))
    return rng.multinomial(n_frames, share.ravel()).reshape(shape)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 70), st.integers(1, 5000))
def test_equals_scikit_learn(seed, n_values, n_indices, n_frames):
    counts = random_counts(seed, (n_values, n_indices), n_frames)
    found = expected_information(counts.sum(axis=1), counts.sum(axis=0))
    kept = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    assert found == pytest.approx(expected_mutual_information(kept, n_frames), abs=1e-10)


def test_equals_the_mean_over_all_orders():
    phones, indices = [0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 3]
    every = [mutual_info_score(order, indices) for order in permutations(phones)]
    found = expected_information(np.array([3, 2, 1]), np.bincount(indices))
    assert found == pytest.approx(np.mean(every), abs=1e-12)


def test_closed_forms():
    one_index = expected_information(np.array([4, 6]), np.array([0, 10, 0]))
    one_phone = expected_information(np.array([10, 0]), np.array([3, 3, 4]))
    own_index_each = expected_information(np.array([1, 1, 2]), np.ones(4, dtype=int))
    assert one_index == pytest.approx(0, abs=1e-12)
    assert one_phone == pytest.approx(0, abs=1e-12)
    assert own_index_each == pytest.approx(1.5 * np.log(2))
