from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
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
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.groups.description import describe_axis, describe_axis_text
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.tables.simulated import Simulation, simulated_table

FEW = Inference(n_permutations=199)
PLACES = {
    "h#": (0, 9), "s": (10, 19), "z": (12, 21), "hh": (34, 38), "m": (24, 30), "iy": (40, 49),
    "ey": (44, 53), "tcl": (0, 9),
}  # fmt: skip


def ordered_table(n_speakers=6, *, seed=0, places=None, size=64):
    """Return a table in which each phone keeps to its place, silence 0-9 and so on."""
    rng = np.random.default_rng(seed)
    places = PLACES if places is None else places
    said = []
    for number in range(n_speakers):
        phones = rng.permutation(list(places) * 8)
        tokens = [
            (str(phone), rng.integers(places[phone][0], places[phone][1] + 1, 4).tolist())
            for phone in phones
        ]
        said.append(Said(f"u{number:02d}", tokens, f"f{number:03d}0"))
    return made_table(said, size)


def test_groups_are_named_where_they_are():
    found = describe_axis(ordered_table(), inference=FEW)
    assert found["groups"].tolist() == ["silence", "fricative", "nasal", "vowel, diphthong"]
    assert found["last"].tolist()[-1] == 63
    assert found["exceptions"].tolist() == ["", "hh", "", ""]
    assert found["phones"].tolist() == ["h#", "s, z", "m", "ey, iy"]
    assert found["share"].iloc[0] == found["covers"].iloc[0] == 1.0
    assert found["share_checked"].iloc[3] == 1.0
    assert (found["reason"] == "").all()


def test_ranges_are_the_whole_axis():
    for table in (ordered_table(), random_table(1, codebook_size=32, n_utterances=40)):
        found = describe_axis(table, min_tokens=3, inference=FEW)
        assert found["first"].iloc[0] == 0
        assert found["last"].iloc[-1] == table.codebook_size - 1
        assert (found["first"].iloc[1:].to_numpy() == found["last"].iloc[:-1] + 1).all()


def test_shares_are_those_counted_by_hand():
    table = ordered_table(seed=3)
    found = describe_axis(table, inference=FEW)
    rows = [row for row in frame_rows(table) if row["phone_group"] is not None]
    for one in found.to_dict("records"):
        named = one["groups"].split(", ")
        here = [row for row in rows if one["first"] <= row["codeword"] <= one["last"]]
        right = [row for row in here if row["phone_group"] in named]
        theirs = [row for row in rows if row["phone_group"] in named]
        assert one["n_frames"] == len(here)
        assert one["share"] == pytest.approx(len(right) / len(here))
        assert one["covers"] == pytest.approx(len(right) / len(theirs))
        assert one["base_rate"] == pytest.approx(len(theirs) / len(rows))
        others = [row["phone_group"] for row in here if row["phone_group"] not in named]
        most = max((others.count(group) for group in others), default=0)
        assert one["rest_share"] == pytest.approx(most / len(here))


def test_shares_are_checked_on_another_table():
    table = ordered_table()
    moved = {**PLACES, "s": (0, 9), "z": (0, 9)}
    found = describe_axis(table, check=ordered_table(places=moved), inference=FEW)
    alone = describe_axis(table, inference=FEW)
    kept = ["first", "last", "groups", "share", "covers", "exceptions"]
    pd.testing.assert_frame_equal(found[kept], alone[kept])
    rows = [row for row in frame_rows(ordered_table(places=moved)) if row["phone_group"]]
    here = [row for row in rows if row["codeword"] <= found["last"].iloc[0]]
    right = [row for row in here if row["phone_group"] == "silence"]
    assert found["share_checked"].iloc[0] == pytest.approx(len(right) / len(here))
    assert found["share_checked"].iloc[0] < 0.6
    assert alone["share_checked"].iloc[0] == 1.0


def test_names_that_do_not_carry_over_to_other_speakers_are_found_out():
    one = ordered_table(1, seed=1)
    other = {**PLACES, "m": (10, 19), "s": (24, 30), "z": (24, 30)}
    swapped = ordered_table(1, seed=2, places=other)
    both = made_table(
        [
            Said(f"u{at}", [(row["phone"], [row["codeword"]]) for row in frame_rows(table)], name)
            for at, (table, name) in enumerate(((one, "fa000"), (swapped, "fb000")))
        ],
        64,
    )
    found = describe_axis(both, inference=FEW)
    disputed = found[found["groups"].str.contains("fricative|nasal")]
    assert len(disputed)
    assert (disputed["share_checked"] < 0.5 * disputed["share"]).all()
    assert found["share_checked"].iloc[0] > 0.9


def test_the_text_says_it_in_words():
    text = describe_axis_text(describe_axis(ordered_table(), inference=FEW)).split("; ")
    assert text[0] == (
        "0-9 silence (100 % of the frames here, 100 % when checked, 14 % overall, "
        "100 % of all silence)"
    )
    assert " fricatives except hh (" in text[1]
    assert " vowels and diphthongs (" in text[3]
    assert "no frame in 54-63)" in text[3]
    assert text[3].endswith("100 % of both, no frame in 54-63)")


def test_a_group_with_two_ranges_names_its_phones():
    places = {"h#": (0, 29), "s": (30, 59), "f": (120, 149), "m": (60, 119), "iy": (150, 199)}
    found = describe_axis(ordered_table(places=places, size=200), inference=FEW)
    fricatives = found[found["groups"] == "fricative"]
    assert fricatives["phones"].tolist() == ["s", "f"]
    assert [text.split(" (")[1] for text in fricatives["text"]] == ["s)", "f)"]
    assert found["exceptions"].tolist() == [""] * len(found)


def test_an_outnumbered_name_says_so():
    places = {"h#": (0, 9), "s": (10, 19), "z": (10, 30), "sh": (10, 30), "m": (20, 24)}
    found = describe_axis(ordered_table(places=places), inference=FEW).set_index("groups")
    nasal = found.loc["nasal"]
    assert nasal["rest_share"] > nasal["share"]
    assert f"though {100 * nasal['rest_share']:.0f} % are fricatives" in nasal["text"]
    assert "though" not in found.loc["silence", "text"]


def test_what_no_name_pays_for_is_left_without_one():
    places = {"h#": (0, 9), "s": (10, 15), "f": (42, 47), "m": (20, 30), "iy": (50, 60)}
    found = describe_axis(ordered_table(places=places), inference=FEW)
    assert "" in found["groups"].tolist()
    bare = found[found["groups"] == ""].iloc[0]
    assert bare["rest"] == "fricative"
    assert f"{bare['first']}-{bare['last']} no name (100 % of the frames here" in bare["text"]
    assert np.isnan(bare["share"])


def test_without_order_there_is_one_range_without_a_name():
    plan = Simulation(n_speakers=6, ordered=False)
    found = describe_axis(simulated_table(plan), inference=FEW)
    assert found["groups"].tolist() == [""]
    assert found[["share", "share_checked", "covers"]].isna().all(axis=None)
    expected = "0-63 no group keeps to a range more than in a random order"
    assert describe_axis_text(found) == expected


def test_reversing_the_axis_reverses_the_description():
    table = ordered_table(seed=5)
    flipped = table.frames.assign(codeword=(63 - table.frames["codeword"]).astype("int32"))
    mirrored = dataclasses.replace(table, frames=flipped)
    one, other = (describe_axis(each, inference=FEW) for each in (table, mirrored))
    kept = ["groups", "share", "covers", "exceptions", "n_frames"]
    pd.testing.assert_frame_equal(one[kept], other[kept][::-1].reset_index(drop=True))


def test_one_unit_has_nothing_to_be_checked_on():
    found = describe_axis(ordered_table(1), min_tokens=5, inference=FEW)
    assert found["groups"].iloc[0] == "silence"
    assert found["share_checked"].isna().all()
    assert (found["reason"] == "one utterance: nothing to check on").all()
    assert "checked" not in describe_axis_text(found)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no frame in a group"),
        (no_frames(), "no frame in a group"),
        (made_table([Said("u", [("s", [1, 2])])]), "fewer than two groups have 20 tokens"),
        (random_table(0), "fewer than two groups have 20 tokens"),
    ],
)
def test_what_cannot_be_described_has_one_row_that_says_why(table, reason):
    found = describe_axis(table, inference=FEW)
    assert found["reason"].tolist() == [reason]
    assert found["text"].tolist() == [f"0-7 {reason}"]
    assert found[["share", "share_checked", "covers"]].isna().all(axis=None)


def test_without_a_null_there_is_no_price():
    found = describe_axis(ordered_table(2), min_tokens=5, inference=Inference(0, 0))
    assert found["reason"].tolist() == ["names have no price: n_permutations is 0"]


def test_another_codebook_is_refused():
    with pytest.raises(OptionError, match="check has 8 codes, the table 64"):
        describe_axis(ordered_table(2), check=random_table(0))


def test_min_tokens_is_checked():
    with pytest.raises(OptionError, match="min_tokens is 0"):
        describe_axis(random_table(0), min_tokens=0)


def test_the_same_from_a_table_and_its_reductions_which_stay_as_they_were():
    table = ordered_table(3)
    before = copies(table)
    one = describe_axis(table, check=table, inference=FEW)
    assert_unchanged(table, before)
    pd.testing.assert_frame_equal(one, describe_axis(reduce(table), check=table, inference=FEW))
    assert one["share_checked"].tolist() == pytest.approx(one["share"].tolist())
