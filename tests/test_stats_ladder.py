from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from sklearn.metrics import mutual_info_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.ladder.ladder import bit_ladder, ladder_meanings
from sfvq_analysis.stats.ladder.splits import ladder_splits
from sfvq_analysis.stats.units.information import information
from sfvq_analysis.stats.units.meanings import index_meanings
from sfvq_analysis.stats.units.usage import usage

FEW = Inference(n_permutations=20, n_bootstraps=50)


def recoded(table, index, size):
    """Return a table with other indices."""
    frames = table.frames.assign(
        codeword=np.asarray(index, np.int32), curve_segment=np.int32(-1), t=np.float32(np.nan)
    )
    return replace(table, frames=frames, codebook_size=size)


def nested(seed=0, bits=(1, 2, 4)):
    """Return tables in which every index is the half (or quarter) of its child."""
    table = random_table(seed, codebook_size=16, n_utterances=12)
    index = table.frames["codeword"].to_numpy()
    return {b: recoded(table, index >> (4 - b), 2**b) for b in bits}


def unrelated(seed=0):
    finer = random_table(seed, codebook_size=8, n_utterances=12)
    rng = np.random.default_rng(seed)
    return {2: recoded(finer, rng.integers(0, 4, len(finer.frames)), 4), 3: finer}


def test_each_rate_has_the_numbers_of_its_own_table():
    tables = nested()
    before = {bits: copies(table) for bits, table in tables.items()}
    found = bit_ladder(tables, inference=FEW)
    for bits, table in tables.items():
        assert_unchanged(table, before[bits])
        row = found[found["bits"] == bits].iloc[0]
        pnmi = information(table, inference=FEW).set_index("measure").loc["pnmi"]
        for name in ("plug_in", "null_mean", "corrected", "low", "high", "n_frames", "n_tokens"):
            assert row[name] == pnmi[name], name
        used = usage(table).iloc[0]
        assert row["perplexity"] == used["perplexity"]
        assert (row["codebook_size"], row["used"]) == (2**bits, used["used"])
    assert found["plug_in"].is_monotonic_increasing
    assert found["bits"].tolist() == [1, 2, 4]
    assert bit_ladder(dict(reversed(tables.items())), inference=FEW).equals(found)


def test_indices_that_split_in_place():
    found = bit_ladder(nested(), inference=FEW)
    assert found["parent_bits"].tolist() == [pd.NA, 1, 2]
    assert np.isnan(found["parent_share"][0])
    assert (found.loc[1:, ["parent_share", "parent_low", "parent_high", "near_share"]] == 1).all(
        axis=None
    )


@pytest.mark.parametrize("seed", range(3))
def test_shares_and_their_expectation_are_those_of_permuted_codes(seed):
    tables = unrelated(seed)
    parent, child = (tables[bits].frames["codeword"].to_numpy() for bits in (2, 3))
    row = bit_ladder(tables, inference=FEW).iloc[1]
    assert row["parent_share"] == (child // 2 == parent).mean()
    assert row["near_share"] == (np.abs(child // 2 - parent) <= 1).mean()
    assert row["parent_low"] <= row["parent_share"] <= row["parent_high"]
    rng = np.random.default_rng(seed)
    used = np.unique(child)
    shares = []
    for _ in range(4000):
        place = np.zeros(8, dtype=int)
        place[used] = rng.permutation(used)
        away = np.abs(place[child] // 2 - parent)
        shares.append([(away == 0).mean(), (away <= 1).mean()])
    expected, deviation = np.mean(shares, axis=0), np.std(shares, axis=0)
    for name, mean, sd in zip(("parent_null", "near_null"), expected, deviation, strict=True):
        assert abs(row[name] - mean) < 4 * sd / np.sqrt(4000)


def test_the_direction_of_the_axis_changes_nothing():
    tables = unrelated(1)
    mirrored = {
        bits: recoded(table, 2**bits - 1 - table.frames["codeword"], 2**bits)
        for bits, table in tables.items()
    }
    pd.testing.assert_frame_equal(
        bit_ladder(tables, inference=FEW), bit_ladder(mirrored, inference=FEW)
    )


def test_meanings_are_those_of_each_table():
    tables = nested()
    found = ladder_meanings(tables, n_top=2)
    for bits, table in tables.items():
        own = found[found["bits"] == bits].drop(columns="bits").reset_index(drop=True)
        theirs = index_meanings(table, n_top=2)
        theirs = theirs.astype({"top_1": "str", "top_2": "str"})
        pd.testing.assert_frame_equal(own, theirs)


@pytest.mark.parametrize("tables", [nested(3), unrelated(3)], ids=["nested", "unrelated"])
def test_splits_are_counted_and_informed_as_by_hand(tables):
    found = ladder_splits(tables, min_share=0.0, inference=FEW)
    bits = sorted(tables)
    for above, below in pairwise(bits):
        frames = tables[above].frames.assign(child=tables[below].frames["codeword"])
        for index, own in frames.groupby("codeword"):
            rows = found[(found["bits"] == above) & (found["index"] == index)]
            counts = own["child"].value_counts()
            assert rows.set_index("child")["n_frames"].to_dict() == counts.to_dict()
            assert rows["share"].sum() == pytest.approx(1)
            assert (rows["n_children"] == len(counts)).all()
            assert (rows["parent_n_frames"] == len(own)).all()
            assert (rows["child_bits"] == below).all()
            labelled = own.dropna(subset="phone")
            told = mutual_info_score(labelled["phone"].astype(str), labelled["child"]) / np.log(2)
            np.testing.assert_allclose(rows["plug_in"], told, atol=1e-9)
            for row in rows.itertuples():
                phones = labelled.loc[labelled["child"] == row.child, "phone"].value_counts()
                if phones.sum():
                    assert phones[row.top_1] == phones.max()
                    assert row.share_1 == pytest.approx(phones.max() / phones.sum())
    large = ladder_splits(tables, min_share=0.3, inference=FEW)
    pd.testing.assert_frame_equal(large, found[found["share"] >= 0.3].reset_index(drop=True))


def _saying(children):
    """Return tables of one parent; `children` gives the child of each phone in each token."""
    tokens = [(phone, [child] * 3) for phone, child in children]
    finer = made_table([Said(f"u{who}", tokens, f"s{who}") for who in range(3)], 4)
    return {1: recoded(finer, finer.frames["codeword"] // 2, 2), 2: finer}


def test_a_split_that_parts_two_phones_tells_a_bit():
    found = ladder_splits(_saying([("s", 0), ("iy", 1)] * 20), inference=FEW)
    assert found["plug_in"].tolist() == pytest.approx([1, 1])
    assert found["top_1"].tolist() == ["s", "iy"]
    assert found["phone_group"].tolist() == ["fricative", "vowel"]
    assert (found["null_mean"] < 0.1).all()
    pd.testing.assert_series_equal(
        found["corrected"], found["plug_in"] - found["null_mean"], check_names=False
    )


def test_a_split_by_chance_tells_nothing_once_corrected():
    rng = np.random.default_rng(2)
    corrected = []
    for _ in range(60):
        children = [(phone, int(rng.integers(2))) for phone in ("s", "iy", "m") * 6]
        finer = made_table([Said("u", [(p, [c]) for p, c in children])], 4)
        tables = {1: recoded(finer, finer.frames["codeword"] // 2, 2), 2: finer}
        found = ladder_splits(tables, inference=FEW)
        corrected.append(found["corrected"].iloc[0])
        assert found["plug_in"].iloc[0] >= 0
    assert abs(np.mean(corrected)) < 3 * np.std(corrected) / np.sqrt(60)


def test_nothing_labelled_and_no_frames():
    bare = nothing_labelled(8)
    tables = {2: recoded(bare, np.zeros(len(bare.frames)), 4), 3: bare}
    ladder = bit_ladder(tables, inference=FEW)
    assert ladder[["plug_in", "corrected"]].isna().all(axis=None)
    assert (ladder["reason"] != "").all()
    splits = ladder_splits(tables, inference=FEW)
    assert splits[["plug_in", "corrected", "share_1"]].isna().all(axis=None)
    assert splits["n_frames"].sum() == 3
    empty = {2: no_frames(4), 3: no_frames(8)}
    ladder = bit_ladder(empty, inference=FEW)
    assert ladder[["plug_in", "parent_share", "perplexity"]].isna().all(axis=None)
    assert ladder_splits(empty, inference=FEW).empty
    assert ladder_meanings(empty)["phone_group"].isna().all()


def test_no_draws():
    bare = Inference(n_permutations=0, n_bootstraps=0)
    assert ladder_splits(nested(), inference=bare)["corrected"].isna().all()
    ladder = bit_ladder(nested(), inference=bare)
    assert ladder[["corrected", "low", "parent_low"]].isna().all(axis=None)
    assert ladder["plug_in"].notna().all()


def test_bad_options():
    tables = nested()
    with pytest.raises(OptionError, match="no table is given"):
        bit_ladder({})
    with pytest.raises(OptionError, match="the table of 3 bits has 4 codes; give one of 8"):
        bit_ladder({3: tables[2]})
    with pytest.raises(OptionError, match="of 4 bits has other frames than the first"):
        bit_ladder({2: tables[2], 4: random_table(7, codebook_size=16)})
    with pytest.raises(OptionError, match="one bit rate is given"):
        ladder_splits({2: tables[2]})
    with pytest.raises(OptionError, match="min_share is 2"):
        ladder_splits(tables, min_share=2)
