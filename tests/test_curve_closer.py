"""`curve.closer`: float32 leaves the nearest and all that are as near, and few others."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, assert_same_codes, walk
from numba import njit

from sfvq_analysis.curve import Engine, project
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.geometry import Geometry, round_off
from sfvq_analysis.curve.octets.balls import OctetBalls
from sfvq_analysis.curve.octets.closer import close_corners, close_segments
from sfvq_analysis.curve.octets.coarse import settle
from sfvq_analysis.curve.octets.listed import OF_SEGMENTS
from sfvq_analysis.curve.octets.octets import Octets
from sfvq_analysis.curve.octets.room import Room
from sfvq_analysis.curve.search import choice
from sfvq_analysis.curve.tiles.looking import FRAMES

BY_OCTETS, BY_NUMPY = Engine(products="octets", threads=1), Engine(products="numpy", threads=1)
CLEARLY = 1 + 1e-4  # times as far

pytestmark = pytest.mark.skipif(not choice._has_octets(), reason="no products of octets here")


def to_corners(frames, corners):
    """Return the squares of all distances, (frames, corners), in float64."""
    return ((frames[:, None].astype(float) - corners[None]) ** 2).sum(axis=2)


def to_segments(frames, corners):
    steps = np.diff(corners, axis=0)
    lengths = (steps**2).sum(axis=1)
    offsets = frames[:, None].astype(float) - corners[None, :-1]
    along = np.einsum("nkd,kd->nk", offsets, steps)
    t = np.clip(np.divide(along, lengths, out=np.zeros_like(along), where=lengths > 0), 0, 1)
    return ((offsets - t[..., None] * steps) ** 2).sum(axis=2)


def worked_out(frames, corners):
    """Return what is known after a tile of frames, and a room in which all pairs are listed."""
    geometry, room = Geometry.of(corners), Room.of(*corners.shape, FRAMES)
    codes, on_curve = Codes.empty(FRAMES), True
    octets, lost = Octets.of(geometry), round_off(corners.shape[1])
    settle(frames, geometry, octets, OctetBalls.none(octets), lost, room, codes, on_curve)
    return geometry, room, codes


@njit
def corners_left(n_pairs, geometry, room):
    return close_corners(n_pairs, geometry, room)


@njit
def segments_left(n_pairs, geometry, room):
    return close_segments(n_pairs, OF_SEGMENTS, geometry, room)


def kept(close, squares, geometry, room):
    """Return which pairs are kept of all, in a table like that of the squares of distances."""
    at, number = (places.ravel() for places in np.indices(squares.shape))
    room.pairs.at[: len(at)], room.pairs.number[: len(at)] = at, number
    room.likeliest.least[:] = squares.min(axis=1)
    n_kept = close(len(at), geometry, room)
    found = np.zeros(squares.shape, dtype=bool)
    found[room.pairs.at[:n_kept], room.pairs.number[:n_kept]] = True
    assert found.sum() == n_kept
    return found


@pytest.mark.parametrize("dim", [5, 16, 23, 64])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-6, 0.0), (1e5, 0.0), (1.0, 1e3)])
def test_it_is_all_that_may_be_nearest_and_little_else(dim, kind, scale, offset, rng):
    corners = (walk(100, dim) * scale + offset).astype(kind).astype(float)
    corners[40] = corners[17]
    frames = (around(walk(100, dim), FRAMES) * scale + offset).astype(kind)
    frames[3], frames[4] = corners[17], (corners[5] + corners[6]) / 2
    geometry, room, codes = worked_out(frames, corners)
    loose = 8 * room.measures.loose.max() / geometry.scale**2
    squares = to_corners(frames, corners)
    found = kept(corners_left, squares, geometry, room)
    least = squares.min(axis=1, keepdims=True)
    assert found[squares <= least].all()
    assert found[3, [17, 40]].all()
    assert not found[squares > CLEARLY * least + loose].any()

    squares = to_segments(frames, corners)
    room.likeliest.number[OF_SEGMENTS] = codes.segment
    found = kept(segments_left, squares, geometry, room)
    least = squares.min(axis=1, keepdims=True)
    assert found[squares <= least].all()
    others = found & (np.arange(99) != codes.segment[:, None])
    assert not others[squares > CLEARLY * least + loose].any()


@pytest.mark.parametrize("size", [1000, 4097])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_codes_are_those_of_products_where_much_is_left(size, kind, offset, rng):
    corners = (rng.normal(size=(size, 24)) + offset).astype(kind).astype(float)
    corners[size // 2 :: 7] = corners[: len(corners[size // 2 :: 7])]  # equals
    frames = (rng.normal(size=(210, 24)) + offset).astype(kind)
    frames[::5] = (corners[: 210 // 5] + corners[1 : 210 // 5 + 1]) / 2
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-21, 1e-19, 1e9])
def test_squares_that_float32_does_not_hold_change_nothing(scale, kind, rng):
    corners = walk(1000, 13) / 30
    frames = (corners[rng.integers(1000, size=1000)] + rng.normal(size=(1000, 13)) / 2) * scale
    corners, frames = (corners * scale).astype(kind).astype(float), frames.astype(kind)
    assert_same_bytes(project(frames, corners, BY_OCTETS), project(frames, corners, BY_NUMPY))
