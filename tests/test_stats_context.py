from __future__ import annotations

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
    token_rows,
)
from sklearn.metrics import mutual_info_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import fold, is_known
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.time.context import context_dependence

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=30, n_bootstraps=40, seed=3)
PARTS = ["all", "onset", "middle", "offset"]


def frames(table, step, phone_set):
    """Return (phone, neighbour, code, third) of every frame that has both, in a loop."""
    label = {}
    for row in token_rows(table):
        known = is_known(row["label"])
        folded = fold(row["label"], phone_set) if known else None
        label[row["utterance"], row["ordinal"]] = folded
    rows = frame_rows(table)
    members = {}
    for at, row in enumerate(rows):
        members.setdefault((row["utterance"], row["phone_segment"]), []).append(at)
    found = []
    for (utterance, ordinal), mine in members.items():
        phone, neighbour = label.get((utterance, ordinal)), label.get((utterance, ordinal + step))
        if phone is None or neighbour is None:
            continue
        for i, at in enumerate(mine):
            third = int(3 * (i + 0.5) / len(mine))
            found.append((phone, neighbour, rows[at]["codeword"], third))
    return found


def information(rows):
    if not rows:
        return np.nan
    total = 0.0
    for phone in {row[0] for row in rows}:
        mine = [row for row in rows if row[0] == phone]
        total += len(mine) * mutual_info_score([r[1] for r in mine], [r[2] for r in mine])
    return total / len(rows)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([61, 48, 39]))
def test_both_sides_and_all_thirds_equal_loops(seed, phone_set):
    phones = ("h#", "s", "iy", "ix", "tcl", "q", "xx", None)
    table = random_table(seed, phones=phones, longest=7)
    found = context_dependence(table, phone_set=phone_set, inference=FEW)
    assert found["side"].tolist() == ["left"] * 4 + ["right"] * 4
    assert found["part"].tolist() == PARTS * 2
    for side, step in (("left", -1), ("right", 1)):
        rows = frames(table, step, phone_set)
        mine = found[found["side"] == side].set_index("part")
        for part in PARTS:
            third = PARTS.index(part) - 1
            chosen = [row for row in rows if part == "all" or row[3] == third]
            assert mine.loc[part, "n_frames"] == len(chosen)
            assert mine.loc[part, "plug_in"] == pytest.approx(
                information(chosen), abs=1e-12, nan_ok=True
            )


def test_an_onset_that_shows_the_phone_before():
    rng = np.random.default_rng(0)
    said = []
    for i in range(6):
        tokens = [("h#", [0])]
        for _ in range(40):
            before = ("s", "t", "m")[rng.integers(3)]
            shown = {"s": 1, "t": 2, "m": 3}[before]
            tokens += [(before, [7]), ("iy", [shown, *rng.integers(4, 6, 2)])]
        said.append(Said(f"u{i}", tokens, f"f{i:03d}"))
    found = context_dependence(made_table(said), side="left", inference=Inference(99, 99))
    row = found.set_index("part")
    assert row.loc["onset", "p"] == 0.01
    assert row.loc["onset", "share"] > 0.9
    assert row.loc["onset", "low"] > 0
    assert row.loc["offset", "p"] > 0.05
    assert abs(row.loc["offset", "corrected"]) < 0.05


def test_one_side_is_that_side_of_both():
    table = random_table(3, longest=6)
    both = context_dependence(table, inference=FEW)
    for side in ("left", "right"):
        one = context_dependence(table, side=side, inference=FEW)
        expected = both[both["side"] == side].reset_index(drop=True)
        assert one.equals(expected)


UNLABELLED = made_table([Said(f"u{i}_sa1", [(None, [1, 2])], f"f{i:03d}") for i in range(3)])


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames(), UNLABELLED])
def test_nothing_to_measure(table):
    found = context_dependence(table, inference=FEW)
    assert len(found) == 8
    assert found[["plug_in", "corrected", "share", "low", "p"]].isna().all(axis=None)
    assert found["reason"].tolist() == [
        f"no labelled frame with a phone on its {side}" for side in ["left"] * 4 + ["right"] * 4
    ]


def test_one_utterance_has_no_interval_but_a_null():
    table = made_table([Said("u", [("s", [1]), ("iy", [2]), ("s", [3]), ("iy", [4])])])
    row = context_dependence(table, inference=FEW).iloc[0]
    assert row["p"] == 1
    assert "one utterance: no interval" in row["reason"]


def test_refuses_another_side_and_leaves_the_table():
    table = random_table(2)
    before = copies(table)
    context_dependence(table, inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="side is 'up'"):
        context_dependence(table, side="up")
