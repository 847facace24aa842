from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)

from sfvq_analysis.stats import transitions
from sfvq_analysis.stats.time.transitions import relative_step, transition_matrix

if TYPE_CHECKING:
    from sfvq_analysis.tables import IndexTable

SEEDS = st.integers(0, 10_000)


def neighbours(table: IndexTable) -> list[tuple[int, int]]:
    return [
        (one["codeword"], other["codeword"])
        for one, other in pairwise(frame_rows(table))
        if one["utterance"] == other["utterance"]
    ]


def spoken(codes: list[list[int]], size: int) -> IndexTable:
    return made_table([Said(f"u{i}", [(None, one)]) for i, one in enumerate(codes)], size)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([2, 5, 30]))
def test_transitions_equal_a_loop(seed, size):
    table = random_table(seed, codebook_size=size)
    found = transitions(table)
    expected = Counter(neighbours(table))
    assert list(found.itertuples(index=False, name=None)) == [
        (*pair, n) for pair, n in sorted(expected.items())
    ]
    assert found["count"].sum() == sum(max(n - 1, 0) for n in table.utterances["n_frames"])
    matrix = transition_matrix(found, size)
    assert matrix.shape == (size, size)
    assert all(matrix[i, j] == expected[i, j] for i in range(size) for j in range(size))


def test_transitions_never_cross_utterances():
    found = transitions(spoken([[0, 1], [], [5], [1, 0]], 8))
    assert found.to_numpy().tolist() == [[0, 1, 1], [1, 0, 1]]


def test_stays_are_counted_and_rows_lead_to_columns():
    found = transitions(spoken([[3, 3, 3, 6]], 8))
    assert found.to_numpy().tolist() == [[3, 3, 2], [3, 6, 1]]
    assert transition_matrix(found, 8)[3, 6] == 1
    assert transition_matrix(found, 8)[6, 3] == 0


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_step_equals_a_loop(seed):
    table = random_table(seed, codebook_size=11)
    changes = [abs(b - a) for a, b in neighbours(table) if a != b]
    expected = sum(changes) / len(changes) / ((11 + 1) / 3)
    assert relative_step(table) == pytest.approx(expected)


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_step_is_one_on_the_average_of_all_relabellings(size):
    codes = [[0, 1, 1, 0, size - 1], [1, 0, 0]]
    steps = []
    for relabel in permutations(range(size)):
        moved = [[relabel[k] for k in one] for one in codes]
        changes = [abs(b - a) for one in moved for a, b in pairwise(one) if a != b]
        steps.append(Fraction(sum(changes), len(changes)) / Fraction(size + 1, 3))
        if len(steps) <= 24:
            assert relative_step(spoken(moved, size)) == pytest.approx(float(steps[-1]))
    assert sum(steps) / len(steps) == 1


def test_closed_forms():
    assert relative_step(spoken([list(range(8)), [7, 6, 5]], 8)) == pytest.approx(1 / 3)
    assert relative_step(spoken([[0, 7, 0, 0, 7]], 8)) == pytest.approx(7 / 3)
    assert np.isnan(relative_step(spoken([[3, 3, 3], [4], [5]], 8)))


def test_reversing_the_axis_changes_no_step():
    codes = [[0, 3, 3, 9], [4, 1]]
    mirrored = [[9 - k for k in one] for one in codes]
    assert relative_step(spoken(codes, 10)) == relative_step(spoken(mirrored, 10))


def test_frames_outside_all_phones_count():
    table = nothing_labelled()  # 1, 2, 5
    assert transitions(table).to_numpy().tolist() == [[1, 2, 1], [2, 5, 1]]
    assert relative_step(table) == pytest.approx(2 / 3)


def test_no_frame_at_all():
    assert transitions(no_frames()).shape == (0, 3)
    assert np.isnan(relative_step(no_frames()))
    assert transition_matrix(transitions(no_frames()), 8).sum() == 0


def test_the_table_stays_as_it_was():
    table = random_table(2)
    before = copies(table)
    transition_matrix(transitions(table), 8)
    relative_step(table)
    assert_unchanged(table, before)
