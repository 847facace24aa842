from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from scipy.spatial.distance import jensenshannon

from sfvq_analysis.stats import index_histogram, jensen_shannon


def distance(p: np.ndarray, q: np.ndarray) -> float:
    """Return the square root of the divergence in bits, term by term."""
    total = 0.0
    for a, b in zip(p, q, strict=True):
        middle = (a + b) / 2
        total += a * np.log2(a / middle) / 2 if a else 0.0
        total += b * np.log2(b / middle) / 2 if b else 0.0
    return float(np.sqrt(max(total, 0.0)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_distances_equal_scipy_and_the_formula(seed):
    table = random_table(seed, n_utterances=9)
    found = jensen_shannon(index_histogram(table))
    rows = [row for row in frame_rows(table) if row["phone_group"] is not None]
    groups = sorted({row["phone_group"] for row in rows})
    assert sorted(found.index) == groups
    assert list(found.columns) == list(found.index)
    density = {}
    for group in groups:
        codes = [row["codeword"] for row in rows if row["phone_group"] == group]
        density[group] = np.bincount(codes, minlength=8) / len(codes)
    for a in groups:
        for b in groups:
            expected = distance(density[a], density[b])
            assert found.loc[a, b] == pytest.approx(expected, abs=1e-9)
            if not np.array_equal(density[a], density[b]):
                independent = jensenshannon(density[a], density[b], base=2)
                assert found.loc[a, b] == pytest.approx(independent, abs=1e-9)
    np.testing.assert_array_equal(found, found.T)


def test_raw_densities_are_compared():
    table = made_table([Said("u", [("s", [3, 3]), ("iy", [4, 4])])])
    found = jensen_shannon(index_histogram(table))
    assert found.loc["fricative", "vowel"] == pytest.approx(1.0)  # smoothed they would overlap


def test_closed_form():
    table = made_table([Said("u", [("s", [0, 1]), ("iy", [1, 1]), ("m", [0, 1, 0, 1])])])
    found = jensen_shannon(index_histogram(table))
    divergence = 0.5 * (0.5 * np.log2(0.5 / 0.25) + 0.5 * np.log2(0.5 / 0.75))
    divergence += 0.5 * np.log2(1 / 0.75)
    assert found.loc["fricative", "vowel"] == pytest.approx(np.sqrt(divergence))
    assert found.loc["fricative", "nasal"] == 0.0
    assert (np.diag(found) == 0).all()


def test_relabelling_codes_changes_nothing():
    tokens = [("s", [0, 1, 1, 2]), ("iy", [2, 3, 3]), ("m", [0, 5])]
    relabel = np.random.default_rng(0).permutation(8)
    moved = [(phone, relabel[codes].tolist()) for phone, codes in tokens]
    straight, other = (
        jensen_shannon(index_histogram(made_table([Said("u", one)]))) for one in (tokens, moved)
    )
    pd.testing.assert_frame_equal(straight, other)


def test_groups_stand_in_the_papers_order_and_empty_ones_are_left_out():
    table = made_table([Said("u", [("iy", [1]), ("m", []), ("s", [2]), ("h#", [0])])])
    found = jensen_shannon(index_histogram(table))
    assert list(found.index) == ["silence", "fricative", "vowel"]


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames()], ids=["unlabelled", "empty"])
def test_without_labelled_frames_there_is_no_distance(table):
    assert jensen_shannon(index_histogram(table)).shape == (0, 0)


def test_one_group_only():
    table = made_table([Said("u", [("s", [1, 2])])])
    assert jensen_shannon(index_histogram(table)).to_numpy().tolist() == [[0.0]]


def test_the_histogram_stays_as_it_was():
    histogram = index_histogram(random_table(2))
    before = histogram.copy()
    jensen_shannon(histogram)
    pd.testing.assert_frame_equal(histogram, before)


def test_proportional_histograms_are_at_distance_nought():
    spoken = [[0, 1, 1, 1, 6, 6], [0, 0, 2, 3, 4], [2, 1, 5, 5], [0]]
    tokens = [("s", one) for one in spoken] + [("iy", one) for one in spoken * 3]
    table = made_table([Said("u", tokens)])
    found = jensen_shannon(index_histogram(table, "phone_group", weight="token"))
    assert found.loc["fricative", "vowel"] == pytest.approx(0, abs=1e-7)
