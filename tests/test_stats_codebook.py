from __future__ import annotations

import math

import numpy as np
import pytest

from sfvq_analysis import demo_quantizers
from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.stats import corner_distances


@pytest.mark.parametrize(("size", "dim"), [(1, 3), (5, 1), (17, 6)])
def test_distances_equal_a_loop(size, dim):
    codebook = np.random.default_rng(size).normal(size=(size, dim)).astype(np.float32)
    found = corner_distances(codebook)
    for i in range(size):
        for j in range(size):
            expected = math.dist(codebook[i].tolist(), codebook[j].tolist())
            assert found.loc[i, j] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert list(found.index) == list(found.columns) == list(range(size))


def test_far_from_the_origin_nothing_is_lost():
    found = corner_distances(np.array([[1e6, 0.0], [1e6 + 0.5, 0.0]], dtype=np.float32))
    assert found.loc[0, 1] == 0.5


def test_reversing_the_curve_turns_the_matrix():
    codebook = np.random.default_rng(0).normal(size=(6, 2))
    straight, back = corner_distances(codebook), corner_distances(codebook[::-1])
    np.testing.assert_allclose(straight.to_numpy()[::-1, ::-1], back.to_numpy())


def test_the_codebook_stays_as_it_was():
    codebook = np.ones((3, 2))
    found = corner_distances(codebook)
    found.iloc[0, 0] = 7
    assert (codebook == 1).all()


def test_neighbours_on_the_shipped_curve_are_nearer_than_others():
    found = corner_distances(demo_quantizers()["sfvq"].corners()).to_numpy()
    others = found[~np.eye(len(found), dtype=bool)]
    assert np.diag(found, 1).mean() < 0.6 * others.mean()


def test_what_is_no_codebook_is_refused():
    with pytest.raises(QuantizerError):
        corner_distances([1.0, 2.0])
    with pytest.raises(QuantizerError):
        corner_distances([[np.nan]])
