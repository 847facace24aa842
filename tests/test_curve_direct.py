"""`curve.direct`: few dimensions, where nothing is screened."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import (
    around,
    assert_nearest,
    assert_same_bytes,
    block_size,
    there_and_back,
    walk,
)

from sfvq_analysis.curve import Engine, nearest_codeword, project
from sfvq_analysis.curve.search import direct, screening

FEW = pytest.mark.parametrize("dim", [1, 2, 3, 4])


@FEW
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_long_curves_are_exact(dim, dtype, offset):
    corners = walk(200, dim) + offset
    frames = (around(corners, 25).astype(float) + 1e-3).astype(dtype)
    assert_nearest(project(frames, corners), frames, corners)


@FEW
def test_a_dimension_more_that_says_nothing_changes_nothing(dim):
    """With zeros up to five dimensions the same frames are screened."""
    corners = walk(60, dim)
    frames = around(corners, 800)
    wider = [np.pad(array, ((0, 0), (0, 5 - dim))) for array in (frames, corners)]
    codes, screened = project(frames, corners), project(*wider)
    np.testing.assert_array_equal(codes.codeword, screened.codeword)
    np.testing.assert_allclose(codes.distortion, screened.distortion, rtol=1e-6, atol=1e-12)
    if dim > 1:  # on a line, many places are equally near
        np.testing.assert_allclose(codes.position, screened.position, atol=1e-5)


@FEW
def test_every_frame_is_as_it_is_alone(dim):
    """Loops over several frames at a time and over the rest must round alike."""
    corners = walk(20, dim)
    frames = around(corners, block_size(corners) + 37)
    whole, codewords = project(frames, corners), nearest_codeword(frames, corners)
    for n_frames in (1, 2, 3, 7, 15, 16, 17, 37):
        for part in (slice(n_frames), slice(len(frames) - n_frames, None)):
            assert_same_bytes(project(frames[part], corners), whole.rows(part))
            alone = nearest_codeword(frames[part], corners)
            assert_same_bytes(alone, [column[part] for column in codewords])


@FEW
def test_codewords_are_the_same_with_and_without_the_curve(dim):
    corners = walk(300, dim)
    frames = around(corners, 900)
    codes = project(frames, corners)
    wanted = codes.codeword, codes.codeword_distortion
    assert_same_bytes(nearest_codeword(frames, corners), wanted)


@FEW
def test_a_place_that_is_visited_again_is_the_first_visit(dim):
    once, corners = walk(9, dim), there_and_back(9, dim)
    frames = around(once, 500)
    codes, wanted = project(frames, corners), project(frames, once)
    assert codes.codeword.max() < 9
    np.testing.assert_allclose(codes.position, wanted.position, atol=1e-6)


@FEW
def test_corners_themselves(dim):
    corners = walk(30, dim)
    corners[[7, 20]] = corners[3]
    codes = project(corners, corners)
    np.testing.assert_allclose(codes.distortion, 0, atol=1e-28)
    assert not codes.codeword_distortion.any()
    assert codes.codeword[[7, 20]].tolist() == [3, 3]
    if dim > 1:
        wanted = np.where(np.isin(np.arange(30), [7, 20]), 3, np.arange(30))
        np.testing.assert_array_equal(codes.position, wanted)


@pytest.mark.parametrize("length", [1e-20, 1e-100, 1e-160, 0.0])
def test_segments_of_hardly_any_length(length):
    codes = project([[0.3, 0.2], [1.0, 0.0], [2.0, 0.0]], [[0, 0], [1, 0], [1, length]])
    np.testing.assert_allclose(codes.distortion, [0.04, 0, 1], atol=1e-12)
    assert np.isfinite(codes.t).all()


def test_coordinates_are_spread_and_those_that_are_not_usable_noticed():
    rows = np.full((4, 3), np.nan)
    assert direct.spread(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.zeros(2), rows)
    assert rows.tolist() == [[1, 3, 5], [2, 4, 6], [0, 0, 0], [0, 0, 0]]
    for bad in (np.inf, np.nan, 2e18):
        assert not direct.spread(np.array([[1.0], [bad], [2.0]]), np.zeros(1), rows)


def test_products_are_not_asked_for(monkeypatch):
    corners = walk(9, 2)
    frames = around(corners, 20)
    codes = project(frames, corners)
    monkeypatch.setattr(screening, "product", None)
    assert_same_bytes(project(frames, corners, Engine(products="onednn")), codes)
