"""`curve.prepared`: a codebook is prepared once, whoever has it, and again once it has changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, walk

from sfvq_analysis.curve import Engine, prepared, project
from sfvq_analysis.curve.geometry import Geometry
from sfvq_analysis.errors import QuantizerError


@pytest.fixture(autouse=True)
def empty_shelf(monkeypatch):
    monkeypatch.setattr(prepared, "_SHELF", prepared._Shelf())


@pytest.fixture
def counted(monkeypatch):
    """Return the sizes of the codebooks that were prepared."""
    sizes, of = [], Geometry.of
    monkeypatch.setattr(Geometry, "of", lambda corners: sizes.append(len(corners)) or of(corners))
    return sizes


@pytest.mark.parametrize("products", ["auto", "numpy"])
def test_calls_in_turn_prepare_each_codebook_once(counted, products):
    engine = Engine(products=products)
    project(np.zeros((1, 6)), walk(9, 6), engine)  # what is tried once a process
    counted.clear()
    for _ in range(3):
        for size in (20, 30):
            project(around(walk(size, 6), 50), walk(size, 6), engine)
    assert counted == [20, 30]


@pytest.mark.parametrize("place", [(0, 0), (7, 2), (19, 5)])
def test_a_codebook_that_is_changed_in_place_is_prepared_again(place):
    corners = walk(20, 6)
    frames = around(corners, 100)
    project(frames, corners)
    corners[place] += 5
    found = project(frames, corners)
    prepared._SHELF.kept = ()
    assert_same_bytes(found, project(frames, corners))


def test_in_whichever_order_corners_lie_loops_get_the_same():
    """Loops would be compiled once more for columns that lie together, as a fit finds them."""
    corners = walk(20, 7)
    for ours, theirs in zip(
        Geometry.of(np.asfortranarray(corners)), Geometry.of(corners), strict=True
    ):
        assert np.asarray(ours).tobytes("A") == np.asarray(theirs).tobytes("A")
        assert np.asarray(ours).flags.c_contiguous


def test_corners_of_other_shapes_with_the_same_numbers_are_others():
    corners = walk(20, 6)
    assert prepared.prepared(corners) is prepared.prepared(corners.copy())
    other = prepared.prepared(corners.reshape(30, 4))
    assert other.geometry.corners.shape == (30, 4)


def test_what_is_kept_is_limited_and_the_oldest_goes_first(monkeypatch):
    monkeypatch.setattr(prepared, "_MOST_COORDINATES", 100)
    made = [prepared.prepared(walk(size, 5)) for size in (8, 6, 4)]
    assert prepared._SHELF.kept == tuple(made)  # 90 coordinates
    large = prepared.prepared(walk(10, 5))
    assert prepared._SHELF.kept == (made[1], made[2], large)
    assert prepared.prepared(walk(4, 5)) is made[2]
    prepared.prepared(walk(30, 5))  # more than all
    assert prepared._SHELF.kept == ()
    made = [prepared.prepared(walk(2, 1, seed=seed)) for seed in range(15)]
    assert prepared._SHELF.kept == tuple(made[3:])


def test_a_codebook_that_is_refused_is_not_kept():
    for _ in range(2):
        with pytest.raises(QuantizerError, match="from their mean"):
            project(np.zeros((1, 2)), [[0, 0], [1e20, 0]])
    assert prepared._SHELF.kept == ()


def test_threads_find_what_they_would_alone():
    curves = [walk(size, 7) for size in (40, 50, 60)] * 20
    frames = around(curves[0], 200)
    alone = [project(frames, curve, Engine(threads=1)) for curve in curves[:3]]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda curve: project(frames, curve, Engine(threads=1)), curves)
    for number, codes in enumerate(found):
        assert_same_bytes(codes, alone[number % 3])
