from __future__ import annotations

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mutual_info_score

from sfvq_analysis.stats.arithmetic.conditional import (
    COLUMNS,
    Labelled,
    Units,
    _null,
    _Part,
    conditional_information,
)
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=30, n_bootstraps=40, seed=3)


def made(seed, n_tokens=30, n_phones=4, n_labels=3, n_units=4, n_parts=2):
    """Return random labelled tokens of 1 … 4 frames, every frame a run."""
    rng = np.random.default_rng(seed)
    token = np.repeat(np.arange(n_tokens), rng.integers(1, 5, n_tokens))
    n = len(token)
    return Labelled(
        rng.integers(0, n_phones, n_tokens),
        rng.integers(0, n_labels, n_tokens),
        rng.integers(0, n_units, n_tokens),
        token,
        rng.integers(0, 5, n),
        rng.integers(0, n_parts, n),
        rng.integers(1, 3, n),
    )


def frames(labelled, part, label=None):
    """Return (phone, label, code, unit) of every frame of a part."""
    label = labelled.label if label is None else label
    return [
        (labelled.stratum[t], label[t], k, labelled.unit[t])
        for t, k, p, n in zip(*labelled[3:], strict=True)
        if p == part
        for _ in range(n)
    ]


def information(rows):
    """Return I(code; label | phone) by scikit-learn, phone by phone."""
    total = 0.0
    for phone in {row[0] for row in rows}:
        mine = [row for row in rows if row[0] == phone]
        total += len(mine) * mutual_info_score([r[1] for r in mine], [r[2] for r in mine])
    return total / len(rows)


def entropy(rows):
    phones, codes = Counter(row[0] for row in rows), Counter((row[0], row[2]) for row in rows)
    return -sum(n * np.log(n / phones[phone]) for (phone, _), n in codes.items()) / len(rows)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_information_equals_scikit_learn(seed):
    labelled = made(seed)
    found = conditional_information(labelled, 2, Units("speaker", 4), "x", FEW)
    for part, row in enumerate(found):
        rows = frames(labelled, part)
        assert row["plug_in"] == pytest.approx(information(rows), abs=1e-12)
        assert row["n_frames"] == len(rows)
        assert row["n_tokens"] == len(set(labelled.token[labelled.part == part]))
        assert row["corrected"] == pytest.approx(row["plug_in"] - row["null_mean"])
        assert row["share"] == pytest.approx(row["corrected"] / entropy(rows))
        assert set(COLUMNS) == set(row)


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_null_is_of_all_permutations_within_a_phone(seed, alike):
    labelled = made(seed, n_tokens=7, n_phones=2, n_labels=4)
    parts = [_Part(labelled, part) for part in (0, 1)]
    drawn = _null(labelled, parts, "x", Inference(n_permutations=199), alike=alike)
    kind = labelled.stratum.astype(int)
    if alike:  # of a duration
        kind = 100 * kind + np.bincount(labelled.token, labelled.length, 7).astype(int)
    groups = [np.flatnonzero(kind == one) for one in np.unique(kind)]
    possible = []
    for orders in product(*(permutations(labelled.label[group]) for group in groups)):
        label = labelled.label.copy()
        for group, order in zip(groups, orders, strict=True):
            label[group] = order
        possible.append([information(frames(labelled, part, label)) for part in (0, 1)])
    possible = np.array(possible)
    assert drawn.shape == ((199 if alike else 50), 2)
    for one in drawn:
        assert np.abs(possible - one).max(axis=1).min() < 1e-9
    error = possible.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - possible.mean(axis=0)) < 5 * error + 1e-12).all()


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_intervals_resample_units(seed):
    labelled = made(seed, n_parts=1)
    row = conditional_information(labelled, 1, Units("speaker", 4), "x", FEW)[0]
    rows = frames(labelled, 0)
    columns = ((0, 1, 2), (0,), (0, 1), (0, 2))
    counts = [Counter(tuple(r[i] for i in at) for r in rows) for at in columns]
    drawn = []
    for weights in resampling_weights(4, FEW):
        total, n = 0.0, 0.0
        for phone, label, code, unit in rows:
            joint, one = counts[0][phone, label, code], counts[1][(phone,)]
            both = counts[2][phone, label] * counts[3][phone, code]
            total += weights[unit] * np.log(joint * one / both)
            n += weights[unit]
        drawn.append(total / n - row["null_mean"])
    low, high = interval(drawn, 4, FEW)
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


def test_a_label_that_names_the_code_and_one_that_does_not():
    n = 400
    rng = np.random.default_rng(0)
    code = rng.integers(0, 2, n)
    for label, share, p in ((code, 1.0, 0.01), (rng.integers(0, 2, n), 0.0, None)):
        labelled = Labelled(
            np.arange(n) % 3, label, np.arange(n) % 5, np.arange(n), code, np.zeros(n, int),
            np.ones(n, int),
        )  # fmt: skip
        row = conditional_information(labelled, 1, Units("speaker", 5), "x", Inference(99, 50))[0]
        assert row["share"] == pytest.approx(share, abs=0.03)
        assert row["p"] == p if p else row["p"] > 0.05
        assert row["low"] <= row["corrected"] <= row["high"]


def test_p_is_not_too_small_without_an_effect():
    p = []
    for seed in range(100):
        labelled = made(seed, n_tokens=40, n_parts=1)
        row = conditional_information(labelled, 1, Units("speaker", 4), "x", Inference(39, 0))[0]
        p.append(row["p"])
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)
    assert abs(np.mean(p) - 0.5) < 0.15


def test_no_more_than_199_draws():
    labelled = made(1)
    row = conditional_information(labelled, 2, Units("speaker", 4), "x", Inference(500, 0))[0]
    assert row["n_permutations"] == 199


def test_nothing_to_measure():
    none = np.zeros(0, dtype=np.int64)
    empty = Labelled(*(none for _ in range(7)))
    row = conditional_information(empty, 1, Units("speaker", 0), "x", FEW)[0]
    assert np.isnan([row["plug_in"], row["corrected"], row["share"], row["p"]]).all()
    assert row["reason"] == "no labelled frame"
    constant = made(1)._replace(code=np.zeros(len(made(1).code), dtype=np.int64))
    row = conditional_information(constant, 2, Units("speaker", 4), "x", FEW)[0]
    assert row["plug_in"] == pytest.approx(0, abs=1e-12)
    assert row["p"] == 1
    assert np.isnan(row["share"])
    assert "no share" in row["reason"]
