from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.stats.arithmetic.shortest import shortest_range, shortest_width

COUNTS = st.lists(st.integers(0, 9), min_size=1, max_size=14).filter(any)
MASS = st.sampled_from([0.01, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0])


def every_range(counts, mass):
    """Return the ranges that hold the share, the shortest and then the lowest first."""
    size, needed = len(counts), Fraction(str(mass)) * sum(counts)
    return sorted(
        (last - first + 1, first, last)
        for first in range(size)
        for last in range(first, size)
        if sum(counts[first : last + 1]) >= needed
    )


@settings(max_examples=80, deadline=None)
@given(COUNTS, MASS)
def test_it_is_the_shortest_of_all_that_hold_the_share_and_the_lowest(counts, mass):
    width, first, last = every_range(counts, mass)[0]
    assert shortest_range(np.array(counts), mass) == (first, last)
    assert shortest_width(np.array(counts), mass) == width


def test_many_at_a_time_are_as_one_by_one():
    counts = np.random.default_rng(0).integers(0, 5, (6, 4, 33)) ** 2
    found = shortest_width(counts, 0.8)
    for at in np.ndindex(6, 4):
        assert found[at] == every_range(counts[at].tolist(), 0.8)[0][0]


def test_shares_are_exact():
    assert shortest_range(np.array([4, 0, 4, 2]), 0.8) == (0, 2)  # 8 of 10, .8 * 10 = 8.000…
    assert shortest_width(np.array([3, 0, 6, 1]), 0.9) == 3
    assert shortest_range(np.array([7, 2, 1]), 0.7) == (0, 0)  # .7 * 10 < 7 in floats, > 7 not
    assert shortest_width(np.array([1] * 10), 0.3) == 3


@pytest.mark.parametrize(("mass", "width"), [(1 / 3, 34), (2 / 3, 67), (0.1 + 0.2, 31)])
def test_shares_of_many_digits_are_exact_too(mass, width):
    """Times the frames they are more than an int64 holds; .1 + .2 is a little more than .3."""
    counts = np.full((2, 100), 1000)
    assert shortest_width(counts, mass).tolist() == [width, width]
    assert shortest_range(counts[0], mass) == (0, width - 1)


@pytest.mark.parametrize("mass", [0.2, 1.0])
def test_one_used_code(mass):
    assert shortest_range(np.array([0, 0, 5, 0]), mass) == (2, 2)
    assert shortest_width(np.array([[7]]), mass).tolist() == [1]


def test_nothing_counted_is_nan():
    found = shortest_width(np.array([[0, 0], [0, 1]]), 0.8)
    assert np.isnan(found[0])
    assert found[1] == 1
    assert shortest_width(np.zeros((0, 5)), 0.8).shape == (0,)
