from __future__ import annotations

import numpy as np
import pytest
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, order_null, permuted_codes
from sfvq_analysis.stats.inference.order_null import in_parts, permuted_counts, why_no_order

DRAWS = Inference(n_permutations=17)


@pytest.mark.parametrize("cells", [1, 100, 1 << 20])
def test_blocks_are_the_draws_of_the_order_null_whatever_their_size(monkeypatch, cells):
    monkeypatch.setattr(order_null, "_CELLS_IN_MEMORY", cells)
    counts = np.random.default_rng(0).poisson(0.7, (3, 11))
    found = np.concatenate(list(permuted_counts(counts, DRAWS)))
    expected = [counts[:, codes] for codes in permuted_codes(counts.any(axis=0), DRAWS)]
    assert np.array_equal(found, expected)
    assert (found.any(axis=1) == counts.any(axis=0)).all()  # unused places stay unused


def test_no_draw_is_no_block():
    assert list(permuted_counts(np.ones((2, 3)), Inference(n_permutations=0))) == []


@pytest.mark.parametrize("cells", [1, 20, 1 << 20])
def test_parts_are_put_together(monkeypatch, cells):
    monkeypatch.setattr(order_null, "_CELLS_IN_CACHE", cells)
    counts = np.random.default_rng(0).random((7, 2, 5))
    assert np.array_equal(in_parts(lambda part: part.sum(axis=2), counts), counts.sum(axis=2))
    assert in_parts(lambda part: part.sum(axis=2), counts[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("table", "at_least", "reason"),
    [
        (nothing_labelled(), 2, "no labelled frame"),
        (no_frames(), 2, "no labelled frame"),
        (made_table([Said("u", [("s", [3, 3]), (None, [1])])]), 2, "1 used code, fewer than 2"),
        (made_table([Said("u", [("s", [3, 4])])]), 3, "2 used codes, fewer than 3"),
        (random_table(0), 2, ""),
    ],
)
def test_reasons(table, at_least, reason):
    assert why_no_order(unit_counts(table), at_least) == reason
