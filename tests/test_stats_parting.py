from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from sfvq_analysis.stats.arithmetic.parting import (
    best_cut,
    best_range,
    ceiling,
    range_gain,
    side_density,
)

SEEDS = st.integers(0, 10_000)


def two_sides(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 6, (2, size)) * (rng.random((2, size)) < 0.7)
    counts[:, 0] += 1
    return counts[0] / counts[0].sum(), counts[1] / counts[1].sum()


def accuracy(first: np.ndarray, second: np.ndarray, second_codes: set[int]) -> float:
    right = sum(first[k] for k in range(len(first)) if k not in second_codes)
    return (right + sum(second[k] for k in second_codes)) / 2


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 12))
def test_the_cut_is_the_best_over_thresholds_and_directions(seed, size):
    first, second = two_sides(seed, size)
    below = [set(range(k)) for k in range(size + 1)]
    best = max(
        accuracy(first, second, chosen)
        for codes in below
        for chosen in (codes, set(range(size)) - codes)
    )
    cut = best_cut(first, second)
    assert cut.accuracy == pytest.approx(best)
    lower = set(range(int(cut.threshold) + 1))
    chosen = set(range(size)) - lower if cut.second_above else lower
    assert accuracy(first, second, chosen) == pytest.approx(best)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(2, 12))
def test_the_range_is_the_best_over_all_ranges(seed, size):
    first, second = two_sides(seed, size)
    sums = {(i, j): (first - second)[i : j + 1].sum() for i in range(size) for j in range(i, size)}
    best = max(0.0, *sums.values())
    assert range_gain(first - second) == pytest.approx(best, abs=1e-9)
    found = best_range(first - second)
    if best < 1e-9:
        assert found is None
    else:
        assert sums[found] == pytest.approx(best)
        equal = [one for one, gain in sums.items() if gain > best - 1e-9]
        lowest = [one for one in equal if one[1] == min(last for _, last in equal)]
        assert found == max(lowest)  # the shortest of those that end first


def test_balanced_accuracy_is_scikit_learns():
    rng = np.random.default_rng(0)
    side, index = rng.integers(0, 2, 300), rng.integers(0, 10, 300)
    index = np.where(side == 1, np.maximum(index, rng.integers(0, 10, 300)), index)
    first, second = (np.bincount(index[side == one], minlength=10) for one in (0, 1))
    cut = best_cut(first / first.sum(), second / second.sum())
    predicted = (index > cut.threshold) == cut.second_above
    assert cut.accuracy == pytest.approx(balanced_accuracy_score(side, predicted))


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_the_ceiling_is_the_best_over_all_orders_of_cuts_and_of_ranges(size):
    first, second = two_sides(size, size)
    orders = [list(order) for order in permutations(range(size))]
    assert ceiling(first, second) == pytest.approx(
        max(float(best_cut(first[order], second[order]).accuracy) for order in orders)
    )
    assert ceiling(first, second) == pytest.approx(
        max((1 + float(range_gain((first - second)[order]))) / 2 for order in orders)
    )


def test_many_at_a_time_are_as_one_by_one():
    sides = [two_sides(seed, 9) for seed in range(20)]
    first, second = (np.stack(side).reshape(4, 5, 9) for side in zip(*sides, strict=True))
    cut, gain = best_cut(first, second), range_gain(first - second)
    for at, (one, other) in zip(np.ndindex(4, 5), sides, strict=True):
        assert [part[at] for part in cut] == [part[()] for part in best_cut(one, other)]
        assert gain[at] == range_gain(one - other)


@given(SEEDS, st.integers(2, 12))
def test_reversing_the_axis_changes_no_accuracy(seed, size):
    first, second = two_sides(seed, size)
    straight, mirrored = best_cut(first, second), best_cut(first[::-1], second[::-1])
    assert straight.accuracy == pytest.approx(mirrored.accuracy)
    assert range_gain(first - second) == pytest.approx(range_gain((first - second)[::-1]))


def test_a_perfect_order_and_none():
    first, second = np.array([0.5, 0.5, 0, 0]), np.array([0, 0, 0.25, 0.75])
    assert best_cut(first, second) == (1.0, 1, True)
    assert best_cut(second, first) == (1.0, 1, False)
    assert best_range(second - first) == (2, 3)
    assert best_cut(first, first).accuracy == 0.5
    assert best_range(first - first) is None


def test_sides_are_means_of_groups_that_have_frames():
    density = np.array([[1.0, 0.0], [0.5, 0.5], [np.nan, np.nan], [0.0, 1.0]])
    side = side_density(density, np.array([True, True, True, False]))
    assert side.tolist() == [0.75, 0.25]
    assert np.isnan(side_density(density, np.array([False, False, True, False]))).all()
    assert np.isnan(side_density(density, np.zeros(4, dtype=bool))).all()


def test_what_is_nan_stays_nan():
    nothing, known = np.full(3, np.nan), np.array([1.0, 0.0, 0.0])
    assert np.isnan(best_cut(nothing, known).accuracy)
    assert np.isnan(range_gain(nothing - known))
    assert np.isnan(ceiling(nothing, known))


def test_equal_but_for_rounding_is_equal():
    excess = np.array([0.1, 0.2, -0.3, 0.3, 0.0])
    assert best_range(excess) == (0, 1)
