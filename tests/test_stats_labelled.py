from __future__ import annotations

from collections import Counter

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

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import fold
from sfvq_analysis.stats import phone_counts
from sfvq_analysis.stats.counting.labelled import (
    UTTERANCE_PROPERTIES,
    labelled_frames,
    phone_tokens,
    property_of_frames,
)

SEEDS = st.integers(0, 10_000)


def folded(label: str, phone_set: int) -> str | None:
    return label if phone_set == 61 else fold(label, phone_set)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([61, 48, 39]))
def test_counts_equal_a_loop(seed, phone_set):
    table = random_table(seed, codebook_size=5)
    counts = phone_counts(table, phone_set)
    expected = Counter(
        (folded(row["phone"], phone_set), row["codeword"])
        for row in frame_rows(table)
        if row["phone_segment"] >= 0 and folded(row["phone"], phone_set) is not None
    )
    found = {(phone, k): n for phone, row in counts.iterrows() for k, n in row.items() if n}
    assert found == expected
    assert list(counts.columns) == list(range(5))
    assert counts.index.is_unique
    assert (counts.sum(axis=1) > 0).all()


def test_the_glottal_stop_goes_only_where_a_folding_deletes_it():
    table = made_table([Said("u", [("q", [1, 1]), ("zh", [2]), ("tcl", [3])])])
    assert list(phone_counts(table).index) == ["q", "tcl", "zh"]
    assert list(phone_counts(table, 48).index) == ["cl", "zh"]
    assert list(phone_counts(table, 39).index) == ["sh", "sil"]


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_frames_carry_their_properties_and_their_token(seed):
    table = random_table(seed)
    columns = ["phone", "phone_group", *UTTERANCE_PROPERTIES]
    frames = labelled_frames(table, columns)
    rows = [row for row in frame_rows(table) if row["phone_segment"] >= 0]
    tokens = token_rows(table)
    assert len(frames) == len(rows)
    plain = frames.astype(object).where(frames.notna(), None).to_dict("records")
    for found, row in zip(plain, rows, strict=True):
        assert found["index"] == row["codeword"]
        token = tokens[found["segment"]]
        assert (token["utterance"], token["ordinal"]) == (row["utterance"], row["phone_segment"])
        assert {name: found[name] for name in columns} == {name: row[name] for name in columns}


@pytest.mark.parametrize("phone_set", [61, 39])
def test_tokens_are_all_phone_segments(phone_set):
    table = random_table(7, n_utterances=9)
    tokens = phone_tokens(table, ["phone", "phone_group", "speaker"], phone_set=phone_set)
    expected = [
        (folded(row["label"], phone_set), row["phone_group"], row["speaker"], row["n_frames"])
        for row in token_rows(table)
        if folded(row["label"], phone_set) is not None
    ]
    columns = ["phone", "phone_group", "speaker", "n_frames"]
    plain = tokens[columns].astype(object).where(tokens[columns].notna(), None)
    assert list(plain.itertuples(index=False, name=None)) == expected
    assert 0 in tokens["n_frames"].tolist()


def test_properties_of_every_frame():
    table = random_table(8)
    for name in ("sex", "dialect", "split", "utterance"):
        found = property_of_frames(table, name)
        assert list(found) == [row[name] for row in frame_rows(table)]


def test_trim_and_exclude_leave_frames_out():
    table = made_table([Said("u", [("h#", [0, 0]), ("s", [1, 2, 3]), ("m", [4]), (None, [5])])])
    kept = labelled_frames(table, ["phone"], exclude=["silence", "m"])
    assert kept["index"].tolist() == [1, 2, 3]
    assert kept["segment"].tolist() == [1, 1, 1]
    assert labelled_frames(table, [], trim=0.1)["index"].tolist() == [2]


def test_options_are_checked():
    table = random_table(1)
    with pytest.raises(OptionError, match="by is 'age'"):
        labelled_frames(table, ["age"])
    with pytest.raises(OptionError, match="by is 'label'"):
        phone_tokens(table, ["label"])
    for trim in (-0.01, float("nan")):
        with pytest.raises(OptionError, match="trim is"):
            labelled_frames(table, [], trim=trim)


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labelled_frames_there_is_no_row(table):
    assert phone_counts(table).shape == (0, 8)
    assert len(labelled_frames(table, ["phone", "speaker"], exclude=["s"])) == 0
    assert len(labelled_frames(table, ["phone"], trim=0.1)) == 0
    assert set(phone_tokens(table, ["phone"])["n_frames"]) == {0}


def test_the_table_stays_as_it_was():
    table = random_table(2)
    before = copies(table)
    phone_counts(table, 39)
    labelled_frames(table, ["phone", "speaker"], trim=0.05, exclude=["silence"], phone_set=48)
    phone_tokens(table, ["phone", "sex"], phone_set=48)
    assert_unchanged(table, before)
