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
from scipy.stats import spearmanr, wasserstein_distance

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.order.phone_features import feature_distances, is_vowel
from sfvq_analysis.stats.order.phonology import SCOPES, feature_correlation

FEW = Inference(n_permutations=99, n_bootstraps=50)
PHONES = ("p", "t", "s", "z", "m", "n", "l", "iy", "ih", "aa", "ey", "er", "tcl", "h#", None)


def _table(seed, **options):
    return random_table(seed, phones=PHONES, n_utterances=12, longest=6, **options)


def _effect(found, scope, null="order"):
    row = found[(found["scope"] == scope) & (found["null"] == null)]
    return row.iloc[0]


def _pairs(table, min_tokens):
    """Return phone pairs with feature distance and histogram distance, the slow way."""
    counts = unit_counts(table)
    total = counts.total()
    names = [
        (name, total[at])
        for at, name in enumerate(counts.values)
        if name not in ("tcl", "h#") and counts.n_tokens[at] >= min_tokens
    ]
    features = feature_distances()
    index = np.arange(counts.codebook_size)
    rows = []
    for first, (one, own) in enumerate(names):
        for other, its in names[first + 1 :]:
            away = wasserstein_distance(index, index, own, its)
            rows.append((one, other, features.loc[one, other], away))
    return pd.DataFrame(rows, columns=["one", "other", "feature", "emd"]).round(9)


@pytest.mark.parametrize("seed", range(3))
def test_effect_is_scipys_spearman_of_scipys_distances(seed):
    table = _table(seed, codebook_size=12)
    before = copies(table)
    found = feature_correlation(table, min_tokens=2, inference=FEW)
    assert_unchanged(table, before)
    pairs = _pairs(table, 2)
    vowel = pairs[["one", "other"]].map(is_vowel).sum(axis=1)
    chosen = {"all": vowel >= 0, "consonants": vowel == 0, "vowels": vowel == 2}
    for scope in SCOPES:
        own = pairs[chosen[scope]]
        row = _effect(found, scope)
        assert row["n_pairs"] == len(own)
        assert row["effect"] == pytest.approx(spearmanr(own["feature"], own["emd"]).statistic)
        assert _effect(found, scope, "mantel")["effect"] == row["effect"]


def test_mirrored_axis_and_reductions_give_the_same_effect():
    table = _table(5)
    frames = table.frames.assign(codeword=7 - table.frames["codeword"], curve_segment=-1, t=np.nan)
    mirrored = type(table)(
        table.utterances, table.segments,
        frames.astype({"codeword": "int32", "curve_segment": "int32", "t": "float32"}),
        8, table.grid, {},
    )  # fmt: skip
    found, other = (feature_correlation(one, min_tokens=1, inference=FEW) for one in
                    (table, mirrored))  # fmt: skip
    same = ["effect", "low", "high", "n_pairs"]
    pd.testing.assert_frame_equal(found[same], other[same])
    again = feature_correlation(reduce(table), min_tokens=1, inference=FEW)
    pd.testing.assert_frame_equal(found, again)


def _ordered_by_features(n_speakers=4):
    """Return a table in which phones lie along the axis as features would have them."""
    names = ["p", "b", "d", "z", "n", "l", "y", "iy", "ih", "eh", "ae", "aa"]
    distances = feature_distances(names).to_numpy()
    along = np.argsort(np.argsort(distances[0], kind="stable"))
    said = [
        Said(
            f"u{who}",
            [(name, [3 * at, 3 * at + 1]) for name, at in zip(names, along, strict=True)] * 2,
            speaker=f"s{who}",
        )
        for who in range(n_speakers)
    ]
    return made_table(said, codebook_size=36)


def test_an_axis_in_the_order_of_features_is_found():
    row = _effect(feature_correlation(_ordered_by_features(), min_tokens=1, inference=FEW), "all")
    assert row["effect"] > 0.4
    assert row["effect"] > row["null_mean"] + 3 * row["null_sd"]
    assert row["p"] == 1 / 100
    assert row["low"] == pytest.approx(row["high"])  # speakers say the same
    assert (row["n_units"], row["unit"], row["reason"]) == (4, "speaker", "")


def test_permuting_the_codes_undoes_it_and_mantel_knows_phones_only():
    table = _ordered_by_features()
    rng = np.random.default_rng(1)
    shuffled = rng.permutation(36).astype(np.int32)
    frames = table.frames.assign(codeword=shuffled[table.frames["codeword"]])
    frames = frames.assign(curve_segment=np.int32(-1), t=np.float32(np.nan))
    other = type(table)(table.utterances, table.segments, frames, 36, table.grid, {})
    row = _effect(feature_correlation(other, min_tokens=1, inference=FEW), "all")
    assert abs(row["effect"] - row["null_mean"]) < 3 * row["null_sd"]
    mantel = _effect(feature_correlation(table, min_tokens=1, inference=FEW), "all", "mantel")
    assert abs(mantel["null_mean"]) < 0.1
    assert mantel["p"] == 1 / 100


def test_p_is_uniform_when_codes_mean_nothing():
    p = [
        _effect(feature_correlation(_table(seed), min_tokens=1,
                inference=Inference(n_permutations=39, n_bootstraps=0)), "all")["p"]
        for seed in range(40)
    ]  # fmt: skip
    assert 0.35 < np.mean(p) < 0.65
    assert np.mean(np.array(p) <= 0.25) < 0.25 + 3 * np.sqrt(0.25 * 0.75 / 40)


@pytest.mark.parametrize(
    "table",
    [no_frames(), nothing_labelled(), made_table([Said("u", [("s", [1]), ("z", [2])])])],
    ids=["no frames", "no labels", "two phones"],
)
def test_nothing_to_correlate_has_a_reason(table):
    found = feature_correlation(table, min_tokens=1, inference=FEW)
    assert len(found) == 6
    assert found[["effect", "low", "high", "null_mean", "p"]].isna().all(axis=None)
    assert found["reason"].str.contains("phones have features and 1 tokens").all()


def test_one_used_code_has_a_reason():
    table = made_table([Said("u", [(name, [3]) for name in ("s", "z", "m", "iy", "aa", "eh")])])
    found = feature_correlation(table, min_tokens=1, inference=FEW)
    assert found["effect"].isna().all()
    assert (found["reason"] == "all pairs are equally far apart").all()


def test_a_phone_of_one_speaker_makes_no_resampling_undefined():
    said = [
        Said(f"u{who}", [("s", [0, who]), ("m", [4]), ("iy", [6])], f"s{who}") for who in (1, 2)
    ]
    said[0].tokens.append(("aa", [7, 5]))
    found = feature_correlation(made_table(said), min_tokens=1, inference=FEW)
    assert np.isfinite(_effect(found, "all")[["effect", "low", "high"]].astype(float)).all()


def test_no_draws_and_options():
    bare = Inference(n_permutations=0, n_bootstraps=0)
    row = _effect(feature_correlation(_table(1), min_tokens=1, inference=bare), "all")
    assert np.isfinite(row["effect"])
    assert np.isnan([row["low"], row["null_mean"], row["p"]]).all()
    with pytest.raises(OptionError, match="min_tokens"):
        feature_correlation(_table(1), min_tokens=0)
    folded = feature_correlation(_table(1), min_tokens=1, phone_set=39, inference=bare)
    assert _effect(folded, "all")["n_phones"] == 12
