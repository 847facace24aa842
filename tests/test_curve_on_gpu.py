"""`curve.on_gpu`: kernels of a GPU give the same codes; here Triton's interpreter runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made_curves import BY_TENSORS, around, assert_nearest, there_and_back, walk

from sfvq_analysis.curve import Codes, Engine, nearest_codeword, project
from sfvq_analysis.curve.devices import on_gpu
from sfvq_analysis.curve.devices.on_gpu import found_on_gpu
from sfvq_analysis.curve.devices.swept_geometry import SweptGeometry
from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.errors import OptionError, QuantizerError

BY_KERNELS, BY_LOOPS = Engine(kernels="triton"), Engine(products="fused", threads=1)
pytest.importorskip("triton")


def as_tensor(frames):
    """Return frames where kernels are run: on a GPU, if they aren't interpreted."""
    tensor = torch.as_tensor(frames)
    return tensor if os.environ["TRITON_INTERPRET"] == "1" else tensor.cuda()


def assert_codes(frames, corners):
    """Check codes of kernels against those of loops and against the nearest points of all."""
    tensor = as_tensor(frames)
    codes, wanted = project(tensor, corners, BY_KERNELS), project(frames, corners, BY_LOOPS)
    assert_nearest(codes, frames, corners)
    np.testing.assert_array_equal(codes.codeword, wanted.codeword)
    np.testing.assert_allclose(codes.position, wanted.position, atol=1e-6)
    codeword, distortion = nearest_codeword(tensor, corners, BY_KERNELS)
    np.testing.assert_array_equal(codeword, wanted.codeword)
    np.testing.assert_array_equal(distortion, codes.codeword_distortion)
    assert [column.dtype for column in codes] == [np.int32] * 2 + [np.float32] * 3


@pytest.mark.parametrize(("dim", "size"), [(1, 9), (2, 33), (3, 2), (16, 40), (64, 3), (70, 33)])
def test_codes_are_those_of_the_loops(dim, size):
    corners = walk(size, dim)
    assert_codes(around(corners, 130), corners)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_so_they_are_far_from_the_origin(dtype):
    corners = walk(33, 5) + 1e6
    assert_codes((around(walk(33, 5), 70).astype(float) + 1e6).astype(dtype), corners)


def test_and_where_corners_are_doubled_and_frames_constant():
    corners = np.repeat(walk(6, 3), [1, 3, 1, 2, 1, 2], axis=0)
    assert_codes(around(corners, 66), corners)
    codes = project(as_tensor(np.full((20, 3), 0.3)), np.full((9, 3), 0.3), BY_KERNELS)
    assert not codes.position.any()
    assert not codes.codeword.any()


def test_a_codebook_of_one():
    codeword, distortion = nearest_codeword(
        as_tensor(np.ones((5, 8))), np.zeros((1, 8)), BY_KERNELS
    )
    assert codeword.tolist() == [0] * 5
    assert distortion.tolist() == [8] * 5


def test_ties_go_to_the_lowest_place():
    once, corners = walk(9, 2), there_and_back(9, 2)
    frames = as_tensor(around(once, 90))
    codes, wanted = (project(frames, curve, BY_KERNELS) for curve in (corners, once))
    np.testing.assert_allclose(codes.position, wanted.position, atol=1e-6)
    np.testing.assert_array_equal(codes.codeword, wanted.codeword)
    assert project(as_tensor(once), corners, BY_KERNELS).position.max() <= 8


@pytest.mark.parametrize("n_frames", [0, 1, 63, 65, 129])
def test_blocks_of_frames_change_nothing(monkeypatch, n_frames):
    corners = walk(9, 3)
    frames = as_tensor(around(corners, n_frames))
    whole = project(frames, corners, BY_KERNELS)
    monkeypatch.setattr(on_gpu, "_TOGETHER", 50)
    for ours, theirs in zip(project(frames, corners, BY_KERNELS), whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_layouts_and_types_of_tensors_do_not_matter():
    corners = walk(9, 4)
    frames = as_tensor(around(corners, 70))
    wanted = project(frames, corners, BY_KERNELS)
    for made in (frames.T.contiguous().T, frames.repeat(1, 2)[:, :4], frames.requires_grad_()):
        for ours, theirs in zip(project(made, corners, BY_KERNELS), wanted, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    coarse = frames.detach().to(torch.bfloat16)
    assert_nearest(project(coarse, corners, BY_KERNELS), coarse.double().cpu().numpy(), corners)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e25])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy, which interprets
def test_frames_that_are_not_usable_are_refused(bad):
    frames = as_tensor(around(walk(9, 8), 70))
    frames[66, 3] = bad
    with pytest.raises(QuantizerError, match=r"row 66|from the codebook"):
        project(frames, walk(9, 8), BY_KERNELS)


@pytest.mark.parametrize("frames", [np.eye(4), torch.eye(4)])
def test_frames_that_are_not_on_a_gpu_are_refused(frames, monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    with pytest.raises(OptionError, match="kernels is 'triton', and the frames are not on a GPU"):
        project(frames, np.eye(4), BY_KERNELS)


def test_without_triton_that_is_said(monkeypatch):
    monkeypatch.setattr(on_gpu, "find_spec", lambda _: None)
    with pytest.raises(OptionError, match="which is not installed; pip install triton"):
        project(as_tensor(np.eye(4)), np.eye(4), BY_KERNELS)


@pytest.mark.parametrize("dim", [5, 20])
def test_products_that_err_as_far_as_is_allowed_change_no_code(dim):
    """Of heads alone: what differs by less than they err by is decided in float64.

    Some corners come in twos or threes that are nearly alike, far apart or one after the other.
    """
    twice = np.tile(walk(35, dim, seed=4), (2, 1))
    thrice = np.tile(walk(15, dim, seed=2), (3, 1))
    beside = [np.repeat(walk(10, dim, seed=5 + n), n, axis=0) for n in (2, 3)]
    corners = np.vstack([twice, thrice, *beside])
    corners += 1e-3 * walk(len(corners), dim, seed=3)
    frames = around(corners, 260)
    tensor = as_tensor(frames)
    swept = SweptGeometry.of(Geometry.of(corners), tensor)
    limits = swept.limits.clone()
    limits[2] = 6 * 2.0**-11
    coarse = swept._replace(
        corner_tails=torch.zeros_like(swept.corner_tails),
        direction_tails=torch.zeros_like(swept.direction_tails),
        limits=limits,
    )
    found = Codes(*(column.cpu().numpy() for column in found_on_gpu(tensor, coarse, on_curve=True)))
    wanted = project(frames, corners, BY_TENSORS)  # which takes the same for ties
    np.testing.assert_array_equal(found.codeword, wanted.codeword)
    np.testing.assert_allclose(found.position, wanted.position, atol=1e-6)


def cut_off(values):
    """Return numbers as tensor cores read them, with ten binary digits after the first."""
    return (values.astype(np.float32).view(np.int32) & -0x2000).view(np.float32)


@pytest.mark.parametrize("dim", [2, 64, 768])
def test_sums_of_tensor_cores_err_by_less_than_is_allowed(dim):
    corners = walk(40, dim)
    geometry = Geometry.of(corners)
    frames = around(corners, 300)
    swept = SweptGeometry.of(geometry, torch.from_numpy(frames))
    x = ((frames - geometry.centre) * geometry.scale).astype(np.float32)
    x_heads = ((x.view(np.int32) + 0x1000) & -0x2000).view(np.float32)
    x_tails = cut_off(x - x_heads)
    heads, tails = swept.corner_heads.numpy(), cut_off(swept.corner_tails.numpy())
    assert np.array_equal(heads, cut_off(heads))
    sums = np.zeros((len(x), len(heads)), np.float32)
    for left, right in ((x_tails, heads), (x_heads, tails), (x_heads, heads)):
        for column in range(dim):  # one by one, and every sum is cut off, which errs by most
            exact = sums + left[:, column, None].astype(float) * right[:, column]
            rounded = exact.astype(np.float32)
            over = np.abs(rounded) > np.abs(exact)
            sums = np.where(over, np.nextafter(rounded, np.float32(0)), rounded)
    wanted = x.astype(float) @ (-2 * geometry.scale * (corners - geometry.centre)).T
    _, reach, bound = swept.limits.tolist()
    norms = np.linalg.norm(x.astype(float), axis=1)[:, None]
    share = np.abs(sums - wanted).max(axis=1, keepdims=True) / (bound / 2 * (norms + reach) ** 2)
    assert 0 < share.max() < 0.5


def test_kernels_can_be_compiled_for_a_gpu_that_is_not_there():
    """In a process of its own: where they are interpreted, they can't be compiled."""
    environment = os.environ | {"TRITON_INTERPRET": "0", "TRITON_DEFAULT_FP_FUSION": "1"}
    command = [sys.executable, Path(__file__).with_name("compile_kernels.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert list(made) == ["sweep", "decide", "settle"]
    assert made["sweep"]["wgmma"]  # by tensor cores
    for kernel in made.values():
        assert kernel["shared"] <= 99 << 10  # what the smallest GPUs with tensor cores have
