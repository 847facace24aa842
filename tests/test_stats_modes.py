from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from recoded import counts_by_hand, mirrored
from scipy.signal import find_peaks

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import index_histogram, peaks
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.order.modes import mode_numbers, modes

FEW = Inference(n_bootstraps=40)


def by_scipy(counts: np.ndarray) -> int:
    """Return the number of peaks that another library finds."""
    if not counts.any():
        return 0
    smoothed = smooth(counts[None].astype(np.float64))[0]
    heights = np.round(smoothed / smoothed.max(), 12)
    return len(find_peaks(np.pad(heights, 1), prominence=0.1)[0])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4) | st.integers(0, 60), min_size=2, max_size=40))
def test_numbers_equal_another_library_with_many_ties(counts):
    assert mode_numbers(np.array(counts, dtype=np.float64)) == by_scipy(np.array(counts))


def test_numbers_of_all_short_histograms_at_once():
    every = np.array(list(product(range(4), repeat=6)), dtype=np.float64).reshape(64, 64, 6)
    expected = [[by_scipy(one) for one in part] for part in every]
    assert mode_numbers(every).tolist() == expected
    assert {0, 1, 2} <= set(np.ravel(expected))


def test_numbers_of_long_histograms():
    rng = np.random.default_rng(0)
    rough = rng.poisson(rng.gamma(0.5, 4.0, (200, 128))).astype(np.float64)
    found = mode_numbers(rough)
    assert found.tolist() == [by_scipy(one) for one in rough]
    assert found.max() > 10


@pytest.fixture(scope="module")
def table():
    return random_table(4, codebook_size=24, n_utterances=40)


def test_modes_are_the_peaks(table):
    found = modes(table, min_tokens=10, inference=FEW).set_index("phone")
    expected = peaks(index_histogram(table, "phone"), min_tokens=10)
    main = expected[expected["rank"] == 0].set_index("phone").loc[found.index]
    number = expected.groupby("phone", observed=True).size().loc[found.index]
    known = main["peak"].notna()
    assert known.any()
    assert found["main_peak"].tolist() == main["peak"].tolist()
    assert found.loc[known, "n_modes"].tolist() == number[known].tolist()
    assert found["n_frames"].tolist() == main["n_frames"].tolist()
    owning = main["n_tokens"] - main["n_empty_tokens"]
    assert found["n_tokens"].tolist() == owning.tolist()
    assert found["n_modes"].isna().tolist() == (~known).tolist()
    assert found["n_modes"].max() > 1


def test_main_share_is_what_lies_within_three(table):
    found = modes(table, min_tokens=0, inference=FEW).set_index("phone")
    counts = counts_by_hand(table)
    single = {
        p: np.sum(smooth(c[None])[0] > smooth(c[None]).max() - 1e-9) for p, c in counts.items()
    }
    assert sum(n == 1 for n in single.values()) > 5
    for phone, row in found.iterrows():
        at = int(row["main_peak"])
        expected = counts[phone][max(0, at - 3) : at + 4].sum() / counts[phone].sum()
        if single[phone] == 1:
            assert row["main_share"] == pytest.approx(expected)


def test_a_tied_main_peak_has_the_mean_share_of_both():
    tokens = [("s", [k]) for k in [3] * 20 + [14] * 20 + [16] * 2 + [20] * 2]
    found = modes(made_table([Said("u", tokens)], 24), inference=FEW)
    assert found.loc[0, "main_peak"] == 14  # its smoothed value has that of 16 added
    tied = [("s", [k]) for k in [3] * 20 + [14] * 20 + [17] * 2]
    found = modes(made_table([Said("u", tied)], 24), inference=FEW)
    assert found.loc[0, ["n_modes", "main_peak"]].tolist() == [2, 3]
    assert found.loc[0, "main_share"] == pytest.approx((20 + 22) / 2 / 42)


def test_intervals_resample_speakers(table):
    found = modes(table, min_tokens=0, inference=FEW).set_index("phone")
    draws = [counts_by_hand(table, weights) for weights in resampling_weights(3, FEW)]
    for phone, row in found.iterrows():
        low, high = interval([by_scipy(counts[phone]) for counts in draws], 3, FEW)
        assert (row["low"], row["high"]) == (low, high)
    assert (found["low"] < found["high"]).any()
    assert set(found["unit"]) == {"speaker"}


def test_one_place_and_several():
    said = [
        Said(f"u{i}", [("s", [4])] * 10 + [("iy", [2, 12, 22])] * 10, speaker=f"f{i}")
        for i in range(4)
    ]
    found = modes(made_table(said, 24), inference=FEW).set_index("phone")
    assert found.loc["s", ["n_modes", "low", "high", "main_share"]].tolist() == [1, 1, 1, 1]
    assert found.loc["iy", ["n_modes", "low", "high"]].tolist() == [3, 3, 3]
    assert found.loc["iy", "main_share"] == pytest.approx(1 / 3)
    assert found["phone_group"].to_dict() == {"s": "fricative", "iy": "vowel"}


def test_groups_and_phones_in_no_group(table):
    by_phone = modes(table, inference=FEW).set_index("phone")
    assert by_phone.loc["tcl", "phone_group"] is None
    by_group = modes(table, by="phone_group", min_tokens=0, inference=FEW)
    assert list(by_group.columns[:2]) == ["phone_group", "n_modes"]
    histogram = index_histogram(table, "phone_group")
    expected = peaks(histogram, min_tokens=0).groupby("phone_group", observed=True).size()
    assert by_group.set_index("phone_group")["n_modes"].to_dict() == expected.to_dict()


@pytest.mark.parametrize("seed", range(3))
def test_the_direction_of_the_axis_does_not_matter(seed):
    table = random_table(seed, n_utterances=20)  # few codes: many ties
    straight, back = (modes(one, min_tokens=0, inference=FEW) for one in (table, mirrored(table)))
    for name in ("n_modes", "low", "high", "main_share"):
        pd.testing.assert_series_equal(straight[name], back[name])


def test_few_tokens_give_a_reason():
    table = made_table([Said("u", [("s", [1])] * 20 + [("iy", [2, 2])] * 19)])
    found = modes(table, inference=FEW).set_index("phone")
    assert found.loc["s", "n_modes"] == 1
    assert found.loc["s", "reason"] == "one utterance: no interval"
    missing = found.loc["iy", ["n_modes", "low", "high", "main_peak", "main_share"]]
    assert missing.isna().all()
    assert found.loc["iy", "reason"] == "19 tokens own a frame, fewer than 20"
    assert str(found["n_modes"].dtype) == str(found["main_peak"].dtype) == "Int32"


@pytest.mark.parametrize("make", [nothing_labelled, no_frames])
def test_nothing_labelled_gives_no_row(make):
    found = modes(make(), inference=FEW)
    assert len(found) == 0
    assert list(found.columns[:4]) == ["phone", "phone_group", "n_modes", "low"]


def test_several_speakers_who_say_nothing_give_no_row():
    said = [Said(f"u{i}", [(None, [1, 2])], speaker=f"f{i}") for i in range(3)]
    assert len(modes(made_table(said), inference=FEW)) == 0


def test_bad_options_are_refused(table):
    with pytest.raises(OptionError, match="min_tokens is -1"):
        modes(table, min_tokens=-1)
    with pytest.raises(OptionError, match="by is 'speaker'"):
        modes(table, by="speaker")


def test_the_table_stays_as_it_was(table):
    before = copies(table)
    modes(table, inference=FEW)
    assert_unchanged(table, before)
