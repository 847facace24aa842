"""`curve.screening`: blocks, threads and products change nothing; what isn't usable is refused."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_curves import (
    BY_LOOPS,
    BY_TENSORS,
    LIBRARIES,
    PRODUCTS,
    around,
    assert_nearest,
    assert_same_bytes,
    block_size,
    each_engine,
    there_and_back,
    walk,
)
from oracles import nearest_corner, nearest_on_curve

from sfvq_analysis.curve import Engine, nearest_codeword, point_at, project
from sfvq_analysis.curve.checks import blocks
from sfvq_analysis.curve.geometry import Geometry, round_off
from sfvq_analysis.curve.products import product
from sfvq_analysis.curve.search import screened, screening
from sfvq_analysis.errors import QuantizerError

EVERY_WAY = [Engine(products=name, threads=threads) for name in PRODUCTS for threads in (1, 3)]
TWO_THREADS = Engine(threads=2)


def mixed(size: int, dim: int) -> np.ndarray:
    """Return a walk with doubled corners, so that some frames are decided in float64."""
    corners = walk(size, dim)
    corners[size // 3] = corners[size // 3 - 1]
    corners[size // 2] = corners[1]
    return corners


@pytest.mark.parametrize(("size", "dim"), [(37, 8), (500, 8), (3000, 8), (300, 2)])
@pytest.mark.parametrize("blocks", [0, 1, 3])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_codes_are_the_same_bytes_whatever_products_threads_and_blocks(size, dim, blocks, beyond):
    corners = mixed(size, dim)
    n_frames = max(blocks * block_size(corners) + beyond, 0)
    frames = around(corners, n_frames)
    whole = project(frames, corners, EVERY_WAY[0])
    pieces = [project(part, corners, EVERY_WAY[0]) for part in np.array_split(frames, 5)]
    assert_same_bytes([np.concatenate(column) for column in zip(*pieces, strict=True)], whole)
    alone = nearest_codeword(frames, corners, EVERY_WAY[0])
    for engine in EVERY_WAY:
        assert_same_bytes(project(frames, corners, engine), whole)
        assert_same_bytes(nearest_codeword(frames, corners, engine), alone)
    sample = slice(None, None, 1 + n_frames // 20)
    if n_frames and size <= 500:
        assert_nearest(whole.rows(sample), frames[sample], corners)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [2, 37, 500, 4096, 100_000])
@pytest.mark.parametrize("n_frames", [0, 1, 63, 1000, 8192, 8193, 100_000, 1_000_000])
def test_threads_get_as_many_blocks_each_and_none_is_large(n_frames, size, threads, fused):
    geometry = Geometry.of(np.eye(size, 5))
    each = block_size(geometry.corners, n_frames, threads, fused=fused)
    n_blocks = -(-n_frames // each)
    assert each % 16 == 0
    most = 2**13 if fused else min(2**21 // size, 4096)  # products of 8 MB a thread
    assert 64 <= each <= max(most, 64) + 32
    worth_a_thread = max(min(2**18 // size, 1024), 64)
    if n_frames <= worth_a_thread:
        assert n_blocks <= 1
    elif n_frames >= 4 * threads * worth_a_thread:
        assert -(-n_blocks // threads) * each * threads < 1.3 * n_frames


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("n_frames", [20_000, 65_537, 100_000])
def test_each_threads_last_block_is_cut_up(n_frames, threads):
    size = block_size(np.eye(32, 5), n_frames, threads, fused=True)
    parts = list(blocks(n_frames, size))
    cut = screening._last_in_pieces(parts, threads)
    assert cut[: len(parts) - threads] == parts[:-threads]
    rows = [row for part in cut for row in range(part.start, part.stop)]
    assert rows == list(range(n_frames))
    pieces = [part.stop - part.start for part in cut[len(parts) - threads :]]
    assert 3 * threads < len(pieces) <= 4 * threads
    assert max(pieces) <= size // 4 + 16


@pytest.mark.parametrize("size", [3, 256, 4096])
def test_room_for_products_begins_with_a_line_of_the_cache(size):
    for room in screened._arrays(272, size, 5)[:3]:
        assert room.ctypes.data % 64 == 0


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.integers(1, 20),
    size=st.integers(2, 70),
    n_frames=st.integers(0, 40),
    scale=st.sampled_from([1e-5, 1.0, 1e4]),
    offset=st.sampled_from([0.0, 1e6]),
    whole_numbers=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_codes_are_the_same_bytes_on_whatever_hypothesis_makes(
    seed, dim, size, n_frames, scale, offset, whole_numbers, dtype
):
    corners = walk(size, dim, seed)
    frames = around(corners, n_frames, seed)
    if whole_numbers:
        corners, frames = corners.round(), frames.round()
    corners, frames = corners * scale + offset, (frames * scale + offset).astype(dtype)
    whole = project(frames, corners, EVERY_WAY[0])
    alone = nearest_codeword(frames, corners, EVERY_WAY[0])
    np.testing.assert_array_equal(alone[0], whole.codeword)
    for engine in EVERY_WAY[1:]:
        assert_same_bytes(project(frames, corners, engine), whole)
        assert_same_bytes(nearest_codeword(frames, corners, engine), alone)


@pytest.mark.parametrize("dim", [5, 8, 64])
@each_engine
def test_a_place_that_is_visited_again_is_the_first_visit(engine, dim):
    once, corners = walk(9, dim), there_and_back(9, dim)
    frames = around(once, 500)
    codes = project(frames, corners, engine)
    np.testing.assert_allclose(codes.position, project(frames, once, engine).position, atol=1e-6)
    assert codes.codeword.max() < 9


@pytest.mark.parametrize("apart", [2, 10])
@each_engine
def test_strands_that_float32_cannot_tell_apart(engine, apart):
    """A second strand 1e-4 from the first, in the same chunk of segments or in another."""
    rng = np.random.default_rng(apart)
    corners = walk(3 * apart, 8)
    corners[apart : 2 * apart] = corners[:apart] + 1e-4 * rng.normal(size=(apart, 8))
    frames = point_at(corners, rng.random(500) * (2 * apart - 1))
    frames += 1e-5 * rng.normal(size=frames.shape)
    codes = project(frames, corners, engine)
    wanted = nearest_on_curve(frames, corners)
    np.testing.assert_allclose(codes.distortion, wanted.distortion, rtol=1e-4)
    np.testing.assert_allclose(codes.position, wanted.position, atol=1e-4)
    at_corners = corners[rng.integers(2 * apart, size=500)] + 1e-5 * rng.normal(size=(500, 8))
    index, squared = nearest_corner(at_corners, corners)
    codes, alone = (
        project(at_corners, corners, engine),
        nearest_codeword(at_corners, corners, engine),
    )
    for codeword, distortion in (alone, (codes.codeword, codes.codeword_distortion)):
        np.testing.assert_array_equal(codeword, index)
        np.testing.assert_allclose(distortion, squared, rtol=1e-6)


@each_engine
def test_frames_close_to_the_far_corner_of_a_long_segment(engine):
    """Their distance to it isn't what is left of the segment's length."""
    corners = 1e3 * walk(12, 6)
    frames = point_at(corners, np.arange(1, 12) - 1e-9)
    codes = project(frames, corners, engine)
    index, squared = nearest_corner(frames, corners)
    np.testing.assert_array_equal(codes.codeword, index)
    np.testing.assert_allclose(codes.codeword_distortion, squared, rtol=1e-6)


@pytest.mark.parametrize("engine", BY_LOOPS[:1])
def test_so_it_is_where_the_later_visit_has_no_length(engine):
    corners = walk(17, 16)
    corners[[3, 8, 9]] = corners[3]
    frames = corners[3] + 1e-6 * np.random.default_rng(0).normal(size=(400, 16))
    assert not (project(frames, corners, engine).position == 8).any()


@pytest.mark.parametrize("dim", [3, 8])
@pytest.mark.parametrize("rule", [project, nearest_codeword])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("engine", [*BY_LOOPS, TWO_THREADS, BY_TENSORS])
def test_frames_that_are_not_finite_are_refused_by_row(rule, dim, bad, engine):
    corners = walk(500, dim)
    frames = around(corners, 5000)
    frames[4000, dim - 1] = frames[4500, 0] = bad
    message = "^2 of 5000 frames hold NaN or infinity, the first is row 4000; mend the latents$"
    with pytest.raises(QuantizerError, match=message):
        rule(frames, corners, engine)
    frames[0, 0] = bad
    with pytest.raises(QuantizerError, match=r"^3 of 5000 frames .* the first is row 0"):
        rule(frames, corners, engine)


def too_far(value: float, dim: int) -> np.ndarray:
    frames = np.zeros((3000, dim))
    frames[2000, 1] = value
    return frames


@pytest.mark.parametrize("value", [1e19, 1e25, 1e38])
@pytest.mark.parametrize("rule", [project, nearest_codeword])
@pytest.mark.parametrize("engine", [*BY_LOOPS, TWO_THREADS, BY_TENSORS])
def test_frames_too_far_to_be_squared_are_refused(rule, engine, value):
    for frames in (too_far(value, 8), too_far(value, 8).astype(np.float32)):
        with pytest.raises(QuantizerError, match=r"frames are up to 1e\+\d\d from the codebook; "):
            rule(frames, walk(500, 8), engine)


@pytest.mark.parametrize("value", [1e25, 1e200])
def test_so_they_are_in_few_dimensions(value):
    with pytest.raises(QuantizerError, match="from the codebook"):
        project(too_far(value, 2), walk(500, 2))


@pytest.mark.parametrize("engine", [*BY_LOOPS, BY_TENSORS])
def test_so_they_are_where_a_small_codebook_is_scaled_up(engine):
    with pytest.raises(QuantizerError, match=r"frames are up to 1e\+17 from the codebook"):
        project(too_far(1e17, 8), 1e-26 * walk(500, 8), engine)


@pytest.mark.parametrize("engine", [Engine(), BY_TENSORS])
def test_so_they_are_beyond_the_square_of_float64(engine):
    with pytest.raises(QuantizerError, match="from the codebook"):
        project(too_far(1e200, 8), walk(500, 8), engine)


@each_engine
def test_small_scales_are_exact(engine):
    corners = walk(33, 8)
    small, frames = 1e-16 * corners, 1e-16 * around(corners, 60).astype(float)
    assert_nearest(project(frames, small, engine), frames, small)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A file of 200 000 frames of 32 dimensions, and the corners they are around."""
    corners = walk(64, 32)
    path = tmp_path_factory.mktemp("frames") / "frames.float32"
    around(corners, 200_000).tofile(path)
    return path, corners


def peak(function) -> int:
    """Return the most bytes that a call holds at a time."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("engine", "mode"), [(Engine(threads=1), "r"), (TWO_THREADS, "r"), (BY_TENSORS, "r+")]
)
def test_a_memory_map_is_read_by_blocks(mapped, engine, mode):
    path, corners = mapped
    frames = np.memmap(path, np.float32, mode, shape=(200_000, 32))
    for rule, bytes_a_frame in ((project, 20), (nearest_codeword, 20)):
        rule(frames, corners, engine)  # compiles what is for those in doubt, too
        held = peak(lambda rule=rule: rule(frames, corners, engine))
        # of two threads, each with a block, and at worst both searching what is in doubt once more
        assert held - bytes_a_frame * len(frames) < frames.nbytes / 3
    assert_same_bytes(
        project(frames, corners, engine).rows(slice(150_000, 150_050)),
        project(np.array(frames[150_000:150_050]), corners, engine),
    )


def test_frames_in_a_memory_map_are_refused_by_blocks(mapped):
    path, corners = mapped
    frames = np.memmap(path, np.float32, "c", shape=(200_000, 32))
    frames[150_000, 3] = np.nan

    def refused():
        with pytest.raises(QuantizerError, match=r"^1 of 200000 frames .* row 150000"):
            project(frames, corners)

    assert peak(refused) < frames.nbytes / 2


LAYOUTS = {
    "fortran": np.asfortranarray,
    "every second row": lambda frames: np.repeat(frames, 2, axis=0)[::2],
    "every second column": lambda frames: np.repeat(frames, 2, axis=1)[:, ::2],
    "big-endian": lambda frames: frames.astype(">f4"),
    "read only": lambda frames: np.frombuffer(frames.tobytes(), np.float32).reshape(frames.shape),
    "unaligned": lambda frames: np.frombuffer(
        b"\0" + frames.tobytes(), np.float32, offset=1
    ).reshape(frames.shape),
    "backwards": lambda frames: frames[::-1].copy()[::-1],
    "tensor": torch.from_numpy,
    "tensor with gradient": lambda frames: torch.from_numpy(frames).requires_grad_(),
    "transposed tensor": lambda frames: torch.from_numpy(np.ascontiguousarray(frames.T)).T,
    "lists": np.ndarray.tolist,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dim", [3, 8])
def test_how_frames_lie_in_memory_changes_nothing(layout, dim):
    corners = walk(500, dim)
    frames = around(corners, 1200)
    codes = project(LAYOUTS[layout](frames), corners, TWO_THREADS)
    assert [column.dtype for column in codes] == [np.int32] * 2 + [np.float32] * 3
    for ours, theirs in zip(codes, project(frames, corners), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=3e-7)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, np.bool_, torch.bfloat16])
@pytest.mark.parametrize("dim", [3, 8])
def test_other_types_are_as_their_values(dtype, dim):
    corners = 3 * walk(40, dim)
    frames = around(corners, 300).clip(-100, 100)
    if isinstance(dtype, torch.dtype):
        cast = torch.from_numpy(frames).to(dtype)
        values = cast.float().numpy()
    else:
        cast = frames.astype(dtype)
        values = cast.astype(np.float64)
    assert_same_bytes(project(cast, corners), project(values, corners))
    assert_nearest(project(cast, corners), values, corners)


@pytest.mark.parametrize("engine", [Engine(threads=1), TWO_THREADS, BY_TENSORS])
def test_projections_in_several_threads_at_once(engine):
    curves = [walk(size, dim) for size, dim in ((500, 8), (300, 33), (40, 2), (700, 5))] * 2
    jobs = [(around(corners, 1500, seed), corners) for seed, corners in enumerate(curves)]
    wanted = [project(*job, engine) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for found, codes in zip(
                pool.map(lambda job: project(*job, engine), jobs), wanted, strict=True
            ):
                assert_same_bytes(found, codes)


def test_more_threads_than_blocks():
    corners = walk(500, 8)
    frames = around(corners, 1100)  # three blocks
    assert_same_bytes(project(frames, corners, Engine(threads=9)), project(frames, corners))


@pytest.mark.parametrize("dim", [5, 64, 768])
@pytest.mark.parametrize("size", [5, 300])
def test_screened_values_err_by_no_more_than_their_bound(dim, size):
    """The bound decides what is looked at again; products of equal signs err most."""
    rng = np.random.default_rng(dim)
    for spread in (1.0, 1e-3):
        a, b = ((1 + spread * rng.normal(size=(n, dim))).astype(np.float32) for n in (size, 2000))
        wanted = a.astype(float) @ b.T.astype(float)
        norms = np.linalg.norm(a, axis=1).max(), np.linalg.norm(b, axis=1)
        allowed = round_off(dim) * (norms[0] + norms[1]) ** 2 / 4  # a value holds -2 a·b, twice
        for name in LIBRARIES:
            made = product(name)(a, b, np.empty((size, 2000), np.float32))
            assert (np.abs(made - wanted).max(axis=0) <= allowed).all()
