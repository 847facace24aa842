from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from sfvq_analysis.stats.arithmetic.contingency import (
    entropy_of,
    mutual_information,
    normalised_information,
    ratio,
)

SEEDS = st.integers(0, 10_000)


def random_counts(seed, *shape):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 9, shape) * (rng.random(shape) < 0.7)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_entropy_is_scipys(seed):
    counts = random_counts(seed, 3, 7)
    counts[:, 0] += 1
    np.testing.assert_allclose(entropy_of(counts), entropy(counts, axis=1), atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_information_is_scikit_learns(seed):
    tables = random_counts(seed, 2, 3, 4, 6)
    tables[..., 0, 0] += 1
    found = mutual_information(tables)
    assert found.shape == (2, 3)
    for at in np.ndindex(2, 3):
        expected = mutual_info_score(None, None, contingency=tables[at])
        assert found[at] == pytest.approx(expected, abs=1e-12)


def test_perfect_and_no_information():
    perfect, none = np.diag([3, 4, 5]), np.outer([1, 2], [3, 4])
    assert normalised_information(perfect) == pytest.approx(1.0)
    assert mutual_information(none) == pytest.approx(0.0, abs=1e-12)


def test_nothing_counted_is_nan():
    assert np.isnan(entropy_of(np.zeros(3)))
    assert np.isnan(mutual_information(np.zeros((2, 3))))
    assert np.isnan(normalised_information(np.array([[2, 3], [0, 0]])))
    assert mutual_information(np.zeros((0, 3, 4))).shape == (0,)


def test_a_ratio_has_a_bound():
    found = ratio(np.array([1.0, 2.0, 1.0]), np.array([2.0, 1.0, 0.0]), at_most=1.0)
    np.testing.assert_array_equal(found, [0.5, 1.0, np.nan])
