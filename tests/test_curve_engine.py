"""`curve.engine`: options, the number of threads, and that every engine finds the nearest point."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_curves import BY_LOOPS, BY_TENSORS, ENGINES, around, assert_nearest, each_engine, walk

from sfvq_analysis.curve import Engine, nearest_codeword, project
from sfvq_analysis.errors import OptionError

SIZES = [2, 3, 7, 8, 9, 15, 16, 17, 33]
DIMENSIONS = [1, 2, 3, 4, 5, 100]


@pytest.mark.parametrize("size", SIZES)
@each_engine
def test_every_engine_finds_the_nearest_point(engine, size):
    for dim in DIMENSIONS:
        corners = walk(size, dim)
        frames = around(corners, 40)
        assert_nearest(project(frames, corners, engine), frames, corners)


@pytest.mark.parametrize("dim", DIMENSIONS)
@each_engine
def test_far_from_the_origin_every_engine_finds_the_nearest_point(engine, dim):
    corners = walk(17, dim) + 1e6
    frames = around(corners, 60)  # float32: whole sixteenths
    assert_nearest(project(frames, corners, engine), frames, corners)
    fine = frames + np.random.default_rng(2).normal(size=frames.shape)
    assert_nearest(project(fine, corners, engine), fine, corners)


@pytest.mark.parametrize("dim", DIMENSIONS)
@each_engine
def test_doubled_corners_and_constant_data(engine, dim):
    corners = np.repeat(walk(6, dim), [1, 3, 1, 2, 1, 2], axis=0)
    corners[7] = corners[0]
    frames = around(corners, 60)
    assert_nearest(project(frames, corners, engine), frames, corners)
    equal = np.repeat(frames[:1], 50, axis=0)
    assert_nearest(project(equal, corners, engine), equal, corners)
    no_length = np.full((9, dim), 0.3)
    codes = project(frames, no_length, engine)
    assert_nearest(codes, frames, no_length)
    assert not codes.position.any()
    assert not codes.codeword.any()
    assert_nearest(project(np.full((20, dim), 0.3), no_length, engine), no_length[:1], no_length)


@st.composite
def coarse_cases(draw):
    """Frames and a curve of small whole numbers (ties everywhere) or of any others."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dim, size = draw(st.integers(1, 12)), draw(st.integers(2, 40))
    corners = rng.normal(size=(size, dim)) * draw(st.sampled_from([1.0, 3.0]))
    frames = corners[rng.integers(size, size=draw(st.integers(1, 30)))]
    frames = frames + rng.normal(size=frames.shape) * draw(st.sampled_from([0.0, 1e-4, 1.0]))
    if draw(st.booleans()):
        corners, frames = corners.round(), frames.round()
    return frames.astype(draw(st.sampled_from([np.float32, np.float64]))), corners


@settings(max_examples=60, deadline=None)
@given(coarse_cases())
def test_every_engine_on_whatever_hypothesis_makes(case):
    whole = project(*case, BY_LOOPS[0])
    for engine in ENGINES:
        codes = project(*case, engine)
        assert_nearest(codes, *case)
        codeword, distortion = nearest_codeword(*case, engine)
        np.testing.assert_array_equal(codeword, whole.codeword)
        np.testing.assert_allclose(distortion, whole.codeword_distortion, rtol=3e-7, atol=1e-30)
    np.testing.assert_array_equal(project(*case, BY_TENSORS).codeword, whole.codeword)


@each_engine
def test_no_frames(engine):
    codes = project(np.zeros((0, 8), np.float32), np.eye(8), engine)
    assert [column.shape for column in codes] == [(0,)] * 5
    assert [len(column) for column in nearest_codeword(np.zeros((0, 3)), np.eye(3), engine)] == [
        0
    ] * 2


@each_engine
def test_a_codebook_of_one(engine):
    for dim in (2, 8):
        codeword, distortion = nearest_codeword(np.ones((5, dim)), np.zeros((1, dim)), engine)
        assert codeword.tolist() == [0] * 5
        assert distortion.tolist() == [dim] * 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernels": "cuda"}, "kernels is 'cuda'; use one of 'auto', 'numba', 'torch', 'triton'"),
        ({"products": "mkl"}, "products is 'mkl'; use one of 'auto', 'octets', 'fused', "),
        ({"threads": 0}, "threads is 0; use an integer >= 1"),
        ({"threads": -2}, "threads is -2"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"threads": "2"}, "threads is '2'"),
    ],
)
def test_options_that_are_none_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        Engine(**options)


@pytest.mark.parametrize(("stated", "threads"), [("3", 3), ("1", 1), ("5,2", 5)])
def test_threads_are_those_of_the_environment(monkeypatch, stated, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert Engine().n_threads == threads
    assert Engine(threads=2).n_threads == 2


@pytest.mark.parametrize("stated", [None, "", "0", "-1", "all", "2.5"])
def test_else_there_are_as_many_as_processors(monkeypatch, stated):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if stated is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", stated)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(7)), raising=False)
    assert Engine().n_threads == 7
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert Engine().n_threads == 5


def test_engines_are_values():
    assert Engine(threads=2) == Engine("auto", "auto", 2)
    assert len({Engine(), Engine(), Engine("numba")}) == 2
