from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.inference.relabelling import (
    first_of_utterances,
    relabelled_counts,
    resettled_counts,
    strata_of,
)


def drawn(table, n, by="phone", seed=0):
    return list(relabelled_counts(reduce(table), Inference(n_permutations=n, seed=seed), by))


@pytest.mark.parametrize("by", ["phone", "phone_group"])
def test_a_draw_keeps_the_frames_of_every_index(by):
    table = random_table(2, n_utterances=12)
    counts = unit_counts(table, by).total()
    for draw in drawn(table, 5, by):
        assert draw.shape == counts.shape
        np.testing.assert_array_equal(draw.sum(axis=0), counts.sum(axis=0))


def test_draws_are_all_the_orders_of_labels_equally_often():
    """Three segments of 1, 2 and 4 frames, each of an index of its own."""
    table = made_table([Said("a", [("s", [0]), ("iy", [1, 1]), ("m", [2, 2, 2, 2])])])
    orders = {}
    for order in permutations(range(3)):
        counts = np.zeros((3, 8), dtype=int)
        for label, index, n in zip(order, (0, 1, 2), (1, 2, 4), strict=True):
            counts[label, index] = n
        orders[counts.tobytes()] = 0
    for draw in drawn(table, 3000):
        orders[draw.astype(int).tobytes()] += 1
    assert min(orders.values()) > 500 - 4 * np.sqrt(3000 * 5 / 36)
    assert sum(orders.values()) == 3000


def test_labels_stay_in_their_utterance():
    table = made_table([Said("a", [("s", [0]), ("iy", [1])]), Said("b", [("m", [2]), ("n", [3])])])
    names = unit_counts(table).values
    for draw in drawn(table, 20):
        where = {name: set(np.flatnonzero(row)) for name, row in zip(names, draw, strict=True)}
        assert where["s"] | where["iy"] == {0, 1}
        assert where["m"] | where["n"] == {2, 3}


def test_alike_segments_of_one_duration_swap_labels_and_no_others():
    said = [("s", [0, 0]), ("iy", [1]), ("m", [2, 3]), ("n", [4]), ("t", [5, 5, 5])]
    table = made_table([Said("a", said), Said("b", [("ey", [6, 6])])])
    names = unit_counts(table).values
    held = []
    for draw in relabelled_counts(reduce(table), Inference(n_permutations=200), alike=True):
        where = {name: tuple(np.flatnonzero(row)) for name, row in zip(names, draw, strict=True)}
        assert {where["s"], where["m"]} == {(0,), (2, 3)}
        assert {where["iy"], where["n"]} == {(1,), (4,)}
        assert (where["t"], where["ey"]) == ((5,), (6,))
        held.append((where["s"] == (0,), where["iy"] == (1,)))
    shares = np.unique(held, axis=0, return_counts=True)[1] / 200
    assert len(shares) == 4
    assert (np.abs(shares - 0.25) < 0.14).all()


def test_alike_draws_keep_the_frames_of_every_phone_and_index():
    table = random_table(6, n_utterances=12)
    counts = unit_counts(table).total()
    draws = [*relabelled_counts(reduce(table), Inference(n_permutations=5), alike=True)]
    for draw in draws:
        np.testing.assert_array_equal(draw.sum(axis=0), counts.sum(axis=0))
        np.testing.assert_array_equal(draw.sum(axis=1), counts.sum(axis=1))
    assert len(np.unique(draws, axis=0)) == 5


def test_resettled_segments_keep_label_and_length_at_the_codes_of_another():
    """Three segments of 1, 2 and 4 frames; the last one has two indices."""
    said = [("s", [0]), ("iy", [1, 1]), ("m", [2, 3, 3, 3])]
    table = made_table([Said("a", said), Said("b", [("ey", [6, 6])])])
    names = unit_counts(table).values
    shares = {"s": {0: 1.0}, "iy": {1: 1.0}, "m": {2: 0.25, 3: 0.75}}
    n_frames = {"s": 1, "iy": 2, "m": 4}
    orders = dict.fromkeys(permutations(n_frames), 0)
    for draw in resettled_counts(reduce(table), Inference(n_permutations=600)):
        rows = dict(zip(names, draw, strict=True))
        assert rows["ey"].tolist() == [0, 0, 0, 0, 0, 0, 2, 0]
        settled = []
        for name, n in n_frames.items():
            (whose,) = (
                other
                for other, share in shares.items()
                if set(share) == set(np.flatnonzero(rows[name]))
            )
            for index, share in shares[whose].items():
                assert rows[name][index] == pytest.approx(share * n)
            settled.append(whose)
        orders[tuple(settled)] += 1
    assert min(orders.values()) > 60


def test_strata_hold_what_is_of_one_utterance_and_duration():
    rng = np.random.default_rng(0)
    utterance, n_frames = np.sort(rng.integers(0, 5, 60)), rng.integers(1, 6, 60)
    order, first = strata_of(utterance, n_frames)
    assert sorted(order) == list(range(60))
    kinds = [{(utterance[at], n_frames[at]) for at in order[a:b]} for a, b in pairwise(first)]
    assert all(len(kind) == 1 for kind in kinds)
    assert len(set.union(*kinds)) == len(kinds)


def test_segments_without_frame_or_value_take_no_part():
    table = made_table([Said("a", [("s", [0]), ("iy", []), ("tcl", [1]), ("m", [2, 2])])])
    for draw in drawn(table, 20, "phone_group"):
        assert draw.sum(axis=1).tolist() in ([1, 2], [2, 1])
        assert draw[:, 1].sum() == 0


def test_the_seed_decides():
    table = random_table(4, n_utterances=12)
    one, again, other = (np.stack(drawn(table, 4, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()])
def test_nothing_is_drawn_from_nothing(table):
    assert [draw.shape for draw in drawn(table, 2)] == [(0, 8), (0, 8)]
    resettled = resettled_counts(reduce(table), Inference(n_permutations=2))
    assert [draw.shape for draw in resettled] == [(0, 8), (0, 8)]


@pytest.mark.parametrize(
    ("values", "expected"), [([], [0]), ([3], [0, 1]), ([0, 0, 2, 2, 2, 5], [0, 2, 5, 6])]
)
def test_stretches_of_equal_values(values, expected):
    assert first_of_utterances(np.array(values, dtype=np.int32)).tolist() == expected
