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
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.labels.few_labels import few_labels
from sfvq_analysis.stats.labels.index_maps import nearest_map, unordered_map
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech
from sfvq_analysis.stats.labels.probe import Probe

SCORES = ["agreement", "accuracy", "balanced_accuracy"]
SECONDS = 0.1


def _minutes(n_frames):
    return n_frames * SECONDS / 60


def _ordered(seed=0, n_speakers=8, size=64):
    """Return a table whose groups fill ranges of the axis, one phone a group."""
    rng = np.random.default_rng(seed)
    phones = ("h#", "t", "s", "n", "iy", "ay", "l")
    width = size // 8
    said = [
        Said(
            f"u{who}{number}",
            [
                (phones[at], rng.integers(width * at, width * (at + 1), 3).tolist())
                for at in rng.permutation(7)
            ],
            speaker=f"s{who}",
        )
        for who in range(n_speakers)
        for number in range(2)
    ]
    return made_table(said, size)


@pytest.fixture(scope="module")
def found():
    return few_labels(_ordered(), minutes=[_minutes(n) for n in (20, 42, 200)], n_draws=40)


def _row(found, minutes, method):
    at = np.isclose(found["minutes"], minutes)
    return found[at & (found["method"] == method)].iloc[0]


@pytest.mark.parametrize("method", ["index map", "unordered map"])
def test_scores_are_scikit_learns_over_frames(method):
    table = random_table(3, n_utterances=12)
    before = copies(table)
    minutes = _minutes(15)
    found = few_labels(table, minutes=[minutes], n_draws=7)
    assert_unchanged(table, before)
    speech = LabelledSpeech.of(table)
    index = table.frames["codeword"].to_numpy()
    learnt = {"index map": nearest_map, "unordered map": unordered_map}[method]
    expected = []
    for order in speech.orders(7, Inference()):
        lot = speech.lot(order, minutes)
        groups = learnt(lot.fitted)
        truth = table.frames["phone_group"].cat.codes.to_numpy()[speech.others(lot)]
        answers = groups[index[speech.others(lot)]]
        touched = set(table.frames["utterance"].cat.codes.to_numpy()[lot.frames])
        speakers = table.utterances["speaker"].to_numpy()
        known = {speakers[at] for at in touched}
        elsewhere = ~np.isin(speakers[table.frames["utterance"].cat.codes], list(known))
        agreed = (groups == nearest_map(speech.counts.sum(axis=0)))[index[elsewhere]]
        recalls = [(answers[truth == g] == g).mean() for g in np.unique(truth)]
        expected.append([agreed.mean(), accuracy_score(truth, answers), np.mean(recalls)])
        if set(answers) <= set(truth):
            assert np.mean(recalls) == pytest.approx(balanced_accuracy_score(truth, answers))
    row = _row(found, minutes, method)
    np.testing.assert_allclose(row[SCORES].astype(float), np.mean(expected, axis=0))
    low, high = np.quantile(expected, [0.05, 0.95], axis=0)
    np.testing.assert_allclose(row[[f"{name}_low" for name in SCORES]].astype(float), low)
    np.testing.assert_allclose(row[[f"{name}_high" for name in SCORES]].astype(float), high)
    assert (row["n_draws"], row["n_frames_fitted"], row["unit"]) == (7, 15, "speaker")


def test_order_helps_where_labels_are_few(found):
    few = [_row(found, _minutes(20), name)["accuracy"] for name in
           ("smoothed map", "index map", "unordered map")]  # fmt: skip
    assert few[0] > few[2] + 0.1
    assert few[1] > few[2] + 0.1
    permuted = _row(found, _minutes(20), "permuted map")["accuracy"]
    assert few[1] > permuted + 0.1
    more = _row(found, _minutes(200), "index map")
    assert more["accuracy"] > few[1]
    assert more["accuracy_low"] <= more["accuracy"] <= more["accuracy_high"]
    assert more["n_speakers"] > _row(found, _minutes(20), "index map")["n_speakers"]


def test_without_order_a_map_gains_nothing_by_it():
    table = _ordered()
    shuffled = np.random.default_rng(1).permutation(64).astype(np.int32)
    frames = table.frames.assign(
        codeword=shuffled[table.frames["codeword"]],
        curve_segment=np.int32(-1),
        t=np.float32(np.nan),
    )
    other = type(table)(table.utterances, table.segments, frames, 64, table.grid, {})
    found = few_labels(other, minutes=[_minutes(20)], n_draws=40)
    ordered = _row(found, _minutes(20), "index map")["accuracy"]
    permuted = _row(found, _minutes(20), "permuted map")["accuracy"]
    assert abs(ordered - permuted) < 0.06


def test_an_axis_turned_round_gives_the_same_scores(found):
    table = _ordered()
    frames = table.frames.assign(
        codeword=np.int32(63) - table.frames["codeword"],
        curve_segment=np.int32(-1),
        t=np.float32(np.nan),
    )
    mirrored = type(table)(table.utterances, table.segments, frames, 64, table.grid, {})
    minutes = [_minutes(n) for n in (20, 42, 200)]
    other = few_labels(mirrored, minutes=minutes, n_draws=40)
    same = ~found["method"].isin(["permuted map"])
    pd.testing.assert_frame_equal(found[same], other[same])


def test_all_labels_agree_with_themselves():
    said = [Said(f"u{who}", [("s", [0, 1]), ("iy", [6, 7])], f"s{who}") for who in range(4)]
    found = few_labels(made_table(said), minutes=[_minutes(8)], n_draws=5)
    assert (found.loc[found["method"] == "index map", SCORES] == 1).all(axis=None)


def test_the_probe_reads_latents_that_tell_the_group():
    table = _ordered()
    codes = table.frames["phone_group"].cat.codes.to_numpy()
    rng = np.random.default_rng(0)
    latents = np.eye(7)[codes] * 4 + rng.normal(size=(len(codes), 7))
    kept = latents.copy()
    probe = Probe(n_draws=3, max_read=100)
    found = few_labels(table, minutes=[_minutes(60)], n_draws=5, latents=latents, probe=probe)
    assert np.array_equal(latents, kept)
    row = _row(found, _minutes(60), "probe")
    assert row["balanced_accuracy"] > 0.9
    assert np.isnan(row["agreement"])
    assert row["n_draws"] == 3
    noise = rng.normal(size=(len(codes), 7))
    found = few_labels(table, minutes=[_minutes(60)], n_draws=5, latents=noise, probe=probe)
    assert _row(found, _minutes(60), "probe")["balanced_accuracy"] < 0.3


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (no_frames(), "no frame has a group"),
        (nothing_labelled(), "no frame has a group"),
        (made_table([Said("u", [("s", [1, 2])])]), "one utterance: nobody else to read"),
        (random_table(0), "the table has 0.\\d+ minutes"),
    ],
    ids=["no frames", "no labels", "one utterance", "too short"],
)
def test_nothing_to_read_has_a_reason(table, reason):
    latents = np.zeros((len(table.frames), 2))
    found = few_labels(table, minutes=(5,), latents=latents)
    assert len(found) == 5
    assert found[SCORES].isna().all(axis=None)
    assert (found["n_draws"] == 0).all()
    assert found["reason"].str.fullmatch(reason).all()


def test_minutes_that_take_everybody_have_a_reason():
    said = [Said(f"u{who}", [("s", [0, 1]), ("iy", [6, 7])], f"s{who}") for who in range(2)]
    found = few_labels(made_table(said), minutes=[_minutes(8)], n_draws=3)
    assert (found["reason"] == "no draw leaves a group to learn and one to read").all()


def test_bad_options():
    table = random_table(0)
    with pytest.raises(OptionError, match="minutes is 0"):
        few_labels(table, minutes=[0])
    with pytest.raises(OptionError, match="n_draws"):
        few_labels(table, n_draws=0)
    with pytest.raises(OptionError, match="latents are float64 of shape"):
        few_labels(table, latents=np.zeros((3, 2)))
