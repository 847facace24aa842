from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

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

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import fold
from sfvq_analysis.stats import index_histogram
from sfvq_analysis.stats.histograms import (
    SUPPORT_COLUMNS,
    by_columns,
    histogram_matrix,
    smooth,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfvq_analysis.tables import IndexTable

SEEDS = st.integers(0, 10_000)
BYS = ["phone", "phone_group", "speaker", "sex", "dialect", "sentence", "split", "utterance"]


def cell_of(row: dict, by: Iterable[str]) -> tuple | None:
    cell = tuple(row[name] for name in by)
    return None if None in cell else cell


def densities_by_loop(table: IndexTable, by: list[str], weight: str) -> dict[tuple, list[float]]:
    """Return every cell's density, one unit (frame, token or speaker) at a time, exactly."""
    units: dict[tuple, dict[object, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(frame_rows(table)):
        cell = cell_of(row, by)
        if row["phone_segment"] >= 0 and cell is not None:
            unit = {
                "frame": number,
                "token": (row["utterance"], row["phone_segment"]),
                "speaker": row["speaker"],
            }[weight]
            units[cell][unit].append(row["codeword"])
    found = {}
    for cell, spoken in units.items():
        density = [Fraction(0)] * table.codebook_size
        for codewords in spoken.values():
            for k in codewords:
                density[k] += Fraction(1, len(codewords) * len(spoken))
        found[cell] = [float(share) for share in density]
    return found


def matrix_of(histogram, value: str) -> dict[tuple, list[float]]:
    by = by_columns(histogram)
    groups = histogram.groupby(by, observed=True, sort=False)
    return {tuple(cell): part[value].tolist() for cell, part in groups}


@pytest.mark.parametrize("weight", ["frame", "token", "speaker"])
@settings(max_examples=6, deadline=None)
@given(SEEDS, st.lists(st.sampled_from(BYS), min_size=1, max_size=2, unique=True))
def test_densities_equal_a_loop(weight, seed, by):
    table = random_table(seed)
    histogram = index_histogram(table, by, weight=weight)
    expected = densities_by_loop(table, by, weight)
    found = matrix_of(histogram, "density")
    assert {cell for cell, row in found.items() if not np.isnan(row).all()} == set(expected)
    for cell, density in expected.items():
        np.testing.assert_allclose(found[cell], density, atol=1e-12)
        assert sum(found[cell]) == pytest.approx(1)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from(BYS))
def test_counts_and_support_equal_a_loop(seed, by):
    table = random_table(seed)
    histogram = index_histogram(table, by, weight="speaker")
    frames = [row for row in frame_rows(table) if row["phone_segment"] >= 0]
    tokens = [{"phone": row["label"], **row} for row in token_rows(table)]
    values = {row[by] for row in tokens} - {None}
    assert set(histogram[by]) == values
    for (value,), part in histogram.groupby([by], observed=True):
        mine = [row for row in frames if row[by] == value]
        said = [row for row in tokens if row[by] == value]
        counts = [sum(row["codeword"] == k for row in mine) for k in range(8)]
        assert part["index"].tolist() == list(range(8))
        assert part["count"].tolist() == counts
        support = {name: set(part[name]) for name in SUPPORT_COLUMNS}
        assert support == {
            "n_frames": {len(mine)},
            "n_tokens": {len(said)},
            "n_empty_tokens": {sum(row["n_frames"] == 0 for row in said)},
            "n_speakers": {len({row["speaker"] for row in mine})},
        }


def test_weights_in_closed_form():
    table = made_table(
        [
            Said("a", [("s", [0, 0, 0, 1]), ("iy", [2, 2]), ("s", [2])], "faaa0"),
            Said("b", [("s", [3])], "mbbb0"),
        ],
        codebook_size=4,
    )
    expected = {
        "frame": [3 / 6, 1 / 6, 1 / 6, 1 / 6],
        "token": [3 / 12, 1 / 12, 1 / 3, 1 / 3],
        "speaker": [3 / 10, 1 / 10, 1 / 10, 1 / 2],
    }
    for weight, density in expected.items():
        found = index_histogram(table, "phone", weight=weight)
        found = found[found["phone"] == "s"]
        np.testing.assert_allclose(found["density"], density)
        assert found["count"].tolist() == [3, 1, 1, 1]


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.03, 0.07, 0.12, 0.26]))
def test_trim_equals_a_loop_in_seconds(seed, trim):
    table = random_table(seed)
    histogram = index_histogram(table, "phone", trim=trim)
    tokens = {(row["utterance"], row["ordinal"]): row for row in token_rows(table)}
    kept: dict[str, list[tuple]] = defaultdict(list)
    for row in frame_rows(table):
        token = tokens.get((row["utterance"], row["phone_segment"]))
        if token is not None:
            second = Fraction(row["centre"], 1000)
            edges = [Fraction(token[edge], token["sample_rate"]) for edge in ("start", "stop")]
            if min(abs(second - edge) for edge in edges) >= trim:
                kept[row["phone"]].append((row["codeword"], row["utterance"], token["ordinal"]))
    for (phone,), part in histogram.groupby(["phone"], observed=True):
        owners = {one[1:] for one in kept[phone]}
        n_tokens = sum(row["label"] == phone for row in tokens.values())
        assert part["count"].tolist() == [sum(k == i for i, _, _ in kept[phone]) for k in range(8)]
        assert set(part["n_tokens"]) == {n_tokens}
        assert set(part["n_empty_tokens"]) == {n_tokens - len(owners)}


def test_trimmed_away_tokens_count_as_empty():
    table = made_table([Said("u", [("s", [1, 2, 3]), ("s", [4]), ("s", [])])])
    part = index_histogram(table, "phone", trim=0.06)
    assert part["count"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert set(part["n_tokens"]) == {3}
    assert set(part["n_empty_tokens"]) == {2}


def test_exclude_takes_groups_and_phones():
    table = random_table(3, n_utterances=12)
    everything = matrix_of(index_histogram(table, "phone"), "count")
    some = index_histogram(table, "phone", exclude=["silence", "sh"])
    assert matrix_of(some, "count") == {
        cell: row for cell, row in everything.items() if cell[0] not in ("h#", "sh")
    }
    by_speaker = index_histogram(table, "speaker", exclude={"silence"})
    rows = [row for row in frame_rows(table) if row["phone_segment"] >= 0]
    assert by_speaker["count"].sum() == sum(row["phone"] != "h#" for row in rows)
    tokens = [row for row in token_rows(table) if row["label"] != "h#"]
    n_tokens = by_speaker.drop_duplicates("speaker")["n_tokens"]
    assert n_tokens.sum() == len(tokens)


@pytest.mark.parametrize("phone_set", [48, 39])
def test_phones_are_folded(phone_set):
    table = random_table(4, n_utterances=20)
    histogram = index_histogram(table, "phone", phone_set=phone_set)
    expected: dict[tuple, list[int]] = defaultdict(lambda: [0] * 8)
    n_tokens: dict[str, int] = defaultdict(int)
    for row in frame_rows(table):
        if row["phone_segment"] >= 0 and row["phone"] != "q":
            expected[(fold(row["phone"], phone_set),)][row["codeword"]] += 1
    for row in token_rows(table):
        n_tokens[fold(row["label"], phone_set)] += 1
    assert n_tokens.pop(None) > 0  # q was said, and is gone
    assert matrix_of(histogram, "count") == expected
    found = histogram.drop_duplicates("phone").set_index("phone")["n_tokens"]
    assert found.to_dict() == n_tokens


def test_totals_do_not_depend_on_what_it_is_by():
    table = random_table(9, n_utterances=10)
    labelled = int((table.frames["phone_segment"] >= 0).sum())
    for by in (*BYS, ["phone", "speaker"], ["dialect", "sex"]):
        expected = labelled
        if by == "phone_group":
            expected = int(table.frames["phone_group"].notna().sum())
        assert index_histogram(table, by)["count"].sum() == expected


def test_groups_stand_in_the_papers_order():
    table = random_table(5, n_utterances=20)
    found = index_histogram(table)["phone_group"].drop_duplicates().tolist()
    assert found == ["silence", "fricative", "nasal", "vowel", "diphthong"]


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.sampled_from([2, 4, 6, 7, 8, 40]))
def test_smoothing_is_a_convolution_with_zeros_beyond_the_axis(seed, size):
    density = np.random.default_rng(seed).random((3, size))
    taps = [0.0, 0.13, 0.63, 1.0, 0.63, 0.13, 0.0]  # of a Blackman window of 7
    expected = np.zeros((3, size))
    for row in range(3):
        for k in range(size):
            for j, tap in enumerate(taps):
                if 0 <= k + j - 3 < size:
                    expected[row, k] += tap * density[row, k + j - 3] / sum(taps)
    found = smooth(density)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    window = np.blackman(7) / np.blackman(7).sum()
    for row in range(3):
        full = np.convolve(density[row], window)[3 : 3 + size]
        np.testing.assert_allclose(found[row], full, atol=1e-12)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_smoothed_column_is_the_density_smoothed(size):
    table = random_table(6, codebook_size=size)
    histogram = index_histogram(table, "speaker")
    for (_,), part in histogram.groupby(["speaker"], observed=True):
        expected = smooth(part["density"].to_numpy()[None])[0]
        np.testing.assert_allclose(part["smoothed"], expected)
        assert len(part) == size


def test_a_matrix_has_the_values_that_have_frames():
    table = made_table([Said("u", [("s", [1, 1, 2]), ("iy", [3]), ("m", [])])], codebook_size=4)
    wide = histogram_matrix(index_histogram(table, "phone"), "density")
    assert wide.index.tolist() == ["iy", "s"]
    np.testing.assert_allclose(wide.to_numpy(), [[0, 0, 0, 1], [0, 2 / 3, 1 / 3, 0]])


@pytest.mark.parametrize("by", ["phone", "phone_group", "speaker", ["phone", "sex"]])
@pytest.mark.parametrize("weight", ["frame", "token", "speaker"])
@pytest.mark.parametrize("make", [nothing_labelled, no_frames])
def test_without_labelled_frames_densities_are_nan(make, by, weight):
    table = make()
    histogram = index_histogram(table, by, weight=weight, trim=0.1)
    assert len(histogram) % 8 == 0
    assert len(histogram) > 0
    assert histogram["density"].isna().all()
    assert histogram["smoothed"].isna().all()
    assert (histogram["count"] == 0).all()
    assert (histogram["n_empty_tokens"] == histogram["n_tokens"]).all()


def test_options_are_checked():
    table = random_table(1)
    with pytest.raises(OptionError, match="weight is 'frames'; use one of 'frame', 'token'"):
        index_histogram(table, weight="frames")
    with pytest.raises(OptionError, match="by is 'accent'"):
        index_histogram(table, ["phone", "accent"])
    with pytest.raises(OptionError, match="trim is -1"):
        index_histogram(table, trim=-1)
    with pytest.raises(OptionError, match="phone_set is 40"):
        index_histogram(table, "phone", phone_set=40)


def test_the_table_stays_as_it_was():
    table = random_table(2)
    before = copies(table)
    index_histogram(
        table, ["phone", "speaker"], weight="token", trim=0.05, exclude=["silence"], phone_set=39
    )
    assert_unchanged(table, before)


def by_tokens(tokens, by="phone", size=8, **options):
    return index_histogram(made_table([Said("u", tokens)], size), by, **options)


def test_trim_is_exact_at_the_limit():
    tokens = [("h#", [0] * 3), *[("s", [1] * 7), ("iy", [2] * 5)] * 30]
    assert by_tokens(tokens, trim=0.05)["count"].sum() == 363


def test_exclude_is_before_folding():
    histogram = by_tokens([("sh", [1]), ("zh", [2]), ("iy", [3])], exclude=["sh"], phone_set=39)
    counts = histogram.groupby("phone", observed=True)["count"].sum()
    assert counts.to_dict() == {"iy": 1, "sh": 1}


def test_excluded_tokens_are_not_empty_ones():
    histogram = by_tokens([("sh", [1]), ("zh", [2])], exclude=["zh"], phone_set=39)
    assert histogram.loc[0, ["n_tokens", "n_empty_tokens"]].tolist() == [1, 0]


def test_a_deleted_phone_goes_whatever_the_histogram_is_by():
    histogram = by_tokens([("q", [1]), ("iy", [3])], by="speaker", phone_set=39)
    support = histogram.loc[0, ["n_frames", "n_tokens", "n_empty_tokens"]]
    assert support.tolist() == [1, 1, 0]


@pytest.mark.parametrize("exclude", ["silence", ["silense"]])
def test_exclude_is_checked(exclude):
    with pytest.raises(OptionError, match="exclude"):
        by_tokens([("s", [1]), ("h#", [2]), ("iy", [3])], exclude=exclude)


def test_spellings_of_one_phone_are_one_phone():
    tokens = [("AH0", [1]), ("ah", [2]), ("AH1", [3]), ("SH", [3])]
    found = by_tokens(tokens, exclude=["sh"])
    assert list(found["phone"].unique()) == ["ah"]
    assert found["n_tokens"].iloc[0] == 3


def test_by_nothing_is_refused():
    with pytest.raises(OptionError, match="by is empty"):
        by_tokens([("s", [1])], by=[])


def test_trim_without_labelled_frames():
    assert len(by_tokens([(None, [1, 2])], trim=0.01)) == 0
