from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
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

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS, fold, phone_group
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.units.meanings import conditional, index_meanings

SEEDS = st.integers(0, 10_000)
VALUES = st.sampled_from([("phone", 61), ("phone", 48), ("phone", 39), ("phone_group", 61)])


def value_of(label: str, by: str, phone_set: int) -> str | None:
    return phone_group(label) if by == "phone_group" else fold(label, phone_set)


def valued_frames(table, by: str, phone_set: int) -> list[dict]:
    """Return the frames whose phone has a value, with it."""
    rows = [row for row in frame_rows(table) if row["phone"] is not None]
    valued = [{**row, "value": value_of(row["phone"], by, phone_set)} for row in rows]
    return [row for row in valued if row["value"] is not None]


@settings(max_examples=20, deadline=None)
@given(SEEDS, VALUES)
def test_conditional_equals_a_loop(seed, values):
    by, phone_set = values
    table = random_table(seed, codebook_size=6)
    rows = valued_frames(table, by, phone_set)
    joint = Counter((row["value"], row["codeword"]) for row in rows)
    of_value = Counter(row["value"] for row in rows)
    of_index = Counter(row["codeword"] for row in rows)
    given_index = conditional(table, by=by, phone_set=phone_set)
    given_phone = conditional(table, "phone", by=by, phone_set=phone_set)
    order = [g for g in PHONE_GROUPS if g in of_value] if by == "phone_group" else sorted(of_value)
    for found in (given_index, given_phone):
        assert list(found.index) == order
        assert found.index.name == by
        assert found.columns.equals(pd.RangeIndex(6))
    for value in order:
        for k in range(6):
            share = joint[value, k] / of_index[k] if of_index[k] else np.nan
            assert given_index.loc[value, k] == pytest.approx(share, nan_ok=True)
            assert given_phone.loc[value, k] == pytest.approx(joint[value, k] / of_value[value])


def test_conditional_in_closed_form():
    table = made_table([Said("u", [("s", [1, 1, 2]), ("iy", [2, 4, 4, 4]), (None, [6])])])
    found = conditional(table)
    assert found[1].tolist() == [0, 1]
    assert found[2].tolist() == [0.5, 0.5]
    assert found[[0, 3, 5, 6, 7]].isna().all(axis=None)
    assert conditional(table, "phone").loc["iy"].tolist() == [0, 0, 0.25, 0, 0.75, 0, 0, 0]


@settings(max_examples=20, deadline=None)
@given(SEEDS, VALUES)
def test_meanings_equal_a_loop(seed, values):
    by, phone_set = values
    table = random_table(seed, codebook_size=6)
    rows = valued_frames(table, by, phone_set)
    found = index_meanings(table, by=by, phone_set=phone_set, n_top=2)
    order = list(conditional(table, by=by, phone_set=phone_set).index)
    assert found["index"].tolist() == list(range(6))
    for k, row in found.iterrows():
        mine = [one for one in rows if one["codeword"] == k]
        assert row["n_frames"] == len(mine)
        assert row["share"] == pytest.approx(len(mine) / len(rows))
        tokens = {(one["utterance"], one["phone_segment"]) for one in mine}
        assert row["n_tokens"] == len(tokens)
        assert row["n_units"] == len({one["speaker"] for one in mine})
        check_names(row, Counter(one["value"] for one in mine), order)
        check_group(row, [phone_group(one["phone"]) for one in mine])
    shares = np.array(list(Counter(row["value"] for row in rows).values())) / len(rows)
    assert found["baseline_entropy"].to_numpy() == pytest.approx(-(shares * np.log2(shares)).sum())


def check_names(row: pd.Series, counts: Counter, order: list[str]) -> None:
    ranked = sorted(counts, key=lambda value: (-counts[value], order.index(value)))
    total = counts.total()
    for rank in range(2):
        if rank < len(ranked):
            assert row[f"top_{rank + 1}"] == ranked[rank]
            assert row[f"share_{rank + 1}"] == pytest.approx(counts[ranked[rank]] / total)
        else:
            assert pd.isna(row[f"top_{rank + 1}"])
            assert np.isnan(row[f"share_{rank + 1}"])
    shares = np.array(list(counts.values())) / max(total, 1)
    entropy = -(shares * np.log2(shares)).sum() if total else np.nan
    assert row["entropy"] == pytest.approx(entropy, abs=1e-12, nan_ok=True)


def check_group(row: pd.Series, groups: list[str | None]) -> None:
    counts = Counter(group for group in groups if group is not None)
    if not counts:
        assert pd.isna(row["phone_group"])
        assert np.isnan(row["group_share"])
        return
    most = max(counts.values())
    assert row["phone_group"] == next(g for g in PHONE_GROUPS if counts[g] == most)
    assert row["group_share"] == pytest.approx(most / len(groups))


def test_meanings_have_their_columns():
    found = index_meanings(random_table(2))
    tops = [name for rank in (1, 2, 3) for name in (f"top_{rank}", f"share_{rank}")]
    first = ["index", "n_frames", "share", "n_tokens", "n_units", "phone_group", "group_share"]
    assert list(found.columns) == [*first, *tops, "entropy", "baseline_entropy"]
    assert found.index.equals(pd.RangeIndex(8))
    assert list(found["phone_group"].cat.categories) == list(PHONE_GROUPS)
    assert found["phone_group"].cat.ordered


def test_closures_count_against_the_group():
    table = made_table([Said("u", [("tcl", [3, 3, 3]), ("t", [3]), ("kcl", [5])])])
    found = index_meanings(table)
    assert found.loc[3, ["phone_group", "group_share", "top_1"]].tolist() == [
        "plosive",
        0.25,
        "tcl",
    ]
    assert pd.isna(found.loc[5, "phone_group"])
    assert np.isnan(found.loc[5, "group_share"])
    assert found.loc[5, ["top_1", "share_1", "entropy"]].tolist() == ["kcl", 1, 0]


def test_more_names_than_phones():
    found = index_meanings(made_table([Said("u", [("s", [1, 1]), ("iy", [1])])]), n_top=4)
    assert found.loc[1, ["top_1", "top_2"]].tolist() == ["s", "iy"]
    assert found[["top_3", "share_3", "top_4", "share_4"]].isna().all(axis=None)


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labelled_frames_nothing_stands_for_anything(table):
    found = index_meanings(table)
    assert len(found) == 8
    assert (found[["n_frames", "n_tokens", "n_units"]] == 0).all(axis=None)
    assert found.drop(columns=["index", "n_frames", "n_tokens", "n_units"]).isna().all(axis=None)
    for given_ in ("index", "phone"):
        assert conditional(table, given_).shape == (0, 8)


def test_reversing_the_axis_reverses_the_rows():
    table = random_table(5, codebook_size=8)
    frames = table.frames.assign(codeword=(7 - table.frames["codeword"]).astype("int32"))
    fields = {name: getattr(table, name) for name in table.__dataclass_fields__}
    found = index_meanings(type(table)(**{**fields, "frames": frames}))
    back = found[::-1].reset_index(drop=True).assign(index=np.arange(8, dtype=np.int32))
    pd.testing.assert_frame_equal(back, index_meanings(table))


def test_a_table_and_its_reductions_give_the_same_and_stay_as_they_were():
    table = random_table(6)
    before = copies(table)
    pd.testing.assert_frame_equal(index_meanings(table), index_meanings(reduce(table)))
    pd.testing.assert_frame_equal(conditional(table), conditional(reduce(table)))
    assert_unchanged(table, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda table: conditional(table, "speaker"), "given is 'speaker'"),
        (lambda table: conditional(table, by="word"), "by is 'word'"),
        (lambda table: index_meanings(table, by="word"), "by is 'word'"),
        (lambda table: index_meanings(table, n_top=0), "n_top is 0"),
    ],
)
def test_bad_options(call, message):
    with pytest.raises(OptionError, match=message):
        call(random_table(1))
