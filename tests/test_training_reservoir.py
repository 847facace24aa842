"""`Reservoir`: every row is as likely as any other, and so is every pair."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.training.reservoir import Reservoir


def filled(size: int | None, seed: int, blocks: list[int]) -> Reservoir:
    """Return a reservoir that rows 0, 1, 2, … passed by, in blocks."""
    reservoir = Reservoir(size, seed)
    for start, length in zip(np.cumsum([0, *blocks]), blocks, strict=False):
        reservoir.add(np.arange(start, start + length, dtype=np.float32)[:, None])
    return reservoir


def drawn(size: int | None, seed: int, blocks: list[int]) -> np.ndarray:
    return filled(size, seed, blocks).values()[:, 0].astype(int)


@given(
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 20), min_size=1, max_size=8),
)
def test_what_is_kept_is_different_rows_in_their_order_as_many_as_fit(size, seed, blocks):
    kept = drawn(size, seed, blocks)
    assert len(kept) == min(size, sum(blocks))
    assert (np.diff(kept) > 0).all()
    assert filled(size, seed, blocks).n_seen == sum(blocks)
    if sum(blocks) <= size:
        assert kept.tolist() == list(range(sum(blocks)))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_without_a_size_all_are_kept(blocks):
    assert drawn(None, 0, blocks).tolist() == list(range(sum(blocks)))


def test_the_seed_decides():
    first, again, other = (drawn(5, seed, [40, 60]).tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_blocks_that_are_changed_later_do_not_matter():
    reservoir, block = Reservoir(4, 0), np.ones((4, 2), np.float32)
    reservoir.add(block)
    block[:] = 9
    np.testing.assert_array_equal(reservoir.values(), 1)


@pytest.mark.parametrize("blocks", [[20], [1, 1, 1, 17], [3, 0, 9, 2, 6]])
def test_every_row_is_as_likely_as_any_other(blocks):
    n_seeds, size, total = 2000, 6, sum(blocks)
    seen = np.zeros(total)
    for seed in range(n_seeds):
        kept = drawn(size, seed, blocks)
        assert len(kept) == size
        seen[kept] += 1
    expected = n_seeds * size / total
    chi_square = float(((seen - expected) ** 2 / expected).sum())
    assert chi_square < 43.8  # exceeded once in a thousand by chance at 19 degrees of freedom


def test_pairs_of_rows_are_as_likely_as_any_other():
    n_seeds, total = 4000, 6
    seen = Counter(tuple(drawn(2, seed, [3, 3]).tolist()) for seed in range(n_seeds))
    expected = n_seeds / 15
    assert len(seen) == total * (total - 1) // 2
    assert sum((n - expected) ** 2 / expected for n in seen.values()) < 36.1  # p = .001
