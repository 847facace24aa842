"""`curve.coarse`: products of octets leave everything that may be nearest, and little else."""

from __future__ import annotations

import time

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, assert_same_codes, walk
from numba import njit

from sfvq_analysis.curve import Engine, project
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import LOWEST, Geometry, round_off
from sfvq_analysis.curve.octets import coarse, listed, rounding
from sfvq_analysis.curve.octets import sweeping as octet_sweeping
from sfvq_analysis.curve.octets.balls import OctetBalls
from sfvq_analysis.curve.octets.octets import CORNERS, LEVELS, ZERO, Octets
from sfvq_analysis.curve.octets.room import MOST, Room
from sfvq_analysis.curve.search import choice, screening
from sfvq_analysis.curve.tiles import fused
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.vectors import LANES
from sfvq_analysis.errors import OptionError

BY_OCTETS, BY_NUMPY = Engine(products="octets", threads=1), Engine(products="numpy", threads=1)
SIZES = [2, CORNERS, CORNERS + 1, 5 * CORNERS - 1, 200]
needs_octets = pytest.mark.skipif(not choice._has_octets(), reason="no products of octets here")


@njit
def rounded(frames, centre, scale, room):
    unit, norm, lost = room.measures.unit, room.measures.norm, room.measures.moved
    rounding.round_frames(
        frames, centre, scale, room.rows, room.octets, unit, norm, lost, room.measures.square
    )


@njit
def swept(octets, room, tiles):
    octet_sweeping.sweep_octets(
        room.panel, octets.fours, octets.starts, octets.terms, room.measures.scale,
        room.values, room.tops, room.best, tiles, room.rows,
    )  # fmt: skip


@njit
def swept_corners(octets, room, tiles):
    octet_sweeping.sweep_octet_corners(
        room.panel, octets.fours, octets.starts, octets.terms, room.measures.scale,
        room.values, room.tops, room.best, tiles, room.rows,
    )  # fmt: skip


@njit
def marked(octets, room, tiles):
    octet_sweeping.mark(
        octets.terms, room.values, room.tops, room.limits, room.places, room.masks, room.likely,
        tiles,
    )  # fmt: skip


@njit
def listed_all(n_frames, size, room):
    listed.list_all(n_frames, size, room)


@pytest.mark.parametrize("dim", [5, 16, 65])
@pytest.mark.parametrize("size", SIZES)
def test_corners_are_near_what_octets_say(size, dim):
    geometry = Geometry.of(walk(size, dim))
    octets = Octets.of(geometry)
    near, centred = octets.said(size), (geometry.corners - geometry.centre) * geometry.scale
    assert not near[:, dim:].any()
    assert np.abs(near[:, :dim] - centred).max() <= octets.unit * 0.501
    moved = np.linalg.norm(near[:, :dim] - centred, axis=1)
    assert moved.max() == pytest.approx(octets.lost)
    terms = octets.terms.reshape(-1, 3)[:size]
    np.testing.assert_allclose(terms[:, 0], -0.5 * (near**2).sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        terms[1:, 2], 0.5 * (np.diff(near, axis=0) ** 2).sum(axis=1), rtol=1e-6
    )


@needs_octets
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("centred_in", [np.float32, np.float64])
@pytest.mark.parametrize("n_frames", [1, 3, 4, 47, FRAMES])
def test_frames_are_near_what_octets_say(n_frames, centred_in, dtype, rng):
    for dim in (LANES, 5 * LANES):
        room = Room.of(9, dim, FRAMES)
        frames = (rng.normal(size=(n_frames, dim)) + 5).astype(dtype)
        frames[0] = 5.0  # the centre
        centre = np.full(dim, 5, centred_in)
        rounded(frames, centre, centred_in(0.25), room)
        centred = (frames - centre) / 4
        unit = room.measures.unit[:n_frames, None]
        np.testing.assert_allclose(unit[:, 0], np.abs(centred).max(axis=1) / LEVELS, rtol=1e-6)
        whole = room.octets[:n_frames, :dim].astype(float) - ZERO
        near = whole * unit
        assert (np.abs(near - centred) <= 0.501 * unit).all()
        for found, wanted in (
            (room.measures.norm, (whole**2).sum(axis=1)),
            (room.measures.moved, ((near - centred) ** 2).sum(axis=1)),
            (room.measures.square, 16 * (centred**2).sum(axis=1)),
        ):
            np.testing.assert_allclose(found[:n_frames], wanted, rtol=1e-3, atol=1e-12)
        assert (room.octets[0] == ZERO).all()


def tile_of(size: int, dim: int, rng):
    """Return octets of a walk, room with a tile's panel and scales, and the frames said there."""
    octets = Octets.of(Geometry.of(walk(size, dim)))
    room = Room.of(size, dim, FRAMES)
    whole = rng.integers(-LEVELS, LEVELS + 1, size=(FRAMES, room.octets.shape[1]))
    whole[:, dim:] = 0
    room.panel[:] = (whole + ZERO).astype(np.uint8).view(np.int32).T
    units = rng.uniform(0.5, 1, size=FRAMES) / LEVELS
    room.measures.scale[:] = units * octets.unit
    return octets, room, whole[:, : 4 * octets.fours.shape[1]] * units[:, None]


def values_of(octets: Octets, size: int, frames) -> tuple[np.ndarray, np.ndarray]:
    """Return values of corners and of the segments that end there, (K, n) and (K - 1, n)."""
    corners = octets.said(size)
    q = corners @ frames.T - 0.5 * (corners**2).sum(axis=1)[:, None]
    spans = (np.diff(corners, axis=0) ** 2).sum(axis=1)[:, None]
    apart = np.diff(q, axis=0)
    t = (apart / spans + 0.5).clip(0, 1)
    return q, q[:-1] + t * apart + t * (1 - t) * spans / 2


@needs_octets
@pytest.mark.parametrize("dim", [5, 16, 65])
@pytest.mark.parametrize("size", SIZES)
def test_values_are_those_of_what_octets_say(size, dim, rng):
    octets, room, frames = tile_of(size, dim, rng)
    corners, segments = values_of(octets, size, frames)
    room.best[0], room.best[1] = LOWEST, np.nan
    swept_corners(octets, room, room.every)
    assert np.isnan(room.best[1]).all()
    np.testing.assert_allclose(room.best[0], corners.max(axis=0), atol=1e-5)
    room.best[:] = LOWEST
    swept(octets, room, room.every)
    np.testing.assert_allclose(room.values.reshape(-1, FRAMES)[:size], corners, atol=1e-5)
    np.testing.assert_allclose(room.best[0], corners.max(axis=0), atol=1e-5)
    np.testing.assert_allclose(room.best[1], segments.max(axis=0), atol=1e-5)
    for tile, top in enumerate(room.tops):
        here = slice(tile * CORNERS, (tile + 1) * CORNERS)
        np.testing.assert_allclose(top[0], corners[here].max(axis=0), atol=1e-5)
        ends = segments[max(here.start - 1, 0) : here.stop - 1]
        wanted = np.vstack([ends, corners[here]]).max(axis=0)
        np.testing.assert_allclose(top[1], wanted, atol=1e-5)


@needs_octets
@pytest.mark.parametrize(
    "tiles", [[0], [24], [0, 1, 2], [0, 2], [3, 4, 9, 11, 12], list(range(1, 25)), []]
)
def test_listed_tiles_alone_are_swept_and_marked(tiles, rng):
    """Values, limits and best values are those that a sweep of all tiles finds there."""
    octets, room, _ = tile_of(200, 24, rng)
    room.best[:] = LOWEST
    swept(octets, room, room.every)
    values, tops = room.values.copy(), room.tops.copy()
    room.limits[:] = np.quantile(tops, 0.3, axis=0)
    marked(octets, room, room.every)
    places = room.places[1 : 1 + room.places[0]].copy()
    masks, likely = room.masks[: len(places)].copy(), room.likely[: len(places)].copy()
    for array in (room.values, room.tops):
        array[:] = np.nan
    room.best[:] = start = [np.linspace(-1, 1, FRAMES), np.full(FRAMES, LOWEST)]
    listed_tiles = np.array(tiles, np.int64)
    swept(octets, room, listed_tiles)
    np.testing.assert_array_equal(room.values[listed_tiles], values[listed_tiles])
    np.testing.assert_array_equal(room.tops[listed_tiles], tops[listed_tiles])
    wanted = np.concatenate([np.float32(start)[None], tops[listed_tiles]]).max(axis=0)
    np.testing.assert_array_equal(room.best, wanted)
    others = np.setdiff1d(room.every, listed_tiles)
    before = np.isin(others + 1, listed_tiles)  # of these, the last corner's values are needed
    assert np.isnan(room.values[others[~before]]).all()
    assert np.isnan(room.values[others, :-1]).all()
    assert np.isnan(room.tops[others]).all()
    marked(octets, room, listed_tiles)
    n_places, there = room.places[0], np.isin(places // octet_sweeping.VECTORS, listed_tiles)
    np.testing.assert_array_equal(room.places[1 : 1 + n_places], places[there])
    np.testing.assert_array_equal(room.masks[:n_places], masks[there])
    np.testing.assert_array_equal(room.likely[:n_places], likely[there])


@needs_octets
@pytest.mark.parametrize("size", SIZES)
def test_what_reaches_the_limits_is_listed_in_order_and_nothing_else(size, rng):
    octets, room, frames = tile_of(size, 24, rng)
    swept(octets, room, room.every)
    both = values_of(octets, size, frames)
    room.limits[:] = [np.quantile(values, 0.6, axis=0) for values in both]
    room.limits[0, 3], room.limits[1, 5] = np.nan, np.inf
    marked(octets, room, room.every)
    n_frames = FRAMES - 3
    listed_all(n_frames, size, room)
    found = room.listed
    for kind, values in enumerate(both):
        here = slice(found.n_listed[kind])
        of_frame, number, value = (
            found.at[kind, here],
            found.number[kind, here],
            found.value[kind, here],
        )
        assert found.of_frame[kind].sum() == found.n_listed[kind]
        for at in range(FRAMES):
            numbers, limit = number[of_frame == at], room.limits[kind, at]
            assert len(numbers) == found.of_frame[kind, at]
            if at >= n_frames:
                assert len(numbers) == 0
                continue
            clear = ~(np.abs(values[:, at] - limit) < 1e-5)
            wanted = np.flatnonzero(~(values[:, at] < limit) & clear)
            assert np.isin(wanted, numbers).all()
            assert not np.isin(numbers, np.flatnonzero((values[:, at] < limit) & clear)).any()
            assert (np.diff(numbers) > 0).all()
            np.testing.assert_allclose(value[of_frame == at], values[numbers, at], atol=1e-5)
    assert found.of_frame[0, 3] == size
    assert found.of_frame[1, 5] == 0


def settled(frames, corners):
    """Return how many frames are done, how many in doubt, and how many a frame were looked at."""
    geometry, dim = Geometry.of(corners), corners.shape[1]
    room, codes = Room.of(len(corners), dim, len(frames)), Codes.empty(len(frames))
    octets, on_curve = Octets.of(geometry), True
    everywhere = OctetBalls.none(octets)
    done = coarse.settle(
        frames, geometry, octets, everywhere, round_off(dim), room, codes, on_curve
    )
    return done, room


@needs_octets
def test_little_is_left_around_a_curve():
    corners = walk(256, 64)
    frames = around(corners, 3000)
    (n_done, n_doubtful), room = settled(frames, corners)
    assert (n_done, n_doubtful) == (3000, 0)
    assert room.listed.of_frame.mean(axis=1).max() < 4  # of the last tile
    assert_same_bytes(project(frames, corners, BY_OCTETS), project(frames, corners, BY_NUMPY))


@needs_octets
def test_it_gives_up_where_octets_tell_too_little_apart(monkeypatch):
    """One coordinate so large that all others are less than its unit."""
    corners, frames = walk(256, 64) / 30, around(walk(256, 64), 3000) / 30
    corners[:, 7] *= 1000
    frames[:, 7] *= 1000
    (n_done, _), _ = settled(frames, corners)
    assert n_done <= 2 * FRAMES
    tried = []
    settle = coarse.settle
    monkeypatch.setattr(coarse, "settle", lambda *args: tried.append(1) or settle(*args))
    monkeypatch.setattr(screening, "_MOST_FUSED", 1000)
    project(frames, corners, BY_OCTETS)
    assert len(tried) == 1  # and isn't tried again
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)


@needs_octets
def test_frames_with_more_than_can_be_listed_are_searched_once_more():
    corners = np.repeat(walk(4, 16), MOST + 1, axis=0)
    frames = around(walk(4, 16), 40)
    (n_done, n_doubtful), _ = settled(frames, corners)
    assert n_done == 40
    assert n_doubtful > 30
    assert_same_bytes(project(frames, corners, BY_OCTETS), project(frames, corners, BY_NUMPY))


@needs_octets
@pytest.mark.parametrize("n_near", [MOST - 1, MOST, MOST + 1])
def test_as_many_as_can_be_listed_are_listed(n_near, rng):
    corners = 40 * rng.normal(size=(3000, 16))
    corners[500 : 500 + n_near] = corners[500] + 1e-3 * rng.normal(size=(n_near, 16))
    frames = around(corners, 97)
    frames[41] = corners[500]
    (n_done, n_doubtful), _ = settled(frames, corners)
    assert n_done == 97
    assert (n_doubtful > 0) == (n_near + 1 > MOST)  # segments on both sides of them, too
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)


@needs_octets
@pytest.mark.parametrize("far", [1e7, 1e17])
@pytest.mark.parametrize("scale", [1e-29, 1e-20, 1e-3, 1.0, 1e12])
def test_one_frame_far_away_changes_no_other(scale, far):
    corners = walk(61, 20) * scale
    frames = around(walk(61, 20), 100).astype(float) * scale
    frames[7] = min(far * max(scale, 1e-10), 1e17)
    codes = project(frames, corners, BY_OCTETS)
    assert_same_bytes(codes, project(frames, corners, BY_NUMPY))


@needs_octets
def test_frames_and_corners_that_are_all_the_same():
    for value in (0.0, 1e-20, 0.3):
        corners, frames = np.full((9, 8), value), np.full((50, 8), 2 * value)
        assert_same_bytes(project(frames, corners, BY_OCTETS), project(frames, corners, BY_NUMPY))


@pytest.fixture
def at_hand(monkeypatch):
    """Let a test say that products of octets can be had, or not, and whether they are fast."""

    def said(*, octets, fast=True):
        monkeypatch.setattr(choice, "_has_octets", lambda: octets)
        monkeypatch.setattr(choice, "_octets_are_faster", lambda: fast)

    return said


def test_they_are_chosen_for_codebooks_of_some_size(at_hand):
    at_hand(octets=True)
    assert choice.is_coarse("auto", (256, 64), on_curve=True)
    assert not choice.is_coarse("auto", (128, 64), on_curve=True)
    assert choice.is_coarse("auto", (128, 64), on_curve=False)
    assert choice.is_coarse("octets", (2, 5), on_curve=True)
    assert not choice.is_coarse("fused", (256, 64), on_curve=True)


def test_they_are_chosen_for_larger_ones_where_float32_is_as_fast(at_hand):
    at_hand(octets=True, fast=False)
    assert not choice.is_coarse("auto", (512, 64), on_curve=True)
    assert choice.is_coarse("auto", (1024, 64), on_curve=True)
    assert not choice.is_coarse("auto", (128, 64), on_curve=False)
    assert choice.is_coarse("auto", (256, 64), on_curve=False)
    assert choice.is_coarse("octets", (2, 5), on_curve=True)


@needs_octets
@pytest.mark.parametrize("name", ["octets", "float32"])
def test_what_cannot_be_had_is_not_faster(name, monkeypatch):
    def missing(*given):
        raise RuntimeError

    choice._octets_are_faster.cache_clear()
    module, function = (coarse, "settle") if name == "octets" else (fused, "settle_curve")
    monkeypatch.setattr(module, function, missing)
    try:
        assert choice._octets_are_faster() == (name == "float32")
    finally:
        choice._octets_are_faster.cache_clear()


@needs_octets
@pytest.mark.parametrize("slow", [True, False])
def test_which_is_faster_is_measured(slow, monkeypatch):
    settle = coarse.settle

    def slowly(*given):
        time.sleep(0.05 * slow)
        return settle(*given)

    def stopped(*given):
        time.sleep(0.05 * (not slow))
        return 0

    choice._octets_are_faster.cache_clear()
    monkeypatch.setattr(coarse, "settle", slowly)
    monkeypatch.setattr(fused, "settle_curve", stopped)
    try:
        assert choice._octets_are_faster() == (not slow)
    finally:
        choice._octets_are_faster.cache_clear()


def test_they_are_refused_where_they_cannot_be_had(at_hand):
    at_hand(octets=False)
    assert not choice.is_coarse("auto", (256, 64), on_curve=True)
    with pytest.raises(OptionError, match="products is 'octets', which isn't at hand; use 'auto'"):
        project(np.eye(8), np.eye(8), BY_OCTETS)


@needs_octets
def test_a_search_that_is_wrong_is_never_chosen(monkeypatch):
    settle = coarse.settle

    def wrong(*given):
        found = settle(*given)
        codes = next(one for one in given if isinstance(one, Codes))
        codes.codeword[17] += 1
        return found

    choice._has_octets.cache_clear()
    monkeypatch.setattr(coarse, "settle", wrong)
    try:
        assert not choice._has_octets()
    finally:
        choice._has_octets.cache_clear()
