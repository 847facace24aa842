"""`curve.growth`: points at fractional indices and the doubling of corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import nearest_on_curve, path_length

from sfvq_analysis.curve import grow, point_at
from sfvq_analysis.curve.growth import PUBLISHED_SHIFT
from sfvq_analysis.errors import QuantizerError

made = settings(max_examples=40, deadline=None)


@st.composite
def curves(draw, sizes=(2, 4, 8, 16)):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corners = rng.normal(size=(draw(st.sampled_from(sizes)), draw(st.integers(1, 6))))
    if draw(st.booleans()):
        corners[1] = corners[0]
    return corners


@made
@given(curves())
def test_growth_doubles_without_moving_the_curve(corners):
    grown = grow(corners)
    assert grown.shape == (2 * len(corners), corners.shape[1])
    np.testing.assert_allclose(nearest_on_curve(grown, corners).distortion, 0, atol=1e-24)
    assert path_length(grown) == pytest.approx(path_length(corners))
    np.testing.assert_array_equal(grown[[0, -1]], corners[[0, -1]])


@made
@given(curves())
def test_old_corners_stay_on_their_side_of_each_pair(corners):
    grown, half = grow(corners), len(corners) // 2
    np.testing.assert_array_equal(grown[::2][:half], corners[:half])
    np.testing.assert_array_equal(grown[1::2][half:], corners[half:])
    for i in range(half):
        apart = (1 - PUBLISHED_SHIFT) * corners[i] + PUBLISHED_SHIFT * corners[i + 1]
        np.testing.assert_allclose(grown[2 * i + 1], apart, atol=1e-12)
    for i in range(half, len(corners)):
        apart = (1 - PUBLISHED_SHIFT) * corners[i] + PUBLISHED_SHIFT * corners[i - 1]
        np.testing.assert_allclose(grown[2 * i], apart, atol=1e-12)


@made
@given(curves(sizes=(2, 3, 5, 9)), st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_points_are_between_the_corners_they_name(corners, shares):
    position = np.array(shares) * (len(corners) - 1)
    for at, point in zip(position, point_at(corners, position), strict=True):
        expected = [np.interp(at, np.arange(len(corners)), axis) for axis in corners.T]
        np.testing.assert_allclose(point, expected, atol=1e-12)


def test_whole_positions_are_the_corners_both_ends_included():
    corners = np.random.default_rng(0).normal(size=(7, 3))
    np.testing.assert_array_equal(point_at(corners, np.arange(7)), corners)
    assert point_at(corners, []).shape == (0, 3)


@pytest.mark.parametrize("position", [-1e-9, 2.0001, np.nan, np.inf, -np.inf])
def test_positions_off_the_axis_are_refused(position):
    with pytest.raises(QuantizerError, match=r"stay within 0 … 2$"):
        point_at(np.eye(3), [0.0, position])


@pytest.mark.parametrize("function", [grow, lambda corners: point_at(corners, [0.0])])
@pytest.mark.parametrize("corners", [[[1.0, 2.0]], [1.0, 2.0], [[0.0], [np.nan]]])
def test_what_is_not_a_curve_is_refused(function, corners):
    with pytest.raises(QuantizerError, match="codebook"):
        function(corners)
