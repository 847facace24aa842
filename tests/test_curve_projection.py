"""`curve.projection` against loops in float64, on curves that hypothesis makes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import nearest_corner, nearest_on_curve, published_rule

from sfvq_analysis.curve import (
    grow,
    nearest_codeword,
    point_at,
    project,
    published_projection,
    roughly_nearest,
)
from sfvq_analysis.errors import QuantizerError

made = settings(max_examples=80, deadline=None)


class Case(NamedTuple):
    frames: np.ndarray
    corners: np.ndarray

    @property
    def tolerance(self) -> float:
        """1e-5 of the mean distortion plus 1e-10 of the largest centred square."""
        centre = self.corners.mean(axis=0)
        squares = [((a - centre) ** 2).sum(axis=1).max() for a in (self.frames, self.corners)]
        mean = nearest_on_curve(self.frames, self.corners).distortion.mean()
        return 1e-5 * mean + 1e-10 * max(squares) + 1e-30


@st.composite
def cases(draw, smallest: int = 2, most_dims: int = 40) -> Case:
    """Frames and a curve: steps of any direction, some without length, anywhere in space."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dim = draw(st.integers(1, most_dims))
    size = draw(st.integers(smallest, 24))
    corners = rng.normal(size=(size, dim))
    if draw(st.booleans()):
        corners = corners.cumsum(axis=0)
    for k in draw(st.lists(st.integers(1, size - 1), max_size=3)):
        corners[k] = corners[k - 1]
    if draw(st.booleans()):
        corners[draw(st.integers(0, size - 1))] = corners[draw(st.integers(0, size - 1))]
    frames = rng.normal(size=(draw(st.integers(1, 30)), dim)) * corners.std()
    frames += corners[rng.integers(size, size=len(frames))]
    offset = draw(st.sampled_from([0.0, 1.0, 1e3, 1e6]))
    scale = draw(st.sampled_from([1e-3, 1.0, 100.0]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return Case((frames * scale + offset).astype(dtype), (corners * scale + offset))


def squares_to(frames, points):
    return ((np.asarray(frames, np.float64) - points) ** 2).sum(axis=1)


@made
@given(cases())
def test_exact_projection_is_the_nearest_point_of_the_whole_curve(case):
    codes, oracle = project(*case), nearest_on_curve(*case)
    np.testing.assert_allclose(codes.distortion, oracle.distortion, atol=case.tolerance, rtol=1e-6)
    decoded = squares_to(case.frames, point_at(case.corners, codes.position))
    reach = np.abs(case.corners - case.corners.mean(axis=0)).max()
    np.testing.assert_allclose(decoded, codes.distortion, atol=1e-5 * reach**2, rtol=1e-4)


@settings(max_examples=15, deadline=None)
@given(cases(most_dims=8))
def test_position_is_the_oracles_where_the_nearest_point_is_unique(case):
    """Where the second best place is clearly worse, k + t must be that of the loops."""
    codes, oracle = project(*case), nearest_on_curve(*case)
    steps = np.linalg.norm(np.diff(case.corners, axis=0), axis=1)
    for i, frame in enumerate(np.asarray(case.frames, np.float64)):
        for k in range(len(steps)):
            rival = nearest_on_curve(frame[None], case.corners[k : k + 2])
            apart = abs(k + rival.position[0] - oracle.position[i])
            if apart > 1e-3 and rival.distortion[0] <= oracle.distortion[i] + 10 * case.tolerance:
                break
        else:
            place = point_at(case.corners, [codes.position[i], oracle.position[i]])
            assert np.linalg.norm(place[0] - place[1]) <= 1e-6 * (1 + steps.max()) + 1e-9 * 1e6


@made
@given(cases())
def test_codeword_is_the_nearest_corner_in_every_mode(case):
    index, distortion = nearest_corner(*case)
    allowed = case.tolerance + 1e-6 * distortion
    for codeword, stated in (
        (project(*case).codeword, project(*case).codeword_distortion),
        (published_projection(*case).codeword, published_projection(*case).codeword_distortion),
        nearest_codeword(*case),
    ):
        assert (np.abs(stated - distortion) <= allowed).all()
        differs = codeword != index
        at_codeword = squares_to(case.frames[differs], case.corners[codeword[differs]])
        assert (at_codeword <= distortion[differs] + allowed[differs]).all()


@made
@given(cases())
def test_exact_is_never_worse_than_published_nor_published_than_the_corner(case):
    exact, published = project(*case), published_projection(*case)
    assert (exact.distortion <= published.distortion + case.tolerance).all()
    assert (published.distortion <= published.codeword_distortion + case.tolerance).all()


@made
@given(cases())
def test_published_rule_equals_the_text_of_the_paper(case):
    codes, oracle = published_projection(*case), published_rule(*case)
    allowed = case.tolerance + 1e-6 * oracle.distortion
    index, distortion = nearest_corner(*case)
    gap = [np.partition(squares_to(case.corners, frame), 1)[1] for frame in case.frames]
    clear = np.asarray(gap) > distortion + 10 * case.tolerance  # k* is not in doubt
    assert (np.abs(codes.distortion - oracle.distortion) <= allowed)[clear].all()
    assert ((codes.segment == index) | (codes.segment == index - 1))[
        clear & (index > 0) & (index < len(case.corners) - 1)
    ].all()


@pytest.mark.parametrize("size", [2, 3, 4])
def test_published_rule_at_the_ends_of_short_curves(size):
    rng = np.random.default_rng(size)
    corners, frames = rng.normal(size=(size, 3)), 3 * rng.normal(size=(400, 3))
    codes, oracle = published_projection(frames, corners), published_rule(frames, corners)
    np.testing.assert_allclose(codes.position, oracle.position, atol=1e-6)
    np.testing.assert_allclose(codes.distortion, oracle.distortion, rtol=1e-6)
    assert set(codes.segment) == set(range(size - 1))


def test_published_rule_misses_a_segment_that_exact_projection_finds():
    corners = [[0.0, 0.0], [10.0, 0.0], [10.0, 1.0], [5.0, 1.0], [0.0, 1.0]]
    frame = [[5.0, 0.2]]
    assert published_projection(frame, corners).distortion[0] == pytest.approx(0.8**2)
    assert project(frame, corners).distortion[0] == pytest.approx(0.2**2)


def test_published_ties_go_to_the_left_segment():
    codes = published_projection([[1.0, 1.0]], [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert (int(codes.segment[0]), float(codes.t[0])) == (0, 1.0)
    assert published_projection([[3.0]], [[0.0], [2.0], [0.0], [9.0]]).segment[0] == 0


@made
@given(cases())
def test_decoding_is_idempotent(case):
    points = point_at(case.corners, project(*case).position)
    again = project(points, case.corners)
    assert (again.distortion <= Case(points, case.corners).tolerance).all()
    largest = np.abs(case.corners - case.corners.mean(axis=0)).max()
    np.testing.assert_allclose(
        point_at(case.corners, again.position), points, atol=1e-4 * largest + 1e-8, rtol=0
    )


@made
@given(cases())
def test_reversing_the_curve_mirrors_positions(case):
    codes, back = project(*case), project(case.frames, case.corners[::-1])
    np.testing.assert_allclose(back.distortion, codes.distortion, atol=case.tolerance, rtol=1e-6)
    mirrored = point_at(case.corners, len(case.corners) - 1 - back.position)
    squares = squares_to(case.frames, mirrored)
    reach = np.abs(case.corners - case.corners.mean(axis=0)).max()
    np.testing.assert_allclose(squares, codes.distortion, atol=1e-5 * reach**2, rtol=1e-4)


def test_mirrored_positions_themselves_where_no_two_places_tie():
    rng = np.random.default_rng(3)
    corners, frames = rng.normal(size=(40, 6)), rng.normal(size=(500, 6))
    forth, back = project(frames, corners), project(frames, corners[::-1])
    np.testing.assert_allclose(39 - back.position, forth.position, atol=1e-5)
    np.testing.assert_array_equal(39 - back.codeword, forth.codeword)


@made
@given(cases(smallest=3))
def test_frames_on_corners_belong_to_the_segment_that_starts_there(case):
    codes = project(case.corners, case.corners)
    np.testing.assert_allclose(codes.distortion, 0, atol=1e-16)
    first = [next(j for j, b in enumerate(case.corners) if (b == a).all()) for a in case.corners]
    np.testing.assert_array_equal(codes.codeword, first)
    np.testing.assert_allclose(codes.codeword_distortion, 0)
    inside = codes.segment < len(case.corners) - 2
    assert (codes.t[inside] < 1).all()


def test_canonical_place_of_every_corner():
    corners = np.random.default_rng(0).normal(size=(9, 5))
    codes = project(corners, corners)
    assert codes.segment.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7]
    assert codes.t.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_equal_distances_take_the_lowest_position():
    corners = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]]
    codes = project([[1.0, 1.0]], corners)  # nearest to three segments alike
    assert (codes.position[0], codes.codeword[0]) == (0.5, 0)
    doubled = [[0.0], [4.0], [4.0], [4.0], [8.0]]
    codes = project([[4.0]], doubled)
    assert (codes.position[0], codes.codeword[0]) == (1.0, 1)


@pytest.mark.parametrize("value", [0.0, 1e6])
def test_a_curve_without_length(value):
    corners = np.full((5, 3), value)
    codes = project([[value + 2.0, value, value]], corners)
    assert (codes.codeword[0], codes.position[0], codes.distortion[0]) == (0, 0.0, 4.0)
    codes = published_projection([[value + 2.0, value, value]], corners)
    assert (codes.codeword[0], codes.distortion[0]) == (0, 4.0)


def exact_place(frame, corners):
    """Position and squared distance in rational numbers."""
    best = None
    for k, (start, end) in enumerate(pairwise(corners)):
        step = [Fraction(b - a) for a, b in zip(start, end, strict=True)]
        offset = [Fraction(b - a) for a, b in zip(start, frame, strict=True)]
        length = sum(s * s for s in step)
        along = sum(o * s for o, s in zip(offset, step, strict=True))
        t = min(max(along / length, Fraction(0)), Fraction(1)) if length else Fraction(0)
        squared = sum((o - t * s) ** 2 for o, s in zip(offset, step, strict=True))
        if best is None or squared < best[1]:
            best = (k + t, squared)
    return best


points = st.lists(st.integers(-8, 8), min_size=2, max_size=2)


@made
@given(st.lists(points, min_size=2, max_size=8), points)
def test_distortion_is_that_of_rational_arithmetic(corners, frame):
    _, squared = exact_place(frame, corners)
    assert project([frame], corners).distortion[0] == pytest.approx(float(squared), abs=1e-6)


def test_far_from_the_origin_loses_nothing():
    rng = np.random.default_rng(5)
    corners, frames = rng.normal(size=(60, 16)), rng.normal(size=(700, 16))
    near, far = project(frames, corners), project(frames + 1e6, corners + 1e6)
    np.testing.assert_array_equal(far.codeword, near.codeword)
    np.testing.assert_allclose(far.position, near.position, atol=1e-6)
    np.testing.assert_allclose(far.distortion, near.distortion, rtol=1e-6)


def test_more_frames_than_a_block_are_as_each_alone():
    rng = np.random.default_rng(6)
    corners, frames = rng.normal(size=(300, 4)), rng.normal(size=(9001, 4)).astype(np.float32)
    whole = project(frames, corners)
    for chosen in (slice(0, 1), slice(870, 880), slice(4090, 4100), slice(8995, None)):
        part = project(frames[chosen], corners)
        for ours, alone in zip(whole, part, strict=True):
            np.testing.assert_array_equal(ours[chosen], alone)
    sample = rng.choice(9001, 60, replace=False)
    oracle = nearest_on_curve(frames[sample], corners)
    np.testing.assert_allclose(whole.distortion[sample], oracle.distortion, atol=1e-8, rtol=1e-5)
    codeword, distortion = nearest_codeword(frames, corners)
    np.testing.assert_array_equal(codeword, whole.codeword)
    np.testing.assert_array_equal(distortion, whole.codeword_distortion)


def test_strands_nearer_to_each_other_than_float32_can_tell():
    """A curve that turns and runs back 1e-4 away: products in float32 can't say which strand."""
    rng = np.random.default_rng(9)
    forth = rng.normal(size=(12, 8))
    corners = np.vstack([forth, [[2.0] * 8], forth[::-1] + 1e-4 * rng.normal(size=(12, 8))])
    frames = point_at(corners, rng.random(400) * 24) + 3e-5 * rng.normal(size=(400, 8))
    codes, oracle = project(frames, corners), nearest_on_curve(frames, corners)
    np.testing.assert_allclose(codes.distortion, oracle.distortion, rtol=1e-5)
    index, distortion = nearest_corner(frames + 1e-5, corners)
    codeword, stated = nearest_codeword(frames + 1e-5, corners)
    np.testing.assert_array_equal(codeword, index)
    np.testing.assert_allclose(stated, distortion, rtol=1e-5)


def test_many_codewords_in_many_dimensions_decided_in_pieces():
    """Doubled codewords send every frame to the float64 decision; the lower index must win."""
    rng = np.random.default_rng(8)
    half = rng.normal(size=(1500, 700))
    codeword, distortion = nearest_codeword(half[:20] + 1e-3, np.repeat(half, 2, axis=0))
    assert codeword.tolist() == list(range(0, 40, 2))
    np.testing.assert_allclose(distortion, 700 * 1e-6, rtol=1e-3)


@pytest.mark.parametrize("rule", [project, published_projection])
def test_no_frames(rule):
    codes = rule(np.zeros((0, 3), np.float32), np.eye(3))
    dtypes = [np.int32, np.int32, np.float32, np.float32, np.float32]
    assert [column.shape for column in codes] == [(0,)] * 5
    assert [column.dtype for column in codes] == dtypes
    assert codes.position.shape == (0,)
    codeword, distortion = nearest_codeword(np.zeros((0, 3)), np.eye(3))
    assert len(codeword) == len(distortion) == 0


@pytest.mark.parametrize("rule", [project, published_projection])
def test_shapes_dtypes_and_that_nothing_given_is_changed(rule):
    frames, corners = np.arange(12).reshape(6, 2), np.array([[0, 0], [5, 5], [9, 9]])
    kept = frames.copy(), corners.copy()
    codes = rule(frames, corners)
    dtypes = [np.int32, np.int32, np.float32, np.float32, np.float32]
    assert [column.dtype for column in codes] == dtypes
    assert [column.shape for column in codes] == [(6,)] * 5
    np.testing.assert_array_equal(frames, kept[0])
    np.testing.assert_array_equal(corners, kept[1])


@pytest.mark.parametrize("rule", [project, published_projection, nearest_codeword])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_frames_that_are_not_finite_are_refused_by_row(rule, bad):
    frames = np.zeros((9, 2), np.float32)
    frames[[3, 7], 1] = bad
    with pytest.raises(QuantizerError, match=r"^2 of 9 frames .* the first is row 3"):
        rule(frames, np.eye(2))


@pytest.mark.parametrize("rule", [project, published_projection])
@pytest.mark.parametrize(
    ("frames", "corners", "message"),
    [
        (np.zeros((4, 3)), np.eye(2), "frames have 3 dimensions, the codebook 2"),
        (np.zeros(4), np.eye(2), r"frames have shape \(4,\)"),
        (np.zeros((2, 3, 2)), np.eye(2), r"frames have shape \(2, 3, 2\)"),
        (np.zeros((4, 2)), np.zeros((1, 2)), "K >= 2"),
        (np.zeros((4, 2)), np.zeros(2), r"codebook has shape \(2,\)"),
        (np.zeros((4, 0)), np.zeros((3, 0)), r"codebook has shape \(3, 0\)"),
        (np.zeros((4, 2)), [[0, 0], [0, np.nan]], "NaN or infinity, the first at codeword 1"),
    ],
)
def test_what_does_not_fit_is_refused(rule, frames, corners, message):
    with pytest.raises(QuantizerError, match=message) as refused:
        rule(frames, corners)
    assert "\n" not in str(refused.value)


def test_a_plain_codebook_may_have_one_codeword():
    codeword, distortion = nearest_codeword([[3.0], [0.0]], [[1.0]])
    assert codeword.tolist() == [0, 0]
    assert distortion.tolist() == [4.0, 1.0]


@pytest.mark.parametrize("length", [3e-3, 1e-3, 1e-4])
def test_segments_shorter_than_float32_can_resolve(length, rng):
    for _ in range(20):
        corners, step = rng.normal(size=(6, 8)), rng.normal(size=8)
        corners[3] = corners[2] + length * step / np.linalg.norm(step)
        frames = point_at(corners, 2 + rng.random(300))
        largest = max((frames**2).sum(1).max(), (corners**2).sum(1).max())
        expected = nearest_on_curve(frames, corners).distortion
        found = project(frames, corners).distortion
        np.testing.assert_allclose(found, expected, atol=1e-10 * largest)


def test_frames_on_a_freshly_grown_curve(rng):
    corners = grow(grow(rng.normal(size=(4, 8))))
    frames = point_at(corners, rng.random(2000) * 15)
    expected = nearest_on_curve(frames, corners).distortion
    largest = (frames**2).sum(1).max()
    found = project(frames, corners).distortion
    np.testing.assert_allclose(found, expected, atol=1e-10 * largest)


def test_a_step_too_small_for_float32():
    codes = project([[0.3, 0.2], [1.0, 0.0]], [[0, 0], [1, 0], [1, 1e-20]])
    np.testing.assert_allclose(codes.distortion, [0.04, 0], atol=1e-12)


def test_a_tie_whose_mean_is_inexact():
    codeword, _ = nearest_codeword([[-2.0]], [[-3.0], [-1.0], [2.0], [-1.0], [0.0]])
    assert codeword.tolist() == [0]


def test_codewords_beyond_float32_are_refused():
    with pytest.raises(QuantizerError, match="scale latents"):
        project([[0.0, 0.0]], [[1e20, 0.0], [0.0, 1e20]])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 70), st.integers(0, 40))
def test_roughly_nearest_is_nearest_but_for_round_off(seed, size, dim, n):
    rng = np.random.default_rng(seed)
    frames, corners = rng.normal(size=(n, dim)).astype(np.float32), rng.normal(size=(size, dim))
    codeword, distortion = roughly_nearest(frames, corners)
    _, least = nearest_corner(frames, corners)
    chosen = ((frames.astype(np.float64) - corners[codeword]) ** 2).sum(axis=1)
    slack = 1e-6 * ((frames.astype(np.float64) ** 2).sum(axis=1) + (corners**2).sum(axis=1).max())
    assert (chosen <= least + 4 * slack).all()
    assert (np.abs(distortion - least) <= 4 * slack).all()
    assert (codeword.dtype, distortion.dtype) == (np.int32, np.float32)


def test_roughly_nearest_takes_the_first_of_equals_and_no_distance_below_0():
    frames = np.full((3, 2), 0.1, np.float32)
    codeword, distortion = roughly_nearest(frames, np.full((4, 2), np.float32(0.1), np.float64))
    np.testing.assert_array_equal(codeword, 0)
    assert (distortion >= 0).all()
