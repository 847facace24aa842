from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import (
    MEASURE_COLUMNS,
    Inference,
    Measure,
    as_frame,
    corrected_p,
    interval,
    null_summary,
    p_value,
    permuted_codes,
    places_of,
    resampling_weights,
)

SEEDS = st.integers(0, 10_000)


class TestOptions:
    @pytest.mark.parametrize("name", ["n_permutations", "n_bootstraps", "seed"])
    @pytest.mark.parametrize("value", [-1, 1.5, True])
    def test_counts_are_counts(self, name, value):
        with pytest.raises(OptionError, match=f"{name} is"):
            Inference(**{name: value})

    @pytest.mark.parametrize("level", [0, 1, -0.1, float("nan")])
    def test_a_level_lies_inside_0_and_1(self, level):
        with pytest.raises(OptionError, match="level is"):
            Inference(level=level)

    def test_purposes_draw_differently_and_again_alike(self):
        draws = {name: Inference(seed=3).generator(name).random(4) for name in ("a", "b")}
        assert not np.array_equal(draws["a"], draws["b"])
        np.testing.assert_array_equal(draws["a"], Inference(seed=3).generator("a").random(4))
        assert not np.array_equal(draws["a"], Inference(seed=4).generator("a").random(4))


class TestFrame:
    def test_a_measure_is_a_row(self):
        found = as_frame([Measure("step", 1.5, unit="speaker"), Measure("none", reason="no frame")])
        assert list(found.columns) == list(MEASURE_COLUMNS)
        assert found["effect"].tolist()[0] == 1.5
        assert np.isnan(found["effect"][1])
        assert found["reason"].tolist() == ["", "no frame"]

    def test_no_measure_is_a_frame_without_rows(self):
        found = as_frame([])
        assert list(found.columns) == list(MEASURE_COLUMNS)
        assert found["effect"].dtype == np.float64


class TestIntervals:
    def test_every_resampling_draws_as_many_units_as_there_are(self):
        weights = resampling_weights(7, Inference(n_bootstraps=50))
        assert weights.shape == (50, 7)
        assert (weights.sum(axis=1) == 7).all()
        assert weights.std() == pytest.approx(np.sqrt(1 - 1 / 7), abs=0.1)

    @pytest.mark.parametrize("n_units", [0, 1])
    def test_one_unit_has_no_interval(self, n_units):
        assert len(resampling_weights(n_units, Inference())) == 0
        assert np.isnan(interval(np.ones((9, 2)), n_units, Inference())).all()

    def test_many_units_give_plain_percentiles(self):
        draws = np.random.default_rng(0).normal(size=(500, 3))
        low, high = interval(draws, 10**9, Inference(level=0.8))
        np.testing.assert_allclose(low, np.quantile(draws, 0.1, axis=0))
        np.testing.assert_allclose(high, np.quantile(draws, 0.9, axis=0))

    def test_undefined_draws_are_left_out(self):
        draws = np.array([[1.0, np.nan], [np.nan, np.nan], [1.0, np.nan]])
        low, high = interval(draws, 5, Inference())
        assert low.tolist()[0] == high.tolist()[0] == 1.0
        assert np.isnan([low[1], high[1]]).all()

    @pytest.mark.parametrize("n_units", [5, 12, 40])
    def test_intervals_of_a_mean_cover_what_they_say(self, n_units):
        """Of 400 samples; three standard errors of the count."""
        rng, covered = np.random.default_rng(n_units), 0
        for seed in range(400):
            values = rng.exponential(size=n_units) if n_units == 40 else rng.normal(1, 1, n_units)
            inference = Inference(n_bootstraps=400, level=0.9, seed=seed)
            draws = resampling_weights(n_units, inference) @ values / n_units
            low, high = interval(draws, n_units, inference)
            covered += bool(low <= 1 <= high)
        assert 0.85 - 0.045 <= covered / 400 <= 0.95


class TestPValues:
    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.integers(-3, 3), min_size=1, max_size=30), st.integers(-4, 4))
    def test_they_count_what_is_as_extreme(self, null, observed):
        n = len(null)
        above = (1 + sum(value >= observed for value in null)) / (1 + n)
        below = (1 + sum(value <= observed for value in null)) / (1 + n)
        assert p_value(observed, null, "greater") == pytest.approx(above)
        assert p_value(observed, null, "less") == pytest.approx(below)
        assert p_value(observed, null, "two-sided") == pytest.approx(min(1, 2 * min(above, below)))

    def test_rounding_makes_no_difference(self):
        assert p_value(0.1 + 0.2, [0.3] * 9, "greater") == 1.0

    @pytest.mark.parametrize(("observed", "null"), [(np.nan, [1.0]), (1.0, []), (1.0, [np.nan])])
    def test_nothing_gives_nan(self, observed, null):
        assert np.isnan(p_value(observed, null, "greater"))

    def test_a_strange_tail_is_refused(self):
        with pytest.raises(OptionError, match="tail is 'both'"):
            p_value(1.0, [1.0], "both")

    def test_summary_leaves_undefined_draws_out(self):
        assert null_summary([1.0, 3.0, np.nan]) == (2.0, 1.0)
        assert np.isnan(null_summary([np.nan])).all()

    def test_correction_is_benjamini_and_hochberg(self):
        p = np.array([0.01, np.nan, 0.04, 0.03])
        found = corrected_p(p)
        expected = [0.03, np.nan, 0.04, 0.04]  # p_(i) * 3 / i, made monotone from above
        np.testing.assert_allclose(found, expected)
        assert np.isnan(corrected_p([np.nan])).all()


class TestOrderNull:
    @settings(max_examples=30, deadline=None)
    @given(SEEDS, st.lists(st.booleans(), min_size=1, max_size=12))
    def test_used_codes_change_places_and_unused_stay(self, seed, used):
        draws = permuted_codes(used, Inference(n_permutations=20, seed=seed))
        assert draws.shape == (20, len(used))
        np.testing.assert_array_equal(
            np.sort(draws, axis=1), np.tile(np.arange(len(used)), (20, 1))
        )
        unused = np.flatnonzero(~np.array(used))
        assert (draws[:, unused] == unused).all()

    def test_places_turn_a_draw_around(self):
        draws = permuted_codes(np.ones(9, dtype=bool), Inference(n_permutations=15))
        for draw, place in zip(draws, places_of(draws), strict=True):
            assert [draw[place[code]] for code in range(9)] == list(range(9))

    def test_every_order_is_as_likely(self):
        draws = permuted_codes([True, True, False, True], Inference(n_permutations=6000))
        _, counts = np.unique(draws, axis=0, return_counts=True)
        assert len(counts) == 6
        assert kstest(binom.cdf(counts, 6000, 1 / 6), "uniform").pvalue > 1e-4

    def test_no_code_is_used(self):
        draws = permuted_codes([False, False], Inference(n_permutations=2))
        assert pd.DataFrame(draws).drop_duplicates().to_numpy().tolist() == [[0, 1]]
