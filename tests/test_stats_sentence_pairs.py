from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from made_tables import Said, made_table

from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.speakers.sentence_pairs import (
    COMPARISONS,
    comparisons,
    sentence_pairs,
    speech_rates,
)


def spoken(ids, codes=(1, 2)):
    said = [
        Said(
            one,
            [("s", list(codes))],
            one.partition("_")[0],
            dialect=f"dr{1 + i % 2}" if i % 5 else "",
        )
        for i, one in enumerate(sorted(ids))
    ]
    return reduce(made_table(said))


def all_pairs(reductions):
    """Return the pairs within, and those between repeated sentences, by two speakers: a loop."""
    rows = list(reductions.utterances[["speaker", "sentence"]].itertuples(index=False, name=None))
    within, between = set(), set()
    for (i, (who, what)), (j, (whom, that)) in combinations(enumerate(rows), 2):
        if who != whom and what == that != "":
            within.add((i, j))
    repeated = {i for pair in within for i in pair}
    for i, j in combinations(sorted(repeated), 2):
        if rows[i][0] != rows[j][0] and rows[i][1] != rows[j][1]:
            between.add((i, j))
    return within, between


IDS = [f"{'fm'[i % 2]}{i}_{what}" for i in range(6) for what in ("sa1", "sa2", f"sx{i // 2}", "")]


def test_all_pairs_where_there_are_few():
    reductions = spoken(IDS)
    within, between = all_pairs(reductions)
    found = sentence_pairs(reductions, 20_000, Inference())
    assert set(map(tuple, found.within)) == within
    assert set(map(tuple, found.between)) == between
    assert len(set(map(tuple, found.between))) == len(found.between)
    assert found.n_speakers == 6
    assert found.reason == ""


@pytest.mark.parametrize("most", [2, 5, 20])
def test_a_sample_has_no_more_than_asked_for(most):
    reductions = spoken(IDS)
    within, between = all_pairs(reductions)
    found = sentence_pairs(reductions, most, Inference(seed=1))
    assert len(found.within) == most // 2
    assert len(found.within) + len(found.between) <= most
    assert set(map(tuple, found.within)) <= within
    assert set(map(tuple, found.between)) <= between
    again = sentence_pairs(reductions, most, Inference(seed=1))
    assert np.array_equal(found.within, again.within)
    assert np.array_equal(found.between, again.between)


def test_one_repeated_sentence_is_compared_with_the_others():
    reductions = spoken(["fa_s1", "fb_s1", "fa_s2", "fc_s3"])
    found = sentence_pairs(reductions, 100, Inference())
    assert found.within.tolist() == [[0, 2]]  # fa_s1 and fb_s1
    assert sorted(map(tuple, found.between)) == [(0, 3), (1, 2), (2, 3)]


def test_only_other_pairs_than_these_are_missing():
    assert (
        sentence_pairs(spoken(["fa_s1", "fb_s2"]), 9, Inference()).reason
        == "no sentence is said by two speakers"
    )
    assert (
        sentence_pairs(spoken(["fa_s1", "fb_s1"]), 9, Inference()).reason
        == "no other sentence to compare with"
    )
    twice = spoken(["fa_1_s1", "fa_2_s1"])  # by the same speaker
    assert len(sentence_pairs(twice, 9, Inference()).within) == 0


def test_rates_leave_pauses_out():
    said = [
        Said("u0", [("h#", [0] * 9), ("s", [1]), ("iy", [1, 1, 1]), ("pau", [2] * 5)]),
        Said("u1", [("h#", [0]), (None, [1])]),
    ]
    assert speech_rates(reduce(made_table(said))) == pytest.approx([2 / 0.4, np.nan], nan_ok=True)


def test_comparisons_part_pairs_by_sex_dialect_and_rate():
    said = []
    for i, (who, dialect) in enumerate([("f1", "a"), ("f2", "a"), ("m1", "b"), ("m2", "")]):
        for what in ("s1", "s2"):
            tokens = [("s", [0] * (1 + i)), ("iy", [1])]
            said.append(Said(f"{who}_{what}", tokens, who, dialect=dialect))
    reductions = reduce(made_table(said))
    pairs = sentence_pairs(reductions, 1000, Inference())
    masks = comparisons(reductions, pairs)
    assert tuple(masks) == COMPARISONS
    assert all(mask.all() for mask in masks["all"])
    utterances = reductions.utterances
    rates = speech_rates(reductions)
    ends = np.concatenate([pairs.within, pairs.between])
    apart = np.array([abs(np.log(rates[i] / rates[j])) for i, j in ends])
    found = {name: np.concatenate(both) for name, both in masks.items()}
    for at, (i, j) in enumerate(ends):
        sexes, dialects = (utterances[name][[i, j]].tolist() for name in ("sex", "dialect"))
        assert found["same sex"][at] == (sexes[0] == sexes[1])
        assert found["different sex"][at] == (sexes[0] != sexes[1])
        assert found["same dialect"][at] == (dialects[0] == dialects[1])
        assert found["different dialect"][at] == (dialects[0] != dialects[1] and "" not in dialects)
    similar, different = found["similar rate"], found["different rate"]
    assert similar.mean() >= 1 / 3
    assert different.mean() >= 1 / 3
    assert apart[similar].max() <= apart[~similar].min()
    assert apart[different].min() >= apart[~different].max()
