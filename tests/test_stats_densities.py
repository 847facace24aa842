from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from sfvq_analysis.stats.arithmetic.densities import densities, emd, js_distance

SEEDS = st.integers(0, 10_000)


def two(seed, size=9):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 6, (2, 4, size)) * (rng.random((2, 4, size)) < 0.5)
    counts[..., 0] += 1
    return densities(counts)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_js_is_scipys(seed):
    p, q = two(seed)
    expected = [jensenshannon(a, b, base=2) for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(js_distance(p, q), expected, atol=1e-7)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_emd_is_scipys(seed):
    p, q = two(seed)
    at = np.arange(9)
    expected = [wasserstein_distance(at, at, a, b) for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(emd(p, q), expected, atol=1e-12)


def test_relabelling_changes_the_one_and_not_the_other():
    p, q = np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0])
    order = [0, 2, 3, 1]
    assert js_distance(p, q) == js_distance(p[order], q[order]) == 1
    assert (emd(p, q), emd(p[order], q[order])) == (1, 3)


def test_nothing_has_no_density():
    found = densities(np.array([[0, 0], [1, 3]]))
    np.testing.assert_array_equal(found, [[np.nan, np.nan], [0.25, 0.75]])
    assert np.isnan(js_distance(found[0], found[1]))
    assert np.isnan(emd(found[0], found[1]))
