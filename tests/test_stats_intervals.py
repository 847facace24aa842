from __future__ import annotations

import numpy as np
from made_tables import Said, made_table, random_table

from sfvq_analysis.stats.arithmetic.contingency import normalised_information
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.inference.intervals import moved_interval

DRAWS = Inference(n_bootstraps=40)


def test_draws_are_moved_so_that_their_mean_is_what_was_observed():
    counts = unit_counts(random_table(2, n_utterances=12))
    blocks = counts.weighted(resampling_weights(counts.n_units, DRAWS))
    draws = np.array([normalised_information(one) for block in blocks for one in block])
    observed = normalised_information(counts.total())
    assert abs(draws.mean() - observed) > 0.01  # they lie elsewhere
    expected = interval(draws - draws.mean() + observed, counts.n_units, DRAWS)
    found = moved_interval(counts, normalised_information, DRAWS)
    np.testing.assert_allclose(found, expected)
    assert found[0] < observed < found[1]


def test_draws_without_a_value_are_left_out():
    table = made_table(
        [Said(f"u{i}", [("s", [i]), ("iy", [0] * (i == 2))], speaker=f"f{i}") for i in range(3)]
    )

    def share_of_first(block):
        total = block.sum(axis=(1, 2))
        iy = block[:, 0].sum(axis=1)
        return np.where(iy > 0, iy / total, np.nan)[:, None]

    low, high = moved_interval(unit_counts(table), share_of_first, DRAWS)
    assert low.shape == (1,)
    assert 0 < low[0] <= 0.25 <= high[0]


def test_one_unit_has_none():
    table = made_table([Said("u", [("s", [1, 2]), ("iy", [3])])])
    found = moved_interval(unit_counts(table), lambda block: block.sum(axis=2), DRAWS)
    assert np.isnan(found).all()
    assert found[0].shape == (2,)
