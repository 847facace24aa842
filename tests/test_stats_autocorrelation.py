from __future__ import annotations

from itertools import permutations

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
from recoded import mirrored, recoded

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    interval,
    permuted_codes,
    resampling_weights,
)
from sfvq_analysis.stats.order.autocorrelation import morans_i, posterior_autocorrelation

FEW = Inference(n_permutations=40, n_bootstraps=40)
NUMBERS = ["effect", "expectation", "low", "high", "null_mean", "null_sd", "p", "p_corrected"]


def by_double_loop(counts: np.ndarray) -> list[float]:
    """Return Moran's I of each row's share of its column, weights 1 between used neighbours."""
    used = [k for k in range(counts.shape[1]) if counts[:, k].sum() > 0]
    n = len(used)
    found = []
    for row in counts:
        x = np.array([row[k] / counts[:, k].sum() for k in used])
        z = x - x.mean()
        weights = [[float(abs(i - j) == 1) for j in range(n)] for i in range(n)]
        added = sum(weights[i][j] * z[i] * z[j] for i in range(n) for j in range(n))
        spread = (z**2).sum()
        found.append(n / np.sum(weights) * added / spread if spread > 1e-20 else np.nan)
    return found


def table_of(labels: list[str], *, at: list[int] | None = None, size: int = 0):
    """Return a table in which code i stands for one phone."""
    at = list(range(len(labels))) if at is None else at
    return made_table(
        [Said("u", [(p, [k]) for p, k in zip(labels, at, strict=True)])], size or len(at)
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("by", ["phone", "phone_group"])
def test_effects_equal_a_double_loop(seed, by):
    table = random_table(seed, codebook_size=12, n_utterances=9)
    found = morans_i(table, by=by, inference=FEW)
    counts = unit_counts(table, by)
    expected = by_double_loop(counts.total())
    np.testing.assert_allclose(found["effect"], [*expected, np.nanmean(expected)])
    assert found[by].tolist() == [*counts.values, "all"]


def test_unused_codes_are_skipped_in_every_draw():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.4, (30, 3, 10)).astype(np.float64)
    counts[:, 0, :3] += 1
    for one, found in zip(counts, posterior_autocorrelation(counts), strict=True):
        np.testing.assert_allclose(found, by_double_loop(one))


def test_a_cut_axis_and_an_alternating_one():
    n = 10
    cut = morans_i(table_of(["s"] * 5 + ["iy"] * 5), inference=FEW)
    np.testing.assert_allclose(cut["effect"], (n - 3) / (n - 1))
    turns = morans_i(table_of(["s", "iy"] * 5), inference=FEW)
    np.testing.assert_allclose(turns["effect"], -1)
    np.testing.assert_allclose(cut["expectation"], -1 / (n - 1))
    assert (cut["n_used"] == n).all()
    assert (turns["p"] == 1).all()


def test_gaps_in_the_axis_do_not_matter():
    labels = ["s", "s", "iy", "m", "m", "iy"]
    dense = morans_i(table_of(labels), inference=FEW)
    gaps = morans_i(table_of(labels, at=[1, 2, 5, 9, 10, 13], size=16), inference=FEW)
    pd.testing.assert_series_equal(dense["effect"], gaps["effect"])


def test_the_expectation_is_the_mean_over_all_orders():
    counts = np.random.default_rng(0).poisson(5, (2, 5)).astype(np.float64)
    every = np.stack([counts[:, order] for order in permutations(range(5))])
    np.testing.assert_allclose(posterior_autocorrelation(every).mean(axis=0), -1 / 4)


def test_null_interval_and_correction():
    table = random_table(7, codebook_size=12, n_utterances=30)
    found = morans_i(table, inference=FEW)
    counts = unit_counts(table, "phone_group")
    total = counts.total()
    null = np.array([by_double_loop(total[:, k]) for k in permuted_codes(total.any(axis=0), FEW)])
    null = np.column_stack([null, null.mean(axis=1)])
    effect = found["effect"].to_numpy()
    np.testing.assert_allclose(found["null_mean"], null.mean(axis=0))
    np.testing.assert_allclose(found["null_sd"], null.std(axis=0))
    p = (1 + (null >= effect).sum(axis=0)) / (1 + len(null))
    np.testing.assert_allclose(found["p"], p)
    np.testing.assert_allclose(found["p_corrected"], [*corrected_p(p[:-1]), p[-1]])
    weights = resampling_weights(3, FEW)
    draws = np.array([by_double_loop(one) for block in counts.weighted(weights) for one in block])
    draws = np.column_stack([draws, draws.mean(axis=1)])
    low, high = interval(draws - draws.mean(axis=0) + effect, 3, FEW)
    np.testing.assert_allclose(found["low"], low)
    np.testing.assert_allclose(found["high"], high)
    assert (found["unit"] == "speaker").all()


def test_order_is_found_and_shuffling_loses_it():
    labels = ["h#"] * 8 + ["s"] * 8 + ["m"] * 8 + ["iy"] * 8
    table = table_of(labels)
    ordered = morans_i(table, inference=FEW)
    assert (ordered["p"] == 1 / 41).all()
    assert (ordered["effect"] > 0.8).all()
    rng = np.random.default_rng(0)
    shuffled = [
        morans_i(recoded(table, rng.permutation(32)), inference=FEW).iloc[-1] for _ in range(30)
    ]
    assert np.mean([row["effect"] for row in shuffled]) == pytest.approx(-1 / 31, abs=0.05)
    assert sum(row["p"] <= 0.05 for row in shuffled) <= 5  # 1.5 are expected


@pytest.mark.parametrize("seed", range(3))
def test_the_direction_of_the_axis_does_not_matter(seed):
    table = random_table(seed, codebook_size=12, n_utterances=20)
    straight, back = (morans_i(one, inference=FEW) for one in (table, mirrored(table)))
    for name in ("effect", "low", "high"):
        np.testing.assert_allclose(straight[name], back[name])


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no labelled frame"),
        (no_frames(), "no labelled frame"),
        (table_of(["s", "iy"]), "2 used codes, fewer than 3"),
        (made_table([Said("u", [("s", [3, 3]), ("iy", [3])])]), "1 used code, fewer than 3"),
        (made_table([Said("u", [("s", [1, 2, 3])])]), "the same at every index"),
        (made_table([Said("u", [("tcl", [1, 2, 3])])]), "no labelled frame"),
    ],
)
def test_what_cannot_be_measured_is_nan_with_a_reason(table, reason):
    found = morans_i(table, inference=FEW)
    assert found["phone_group"].iloc[-1] == "all"
    assert found[["effect", "low", "high", "p", "p_corrected"]].isna().all(axis=None)
    assert all(reason in one for one in found["reason"])
    assert found[NUMBERS].dtypes.eq("float64").all()


def test_one_utterance_has_no_interval():
    found = morans_i(table_of(["s", "s", "iy", "m"]), inference=FEW)
    assert found[["low", "high"]].isna().all(axis=None)
    assert set(found["reason"]) == {"one utterance: no interval"}
    assert found["p"].notna().all()


def test_folding_and_bad_options():
    table = table_of(["s", "zh", "sh", "iy"])
    assert "zh" not in set(morans_i(table, by="phone", phone_set=39, inference=FEW)["phone"])
    with pytest.raises(OptionError, match="by is 'sex'"):
        morans_i(table, by="sex")


def test_the_table_stays_as_it_was():
    table = random_table(1)
    before = copies(table)
    morans_i(table, inference=FEW)
    assert_unchanged(table, before)
