"""`stats.counting.added_cells`: the sum of all parts, however they overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.stats.counting.added_cells import AddedCells

CELL = st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(0, 2), st.integers(1, 9))
PARTS = st.lists(st.lists(CELL, max_size=20), max_size=12)


@given(PARTS)
def test_it_is_the_sum_of_all_parts(parts):
    added, wanted = AddedCells((5, 7, 3)), np.zeros((5, 7, 3), dtype=np.int64)
    for part in parts:
        rows = np.array(part, dtype=np.int64).reshape(-1, 4)
        np.add.at(wanted, tuple(rows[:, :3].T), rows[:, 3])
        added.add(tuple(rows[:, :3].T), rows[:, 3])
    columns, count = added.rows()
    np.testing.assert_array_equal(np.array(columns), np.array(np.nonzero(wanted)))
    np.testing.assert_array_equal(count, wanted[np.nonzero(wanted)])


@pytest.mark.parametrize("n", [2, 128, 129, 40_000])
def test_the_last_coordinate_has_room(n):
    added = AddedCells((n,))
    added.add((np.array([n - 1]),), np.array([1]))
    (column,), _ = added.rows()
    assert column.tolist() == [n - 1]


def test_parts_that_overlap_are_merged_with_their_like():
    added = AddedCells((1 << 20,))
    sizes = []
    for part in range(64):
        added.add((np.arange(part, 1 << 12, 64)[::-1],), np.ones(64, dtype=np.int64))
        sizes.append(len(added._others))
    assert max(sizes) <= 10
    assert added.rows()[1].sum() == 64 * 64


def test_parts_that_follow_each_other_are_merged_at_their_edges():
    added = AddedCells((1000,))
    for part in range(10):
        added.add((np.arange(90 * part, 90 * part + 100),), np.ones(100, dtype=np.int64))
    assert not added._others
    (column,), count = added.rows()
    assert column.tolist() == list(range(910))
    assert count.sum() == 1000


def test_counts_beyond_32_bits():
    added = AddedCells((2,))
    for _ in range(3):
        added.add((np.array([0, 1]),), np.array([1 << 30, 1]))
    assert added.rows()[1].tolist() == [3 << 30, 3]
