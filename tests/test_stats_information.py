from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pandas as pd
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
)
from sklearn import metrics

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import fold, phone_group
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.units.information import MEASURES, information

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=19, n_bootstraps=19)
PLUG_IN = Inference(n_permutations=0, n_bootstraps=0)
COLUMNS = [
    *("measure", "plug_in", "null_mean", "null_sd", "corrected", "low", "high", "p"),
    *("n_frames", "n_tokens", "unit", "n_units", "n_permutations", "reason"),
]


def from_labels(phones, codes) -> dict[str, float]:
    """Return every measure of two lists of labels."""
    joint = pd.crosstab(pd.Series(list(phones)), pd.Series(list(codes))).to_numpy()
    homogeneity, completeness, v = metrics.homogeneity_completeness_v_measure(phones, codes)
    own = metrics.mutual_info_score(phones, phones)
    return {
        "phone_purity": joint.max(axis=0).sum() / joint.sum(),
        "cluster_purity": joint.max(axis=1).sum() / joint.sum(),
        "pnmi": metrics.mutual_info_score(phones, codes) / own,
        "nmi": metrics.normalized_mutual_info_score(phones, codes),
        "ami": metrics.adjusted_mutual_info_score(phones, codes),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": v,
    }


def labels_of(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a phone and an index for every frame that was counted."""
    phone, index = np.nonzero(counts)
    times = counts[phone, index].astype(int)
    return np.repeat(phone, times), np.repeat(index, times)


def expected_of(counts: np.ndarray) -> float:
    used = counts[:, counts.sum(axis=0) > 0]
    return metrics.cluster.expected_mutual_information(used, int(used.sum()))


def under_the_null(counts: np.ndarray, data: np.ndarray) -> dict[str, float]:
    """Return every measure of a permutation's counts: phones have the frames of the data again.

    That is, rows are scaled for the purities, and only I is the permutation's for the others.
    """
    frames = data.sum(axis=1)
    scaled = counts * (frames / counts.sum(axis=1))[:, None]
    phones, codes = labels_of(counts)
    shared = metrics.mutual_info_score(phones, codes)
    own = [metrics.mutual_info_score(labels, labels) for labels in labels_of(data)]
    expected = expected_of(data)
    mean = np.mean(own)
    return {
        "phone_purity": scaled.max(axis=0).sum() / frames.sum(),
        "cluster_purity": scaled.max(axis=1).sum() / frames.sum(),
        "pnmi": shared / own[0],
        "nmi": shared / mean,
        "ami": (shared - expected) / (mean - expected),
        "homogeneity": shared / own[0],
        "completeness": shared / own[1],
        "v_measure": shared / mean,
    }


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame.set_index("measure")[name]


def spoken(seed: int, codebook_size: int, *, long: int = 1, told: float = 0.0):
    """Return a table of eight speakers; `told`: how often the phone decides the code.

    The phone h# lasts `long` times what others do.
    """
    rng = np.random.default_rng(seed)
    phones = np.array(["h#", "s", "iy", "m", "t", "ey", "l", "aa"])
    own = {phone: rng.integers(0, codebook_size, 3) for phone in phones}

    def token(phone):
        n_frames = int(rng.integers(1, 6)) * (long if phone == "h#" else 1)
        codes = rng.integers(0, codebook_size, n_frames)
        named = rng.choice(own[phone], n_frames)
        return str(phone), np.where(rng.random(n_frames) < told, named, codes).tolist()

    said = [
        Said(f"u{speaker}{take}", [token(p) for p in rng.choice(phones, 25)], f"f{speaker:03d}")
        for speaker, take in product(range(8), range(2))
    ]
    return made_table(said, codebook_size)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([("phone", 61), ("phone", 48), ("phone", 39), ("phone_group", 61)]))
def test_plug_in_equals_scikit_learn(seed, values):
    by, phone_set = values
    table = random_table(seed, codebook_size=5, n_utterances=8)
    rows = [row for row in frame_rows(table) if row["phone"] is not None]
    named = [
        phone_group(row["phone"]) if by == "phone_group" else fold(row["phone"], phone_set)
        for row in rows
    ]
    pairs = [(name, row["codeword"]) for name, row in zip(named, rows, strict=True) if name]
    found = information(table, by=by, phone_set=phone_set, inference=PLUG_IN)
    assert found["n_frames"].tolist() == [len(pairs)] * len(MEASURES)
    expected = from_labels(*zip(*pairs, strict=True))
    assert column(found, "plug_in").to_dict() == pytest.approx(expected, abs=1e-10)


@settings(max_examples=6, deadline=None)
@given(SEEDS)
def test_null_and_p_equal_scikit_learn_on_every_draw(seed):
    table = random_table(seed, codebook_size=5, n_utterances=8)
    total = unit_counts(table).total()
    draws = [under_the_null(counts, total) for counts in relabelled_counts(reduce(table), FEW)]
    null = pd.DataFrame(draws)
    found = information(table, inference=FEW)
    assert column(found, "null_mean").to_dict() == pytest.approx(null.mean().to_dict(), abs=1e-9)
    sd = null.std(ddof=0).to_dict()
    assert column(found, "null_sd").to_dict() == pytest.approx(sd, abs=1e-9)
    observed = from_labels(*labels_of(total))
    alike = relabelled_counts(reduce(table), FEW, alike=True)
    null = pd.DataFrame([from_labels(*labels_of(counts)) for counts in alike])
    for name, p in column(found, "p").items():
        assert p == (1 + (null[name] >= observed[name] - 1e-9).sum()) / 20
    assert np.allclose(found["corrected"], found["plug_in"] - found["null_mean"])
    assert (found["n_permutations"] == 19).all()


def test_null_mean_is_that_of_all_permutations_of_segments():
    tokens = [("h#", [0, 0, 0, 1]), ("s", [2]), ("iy", [3, 3]), ("s", [2, 0]), ("m", [])]
    other = [("iy", [3]), ("h#", [0, 0])]
    table = made_table([Said("u", tokens, "faaa0"), Said("w", other, "mbbb0")])
    data = unit_counts(table).total()
    assert data.sum(axis=1).tolist() == [6, 3, 3]
    every = []
    for first, second in product(permutations(range(4)), permutations(range(2))):
        counts = np.zeros((3, 8), dtype=int)
        for part, order in ((tokens[:4], first), (other, second)):
            for token, taken in enumerate(order):
                row = ["h#", "iy", "s"].index(part[taken][0])
                np.add.at(counts[row], part[token][1], 1)
        every.append(under_the_null(counts, data))
    exact = pd.DataFrame(every)
    many = Inference(n_permutations=4000, n_bootstraps=0)
    found = information(table, inference=many).set_index("measure")
    assert found["n_tokens"].unique().tolist() == [6]
    error = 4 * exact.std() / math.sqrt(4000)
    assert ((found["null_mean"] - exact.mean()).abs() <= error[found.index]).all()


def test_interval_equals_a_loop_over_resamplings():
    table = spoken(3, 6, told=0.5)
    inference = Inference(n_permutations=9, n_bootstraps=40, level=0.8)
    found = information(table, inference=inference)
    counts = unit_counts(table)
    by_unit = counts.matrix.toarray().reshape(counts.n_units, len(counts.values), 6)
    weights = resampling_weights(counts.n_units, inference)
    assert len(weights) == 40
    draws = []
    for weight in weights:
        resampled = np.tensordot(weight, by_unit, axes=1)
        draws.append(
            {
                **from_labels(*labels_of(resampled)),
                "ami": ami_with_expectation_of(resampled, by_unit),
            }
        )
    values = pd.DataFrame(draws)[list(MEASURES)]
    low, high = interval(values.to_numpy(), counts.n_units, inference)
    moved = found["corrected"].to_numpy() - values.mean().to_numpy()
    assert found["low"].to_numpy() == pytest.approx(low + moved, abs=1e-9)
    assert found["high"].to_numpy() == pytest.approx(high + moved, abs=1e-9)
    assert found[["unit", "n_units"]].drop_duplicates().to_numpy().tolist() == [["speaker", 8]]
    assert (found["low"] < found["corrected"]).all()
    assert (found["corrected"] < found["high"]).all()


def ami_with_expectation_of(resampled: np.ndarray, by_unit: np.ndarray) -> float:
    phones, codes = labels_of(resampled)
    expected = expected_of(by_unit.sum(axis=0).astype(np.int64))
    shared = metrics.mutual_info_score(phones, codes)
    own = [metrics.mutual_info_score(labels, labels) for labels in (phones, codes)]
    return (shared - expected) / (np.mean(own) - expected)


@pytest.mark.parametrize("codebook_size", [16, 64, 256])
def test_codes_that_say_nothing_have_nothing_left_after_correction(codebook_size):
    table = spoken(codebook_size, codebook_size)
    found = information(table, inference=Inference(n_permutations=200, n_bootstraps=0))
    assert (found["corrected"].abs() <= 3 * found["null_sd"]).all()
    assert (found["p"] > 0.005).all()
    assert (column(found, "plug_in")["pnmi"] > 0.02 * codebook_size / 16).all()


def test_plug_in_grows_with_the_codebook_where_corrected_does_not():
    found = [
        information(spoken(5, size), inference=Inference(n_permutations=100, n_bootstraps=0))
        for size in (16, 64, 256)
    ]
    pnmi = [column(frame, "plug_in")["pnmi"] for frame in found]
    assert pnmi[0] < 0.5 * pnmi[1] < 0.25 * pnmi[2] + 0.25 * pnmi[1]
    assert all(abs(column(frame, "corrected")["pnmi"]) < 0.05 * pnmi[2] for frame in found)


def test_a_long_phone_is_no_information():
    """Else the null's purity would be the share of h# among segments, its H(phone) larger."""
    for seed in range(3):
        table = spoken(seed, 16, long=8)
        found = information(table, inference=Inference(n_permutations=200, n_bootstraps=0))
        assert (found["corrected"] <= 3 * found["null_sd"]).all()
        assert (found["p"] > 0.005).all()


def test_codes_that_tell_the_phone_are_found():
    found = information(spoken(1, 16, told=0.5), inference=Inference(199, 0)).set_index("measure")
    assert (found["p"] == 1 / 200).all()
    assert (found["corrected"] > 10 * found["null_sd"]).all()


def test_one_index_a_phone_is_perfect():
    tokens = [("s", [4, 4]), ("iy", [1]), ("m", [7, 7, 7]), ("s", [4])]
    table = made_table([Said("u", tokens, "faaa0"), Said("w", tokens[::-1], "mbbb0")])
    found = information(table, inference=FEW)
    assert found["plug_in"].tolist() == pytest.approx([1.0] * len(MEASURES))
    assert found["n_tokens"].unique().tolist() == [8]


def test_one_used_index_says_nothing():
    tokens = [("h#", [2] * 9), ("iy", [2]), ("s", [2, 2]), ("iy", [2, 2])]
    table = made_table([Said("u", tokens, "faaa0"), Said("w", tokens, "mbbb0")])
    found = information(table, inference=FEW).set_index("measure")
    known = found.drop(index="completeness")
    assert found.loc["phone_purity", "plug_in"] == pytest.approx(18 / 28)
    assert found.loc["cluster_purity", "plug_in"] == pytest.approx(1)
    assert known["corrected"].to_numpy() == pytest.approx(0, abs=1e-12)
    assert known["p"].to_numpy() == pytest.approx(1)
    assert (known["reason"] == "").all()
    assert found.loc["completeness", ["plug_in", "corrected", "low", "p"]].isna().all()
    assert found.loc["completeness", "reason"] == "one index is used"


def test_an_index_a_frame_leaves_nothing_to_adjust():
    table = made_table([Said("u", [("s", [0]), ("iy", [1]), ("m", [2])], "faaa0")])
    found = information(table, inference=FEW).set_index("measure")
    assert np.isnan(found.loc["ami", "plug_in"])
    assert found.loc["ami", "reason"].startswith("chance alone gives the most there can be; one ut")
    assert found.loc["pnmi", ["plug_in", "null_mean", "p"]].tolist() == pytest.approx([1, 1, 1])


@settings(max_examples=5, deadline=None)
@given(SEEDS)
def test_relabelling_codes_changes_nothing(seed):
    table = random_table(seed, codebook_size=8)
    order = np.random.default_rng(seed).permutation(8)
    frames = table.frames.assign(codeword=order[table.frames["codeword"]].astype("int32"))
    moved = type(table)(**{**vars_of(table), "frames": frames})
    before, after = (information(one, inference=FEW) for one in (table, moved))
    pd.testing.assert_frame_equal(before, after, rtol=1e-9, atol=1e-12)


def vars_of(table) -> dict:
    return {name: getattr(table, name) for name in table.__dataclass_fields__}


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no labelled frame"),
        (no_frames(), "no labelled frame"),
        (made_table([Said("u", [("s", [1, 2]), ("s", [3])])]), "one phone only"),
    ],
    ids=["unlabelled", "empty", "one phone"],
)
def test_nothing_to_measure_is_nan_with_a_reason(table, reason):
    found = information(table)
    assert list(found.columns) == COLUMNS
    assert found["measure"].tolist() == list(MEASURES)
    assert found.loc[:, "plug_in":"p"].isna().all(axis=None)
    assert (found["reason"] == reason).all()


def test_one_group_only():
    table = made_table([Said("u", [("s", [1, 2]), ("z", [3]), ("tcl", [1])])])
    found = information(table, by="phone_group", inference=FEW)
    assert (found["reason"] == "one phone group only").all()
    assert found["n_frames"].unique().tolist() == [3]


def test_one_utterance_has_no_interval():
    table = made_table([Said("u", [("s", [1, 2]), ("iy", [3, 2]), ("s", [1])])])
    found = information(table, inference=FEW)
    assert found[["low", "high"]].isna().all(axis=None)
    assert found[["plug_in", "corrected", "p"]].notna().all(axis=None)
    assert (found["reason"] == "one utterance only, so no interval").all()
    assert (found["unit"] == "utterance").all()


def test_without_draws_there_is_a_reason():
    found = information(random_table(4), inference=PLUG_IN)
    assert found["plug_in"].notna().all()
    assert found.loc[:, "null_mean":"p"].isna().all(axis=None)
    assert (found["reason"] == "no permutation was drawn; no unit was resampled").all()


def test_a_table_and_its_reductions_give_the_same_and_stay_as_they_were():
    table = random_table(6)
    before = copies(table)
    found = information(table, inference=FEW)
    pd.testing.assert_frame_equal(found, information(reduce(table), inference=FEW))
    pd.testing.assert_frame_equal(found, information(table, inference=FEW))
    assert list(found.columns) == COLUMNS
    assert found.index.equals(pd.RangeIndex(len(MEASURES)))
    assert_unchanged(table, before)


def test_bad_options():
    with pytest.raises(OptionError, match="by is 'word'"):
        information(random_table(1), by="word")
    with pytest.raises(OptionError, match="is 40; use one of 61, 48, 39"):
        information(random_table(1), phone_set=40)
