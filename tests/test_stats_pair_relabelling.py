from __future__ import annotations

import numpy as np
from made_tables import Said, made_table, nothing_labelled, random_table
from scipy.stats import chisquare

from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.inference.pair_relabelling import null_of_pairs


def drawn(table, pair, n=200, values=("phone_group", 61), *, alike=False):
    """Return the counts of a pair in every draw, shape (n, 2, K)."""
    kept = []

    def keep(counts):
        kept.append(counts.copy())
        return np.zeros(len(counts))

    null_of_pairs(reduce(table), [pair], keep, Inference(n_permutations=n), values, alike=alike)
    return np.concatenate(kept) if kept else None


# Fricatives are value 0, nasals 1, vowels 2; every token has codes of its own.
APART = made_table(
    [
        Said("u", [("s", [0]), ("iy", [1, 1]), ("m", [2]), ("s", [3, 3, 3]), ("ih", [4])]),
        Said("v", [("iy", [5, 6]), ("s", []), ("s", [7, 8, 8]), ("tcl", [9]), ("m", [9])]),
        Said("w", [("s", [10])]),
    ],
    11,
)


def test_tokens_swap_labels_within_their_utterance_and_stay_whole():
    tokens = {0: [0], 1: [1, 1], 3: [3, 3, 3], 4: [4], 5: [5, 6], 7: [7, 8, 8]}
    for first, second in drawn(APART, (0, 2)):
        for codes in tokens.values():
            held = np.bincount(codes, minlength=11)
            inside = [np.array_equal(side[codes], held[codes]) for side in (first, second)]
            assert sum(inside) == 1  # all of its frames are on one side
            assert (first[codes] == 0).all() or (second[codes] == 0).all()
        assert sum(first[k] > 0 for k in (0, 1, 3, 4)) == 2
        assert sum(first[k] > 0 for k in (5, 7)) == 1
        assert (first[10], second[10]) == (1, 0)
        assert (first[[2, 9]] == 0).all()  # nasals and closures take no part
        assert (second[[2, 9]] == 0).all()


def test_alike_only_tokens_of_one_duration_swap_labels():
    draws = drawn(APART, (0, 2), n=300, alike=True)
    first = draws[:, 0]
    assert (first[:, [1, 3, 5, 10]] == [0, 3, 0, 1]).all()  # nothing of their utterance is as long
    assert (first[:, 7] == 1).all()
    assert (first[:, [0, 4]].sum(axis=1) == 1).all()
    assert 0.4 < first[:, 0].mean() < 0.6
    observed = unit_counts(APART, "phone_group").total()[[0, 2]]
    assert (draws.sum(axis=2) == observed.sum(axis=1)).all()


def test_every_choice_is_equally_likely():
    draws = drawn(APART, (0, 2), n=3000)[:, 0]
    chosen = (draws[:, [0, 1, 3, 4]] > 0) @ [1, 2, 4, 8]
    counts = np.bincount(chosen, minlength=16)
    assert set(np.flatnonzero(counts)) == {3, 5, 6, 9, 10, 12}
    assert chisquare(counts[counts > 0]).pvalue > 0.01
    other = draws[:, 5] > 0
    assert abs(other.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(other, draws[:, 0] > 0)[0, 1]) < 0.06  # utterances are independent


def test_both_sides_together_are_the_pair():
    table = random_table(3, n_utterances=12)
    counts = unit_counts(table, "phone", phone_set=39)
    pair = (counts.values.index("ey"), counts.values.index("sil"))
    draws = drawn(table, pair, values=("phone", 39))
    assert (draws >= 0).all()
    pooled = counts.total()[[*pair]].sum(axis=0)
    assert (draws.sum(axis=1) == pooled).all()
    assert len(np.unique(draws[:, 0], axis=0)) > 50


def test_more_draws_than_a_block_are_all_different_in_what_they_draw():
    draws = drawn(APART, (0, 2), n=150)
    assert draws.shape == (150, 2, 11)
    assert not np.array_equal(draws[:64], draws[64:128])
    np.testing.assert_array_equal(draws, drawn(APART, (0, 2), n=150))


def test_a_pair_that_no_utterance_has_is_nan():
    table = made_table([Said("u", [("s", [0]), ("m", [1])]), Said("v", [("iy", [1])])])
    null = null_of_pairs(
        reduce(table),
        [(0, 1), (0, 2), (1, 2)],
        lambda counts: counts[:, 0, 0].astype(float),
        Inference(n_permutations=30),
    )
    assert set(null[:, 0]) == {0.0, 1.0}
    assert np.isnan(null[:, 1:]).all()


def test_without_labels_or_draws_there_is_nothing():
    empty = null_of_pairs(reduce(nothing_labelled()), [], np.zeros, Inference())
    assert empty.shape == (1000, 0)
    assert drawn(APART, (0, 2), n=0) is None
