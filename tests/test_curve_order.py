"""`curve.order`: orders of a codebook and the direction of an axis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import path_length, shortest_length

from sfvq_analysis.curve import principal_order, quieter_end_first, shortest_path
from sfvq_analysis.errors import QuantizerError

made = settings(max_examples=40, deadline=None)


@st.composite
def codebooks(draw, most: int = 40):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = rng.normal(size=(draw(st.integers(2, most)), draw(st.integers(1, 8))))
    if draw(st.booleans()):
        points[rng.integers(len(points))] = points[0]
    return points


@made
@given(codebooks())
def test_orders_are_permutations_the_same_every_time(points):
    for order in (principal_order, shortest_path):
        found = order(points)
        assert sorted(found.tolist()) == list(range(len(points)))
        np.testing.assert_array_equal(order(points.copy()), found)


@made
@given(codebooks())
def test_the_path_is_never_longer_than_the_principal_order(points):
    found, start = points[shortest_path(points)], points[principal_order(points)]
    assert path_length(found) <= path_length(start) * (1 + 1e-12)


@settings(max_examples=25, deadline=None)
@given(codebooks(most=7))
def test_the_path_through_few_points_is_nearly_the_shortest(points):
    """A local optimum under both moves: on 20,000 random sets of 4-7 points the worst was 1.07."""
    assert path_length(points[shortest_path(points)]) <= 1.1 * shortest_length(points) + 1e-12


def test_the_path_through_few_points_is_mostly_the_shortest():
    rng = np.random.default_rng(0)
    sets = [rng.normal(size=(6, dim)) for dim in (1, 2, 3, 8) for _ in range(8)]
    ratios = np.array([path_length(p[shortest_path(p)]) / shortest_length(p) for p in sets])
    assert (ratios < 1 + 1e-9).mean() >= 0.8
    assert ratios.mean() <= 1.01


@made
@given(codebooks(most=16))
def test_no_reversal_and_no_transfer_shortens_the_path(points):
    path = points[shortest_path(points)]
    n, least = len(path), path_length(path) * (1 - 1e-9) - 1e-12
    for i in range(n):
        for j in range(i + 1, n + 1):
            turned = np.concatenate([path[:i], path[i:j][::-1], path[j:]])
            assert path_length(turned) >= least
            if j - i <= 3:
                rest = np.concatenate([path[:i], path[j:]])
                for at in range(len(rest) + 1):
                    moved = np.concatenate([rest[:at], path[i:j], rest[at:]])
                    assert path_length(moved) >= least


def test_the_path_along_a_bent_line_is_the_line():
    """A spiral, shuffled: its principal order is no path, the short path is."""
    angle = np.linspace(0, 5, 60)
    spiral = np.stack([np.cos(angle) * (1 + angle), np.sin(angle) * (1 + angle)], axis=1)
    shuffled = np.random.default_rng(0).permutation(60)
    steps = np.diff(shuffled[shortest_path(spiral[shuffled])])
    assert (np.abs(steps) == 1).all()
    assert (np.abs(np.diff(shuffled[principal_order(spiral[shuffled])])) > 1).any()


def test_principal_order_is_along_the_longest_axis():
    rng = np.random.default_rng(1)
    along = rng.permutation(30)
    points = along[:, None] * np.array([[1.0, 2.0, -1.0]]) + 0.1 * rng.normal(size=(30, 3)) + 1e4
    steps = np.diff(along[principal_order(points)])
    assert (steps == 1).all() or (steps == -1).all()


@pytest.mark.parametrize("order", [principal_order, shortest_path])
def test_two_points_and_points_that_are_all_one(order):
    assert sorted(order([[0.0], [1.0]]).tolist()) == [0, 1]
    assert sorted(order(np.ones((6, 3))).tolist()) == list(range(6))


@pytest.mark.parametrize("size", [2, 3, 4, 8, 64])
def test_the_quieter_end(size):
    norms = np.linspace(1, 2, size)
    corners = np.stack([norms, np.zeros(size)], axis=1)
    assert quieter_end_first(corners)
    assert not quieter_end_first(corners[::-1])
    assert quieter_end_first(np.ones((size, 2)))


def test_the_quieter_end_looks_at_a_quarter():
    """One loud corner among the first does not outweigh the rest of the quarter."""
    norms = np.r_[0.0, 0.0, 0.0, 1.0, np.full(4, 50.0), np.full(4, 10.0), 0.3, 0.3, 0.3, 0.3]
    assert quieter_end_first(norms[:, None])
    norms[3] = 1.3
    assert not quieter_end_first(norms[:, None])


@pytest.mark.parametrize("function", [principal_order, shortest_path, quieter_end_first])
@pytest.mark.parametrize("codebook", [[[1.0, 2.0]], [1.0, 2.0], [[0.0], [np.inf]]])
def test_what_is_not_a_codebook_is_refused(function, codebook):
    with pytest.raises(QuantizerError, match="codebook"):
        function(codebook)
