from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.labels.index_maps import (
    nearest_map,
    permuted_map,
    smoothed_map,
    unordered_map,
)

COUNTS = st.lists(st.lists(st.integers(0, 3), min_size=8, max_size=8), min_size=1, max_size=12).map(
    lambda columns: np.array(columns).T * (np.arange(len(columns)) % 2 == 0)
)


def _by_hand(counts, at, *, ordered):
    """Return the group of an index, by looking through all of them."""
    grouped = counts[:-1]
    overall = grouped.sum(axis=1)

    def best(groups):
        return min(groups, key=lambda group: (-overall[group], group))

    def commonest(index):
        own = grouped[:, index]
        return best(np.flatnonzero(own == own.max()))

    held = [index for index in range(counts.shape[1]) if grouped[:, index].any()]
    if not held:
        return 0
    if not ordered:
        return commonest(at) if at in held else best(range(len(counts) - 1))
    least = min(abs(index - at) for index in held)
    return best({commonest(index) for index in held if abs(index - at) == least})


@given(COUNTS)
def test_maps_are_those_made_by_hand(counts):
    size = counts.shape[1]
    assert nearest_map(counts).tolist() == [
        _by_hand(counts, at, ordered=True) for at in range(size)
    ]
    assert unordered_map(counts).tolist() == [
        _by_hand(counts, at, ordered=False) for at in range(size)
    ]


@given(COUNTS)
def test_the_direction_of_the_axis_decides_nothing(counts):
    for learnt in (nearest_map, smoothed_map, unordered_map):
        assert learnt(counts[:, ::-1]).tolist() == learnt(counts)[::-1].tolist()


@given(COUNTS, st.randoms(use_true_random=False))
def test_a_permuted_map_is_the_map_of_a_permuted_axis(counts, random):
    draw = np.array(random.sample(range(counts.shape[1]), counts.shape[1]))
    groups = permuted_map(counts, draw)
    assert groups[draw].tolist() == nearest_map(counts[:, draw]).tolist()
    assert permuted_map(counts, np.arange(len(draw))).tolist() == nearest_map(counts).tolist()


def test_smoothing_outvotes_a_stray_label():
    counts = np.zeros((8, 11), dtype=int)
    counts[4] = 2
    counts[4, 5], counts[2, 5] = 0, 1
    assert nearest_map(counts)[5] == 2
    assert (smoothed_map(counts) == 4).all()
    rng = np.random.default_rng(3)
    random = rng.integers(0, 9, (8, 40))
    expected = smooth(random[:7].astype(float)).argmax(axis=0)
    assert smoothed_map(random).tolist() == expected.tolist()


@pytest.mark.parametrize("learnt", [nearest_map, smoothed_map, unordered_map])
def test_nothing_labelled(learnt):
    counts = np.zeros((8, 4), dtype=int)
    counts[7] = 5  # frames in no group teach nothing
    assert learnt(counts).tolist() == [0, 0, 0, 0]


def test_maps_of_many_counts_are_made_at_once():
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 3, (3, 5, 8, 20)) * rng.integers(0, 2, (3, 5, 1, 20))
    counts[1, 2] = 0
    draw = rng.permutation(20)
    for learnt in (nearest_map, smoothed_map, unordered_map, partial(permuted_map, draw=draw)):
        found = learnt(counts)
        assert found.shape == (3, 5, 20)
        for at in np.ndindex(3, 5):
            assert found[at].tolist() == learnt(counts[at]).tolist()
