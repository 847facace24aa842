from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import Said, assert_unchanged, copies, made_table, no_frames, random_table
from scipy.stats import binom

from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.units.occurrence import occurrences

COLUMNS = [
    *("n_frames", "codebook_size", "kl_binomial", "worst_case", "worst_case_used", "entropy"),
    *("entropy_max", "sparseness", "sparseness_min", "sd", "sd_binomial", "reason"),
]


def table_of(frames_of_codes: list[int]):
    """Return a table with so many frames of each code, every second one outside all phones."""
    codes = np.repeat(np.arange(len(frames_of_codes)), frames_of_codes).tolist()
    tokens = [(None, codes[::2]), ("s", codes[1::2])]
    return made_table([Said("u", tokens)], len(frames_of_codes))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=9).filter(any))
def test_equals_the_definitions_in_a_loop(frames_of_codes):
    found = occurrences(table_of(frames_of_codes)).iloc[0]
    total, size = sum(frames_of_codes), len(frames_of_codes)
    kl = 0.0
    for value in set(frames_of_codes):
        share = frames_of_codes.count(value) / size
        kl += share * np.log2(share / binom.pmf(value, total, 1 / size))
    used = [frames / total for frames in frames_of_codes if frames]
    assert found["n_frames"] == total
    assert found["codebook_size"] == size
    assert found["kl_binomial"] == pytest.approx(kl, abs=1e-9)
    assert found["worst_case_used"] == pytest.approx(-np.log2(min(used)))
    assert found["worst_case"] == (np.inf if 0 in frames_of_codes else found["worst_case_used"])
    assert found["entropy"] == pytest.approx(-sum(p * np.log2(p) for p in used), abs=1e-12)
    squares = sum(frames**2 for frames in frames_of_codes)
    assert found["sparseness"] == pytest.approx(np.sqrt(squares) / total)
    assert found["sd"] == pytest.approx(np.std(frames_of_codes))
    assert found["sd_binomial"] == pytest.approx(binom.std(total, 1 / size))
    assert found["reason"] == ""


def test_even_use_in_closed_form():
    found = occurrences(table_of([5] * 8)).iloc[0]
    assert found[["worst_case", "entropy", "entropy_max"]].tolist() == pytest.approx([3, 3, 3])
    assert found["sparseness"] == pytest.approx(found["sparseness_min"])
    assert found["sparseness"] == pytest.approx(1 / np.sqrt(8))
    assert found["sd"] == 0
    assert found["kl_binomial"] == pytest.approx(-np.log2(binom.pmf(5, 40, 1 / 8)))


def test_one_used_code():
    found = occurrences(table_of([0, 0, 6, 0])).iloc[0]
    assert found[["worst_case_used", "entropy"]].tolist() == [0, 0]
    assert not np.signbit(found["worst_case_used"])
    assert found["worst_case"] == np.inf
    assert found["sparseness"] == 1


def test_stays_finite_where_the_binomial_underflows():
    found = occurrences(table_of([4000, *[0] * 255])).iloc[0]
    assert binom.pmf(4000, 4000, 1 / 256) == 0
    share = np.array([1, 255]) / 256
    ideal = np.array([4000 * np.log2(1 / 256), 4000 * np.log2(255 / 256)])
    assert found["kl_binomial"] == pytest.approx((share * (np.log2(share) - ideal)).sum())


def test_independent_even_draws_are_nearer_to_the_binomial_than_uneven_ones():
    rng = np.random.default_rng(0)
    even = rng.multinomial(3000, np.full(64, 1 / 64)).tolist()
    uneven = rng.multinomial(3000, rng.dirichlet(np.ones(64))).tolist()
    first, second = (occurrences(table_of(g)).iloc[0] for g in (even, uneven))
    assert first["kl_binomial"] < 1.5 < second["kl_binomial"]
    assert first["sd"] == pytest.approx(first["sd_binomial"], rel=0.3)
    assert second["sd"] > 3 * second["sd_binomial"]


def test_no_frame_is_nan_with_a_reason():
    found = occurrences(no_frames())
    assert list(found.columns) == COLUMNS
    assert found.loc[0, "kl_binomial":"sd_binomial"].isna().all()
    assert found.loc[0, ["n_frames", "codebook_size", "reason"]].tolist() == [0, 8, "no frame"]


def test_order_of_codes_and_reductions_change_nothing():
    table = random_table(3, codebook_size=20)
    before = copies(table)
    found = occurrences(table)
    assert list(found.columns) == COLUMNS
    pd.testing.assert_frame_equal(occurrences(reduce(table)), found)
    assert_unchanged(table, before)
    pd.testing.assert_frame_equal(
        occurrences(table_of([1, 0, 7])), occurrences(table_of([7, 1, 0]))
    )
