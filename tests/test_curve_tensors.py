"""`curve.tensors`: the same codes by tensor operations, with or without numba, on any device."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from made_curves import (
    BY_TENSORS,
    around,
    assert_nearest,
    assert_same_bytes,
    there_and_back,
    walk,
)

from sfvq_analysis.curve import Engine, nearest_codeword, project, projection, published_projection
from sfvq_analysis.curve.devices import tensors
from sfvq_analysis.errors import QuantizerError

LOOPS = Engine(kernels="numba")


def assert_alike(found, wanted):
    """Check that codes differ by round-off only, where no two places of the curve tie."""
    np.testing.assert_array_equal(found.codeword, wanted.codeword)
    np.testing.assert_allclose(found.position, wanted.position, atol=1e-6)
    for name in ("distortion", "codeword_distortion"):
        ours, theirs = getattr(found, name), getattr(wanted, name)
        largest = theirs.max(initial=0)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12 * largest)


@pytest.mark.parametrize("dim", [2, 3, 5, 64, 300])
@pytest.mark.parametrize("size", [2, 9, 257])
def test_codes_are_those_of_the_loops(dim, size):
    corners = walk(size, dim)
    frames = around(corners, 3000)
    codes = project(frames, corners, BY_TENSORS)
    assert_alike(codes, project(frames, corners, LOOPS))
    codeword, distortion = nearest_codeword(frames, corners, BY_TENSORS)
    np.testing.assert_array_equal(codeword, codes.codeword)
    np.testing.assert_array_equal(distortion, codes.codeword_distortion)
    assert [column.dtype for column in codes] == [np.int32] * 2 + [np.float32] * 3


@pytest.mark.parametrize("n_frames", [0, 1, 63, 64, 65, 129])
def test_blocks_of_frames_change_nothing(monkeypatch, n_frames):
    corners = walk(40, 8)
    frames = around(corners, n_frames)
    whole = project(frames, corners, BY_TENSORS)
    monkeypatch.setattr(tensors, "_SCRATCH", 64 * 40)
    monkeypatch.setattr(tensors, "_CANDIDATES", 8 * 7)
    assert_alike(project(frames, corners, BY_TENSORS), whole)


@pytest.mark.parametrize("dim", [1, 2, 8])
def test_ties_go_to_the_lowest_place(dim):
    once, corners = walk(9, dim), there_and_back(9, dim)
    frames = around(once, 400)
    codes = project(frames, corners, BY_TENSORS)
    wanted = project(frames, once, BY_TENSORS)
    np.testing.assert_allclose(codes.position, wanted.position, atol=1e-6)
    np.testing.assert_array_equal(codes.codeword, wanted.codeword)
    at_corners = project(once, corners, BY_TENSORS)
    assert at_corners.position.max() <= 8


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int16, torch.bool]
)
@pytest.mark.parametrize("engine", [LOOPS, BY_TENSORS])
def test_tensors_of_any_type(dtype, engine):
    corners = 2 * walk(30, 8)
    frames = torch.from_numpy(around(corners, 200)).to(dtype)
    values = frames.double().numpy()
    codes = project(frames, corners, engine)
    assert_nearest(codes, values, corners)
    assert all(isinstance(column, np.ndarray) for column in codes)


@pytest.mark.parametrize("engine", [LOOPS, BY_TENSORS])
def test_large_whole_numbers_in_tensors(engine):
    frames, corners = [[2**24 + 1, 0]], [[2**24 + 1, 0], [2**24, 0]]
    for made in (np.array(frames), torch.tensor(frames)):
        assert project(made, corners, engine).codeword.tolist() == [0]


@pytest.mark.parametrize("engine", [LOOPS, BY_TENSORS])
def test_gradients_and_layouts_of_tensors_do_not_matter(engine):
    corners = walk(30, 8)
    frames = torch.from_numpy(around(corners, 200))
    wanted = project(frames, corners, engine)
    leaf = frames.clone().requires_grad_()
    for made in (
        leaf,
        leaf * 1,
        frames.T.contiguous().T,
        frames.repeat(1, 2)[:, :8],
        frames[None][0],
    ):
        assert_same_bytes(project(made, corners, engine), wanted)
    assert leaf.grad is None
    with torch.inference_mode():
        assert_same_bytes(project(frames.clone(), corners, engine), wanted)


def test_arrays_may_be_given_to_tensor_operations():
    corners = walk(30, 8)
    frames = around(corners, 200)
    wanted = project(torch.from_numpy(frames), corners, BY_TENSORS)
    for made in (frames, np.asfortranarray(frames), frames.tolist()):
        assert_alike(project(made, corners, BY_TENSORS), wanted)


def test_so_may_arrays_that_run_backwards():
    corners = walk(30, 8)
    frames = around(corners, 200)
    found = project(frames[::-1], corners, BY_TENSORS)
    assert_same_bytes(found, project(frames[::-1].copy(), corners, BY_TENSORS))


def test_so_may_arrays_that_are_read_only(tmp_path):
    corners = walk(30, 8)
    frames = around(corners, 200)
    frames.tofile(tmp_path / "frames")
    mapped = np.memmap(tmp_path / "frames", np.float32, "r", shape=frames.shape)
    assert_same_bytes(project(mapped, corners, BY_TENSORS), project(frames, corners, BY_TENSORS))


@pytest.mark.parametrize("shape", [(8,), (2, 3, 8)])
@pytest.mark.parametrize("engine", [LOOPS, BY_TENSORS])
def test_tensors_of_other_shapes_are_refused(shape, engine):
    with pytest.raises(QuantizerError, match=r"frames have shape \("):
        project(torch.zeros(shape), np.eye(8), engine)
    with pytest.raises(QuantizerError, match="frames have 3 dimensions, the codebook 8"):
        project(torch.zeros(4, 3), np.eye(8), engine)


@pytest.mark.parametrize("precision", ["high", "medium"])
def test_a_lower_precision_of_products_changes_no_code(precision):
    corners = walk(200, 64)
    frames = around(corners, 500)
    wanted = project(frames, corners, BY_TENSORS)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        assert_alike(project(frames, corners, BY_TENSORS), wanted)
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize(
    "engine",
    [LOOPS, BY_TENSORS],
)
def test_autocast_changes_no_code(engine):
    corners = walk(200, 64)
    frames = around(corners, 500)
    wanted = project(frames, corners, engine)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_alike(project(frames, corners, engine), wanted)


def test_without_numba_tensor_operations_are_chosen(monkeypatch):
    corners = walk(30, 8)
    frames = around(corners, 200)
    wanted = project(frames, corners, LOOPS)

    def loops(*_, **__):
        raise AssertionError

    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(projection, "search", loops)
    assert_alike(project(frames, corners), wanted)
    assert_alike(project(torch.from_numpy(frames), corners), wanted)
    np.testing.assert_array_equal(nearest_codeword(frames, corners)[0], wanted.codeword)
    np.testing.assert_array_equal(published_projection(frames, corners).codeword, wanted.codeword)


def test_with_numba_loops_are_chosen_for_arrays_and_tensors_on_the_cpu(monkeypatch):
    def by_tensors(*_, **__):
        raise AssertionError

    monkeypatch.setattr(tensors, "search_tensors", by_tensors)
    for frames in (np.eye(8), torch.eye(8)):
        assert project(frames, np.eye(8)).codeword.tolist() == list(range(8))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_tensors_on_a_gpu_stay_there_and_give_the_same_codes(monkeypatch):
    corners = walk(257, 64)
    frames = around(corners, 5000)
    wanted = project(frames, corners, LOOPS)
    assert_alike(project(torch.from_numpy(frames).cuda(), corners, LOOPS), wanted)
    monkeypatch.setattr(projection, "search", None)
    assert_alike(project(torch.from_numpy(frames).cuda(), corners), wanted)


@pytest.mark.parametrize(("free", "held", "most"), [(2**20, 2**15, 33792), (2**40, 0, 2**27)])
def test_blocks_on_a_gpu_take_no_more_than_is_free(monkeypatch, free, held, most):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free, 2**40))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: held + 7)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 7)
    assert tensors._most_products(torch.device("cuda")) == most
    assert tensors._most_products(torch.device("cpu")) == 2**18


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("size", [2, 3, 257, 4096])
def test_several_blocks_on_a_gpu_and_far_from_the_origin(monkeypatch, size, offset, dtype):
    monkeypatch.setattr(tensors, "_SCRATCH_ON_GPU", 1000 * size)
    monkeypatch.setattr(tensors, "_CANDIDATES_ON_GPU", 1 << 14)
    corners = walk(size, 16) + offset
    frames = torch.from_numpy(around(walk(size, 16), 3500).astype(float) + offset).to(dtype)
    assert_alike(project(frames.cuda(), corners), project(frames, corners, LOOPS))
    found, wanted = nearest_codeword(frames.cuda(), corners), nearest_codeword(frames, corners)
    np.testing.assert_array_equal(found[0], wanted[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e25])
def test_frames_on_a_gpu_that_are_not_usable_are_refused(bad):
    frames = torch.from_numpy(around(walk(9, 8), 300)).cuda()
    frames[200, 3] = bad
    with pytest.raises(QuantizerError, match=r"row 200|from the codebook"):
        project(frames, walk(9, 8))
