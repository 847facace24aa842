from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr

from sfvq_analysis import demo_quantizers
from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.stats import corner_distances
from sfvq_analysis.stats.inference import Inference, permuted_codes
from sfvq_analysis.stats.order.codebook import codebook_order

FEW = Inference(n_permutations=40)
MEASURES = ["path_length", "pearson", "spearman", "nearest_is_neighbour"]


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


def order_by_hand(corners: np.ndarray, order: np.ndarray) -> list[float]:
    """Return the measures of `codebook_order` for corners in another order, pair by pair."""
    corners = corners[order]
    n = len(corners)
    distance = [[math.dist(a, b) for b in corners.tolist()] for a in corners.tolist()]
    pairs = list(combinations(range(n), 2))
    lags = [j - i for i, j in pairs]
    between = [distance[i][j] for i, j in pairs]
    beside = 0
    for i in range(n):
        nearest = min(distance[i][j] for j in range(n) if j != i)
        beside += any(distance[i][j] <= nearest for j in (i - 1, i + 1) if 0 <= j < n)
    return [
        sum(distance[i][i + 1] for i in range(n - 1)),
        pearsonr(lags, between)[0],
        spearmanr(lags, between)[0],
        beside / n,
    ]


def leaf_order(corners: np.ndarray) -> np.ndarray:
    return leaves_list(linkage(pdist(corners), "average", optimal_ordering=True))


class TestCodebookOrder:
    @pytest.mark.parametrize(("size", "dim"), [(3, 2), (9, 1), (20, 4)])
    def test_effects_and_reference_equal_another_library(self, size, dim):
        corners = np.random.default_rng(size).normal(size=(size, dim))
        found = codebook_order(corners, inference=FEW)
        assert found["measure"].tolist() == MEASURES
        np.testing.assert_allclose(found["effect"], order_by_hand(corners, np.arange(size)))
        np.testing.assert_allclose(found["reference"], order_by_hand(corners, leaf_order(corners)))

    def test_nulls_are_those_of_random_orders(self):
        corners = np.cumsum(np.random.default_rng(1).normal(size=(12, 3)), axis=0)
        found = codebook_order(corners, inference=FEW)
        orders = permuted_codes(np.ones(12), FEW)
        draws = np.array([order_by_hand(corners, order) for order in orders])
        np.testing.assert_allclose(found["null_mean"], draws.mean(axis=0))
        np.testing.assert_allclose(found["null_sd"], draws.std(axis=0))
        effect = found["effect"].to_numpy()
        extreme = np.where(np.arange(4) == 0, draws <= effect + 1e-9, draws >= effect - 1e-9)
        np.testing.assert_allclose(found["p"], (1 + extreme.sum(axis=0)) / (1 + len(draws)))

    def test_a_line_is_perfect_and_its_shuffles_are_random(self):
        line = np.arange(20.0)[:, None] * [3.0, 4.0]
        found = codebook_order(line, inference=FEW)
        np.testing.assert_allclose(found["effect"], [95, 1, 1, 1])
        np.testing.assert_allclose(found["reference"], found["effect"])
        assert (found["p"] == 1 / 41).all()
        rng = np.random.default_rng(0)
        shuffled = [codebook_order(rng.permutation(line), inference=FEW) for _ in range(30)]
        np.testing.assert_allclose(shuffled[0]["reference"], found["effect"])
        for at in range(3):
            assert sum(one.loc[at, "p"] <= 0.05 for one in shuffled) <= 5  # 1.5 are expected

    def test_the_direction_of_the_axis_does_not_matter(self):
        corners = np.random.default_rng(2).normal(size=(16, 3))
        straight, back = (codebook_order(one, inference=FEW) for one in (corners, corners[::-1]))
        for name in ("effect", "reference"):
            np.testing.assert_allclose(straight[name], back[name])

    def test_unused_codes_are_left_out(self):
        corners = np.random.default_rng(3).normal(size=(10, 3))
        used = np.array([3, 0, 1, 1, 0, 2, 9, 1, 0, 4])
        found = codebook_order(corners, used=used, inference=FEW)
        expected = codebook_order(corners[used > 0], inference=FEW)
        pd.testing.assert_frame_equal(found, expected)
        with pytest.raises(OptionError, match=r"used has shape \(3,\); give \(10,\)"):
            codebook_order(corners, used=[1, 1, 1])

    def test_equally_near_corners_all_count_as_nearest(self):
        square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
        crossed = [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
        twice = [[0.0], [0.0], [5.0], [5.0]]
        shares = [
            codebook_order(one, inference=FEW)["effect"].iloc[3] for one in (square, crossed, twice)
        ]
        assert shares == [1.0, 0.5, 1.0]

    @pytest.mark.parametrize(
        ("corners", "reason"),
        [
            (np.zeros((1, 2)), "1 used code, fewer than 3"),
            (np.eye(2), "2 used codes, fewer than 3"),
            (np.eye(5), "all distances are equal"),
            (np.ones((4, 3)), "all distances are equal"),
        ],
    )
    def test_what_cannot_be_measured_is_nan_with_a_reason(self, corners, reason):
        found = codebook_order(corners, inference=FEW)
        assert found["measure"].tolist() == MEASURES
        assert found[["effect", "null_mean", "p", "reference"]].isna().all(axis=None)
        assert set(found["reason"]) == {reason}

    def test_no_used_code(self):
        found = codebook_order(np.eye(3), used=[0, 0, 0], inference=FEW)
        assert set(found["reason"]) == {"0 used codes, fewer than 3"}

    def test_corners_have_no_interval_and_without_draws_no_null(self):
        corners = np.random.default_rng(0).normal(size=(6, 2))
        found = codebook_order(corners, inference=Inference(n_permutations=0))
        assert found[["effect", "reference"]].notna().all(axis=None)
        assert found[["low", "high", "null_mean", "null_sd", "p"]].isna().all(axis=None)
        assert found["reason"].str.contains("no interval").all()

    def test_the_shipped_curve_is_in_order(self):
        found = codebook_order(demo_quantizers()["sfvq"].corners(), inference=FEW)
        assert (found["p"] == 1 / 41).all()

    def test_the_codebook_stays_as_it_was_and_is_checked(self):
        corners = np.random.default_rng(0).normal(size=(6, 2))
        before = corners.copy()
        codebook_order(corners, inference=FEW)
        np.testing.assert_array_equal(corners, before)
        with pytest.raises(QuantizerError):
            codebook_order([[np.inf]])


def test_a_quantizer_is_as_good_as_its_corners():
    quantizer = demo_quantizers()["sfvq"]
    pd.testing.assert_frame_equal(
        corner_distances(quantizer), corner_distances(quantizer.corners())
    )
    with pytest.raises(OptionError, match=r"codebook is object, not numbers.*or a quantizer"):
        corner_distances(object())
