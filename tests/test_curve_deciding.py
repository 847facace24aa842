"""`curve.deciding`: the last step of a search, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import assert_same_bytes
from oracles import nearest_on_segment

from sfvq_analysis.curve import Engine, deciding, offsets, project
from sfvq_analysis.curve.tiles import sweeping


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, 1.5, -0.5])
@pytest.mark.parametrize("beside", [0.0, 1e-9, 1e-4, 1.0])
def test_one_projection_keeps_its_digits_near_the_curve(share, beside):
    """A remainder of large squares has none left; a frame beside a long segment has few."""
    start, step = np.array([3.0, -1.0, 2.0]), np.array([600.0, 800.0, 0.0])
    frame = start + share * step + beside * np.array([0.8, -0.6, 0.0])
    corners, lengths = np.array([start, start + step]), np.array([step @ step])
    along, square = offsets.along_and_square_by_loop(frame[None], 0, corners, 0)
    squared = deciding.squared_to_segment(frame[None], 0, corners, lengths, 0, along, square)
    t, _ = deciding.point_along(along, step @ step)
    wanted = nearest_on_segment(frame, start, start + step)
    assert t == pytest.approx(wanted[0], abs=1e-12)
    assert squared == pytest.approx(wanted[1], rel=1e-9, abs=1e-24)
    assert along == pytest.approx((frame - start) @ step, abs=1e-9)
    assert square == pytest.approx((frame - start) @ (frame - start), abs=1e-9)


def test_of_a_point_far_away_the_far_end_of_a_segment_is_not_its_start():
    """The corners differ by little beside its distance, but by far more than round-off."""
    corners = np.array([[0.0, 0, 0, 0, 0], [1, 1, 0, 0, 0], [2, 0, 0, 0, 0], [3, 1, 0, 0, 0]])
    frame = np.array([[1e7, 0, 0, 0, 0]])
    codes = project(frame, corners, Engine(products="numpy"))
    assert (codes.segment[0], codes.t[0]) == (2, 1)
    assert codes.distortion[0] == np.float32((1e7 - 3) ** 2 + 1)


def test_a_tile_has_no_more_frames_than_are_written_together():
    assert sweeping.FRAMES <= deciding.TOGETHER


@pytest.mark.parametrize("n_frames", [1, 47, 48, 49, 97])
def test_frames_that_are_not_as_many_as_are_written_together(n_frames):
    """What the last ones before left behind them isn't taken for theirs."""
    rng = np.random.default_rng(n_frames)
    corners = rng.normal(size=(9, 12)).cumsum(axis=0)
    frames = rng.normal(size=(200, 12)) + corners[rng.integers(9, size=200)]
    for products in ("numpy", "fused"):
        engine = Engine(products=products, threads=1)
        whole = project(frames, corners, engine)
        assert_same_bytes(
            project(frames[-n_frames:], corners, engine), whole.rows(slice(-n_frames, None))
        )
