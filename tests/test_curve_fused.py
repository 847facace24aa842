"""`curve.fused`: tiles of frames searched where their products are, and what is left in doubt."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, beside, there_and_back, walk
from numba import njit

from sfvq_analysis.curve import Engine, compiled, nearest_codeword, project
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import Geometry, round_off
from sfvq_analysis.curve.search import by_tiles, choice, kernels
from sfvq_analysis.curve.tiles import fused, sweeping
from sfvq_analysis.curve.tiles.fused import Packed, Room
from sfvq_analysis.curve.tiles.segments import fit_segments
from sfvq_analysis.curve.tiles.vectors import LANES
from sfvq_analysis.errors import OptionError, QuantizerError

FUSED, BY_NUMPY = Engine(products="fused", threads=1), Engine(products="numpy", threads=1)
SIZES = [2, 3, sweeping.CORNERS, sweeping.CORNERS + 1, 5 * sweeping.CORNERS - 1, 200]


@njit
def swept(packed, room, margin):
    segments, panel = room.segments, room.panel
    more = fit_segments(packed.spans, margin, segments, room.allowed)
    sweeping.sweep_curve(panel, packed.corners, packed.starts, segments, room.found, room.rows)
    return more


@njit
def swept_corners(packed, room):
    sweeping.sweep_corners(room.panel, packed.corners, packed.starts, room.found, room.rows)


@njit
def turned(rows, panel):
    sweeping.turn(rows, panel)


def tile_of(corners, seed: int = 1):
    """Return geometry and corners of a tile, its room with the panel filled, centred frames."""
    geometry, dim = Geometry.of(corners), corners.shape[1]
    packed = Packed.of(geometry)
    frames = beside(corners, sweeping.FRAMES, seed).astype(float)
    centred = ((frames - geometry.centre) * geometry.scale).astype(np.float32)
    room = Room.of(packed, len(frames))
    room.panel[:dim] = centred.T
    return geometry, packed, room, centred.astype(float)


def ranked(values):
    """Return the largest of each row, the second largest, and where the largest is."""
    ordered = np.sort(values, axis=1)
    return ordered[:, -1], ordered[:, -2], values.argmax(axis=1)


@pytest.mark.parametrize("dim", [LANES, 3 * LANES])
def test_rows_become_columns(dim, rng):
    rows = rng.normal(size=(sweeping.FRAMES, dim)).astype(np.float32)
    panel = np.empty((dim, sweeping.FRAMES), np.float32)
    turned(rows, panel)
    np.testing.assert_array_equal(panel, rows.T)


@njit
def turned_frames(frames, first, centre, scale, panel, squares):
    return sweeping.turn_frames(frames, first, centre, scale, panel, squares)


@pytest.mark.parametrize("dim", [LANES, 3 * LANES])
def test_frames_become_columns_less_the_centre_and_scaled(dim, rng):
    frames = rng.normal(size=(sweeping.FRAMES + 9, dim)).astype(np.float32)
    centre, scale = rng.normal(size=dim).astype(np.float32), np.float32(0.25)
    panel = np.zeros((dim, sweeping.FRAMES), np.float32)
    squares = np.zeros(sweeping.FRAMES, np.float32)
    assert turned_frames(frames, 5, centre, scale, panel, squares)
    offsets = frames[5 : 5 + sweeping.FRAMES] - centre
    np.testing.assert_array_equal(panel, scale * offsets.T)
    np.testing.assert_allclose(squares, (offsets.astype(float) ** 2).sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("wide", [0, 1, 2])
def test_of_float64_no_columns_are_made(wide):
    kinds = [np.float64 if wide == at else np.float32 for at in range(3)]
    frames, centre = np.ones((sweeping.FRAMES, LANES), kinds[0]), np.ones(LANES, kinds[1])
    panel, squares = np.zeros((LANES, sweeping.FRAMES), np.float32), np.zeros(0, np.float32)
    assert not turned_frames(frames, 0, centre, kinds[2](2), panel, squares)
    assert not panel.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_frames", [1, sweeping.FRAMES, 3 * sweeping.FRAMES + 1])
def test_codes_of_whole_vectors_are_those_of_libraries_products(n_frames, dtype):
    corners = walk(40, 2 * LANES)
    frames = beside(corners, n_frames).astype(dtype)
    assert_same_bytes(project(frames, corners, FUSED), project(frames, corners, BY_NUMPY))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("row", [0, sweeping.FRAMES - 1])
def test_a_whole_tile_with_a_frame_that_is_not_usable_is_refused(row, bad):
    corners = walk(40, 2 * LANES)
    frames = beside(corners, sweeping.FRAMES).astype(np.float32)
    frames[row, LANES] = bad
    with pytest.raises(QuantizerError):
        project(frames, corners, FUSED)


@pytest.mark.parametrize("n_frames", [1, 47, 48, 600, 9000])  # more than may wait
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dim", [12, 2 * LANES])
def test_frames_in_doubt_wait_for_a_tile_to_be_full(monkeypatch, n_frames, threads, dim):
    """Those of several shares, and the last ones, with which no tile is full."""
    monkeypatch.setattr(by_tiles, "_WORTH_A_THREAD", 1)
    monkeypatch.setattr(by_tiles, "FEWEST", 1)
    corners = np.repeat(walk(20, dim, seed=n_frames), 2, axis=0) * (
        1 + 1e-9 * np.arange(40)[:, None]
    )
    frames = around(corners, n_frames)
    assert by_tiles.step_of(len(corners)) == 48
    found = project(frames, corners, Engine(products="fused", threads=threads))
    assert_same_bytes(found, project(frames, corners, BY_NUMPY))


@njit
def multiplied(panel, packed, products):
    sweeping.multiply(panel, packed.corners, products)


@pytest.mark.parametrize("dim", [5, 16, 65])
@pytest.mark.parametrize("size", SIZES)
def test_products_of_a_tile_are_kept(size, dim):
    geometry, packed, room, centred = tile_of(walk(size, dim))
    products = np.full((packed.corners.shape[0] * sweeping.CORNERS, sweeping.FRAMES), np.nan)
    products = products.astype(np.float32)
    multiplied(room.panel, packed, products)
    wanted = geometry.minus_two.astype(float) @ centred.T
    np.testing.assert_allclose(products[:size], wanted, rtol=1e-4, atol=1e-4)
    assert not products[size:].any()


@pytest.mark.parametrize("dim", [5, 16, 65])
@pytest.mark.parametrize("size", SIZES)
def test_best_and_second_best_corner(size, dim):
    geometry, packed, room, centred = tile_of(walk(size, dim))
    swept_corners(packed, room)
    c = geometry.minus_two.astype(float) / -2
    best, second, index = ranked(centred @ c.T - 0.5 * (c**2).sum(axis=1))
    allowed = round_off(dim) / 4 * (np.linalg.norm(centred, axis=1) + geometry.reach) ** 2
    assert (np.abs(room.found[0] - best) <= allowed).all()
    assert (np.abs(room.found[1] - second) <= allowed).all()
    clear = best - second > 2 * allowed
    np.testing.assert_array_equal(room.found[2][clear], index[clear])
    assert clear.mean() > 0.9


@pytest.mark.parametrize("dim", [5, 16, 65])
@pytest.mark.parametrize("size", SIZES)
def test_best_segment_and_the_best_that_shares_no_corner_with_the_point(size, dim):
    """A corner counts once: on the segment before it if that reaches it, else on its own."""
    geometry, packed, room, centred = tile_of(walk(size, dim))
    more = swept(packed, room, np.float32(1e-6))
    c = geometry.minus_two.astype(float) / -2
    q = centred @ c.T - 0.5 * (c**2).sum(axis=1)
    spans = (np.diff(c, axis=0) ** 2).sum(axis=1)
    t = np.diff(q, axis=1) / spans + 0.5
    values = np.full(q.shape, -np.inf)  # of half-open segments, and of the last corner
    inside = (t > 0) & (t < 1)
    values[:, :-1] = np.where(inside, q[:, :-1] + t.clip(0, 1) ** 2 * spans / 2, q[:, :-1])
    values[:, -1] = q[:, -1]
    held = t < 1  # by the segment before: then the start doesn't count
    starts = np.c_[t <= 0, np.ones(len(t), bool)]
    values[:, 1:][held & starts[:, 1:]] = -np.inf
    best, second, index = ranked(values)
    allowed = round_off(dim) / 4 * (np.linalg.norm(centred, axis=1) + geometry.reach) ** 2
    clear = best - second > 4 * allowed + more
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(room.found[5][clear] - 1, index[clear])
    assert (np.abs(room.found[3] - best)[clear] <= 2 * allowed[clear] + more).all()


def n_in_doubt(frames, corners) -> int:
    geometry = Geometry.of(corners)
    packed, codes = Packed.of(geometry), Codes.empty(len(frames))
    room = Room.of(packed, len(frames))
    return fused.settle_curve(frames, geometry, packed, round_off(corners.shape[1]), room, codes)


def test_few_frames_are_in_doubt():
    """Not those nearest at a corner, though it is on two segments."""
    corners = walk(200, 32)
    assert n_in_doubt(beside(corners, 5000), corners) < 150
    before, after = np.diff(corners, axis=0)[:-1], np.diff(corners, axis=0)[1:]
    at_corners = (corners[1:-1] + 0.2 * (before - after)).astype(np.float32)
    codes = project(at_corners, corners, FUSED)
    assert (codes.position == np.arange(1, 199)).mean() > 0.9
    assert n_in_doubt(at_corners, corners) < 3


def test_all_are_where_the_curve_is_walked_twice():
    corners = there_and_back(9, 16)
    frames = around(corners, 500)
    assert n_in_doubt(frames, corners) == 500
    assert_same_bytes(project(frames, corners, FUSED), project(frames, corners, BY_NUMPY))


def test_a_point_as_near_as_a_corner_is_that_corner_wherever_it_was_found():
    """At the border of a chunk the libraries' way looks at both segments, elsewhere at one."""
    corners = np.zeros((16, 5))
    corners[:8, 1], corners[8:, 0] = np.arange(-8, 0), np.arange(8)
    for along in (1e-9, 1e-8, 1e-7, 3e-7):
        frame = np.array([[along, 1, 0, 0, 0]], np.float32)
        for engine in (FUSED, BY_NUMPY):
            codes = project(frame, corners, engine)
            assert (codes.segment[0], codes.t[0]) == (8, 0)


@pytest.mark.parametrize("scale", [1e-30, 1e-26, 1e-22, 1e-14])
def test_frames_far_from_a_small_codebook(scale):
    """What float32 squares to nothing isn't without round-off."""
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(20, 16)) * scale
    middles = (corners[rng.integers(20, size=2000)] + corners[rng.integers(20, size=2000)]) / 2
    frames = (middles + 100 * scale * rng.normal(size=middles.shape)).astype(np.float32)
    assert_same_bytes(project(frames, corners, FUSED), project(frames, corners, BY_NUMPY))


@pytest.mark.parametrize("beyond", [-1e-7, -1e-8, 0, 1e-8, 1e-7])
def test_both_ways_refuse_the_same_frames(beyond):
    corners = np.vstack([walk(9, 8)] * 2)  # all in doubt
    frames = np.zeros((50, 8), np.float32)
    frames[7, 3] = 1e18 * (1 + beyond)
    refused = []
    for engine in (FUSED, BY_NUMPY):
        try:
            codes = project(frames, corners, engine)
        except QuantizerError:
            refused.append(True)
        else:
            refused.append(False)
            assert np.isfinite(codes.distortion).all()
    assert refused[0] == refused[1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 2, 9, 200])
def test_codewords_are_those_of_libraries_products(size, dtype):
    corners = walk(size, 12)
    frames = around(corners, 500).astype(dtype)
    assert_same_bytes(
        nearest_codeword(frames, corners, FUSED), nearest_codeword(frames, corners, BY_NUMPY)
    )


@pytest.mark.parametrize("scale", [1e-14, 1.0, 1e12])
def test_one_frame_far_away_changes_no_other(scale):
    """Its round-off is the whole tile's; nothing is beyond what fills up the last tile."""
    corners = walk(61, 20) * scale
    frames = around(walk(61, 20), 200).astype(float) * scale
    wanted = project(frames, corners, BY_NUMPY)
    frames[7] = 1e17
    codes = project(frames, corners, FUSED)
    assert_same_bytes(codes, project(frames, corners, BY_NUMPY))
    assert_same_bytes(codes.rows(slice(8, None)), wanted.rows(slice(8, None)))


@pytest.fixture
def chosen_anew():
    """Forget, before a test and after it, whether a search in tiles can be had and is faster."""
    asked = choice._has_tiles, choice._tiles_are_faster
    for one in asked:
        one.cache_clear()
    yield
    for one in asked:
        one.cache_clear()


def later(function, seconds):
    def slowly(*given):
        time.sleep(seconds)
        return function(*given)

    return slowly


@pytest.mark.parametrize("slow", [True, False])
def test_it_is_chosen_where_it_is_faster(chosen_anew, monkeypatch, slow):
    """Than what is done otherwise, not than a product alone."""
    monkeypatch.setattr(fused, "settle_curve", later(fused.settle_curve, 0.05 * slow))
    monkeypatch.setattr(kernels, "search_curve", later(kernels.search_curve, 0.05 * (not slow)))
    assert choice.is_fused("auto") == (not slow)
    assert choice.is_fused("fused")
    assert not choice.is_fused("numpy")


def test_it_is_refused_where_it_cannot_be_had(chosen_anew, monkeypatch):
    monkeypatch.setattr(choice, "_has_tiles", lambda: False)
    assert not choice.is_fused("auto")
    with pytest.raises(OptionError, match="products is 'fused', which isn't at hand; install"):
        project(np.eye(8), np.eye(8), FUSED)


def test_without_numba_it_is_not_chosen(chosen_anew, monkeypatch):
    monkeypatch.setattr(compiled, "njit", None)
    assert not choice._has_tiles()
    assert not choice.is_fused("auto")


def test_a_search_that_is_wrong_is_never_chosen(chosen_anew, monkeypatch):
    settle = fused.settle_curve

    def wrong(frames, geometry, packed, round_off, room, codes):
        n_doubtful = settle(frames, geometry, packed, round_off, room, codes)
        codes.codeword[17] += 1
        return n_doubtful

    assert choice._has_tiles()
    choice._has_tiles.cache_clear()
    monkeypatch.setattr(fused, "settle_curve", wrong)
    assert not choice._has_tiles()
    assert not choice.is_fused("auto")


ON_ANOTHER_PROCESSOR = """
import numpy as np, sys
from test_curve_fused import FUSED, beside, walk
from sfvq_analysis.curve import project
from sfvq_analysis.curve.search import choice
from sfvq_analysis.curve.tiles import vectors
chosen = choice.is_fused(sys.argv[1])
print(vectors.LANES, chosen)
corners = walk(61, 21)
if chosen:
    np.savez(sys.argv[2], *project(beside(corners, 100), corners, FUSED))
"""


@pytest.mark.skipif(LANES != 16, reason="needs AVX-512, which vectors of 256 bits are a part of")
@pytest.mark.parametrize(
    ("processor", "products", "chosen"),
    [
        ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma"}, "fused", "8 True"),
        pytest.param({"NUMBA_CPU_NAME": "generic"}, "auto", "8 False", marks=pytest.mark.thorough),
        ({"NUMBA_DISABLE_JIT": "1"}, "auto", "16 False"),
    ],
)
def test_shorter_vectors_give_the_same_codes_and_slow_ones_are_left(
    tmp_path, processor, products, chosen
):
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    settings = {**processor, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": path}
    told = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_PROCESSOR, products, tmp_path / "codes.npz"],
        env={**os.environ, **settings}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stdout.strip() == chosen
    if chosen.endswith("True"):
        corners = walk(61, 21)
        found = np.load(tmp_path / "codes.npz")
        wanted = project(beside(corners, 100), corners, FUSED)
        for ours, theirs in zip(wanted, found.values(), strict=True):
            np.testing.assert_allclose(theirs, ours, rtol=1e-6)
