"""`curve.tiles.halves`: products of pairs of bfloat16 by a processor's matrix unit."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, beside, walk
from numba import njit

from sfvq_analysis.curve import Engine, compiled, nearest_codeword, project
from sfvq_analysis.curve.geometry import Geometry, round_off
from sfvq_analysis.curve.search import by_tiles, choice
from sfvq_analysis.curve.tiles import fused, halves, matrix_unit
from sfvq_analysis.curve.tiles.fused import Packed, Room
from sfvq_analysis.curve.tiles.halves import HALVED, Halves
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.curve.tiles.matrix_unit import ROWS
from sfvq_analysis.curve.tiles.sweeping import sweep_curve
from sfvq_analysis.errors import OptionError

BY_HALVES, BY_NUMPY = Engine(products="halves", threads=1), Engine(products="numpy", threads=1)
SIZES = [2, 3, ROWS, ROWS + 1, 5 * ROWS - 1, 200]
needs_unit = pytest.mark.skipif(not choice._has_halves(), reason="no matrix unit here")


@njit
def halved(panel, pairs):
    halves.halve(panel, pairs)


@njit
def swept(screen, room, margin):
    corners, terms = screen.corners, screen.terms
    halves.halve(room.panel, room.pairs)
    halves.sweep_curve_halves(corners, terms, room.pairs, room.sums, room.found, margin, room.rows)


@njit
def swept_corners(screen, room):
    corners, terms = screen.corners, screen.terms
    halves.halve(room.panel, room.pairs)
    halves.sweep_corners_halves(corners, terms, room.pairs, room.sums, room.found, room.rows)


@njit
def swept_by_vectors(packed, room, margin):
    sweep_curve(room.panel, packed.corners, packed.terms, room.found, margin, room.rows)


def tile_of(corners, seed=1):
    """Return a codebook's geometry, room with a tile of frames, and those in float64."""
    geometry, dim = Geometry.of(corners), corners.shape[1]
    frames = beside(corners, FRAMES, seed).astype(float)
    centred = ((frames - geometry.centre) * geometry.scale).astype(np.float32)
    room = Room.of(dim, FRAMES, halved=True)
    room.panel[:dim] = centred.T
    return geometry, room, centred.astype(float)


def as_floats(pairs):
    """Return bfloat16 of both parts, (parts, dimensions, frames), in float64."""
    first, second = (np.uint32(pairs) << np.uint32(16)), np.uint32(pairs) & np.uint32(0xFFFF0000)
    both = np.stack([first, second], axis=2).view(np.float32).astype(float)
    return both.reshape(len(pairs), -1, pairs.shape[2])


def test_two_bfloat16_are_a_float32_but_for_a_quarter_of_a_millionth(rng):
    columns = rng.normal(size=(64, FRAMES)) * 10.0 ** rng.integers(-20, 20, size=(64, FRAMES))
    columns = columns.astype(np.float32)
    columns[:2] = [[0.0], [1 + 2**-8 + 2**-9]]
    pairs = np.zeros((halves.PARTS, 32, FRAMES), np.int32)
    halved(columns, pairs)
    large, small = as_floats(pairs)
    assert (np.abs(columns - large) <= 2.0**-8 * np.abs(columns)).all()
    assert (np.abs(columns - large - small) <= 2.0**-17 * np.abs(columns)).all()
    assert np.abs(columns - large - small).max() > 0


def allowed(geometry, centred):
    """Return by how much values of q of a tile's frames may be wrong."""
    dim = centred.shape[1]
    most = (np.linalg.norm(centred, axis=1) + geometry.reach) ** 2
    return by_tiles.errs_by(dim) / 4 * most


@needs_unit
@pytest.mark.parametrize("dim", [5, 16, 32, 65])
@pytest.mark.parametrize("size", SIZES)
def test_best_and_second_best_corner(size, dim):
    geometry, room, centred = tile_of(walk(size, dim))
    swept_corners(Halves.of(geometry), room)
    c = geometry.minus_two.astype(float) / -2
    ordered = np.sort(centred @ c.T - 0.5 * (c**2).sum(axis=1), axis=1)
    errs = allowed(geometry, centred)
    assert (np.abs(room.found[0] - ordered[:, -1]) <= errs).all()
    assert (np.abs(room.found[1] - ordered[:, -2]) <= errs).all()
    clear = ordered[:, -1] - ordered[:, -2] > 2 * errs
    nearest = (centred @ c.T - 0.5 * (c**2).sum(axis=1)).argmax(axis=1)
    np.testing.assert_array_equal(room.found[2][clear], nearest[clear])
    assert clear.mean() > 0.9


@needs_unit
@pytest.mark.parametrize("dim", [5, 32, 65])
@pytest.mark.parametrize("size", SIZES)
def test_segments_are_those_that_vectors_find(size, dim):
    geometry, room, centred = tile_of(walk(size, dim))
    swept(Halves.of(geometry), room, np.float32(1e-5))
    found = room.found.copy()
    swept_by_vectors(Packed.of(geometry), room, np.float32(1e-5))
    errs = allowed(geometry, centred)
    for row in (0, 1, 3, 4):
        assert (np.abs(found[row] - room.found[row]) <= 2 * errs).all()
    clear = room.found[3] - room.found[4] > 4 * errs
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(found[5][clear], room.found[5][clear])


@needs_unit
@pytest.mark.parametrize("part", [1, -1])
def test_what_is_left_out_is_within_its_bound(part):
    """All coordinates are as far from what two bfloat16 hold as they can be, on the same side."""
    dim = 96
    value = np.float32(1 + part * (2.0**-9 - 2.0**-16) + part * (2.0**-18 - 2.0**-23))
    corners = np.array([[value] * dim, [-value] * dim])
    geometry = Geometry.of(corners)
    room = Room.of(dim, FRAMES, halved=True)
    room.panel[:dim] = value
    swept_corners(Halves.of(geometry), room)
    lengths = dim * float(value) * geometry.scale * float(value)
    wrong = np.abs(room.found[0] - (lengths - 0.5 * float(geometry.squares[0])))
    assert (wrong <= HALVED * lengths).all()
    assert (wrong > HALVED / 4 * lengths).all()


@needs_unit
@pytest.mark.parametrize("n_frames", [1, FRAMES - 1, 3 * FRAMES, 2500])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_codes_are_those_of_libraries_products(n_frames, dtype, offset):
    corners = walk(150, 40) + offset
    frames = around(corners, n_frames).astype(dtype)
    assert_same_bytes(project(frames, corners, BY_HALVES), project(frames, corners, BY_NUMPY))
    assert_same_bytes(
        nearest_codeword(frames, corners, BY_HALVES), nearest_codeword(frames, corners, BY_NUMPY)
    )


@needs_unit
@pytest.mark.parametrize("threads", [1, 2])
def test_what_float32_decides_and_what_it_does_not(threads):
    """Of doubled corners, some are apart by what float32 tells apart, others by less."""
    corners = np.repeat(walk(40, 24), 2, axis=0)
    corners[1::2] *= 1 + 10.0 ** np.linspace(-9, -3, 40)[:, None]
    frames = around(corners, 3000)
    found = project(frames, corners, Engine(products="halves", threads=threads))
    assert_same_bytes(found, project(frames, corners, BY_NUMPY))


@needs_unit
def test_more_are_in_doubt_than_by_float32_but_few(rng):
    corners = walk(200, 64)
    frames = around(corners, 5000)
    geometry, n_doubtful = Geometry.of(corners), []
    for screen, errs in ((Packed, round_off(64)), (Halves, by_tiles.errs_by(64))):
        room, codes = Room.of(64, 5000, halved=True), by_tiles.Codes.empty(5000)
        n_doubtful.append(
            fused.settle_curve(frames, geometry, screen.of(geometry), errs, room, codes)
        )
    assert n_doubtful[0] < n_doubtful[1] < 6 * max(n_doubtful[0], 50)


@pytest.fixture
def at_hand(monkeypatch):
    """Let a test say that halves can be had, or not, and whether they are fast."""

    def said(*, there, fast=True):
        monkeypatch.setattr(choice, "_has_halves", lambda: there)
        monkeypatch.setattr(choice, "_halves_are_faster", lambda: there and fast)
        monkeypatch.setattr(choice, "_has_octets", lambda: True)
        monkeypatch.setattr(choice, "_octets_are_faster", lambda: True)

    return said


def test_they_are_chosen_for_codebooks_of_some_size(at_hand):
    at_hand(there=True)
    assert choice.is_halved("auto", (256, 64))
    assert not choice.is_coarse("auto", (256, 64), on_curve=True)
    assert not choice.is_halved("auto", (32, 64))
    assert not choice.is_halved("auto", (4096, 64))
    assert choice.is_coarse("auto", (4096, 64), on_curve=True)
    assert not choice.is_halved("auto", (256, 256))
    assert choice.is_halved("halves", (2, 5))
    assert not choice.is_halved("fused", (256, 64))


def test_they_are_not_where_they_are_slower(at_hand):
    at_hand(there=True, fast=False)
    assert not choice.is_halved("auto", (256, 64))
    assert choice.is_coarse("auto", (256, 64), on_curve=True)


def test_they_are_refused_where_they_cannot_be_had(at_hand):
    at_hand(there=False)
    assert not choice.is_halved("auto", (256, 64))
    with pytest.raises(OptionError, match="products is 'halves', which isn't at hand; use 'auto'"):
        project(np.eye(8), np.eye(8), BY_HALVES)


@pytest.fixture
def asked_anew():
    asked = choice._has_halves, choice._halves_are_faster, matrix_unit.is_lent
    for one in asked:
        one.cache_clear()
    yield
    for one in asked:
        one.cache_clear()


@needs_unit
@pytest.mark.parametrize("slow", [True, False])
def test_which_is_faster_is_measured(asked_anew, monkeypatch, slow):
    settle = fused.settle_curve

    def slowly(frames, geometry, screen, *given):
        time.sleep(0.05 * (isinstance(screen, Halves) == slow))
        return settle(frames, geometry, screen, *given)

    monkeypatch.setattr(fused, "settle_curve", slowly)
    assert choice._halves_are_faster() == (not slow)


@needs_unit
def test_a_search_that_is_wrong_is_never_chosen(asked_anew, monkeypatch):
    settle = fused.settle_curve

    def wrong(frames, geometry, screen, round_off, room, codes):
        found = settle(frames, geometry, screen, round_off, room, codes)
        codes.codeword[17] += isinstance(screen, Halves)
        return found

    monkeypatch.setattr(fused, "settle_curve", wrong)
    assert not choice._has_halves()
    assert not choice._halves_are_faster()


@pytest.mark.parametrize("missing", ["numba", "feature", "linux"])
def test_they_are_not_at_hand_everywhere(asked_anew, monkeypatch, missing):
    if missing == "numba":
        monkeypatch.setattr(compiled, "njit", None)
    elif missing == "feature":
        monkeypatch.setattr(matrix_unit, "FEATURES", "+avx512f,-amx-bf16,+amx-tile")
    else:
        monkeypatch.setattr(matrix_unit, "FEATURES", "+amx-bf16,+amx-tile")
        monkeypatch.setattr(sys, "platform", "darwin")
    assert not choice._has_halves()
