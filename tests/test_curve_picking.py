"""`curve.picking`: what isn't looked at can't be nearest, and codes are those of all corners."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, assert_same_codes, walk
from numba import njit

from sfvq_analysis.curve import Engine, prepared, project
from sfvq_analysis.curve.geometry import Geometry, round_off
from sfvq_analysis.curve.octets import coarse, picking
from sfvq_analysis.curve.octets.balls import TILES, OctetBalls
from sfvq_analysis.curve.octets.octets import CORNERS, Octets
from sfvq_analysis.curve.octets.room import MOST, Room
from sfvq_analysis.curve.prepared import Prepared
from sfvq_analysis.curve.search import by_tiles, choice, screening
from sfvq_analysis.curve.tiles.looking import FRAMES
from sfvq_analysis.errors import QuantizerError

BY_OCTETS, BY_NUMPY = Engine(products="octets", threads=1), Engine(products="numpy", threads=1)
STRETCH = TILES * CORNERS
needs_octets = pytest.mark.skipif(not choice._has_octets(), reason="no products of octets here")


@pytest.fixture
def shares(monkeypatch):
    """Have stretches picked in every search, however few are spared; return what was swept."""
    found = []
    monkeypatch.setattr(screening, "_PICKING_PAYS", (0, 0, 0))
    monkeypatch.setattr(by_tiles, "_MOST_PICKED", 1)
    monkeypatch.setattr(prepared._SHELF, "kept", ())
    share = picking.Picking.share
    monkeypatch.setattr(
        picking.Picking, "share", lambda self: found.append(share(self)) or found[-1]
    )
    return found


@pytest.mark.parametrize("dim", [5, 65])
@pytest.mark.parametrize("size", [2, STRETCH, STRETCH + 1, 10 * STRETCH - 1])
def test_balls_hold_their_corners_and_the_one_before(size, dim):
    geometry = Geometry.of(walk(size, dim))
    octets = Octets.of(geometry)
    balls = OctetBalls.of(octets, geometry)
    n_balls = -(-size // STRETCH)
    assert balls.radii.shape == (n_balls,)
    corners, middles = octets.said(size), balls.centres.said(n_balls)
    for n, radius in enumerate(balls.radii):
        here = corners[max(n * STRETCH - 1, 0) : (n + 1) * STRETCH]
        farthest = np.linalg.norm(here - middles[n], axis=1).max()
        assert farthest <= radius <= farthest * 1.001
        assert radius <= np.linalg.norm(here.max(axis=0) - here.min(axis=0))


@njit
def screened(frames, given, room, on_curve):
    geometry, octets, balls, lost = given
    coarse._fill(frames, 0, len(frames), geometry, octets, lost, room)
    coarse._screen(octets, balls, room, frames[:0], on_curve)


def listed(room):
    """Return what is marked: places, and bits of corners and segments there."""
    n_places = room.places[0]
    return dict(
        zip(room.places[1 : 1 + n_places].tolist(), room.masks[:n_places].tolist(), strict=True)
    )


@needs_octets
@pytest.mark.parametrize("on_curve", [True, False])
@pytest.mark.parametrize("spread", [0.01, 0.3, 3.0])
@pytest.mark.parametrize("size", [40, 8 * STRETCH, 50 * STRETCH + 3])
def test_what_is_marked_is_what_a_sweep_of_all_corners_marks(size, spread, on_curve, rng):
    corners = walk(size, 24)
    frames = (corners[size // 3] + spread * rng.normal(size=(FRAMES, 24))).astype(np.float32)
    geometry, room = Geometry.of(corners), Room.of(size, 24, FRAMES)
    octets = Octets.of(geometry)
    found = []
    for balls in (OctetBalls.none(octets), OctetBalls.of(octets, geometry)):
        room.values[:] = room.tops[:] = np.nan
        screened(frames, (geometry, octets, balls, round_off(24)), room, on_curve)
        found.append((listed(room), room.best[: 1 + on_curve].copy(), room.limits.copy()))
    (all_places, best, limits), (places, best_picked, limits_picked) = found
    np.testing.assert_array_equal(best, best_picked)
    np.testing.assert_array_equal(limits, limits_picked)
    kinds = slice(None if on_curve else 1)
    assert all_places.keys() == places.keys()
    for place, masks in all_places.items():
        assert masks[kinds] == places[place][kinds]
    if size > 100 and spread < 1:
        assert room.picking.share() < 0.5


@needs_octets
@pytest.mark.parametrize("on_curve", [True, False])
def test_what_lies_at_the_rim_of_another_ball_is_marked(on_curve, rng):
    """Beside each wide stretch is a tight one, whose centre is nearer to the wide one's rim."""
    wide = rng.normal(size=(40, STRETCH, 64))
    rim = wide[:, 3]
    tight = rim[:, None] * 1.03 + 0.02 * rng.normal(size=wide.shape)
    corners = np.stack([wide, tight], axis=1).reshape(-1, 64)
    geometry, room = Geometry.of(corners), Room.of(len(corners), 64, FRAMES)
    octets = Octets.of(geometry)
    for middle in rim:
        frames = (middle + 0.002 * rng.normal(size=(FRAMES, 64))).astype(np.float32)
        found = []
        for balls in (OctetBalls.none(octets), OctetBalls.of(octets, geometry)):
            screened(frames, (geometry, octets, balls, round_off(64)), room, on_curve)
            found.append(listed(room))
        assert found[0] == found[1]


@needs_octets
def test_frames_of_a_ball_are_put_together_in_their_order(rng):
    corners = walk(20 * STRETCH, 16)
    frames = around(corners, 500)
    codebook, room = Prepared(corners), Room.of(len(corners), 16, 500)
    order = np.full(500, -1)
    given = codebook.geometry, codebook.octets, codebook.balls, round_off(16)
    assert coarse.put_together(frames, *given, room, order)
    centred = (frames - codebook.geometry.centre) * codebook.geometry.scale
    middles = codebook.balls.centres.said(20)[:, :16]
    apart = ((centred[:, None] - middles) ** 2).sum(axis=2)
    ball, least = room.picking.ball[:500], apart.min(axis=1)
    near = apart[np.arange(500), ball]
    assert (near <= least * 1.1 + 1e-3).all()
    assert (ball == apart.argmin(axis=1)).mean() > 0.95
    np.testing.assert_array_equal(order, np.argsort(ball, kind="stable"))
    frames[77] = np.nan
    assert not coarse.put_together(frames, *given, room, order)


@needs_octets
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize(("size", "dim"), [(2, 5), (40, 24), (700, 24), (1025, 64)])
def test_codes_are_those_of_products(size, dim, kind, offset, shares):
    corners = (walk(size, dim) + offset).astype(kind).astype(float)
    corners[size // 2 :: 7] = corners[: len(corners[size // 2 :: 7])]  # equals
    frames = (around(walk(size, dim), 1003) + offset).astype(kind)
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    assert len(shares) == 2
    if size > 500:
        assert max(shares) < 0.6


@needs_octets
@pytest.mark.parametrize("threads", [1, 3])
def test_threads_and_memory_maps_change_nothing(threads, tmp_path, shares):
    corners = walk(700, 24)
    frames = around(corners, 3001)
    frames.tofile(tmp_path / "frames")
    mapped = np.memmap(tmp_path / "frames", np.float32, "r", shape=frames.shape)
    engine = Engine(products="octets", threads=threads)
    assert_same_bytes(project(mapped, corners, engine), project(frames, corners, BY_NUMPY))
    assert len(shares) >= threads


@needs_octets
@pytest.mark.parametrize("scale", [1e-29, 1e-20, 1e12])
def test_a_frame_far_away_changes_no_other(scale, shares):
    corners = walk(600, 20) * scale
    frames = around(walk(600, 20), 300).astype(float) * scale
    frames[7], frames[150] = min(1e17, 1e7 * scale), -1e3 * scale
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    assert shares


@needs_octets
def test_all_the_same_and_noise(rng, shares):
    for value in (0.0, 0.3):
        corners, frames = np.full((100, 8), value), np.full((90, 8), 2 * value)
        assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    corners, frames = rng.normal(size=(900, 40)), rng.normal(size=(200, 40))
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    assert max(shares) == 1


@needs_octets
def test_frames_in_doubt_are_found_where_they_were(shares):
    corners = np.vstack([walk(300, 16), np.repeat(walk(1, 16) + 9, MOST + 1, axis=0)])
    frames = around(corners, 400)
    frames[::3] = corners[-1]
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    assert shares


@needs_octets
def test_what_is_given_up_is_found_where_it_was(shares):
    """One coordinate so large that octets tell too little apart."""
    corners, frames = walk(640, 64) / 30, around(walk(640, 64), 3000) / 30
    corners[:, 7] *= 1000
    frames[:, 7] *= 1000
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    assert shares


@needs_octets
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "321"), (np.inf, "321"), (1e30, "up to 1e[+]30 from")]
)
def test_frames_that_cannot_be_used_are_refused(value, message, shares):
    corners = walk(300, 16)
    frames = around(corners, 500)
    frames[321, 3] = value
    with pytest.raises(QuantizerError, match=message):
        project(frames, corners, BY_OCTETS)
    assert not shares


@needs_octets
def test_where_it_spares_too_little_it_is_not_tried_again(monkeypatch, rng, shares):
    monkeypatch.setattr(by_tiles, "_MOST_PICKED", 0.9)
    monkeypatch.setattr(screening, "_MOST_FUSED", 500)
    corners, frames = rng.normal(size=(640, 32)), rng.normal(size=(3000, 32)).astype(np.float32)
    assert_same_codes(frames, corners, BY_OCTETS, BY_NUMPY)
    project(frames, corners, BY_OCTETS)
    assert len(shares) == 1
    corners = walk(640, 32)
    project(around(corners, 3000), corners, BY_OCTETS)
    assert len(shares) == 7
    assert max(shares[1:]) < 0.9


@needs_octets
def test_it_is_tried_where_it_may_pay(monkeypatch):
    tried = []
    together = coarse.put_together
    monkeypatch.setattr(coarse, "put_together", lambda *args: tried.append(1) or together(*args))
    for n_frames, size, dim, pays in (
        (5000, 2048, 64, True),
        (4096, 2048, 64, False),  # as a fit has them, each with a codebook of its own
        (5000, 2047, 64, False),
        (5000, 511, 512, False),
    ):
        corners = walk(size, dim)
        project(around(corners, n_frames), corners, BY_OCTETS)
        assert bool(tried) == pays
        tried.clear()
