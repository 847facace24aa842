"""`curve.arrangement`: codewords on a line, against every move and every order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import nearest_corner

from sfvq_analysis.curve import arranged, arrangement_cost, shared_frames, successions
from sfvq_analysis.errors import OptionError

made = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def weights_of(n, seed=0, share=1.0):
    """Return symmetric random weights, a share of them not zero."""
    rng = np.random.default_rng(seed)
    w = np.triu(rng.random((n, n)) * (rng.random((n, n)) < share), 1)
    return w + w.T + np.diag(rng.random(n))


def chain(n):
    return np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)


def cost_of(weights, order, places=None) -> float:
    """Return Σ_{i<j} W_ij |place_i - place_j|, and what items cost at their places."""
    place = {int(item): at for at, item in enumerate(order)}
    n = len(weights)
    cost = sum(weights[i, j] * abs(place[i] - place[j]) for i in range(n) for j in range(i))
    return cost if places is None else cost + sum(places[i, place[i]] for i in range(n))


def moves_of(order, stretch):
    """Yield every order that one item's move within its stretch gives."""
    for start in range(len(order)):
        rest = np.delete(order, start)
        first = start // stretch * stretch
        for place in range(first, min(first + stretch, len(order))):
            yield np.insert(rest, place, order[start])


@made
@given(
    seeds,
    st.integers(1, 9),
    st.sampled_from([0.3, 1.0]),
    st.sampled_from([None, 1, 2, 3, 20]),
    st.sampled_from([None, 0.1, 10.0]),
)
def test_no_single_move_makes_it_cheaper(seed, n, share, stretch, anchor):
    w = weights_of(n, seed, share)
    places = None if anchor is None else anchor * np.random.default_rng(seed).random((n, n))
    order = arranged(w, places=places, stretch=stretch)
    cost = cost_of(w, order, places)
    assert cost <= cost_of(w, range(n), places) + 1e-12
    for moved in moves_of(order, stretch or n):
        assert cost <= cost_of(w, moved, places) + 1e-6


@made
@given(seeds, st.integers(1, 40), st.integers(1, 45))
def test_items_stay_in_their_stretch(seed, n, stretch):
    order = arranged(weights_of(n, seed), stretch=stretch)
    assert sorted(order.tolist()) == list(range(n))
    np.testing.assert_array_equal(order // stretch, np.arange(n) // stretch)


def test_it_is_seldom_far_from_the_best_of_all_orders():
    ratios = []
    for seed in range(25):
        w = weights_of(6, seed, share=0.6)
        best = min(cost_of(w, order) for order in permutations(range(6)))
        ratios.append(cost_of(w, arranged(w)) / best)
    assert min(ratios) == pytest.approx(1)
    assert np.mean(ratios) < 1.05


@pytest.mark.parametrize("seed", range(5))
def test_two_groups_that_share_nothing_come_apart(seed):
    member = np.random.default_rng(seed).permutation(np.arange(12) % 2)
    order = arranged((member[:, None] == member).astype(float))
    assert np.abs(np.diff(member[order])).sum() == 1


@pytest.mark.parametrize("n", [2, 5, 8, 16])
def test_a_chain_is_recovered_from_any_order(n):
    for seed in range(20):
        shuffled = np.random.default_rng(seed).permutation(n)
        order = shuffled[arranged(chain(n)[np.ix_(shuffled, shuffled)])].tolist()
        assert order in (list(range(n)), list(range(n))[::-1])


def test_what_places_cost_decides_where_it_is_large_or_there_is_nothing_else():
    wanted = np.random.default_rng(0).permutation(9)
    away = np.abs(np.argsort(wanted)[:, None] - np.arange(9))  # of item i from where it belongs
    for w in (np.zeros((9, 9)), weights_of(9)):
        assert arranged(w, places=100 * away**2).tolist() == wanted.tolist()
    np.testing.assert_array_equal(arranged(weights_of(9), places=0 * away), arranged(weights_of(9)))


def test_neighbourhoods_of_a_line_are_recovered_from_any_order():
    """Weights that fall off with distance, as those of codewords on a curve do."""
    place = np.arange(20)
    w = np.exp(-0.5 * ((place[:, None] - place) / 2.0) ** 2)
    for seed in range(10):
        shuffled = np.random.default_rng(seed).permutation(20)
        order = shuffled[arranged(w[np.ix_(shuffled, shuffled)])]
        assert cost_of(w, order) < 1.35 * cost_of(w, place)


def test_it_is_the_same_every_time_and_weights_are_left_alone():
    w = weights_of(30)
    kept = w.copy()
    np.testing.assert_array_equal(arranged(w), arranged(w))
    np.testing.assert_array_equal(w, kept)
    np.testing.assert_array_equal(arranged(w.tolist()), arranged(w + 5 * np.eye(30)))


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_scale_of_the_weights_does_not_matter(scale):
    np.testing.assert_array_equal(arranged(scale * weights_of(30)), arranged(weights_of(30)))


def test_nothing_to_gain_changes_nothing():
    for w in (np.zeros((5, 5)), np.ones((5, 5)), np.zeros((1, 1))):
        assert arranged(w).tolist() == list(range(len(w)))


@pytest.mark.parametrize("weights", [np.ones((3, 4)), np.ones(4), np.ones((2, 2, 2))])
def test_weights_that_are_no_square_are_refused(weights):
    with pytest.raises(OptionError, match=r"weights have shape .*; give \(n, n\)"):
        arranged(weights)


@pytest.mark.parametrize(
    "weights", [-np.ones((3, 3)), np.full((3, 3), np.nan), np.arange(9.0).reshape(3, 3)]
)
def test_weights_that_are_negative_or_not_symmetric_are_refused(weights):
    with pytest.raises(OptionError, match="weights are negative, NaN or not symmetric"):
        arranged(weights)


def test_places_of_another_shape_are_refused():
    with pytest.raises(OptionError, match=r"places have shape \(3, 4\); give \(4, 4\)"):
        arranged(np.ones((4, 4)), places=np.ones((3, 4)))


@pytest.mark.parametrize("stretch", [0, -3, 2.0])
def test_a_stretch_of_nothing_is_refused(stretch):
    with pytest.raises(OptionError, match=f"stretch is {stretch}; use an integer >= 1"):
        arranged(np.ones((4, 4)), stretch=stretch)


@made
@given(seeds, st.integers(2, 12))
def test_the_cost_is_the_mean_distance_over_that_at_random(seed, n):
    w = weights_of(n, seed)
    total = np.triu(w, 1).sum()
    assert arrangement_cost(w) == pytest.approx(cost_of(w, range(n)) / total / ((n + 1) / 3))


def test_without_weights_there_is_no_cost():
    assert np.isnan(arrangement_cost(np.zeros((4, 4))))
    assert np.isnan(arrangement_cost(np.ones((1, 1))))


def test_the_cost_is_one_on_average_over_all_orders():
    w = weights_of(5)
    orders = map(list, permutations(range(5)))
    assert np.mean([arrangement_cost(w[np.ix_(o, o)]) for o in orders]) == pytest.approx(1)


@made
@given(seeds, st.integers(2, 8), st.sampled_from([0.05, 0.3, 2.0]))
def test_shared_frames_are_those_of_the_definition(seed, size, softness):
    rng = np.random.default_rng(seed)
    frames, codebook = rng.normal(size=(50, 3)) + 10, rng.normal(size=(size, 3)) + 10
    width = softness * nearest_corner(frames, codebook)[1].mean()
    near = np.exp(-((frames[:, None] - codebook) ** 2).sum(axis=2) / width)
    near /= near.sum(axis=1, keepdims=True)
    found = shared_frames(frames.astype(np.float32), codebook, softness)
    np.testing.assert_allclose(found, near.T @ near, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(found.sum(axis=1), near.sum(axis=0), rtol=1e-3, atol=1e-3)
    assert found.sum() == pytest.approx(len(frames), rel=1e-5)


def test_frames_of_many_blocks_and_a_width_of_nothing():
    """Each frame is its nearest codeword's alone: counts on the diagonal."""
    rng = np.random.default_rng(0)
    frames, codebook = rng.normal(size=(9000, 2)).astype(np.float32), rng.normal(size=(5, 2))
    counts = np.bincount(nearest_corner(frames, codebook)[0], minlength=5)
    np.testing.assert_allclose(shared_frames(frames, codebook, 1e-6), np.diag(counts), atol=2)
    exact = shared_frames(codebook.astype(np.float32), codebook.astype(np.float32), 0.3)
    np.testing.assert_allclose(exact, np.eye(5), atol=1e-6)


@made
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60))
def test_successions_are_counted_either_way_round(steps):
    index = np.array([k for k, _ in steps], dtype=np.int32)
    joined = np.array([j for _, j in steps[1:]], dtype=bool)
    expected = np.zeros((6, 6))
    for before, after, follows in zip(index, index[1:], joined, strict=False):
        if follows:
            expected[before, after] += 1
            expected[after, before] += 1
    np.testing.assert_array_equal(successions(index, 6, joined), expected)
