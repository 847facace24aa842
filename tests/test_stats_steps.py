from __future__ import annotations

from itertools import combinations, pairwise, permutations

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
    random_table,
)

from sfvq_analysis.stats.inference import (
    MEASURE_COLUMNS,
    Inference,
    interval,
    p_value,
    permuted_codes,
    places_of,
    resampling_weights,
)
from sfvq_analysis.stats.time.steps import steps
from sfvq_analysis.stats.time.transitions import relative_step

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=40, n_bootstraps=40, seed=3)


def changes(table):
    """Return (speaker, from, to) of every change, in a loop."""
    return [
        (one["speaker"], one["codeword"], other["codeword"])
        for one, other in pairwise(frame_rows(table))
        if one["utterance"] == other["utterance"] and one["codeword"] != other["codeword"]
    ]


def measures(moves, used):
    """Return relative step, absolute step and share of neighbours of (from, to), in a loop."""
    used = sorted(used)
    step = np.mean([abs(a - b) for a, b in moves])
    expected = np.mean([abs(a - b) for a, b in combinations(used, 2)])
    beside = np.mean([abs(used.index(a) - used.index(b)) == 1 for a, b in moves])
    return np.array([step / expected, step, beside])


def spoken(codes, size, **kwargs):
    said = [Said(f"u{i}", [(None, one)], speaker=f"f{i:03d}") for i, one in enumerate(codes)]
    return made_table(said, size, **kwargs)


def used_codes(table):
    return set(table.frames["codeword"])


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from([4, 11, 40]))
def test_effects_null_and_intervals_equal_loops(seed, size):
    table = random_table(seed, codebook_size=size)
    moves = [(a, b) for _, a, b in changes(table)]
    found = steps(table, inference=FEW).set_index("measure")
    if not moves:
        assert found["effect"].isna().all()
        return
    used = used_codes(table)
    observed = measures(moves, used)
    assert found["effect"].to_numpy() == pytest.approx(observed)
    flags = np.isin(np.arange(size), list(used))
    null = np.array(
        [
            measures([(place[a], place[b]) for a, b in moves], used)
            for place in places_of(permuted_codes(flags, FEW))
        ]
    )
    assert found["null_mean"].to_numpy() == pytest.approx(null.mean(axis=0))
    assert found["null_sd"].to_numpy() == pytest.approx(null.std(axis=0))
    tails = ("less", "less", "greater")
    assert found["p"].to_list() == [
        p_value(observed[i], null[:, i], tail) for i, tail in enumerate(tails)
    ]
    speakers = sorted(set(table.utterances["speaker"]))
    if len(speakers) < 2:
        return
    drawn = []
    for weights in resampling_weights(len(speakers), FEW):
        repeated = [
            (a, b)
            for speaker, a, b in changes(table)
            for _ in range(int(weights[speakers.index(speaker)]))
        ]
        drawn.append(measures(repeated, used) if repeated else np.full(3, np.nan))
    low, high = interval(np.array(drawn), len(speakers), FEW)
    assert found["low"].to_numpy() == pytest.approx(low, nan_ok=True)
    assert found["high"].to_numpy() == pytest.approx(high, nan_ok=True)


def test_relative_step_is_one_on_the_average_of_all_permutations_of_the_used_codes():
    used, codes = [1, 2, 6, 9], [[1, 2, 2, 1, 9], [6, 9, 1]]
    found = []
    for places in permutations(used):
        moved = dict(zip(used, places, strict=True))
        table = spoken([[moved[k] for k in one] for one in codes], 12)
        row = steps(table, inference=Inference(0, 0)).set_index("measure")["effect"]
        found.append([row["relative_step"], row["next_share"]])
    assert np.mean(found, axis=0) == pytest.approx([1.0, 2 / len(used)])


def test_it_is_the_older_measure_where_all_codes_are_used():
    rng = np.random.default_rng(0)
    table = spoken([np.append(rng.permutation(9), rng.integers(0, 9, 50)).tolist()], 9)
    found = steps(table, inference=Inference(0, 0)).set_index("measure")
    assert found.loc["relative_step", "effect"] == pytest.approx(relative_step(table))


def test_perfect_order():
    codes = [list(range(16)), list(range(15, -1, -1)), [3, 3, 4, 5]]
    found = steps(spoken(codes, 16), inference=Inference(99, 50)).set_index("measure")
    assert found.loc["absolute_step", "effect"] == 1
    assert found.loc["relative_step", "effect"] == pytest.approx(3 / 17)
    assert found.loc["next_share", "effect"] == 1
    assert (found["p"] == 0.01).all()
    assert (found["low"] == found["high"]).all()
    assert (found["unit"] == "speaker").all()
    assert (found["n_units"] == 3).all()


def test_shuffled_codes_are_no_finding():
    p = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        relabel = rng.permutation(30)
        walk = np.clip(np.cumsum(rng.integers(-2, 3, 120)) + 15, 0, 29)
        found = steps(spoken([relabel[walk].tolist()], 30), inference=Inference(39, 0))
        p.append(found["p"].to_numpy())
    assert (np.mean(np.array(p) <= 0.05, axis=0) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)).all()
    assert (np.abs(np.mean(p, axis=0) - 0.5) < 0.15).all()


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_reversing_the_axis_changes_nothing(seed):
    table = random_table(seed, codebook_size=10)
    codes = [
        [9 - row["codeword"] for row in frame_rows(table) if row["utterance"] == name]
        for name in table.utterances["utterance"]
    ]
    kept = [[9 - k for k in one] for one in codes]
    columns = ["effect", "low", "high"]
    one, other = (steps(spoken(c, 10), inference=FEW) for c in (kept, codes))
    assert one[columns].to_numpy() == pytest.approx(other[columns].to_numpy(), nan_ok=True)


def test_a_fit_that_used_time_has_no_p():
    provenance = {"quantizer": {"fit": {"temporal": True}}}
    table = spoken([[0, 1, 2, 3], [3, 2]], 4, provenance=provenance)
    found = steps(table, inference=FEW)
    assert found["optimised"].all()
    assert found["p"].isna().all()
    assert found["effect"].notna().all()
    assert found["reason"].str.contains("ordered by time").all()
    assert not steps(spoken([[0, 1]], 4), inference=FEW)["optimised"].any()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (no_frames(), "the index never changes"),
        (spoken([[2, 2, 2], [2]], 4), "the index never changes"),
        (spoken([[2], [3]], 4), "the index never changes"),
    ],
)
def test_nothing_to_measure(table, reason):
    found = steps(table, inference=FEW)
    assert list(found.columns) == [*MEASURE_COLUMNS, "optimised"]
    assert found["effect"].isna().all()
    assert found["reason"].unique().tolist() == [reason]


def test_one_utterance_has_no_interval():
    found = steps(made_table([Said("u", [("s", [0, 3, 1])])]), inference=FEW)
    assert found["reason"].unique().tolist() == ["one utterance: no interval"]
    assert found["low"].isna().all()
    assert found["p"].notna().all()


def test_two_used_codes_have_an_order_that_cannot_be_wrong():
    found = steps(spoken([[0, 5, 0], [5, 0]], 8), inference=FEW).set_index("measure")
    assert found.loc["relative_step", "effect"] == 1
    assert (found["p"] == 1).all()


def test_the_table_stays_as_it_was():
    table = random_table(2)
    before = copies(table)
    steps(table, inference=FEW)
    assert_unchanged(table, before)
