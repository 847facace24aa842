from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.stats.arithmetic.parting import range_gain
from sfvq_analysis.stats.groups.naming import _best_path, name_indices
from sfvq_analysis.stats.inference import Inference, permuted_codes

INFERENCE = Inference(n_permutations=199)


def value(path, gain, cost):
    entered = [path[0], *(b for a, b in pairwise(path) if a != b)]
    return sum(gain[state, at] for at, state in enumerate(path)) - sum(cost[s] for s in entered)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3), st.integers(1, 6))
def test_the_path_is_the_best_of_all(seed, n_states, size):
    rng = np.random.default_rng(seed)
    gain, cost = rng.normal(size=(n_states, size)), rng.uniform(0, 2, n_states)
    best = max(value(path, gain, cost) for path in product(range(n_states), repeat=size))
    assert value(_best_path(gain, cost).tolist(), gain, cost) == pytest.approx(best)


def prices(total, inference):
    """Return the excess of each group, and the price of its name."""
    density = total / total.sum(axis=1, keepdims=True)
    excess = density - density.mean(axis=0)
    draws = permuted_codes(total.any(axis=0), inference)
    level = 1 - 0.05 / len(total)
    null = [sorted(range_gain(one[draws])) for one in excess]
    return excess, [draws[int(np.ceil(level * (len(draws) - 1)))] for draws in null]


def humps(centres, size=60, width=4.0, n=400, seed=0):
    rng = np.random.default_rng(seed)
    codes = [np.clip(np.rint(rng.normal(c, width, n)), 0, size - 1).astype(int) for c in centres]
    return np.stack([np.bincount(one, minlength=size) for one in codes])


def test_humps_are_named_where_they_are():
    named = name_indices(humps([8, 25, 50]), np.arange(3), INFERENCE)
    assert named.sum(axis=0).tolist() == [1] * 60
    for group, centre in enumerate([8, 25, 50]):
        assert named[group, centre - 3 : centre + 4].all()


def test_two_groups_in_one_place_share_a_range():
    total = humps([10, 10, 40], seed=1)
    named = name_indices(total, np.arange(3), INFERENCE)
    assert named[:2, 8:13].all()
    assert named[2, 38:43].all()
    assert not named[2, 8:13].any()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_every_name_gains_more_than_its_price(seed):
    rng = np.random.default_rng(seed)
    total = humps(rng.uniform(0, 60, 5), width=float(rng.uniform(2, 15)), seed=seed)
    named = name_indices(total, np.arange(5), INFERENCE)
    excess, price = prices(total, INFERENCE)
    assert named.sum(axis=0).max() <= 2
    edges = np.flatnonzero((named[:, 1:] != named[:, :-1]).any(axis=0)) + 1
    for start, stop in pairwise([0, *edges, 60]):
        for group in np.flatnonzero(named[:, start]):
            assert excess[group, start:stop].sum() > price[group]


def test_a_random_order_is_seldom_named():
    rng = np.random.default_rng(0)
    total = humps([5, 15, 25, 35, 50], width=6.0)
    named = [
        name_indices(total[:, rng.permutation(60)], np.arange(5), Inference(99, seed=draw)).any()
        for draw in range(100)
    ]
    assert sum(named) <= 11  # of 100, .05 + 3 standard errors


def test_groups_that_may_not_be_named_are_not():
    total = humps([8, 25, 50])
    named = name_indices(total, np.array([0, 2]), INFERENCE)
    assert not named[1].any()
    assert named[0, 8]
    assert named[2, 50]


def test_unused_places_do_not_matter():
    total = humps([8, 25, 50], seed=2)
    gap = np.insert(total, 30, np.zeros((10, 3)), axis=1)
    named = name_indices(gap, np.arange(3), INFERENCE)
    assert named[0, 8]
    assert named[1, 25]
    assert named[2, 60]


@pytest.mark.parametrize("eligible", [[], [0], [0, 1]])
def test_fewer_than_two_groups_are_not_named(eligible):
    total = np.array([[5, 5, 0, 0], [0, 0, 0, 0]])
    assert not name_indices(total, np.array(eligible, dtype=np.int64), INFERENCE).any()


def test_reversing_the_axis_reverses_the_names():
    total = humps([8, 20, 23, 50], seed=3)
    one = name_indices(total, np.arange(4), Inference(2000))
    other = name_indices(total[:, ::-1], np.arange(4), Inference(2000))
    used = total.any(axis=0)  # where to cut between two that no frame has is arbitrary
    np.testing.assert_array_equal(one[:, used], other[:, ::-1][:, used])


def test_all_pairs_of_names_are_tried():
    for pair in combinations(range(4), 2):
        centres = np.full(4, 45)
        centres[list(pair)] = 12
        named = name_indices(humps(centres, seed=4), np.arange(4), INFERENCE)
        assert set(np.flatnonzero(named[:, 12])) == set(pair)
