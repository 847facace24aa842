from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis.stats import index_histogram, peaks
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.peaks import main_peak_places, main_peaks, relative_heights

BLACKMAN = np.array([0.13, 0.63, 1.0, 0.63, 0.13]) / 2.52


def histogram_of(counts: list[int], *, empty: int = 0) -> pd.DataFrame:
    """Return the histogram of one phone: a token for each frame, and tokens without one."""
    tokens = [("s", [k]) for k, n in enumerate(counts) for _ in range(n)]
    return index_histogram(
        made_table([Said("u", tokens + [("s", [])] * empty)], len(counts)), "phone"
    )


def prominence_by_hand(curve: np.ndarray, at: int) -> float:
    """Return how far one must go down from a peak before one can go up to a higher place."""
    padded = [0.0, *curve, 0.0]
    here, keys = padded[at + 1], []
    for step in (-1, 1):
        lowest, place = here, at + 1
        while 0 <= place < len(padded) and padded[place] <= here:
            lowest = min(lowest, padded[place])
            place += step
        keys.append(lowest)
    return here - max(keys)


def peaks_by_hand(curve: np.ndarray) -> list[tuple[int, float]]:
    """Return (index, prominence as a share of the maximum), main peak first, then by height."""
    padded = np.concatenate([[0.0], curve, [0.0]])
    tops = [k for k in range(len(curve)) if padded[k] < curve[k] > padded[k + 2]]
    shares = [(k, prominence_by_hand(curve, k) / curve.max()) for k in tops]
    main = int(np.argmax(curve))
    kept = [one for one in shares if one[1] >= 0.1 and one[0] != main]
    return [(main, dict(shares)[main]), *sorted(kept, key=lambda one: -curve[one[0]])]


def test_main_peak_is_the_largest_smoothed_value_and_the_raw_one_stands_beside():
    found = peaks(histogram_of([0, 9, 0, 0, 0, 6, 7, 6, 0, 0]), min_tokens=1)
    assert found.loc[0, ["rank", "peak", "peak_raw"]].tolist() == [0, 6, 1]
    assert found.loc[0, ["prominence", "height"]].tolist() == [1.0, 1.0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=24).filter(any))
def test_peaks_equal_those_found_by_hand(counts):
    rng = np.random.default_rng(sum(counts))
    density = np.array(counts) + 0.01 * rng.random(len(counts))  # no two heights are equal
    density /= density.sum()
    frame = pd.DataFrame(
        {
            "phone": "s",
            "index": np.arange(len(counts)),
            "count": counts,
            "density": density,
            "smoothed": smooth(density[None])[0],
            "n_frames": sum(counts),
            "n_tokens": 30,
            "n_empty_tokens": 0,
            "n_speakers": 1,
        }
    )
    found = peaks(frame)
    expected = peaks_by_hand(frame["smoothed"].to_numpy())
    assert found["peak"].tolist() == [k for k, _ in expected]
    np.testing.assert_allclose(found["prominence"], [share for _, share in expected], atol=1e-12)
    smoothed = frame["smoothed"].to_numpy()
    np.testing.assert_allclose(found["height"], smoothed[found["peak"]] / smoothed.max())
    assert found["rank"].tolist() == list(range(len(found)))
    assert found["peak_raw"].isna().tolist() == [False] + [True] * (len(found) - 1)
    assert found["peak_raw"].iloc[0] == density.argmax()


@pytest.mark.parametrize("size", [2, 4, 12])
def test_both_ends_of_the_axis_can_be_peaks(size):
    for at in (0, size - 1):
        counts = [0] * size
        counts[at] = 25
        found = peaks(histogram_of(counts))
        assert found["peak"].tolist() == [at]
        assert found["prominence"].tolist() == [1.0]


def test_an_end_can_be_a_further_peak():
    found = peaks(histogram_of([10, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 15]))
    assert found["peak"].tolist() == [6, 12, 0]
    np.testing.assert_allclose(found["height"], [1, 0.75, 0.5])
    np.testing.assert_allclose(found["prominence"], [1, 0.75, 0.5])


def test_prominence_decides_which_further_peaks_count():
    counts = [0, 0, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    for n, further in ((99, []), (101, [11])):
        counts[11] = n
        assert peaks(histogram_of(counts))["peak"].tolist() == [3, *further]


def test_a_shoulder_is_no_peak():
    found = peaks(histogram_of([0, 0, 0, 100, 95, 90, 60, 20, 0, 0]))
    assert len(found) == 1


class TestFewTokens:
    def test_peak_is_missing_with_a_reason(self):
        found = peaks(histogram_of([0, 19, 0, 0]))
        assert len(found) == 1
        assert found.loc[0, ["peak", "peak_raw"]].isna().all()
        assert found.loc[0, ["prominence", "height"]].isna().all()
        assert found.loc[0, "reason"] == "19 tokens own a frame, fewer than 20"
        assert found.loc[0, "n_frames"] == 19

    def test_twenty_are_enough_and_the_number_is_an_argument(self):
        assert peaks(histogram_of([0, 20, 0, 0])).loc[0, "peak"] == 1
        assert peaks(histogram_of([0, 19, 0, 0]), min_tokens=19).loc[0, "peak"] == 1
        assert peaks(histogram_of([0, 20, 0, 0]), min_tokens=21)["peak"].isna().all()
        assert peaks(histogram_of([0, 20, 0, 0])).loc[0, "reason"] == ""

    def test_tokens_without_a_frame_are_counted_but_do_not_help(self):
        found = peaks(histogram_of([0, 19, 0, 0], empty=5))
        assert found.loc[0, ["n_tokens", "n_empty_tokens"]].tolist() == [24, 5]
        assert pd.isna(found.loc[0, "peak"])

    def test_frames_do_not_stand_for_tokens(self):
        table = made_table([Said("u", [("s", [1] * 50)])])
        assert peaks(index_histogram(table, "phone"))["peak"].isna().all()

    @pytest.mark.parametrize("make", [nothing_labelled, no_frames])
    def test_no_frame_at_all(self, make):
        found = peaks(index_histogram(make(), "phone"), min_tokens=0)
        assert found["peak"].isna().all()
        assert set(found["reason"]) == {"no token owns a frame"}


def test_every_row_carries_its_support():
    table = random_table(3, n_utterances=30)
    histogram = index_histogram(table, ["phone", "sex"])
    found = peaks(histogram, min_tokens=1)
    support = ["n_frames", "n_tokens", "n_empty_tokens", "n_speakers"]
    stated = histogram.drop_duplicates(["phone", "sex"])[["phone", "sex", *support]]
    merged = found.merge(stated, on=["phone", "sex", *support], how="left", indicator=True)
    assert (merged["_merge"] == "both").all()
    assert len(main_peaks(found)) == len(stated)
    assert str(found["peak"].dtype) == str(found["peak_raw"].dtype) == "Int32"


def test_reversing_the_axis_mirrors_the_peaks():
    counts = [30, 4, 0, 0, 12, 60, 3, 0, 0, 0, 25, 0]
    found = peaks(histogram_of(counts))["peak"].tolist()
    mirrored = peaks(histogram_of(counts[::-1]))["peak"].tolist()
    assert mirrored == [len(counts) - 1 - k for k in found]
    assert len(found) == 3


def test_the_histogram_stays_as_it_was():
    histogram = index_histogram(random_table(4, n_utterances=20), "phone")
    before = histogram.copy()
    peaks(histogram)
    pd.testing.assert_frame_equal(histogram, before)


def test_the_smoothing_taps_are_the_papers():
    smoothed = histogram_of([0, 0, 0, 0, 21, 0, 0, 0, 0])["smoothed"]
    np.testing.assert_allclose(smoothed[2:7], BLACKMAN, atol=1e-12)


def test_a_plateau_is_one_peak():
    table = made_table([Said("u", [("s", [k]) for k in range(10, 31)])], 64)
    found = peaks(index_histogram(table, "phone"))
    assert found["peak"].tolist() == [20]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.lists(st.integers(0, 3), min_size=9, max_size=9).filter(any), min_size=1, max_size=4
    )
)
def test_many_main_peaks_at_once_are_those_of_each_histogram(rows):
    smoothed = smooth(np.array(rows, dtype=np.float64))
    found = main_peak_places(smoothed)
    assert found.tolist() == [peaks(histogram_of(row), min_tokens=1)["peak"][0] for row in rows]
    many = np.stack([smoothed, smoothed[:, ::-1]])
    assert main_peak_places(many)[0].tolist() == found.tolist()


def test_nothing_has_no_main_peak_and_no_height():
    nothing = np.array([[0.0, 0.0], [np.nan, np.nan], [1.0, 2.0]])
    assert main_peak_places(nothing).tolist() == [-1, -1, 1]
    assert relative_heights(nothing).tolist() == [[0, 0], [0, 0], [0.5, 1]]
