from __future__ import annotations

from itertools import permutations

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
)
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import mutual_info_score

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference, resampling_weights
from sfvq_analysis.stats.speakers.speaker_densities import (
    distances,
    entries_by_speaker,
    entries_by_token,
    permuted_tokens,
)
from sfvq_analysis.stats.speakers.speakers import _spoken, property_distances, speaker_information

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=30, n_bootstraps=40, seed=3)
K = 8


def rows_of(table):
    return [row for row in frame_rows(table) if row["phone"] is not None]


def density(rows, phones=None, share=None, weight=None):
    """Return the density of rows in a loop; standardised where phones' shares are given."""
    weight = weight or (lambda _: 1.0)
    if phones is None:
        counted = np.zeros(K)
        for row in rows:
            counted[row["codeword"]] += weight(row)
        return counted / counted.sum()
    found = np.zeros(K)
    for phone in phones:
        mine = [row for row in rows if row["phone"] == phone]
        found += share[phone] * density(mine, weight=weight)
    return found / found.sum()


def distance_by_loop(rows, by, value, weight=None):
    """Return the raw and the standardised distance of a value."""
    weight = weight or (lambda _: 1.0)
    mine = [row for row in rows if row[by] == value and weight(row) > 0]
    others = [row for row in rows if row[by] != value and weight(row) > 0]
    if not mine or not others:
        return np.nan, np.nan
    raw = jensenshannon(density(mine, weight=weight), density(others, weight=weight), base=2)
    both = {row["phone"] for row in mine} & {row["phone"] for row in others}
    if not both:
        return raw, np.nan
    share = {
        phone: sum(weight(row) for row in [*mine, *others] if row["phone"] == phone)
        for phone in both
    }
    sides = [density(side, sorted(both), share, weight) for side in (mine, others)]
    return raw, jensenshannon(*sides, base=2)


def crossed(seed, n_speakers=6, n_tokens=20, shift=0):
    """Return a table in which all say the same phones, women (the first half) some codes higher."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(np.array(["s", "iy", "m"], dtype=object), n_tokens)
    said = []
    for i in range(n_speakers):
        woman = i < n_speakers // 2
        base = {"s": 0, "iy": 2, "m": 4}  # and 0 … 2, and the shift
        tokens = [
            (one, (base[one] + rng.integers(0, 3, 3) + shift * woman).tolist()) for one in labels
        ]
        speaker = f"{'f' if woman else 'm'}{i:03d}"
        said.append(Said(f"{speaker}_sa1", tokens, speaker, dialect=f"dr{1 + i % 3}"))
    return made_table(said, K)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from(["speaker", "sex", "dialect"]))
def test_distances_equal_loops(seed, by):
    table = random_table(seed, codebook_size=K)
    found = property_distances(table, by=by, inference=FEW)
    rows = rows_of(table)
    values = sorted({row[by] for row in rows})
    assert found[by].tolist() == values * 2
    assert found["kind"].tolist() == ["raw"] * len(values) + ["standardised"] * len(values)
    for value in values:
        pair = found.loc[found[by] == value, "distance"].tolist()
        expected = distance_by_loop(rows, by, value) if len(values) > 1 else (np.nan, np.nan)
        assert pair == pytest.approx(expected, abs=1e-7, nan_ok=True)
        assert (
            found.loc[found[by] == value, "n_frames"] == sum(r[by] == value for r in rows)
        ).all()
        assert (
            found.loc[found[by] == value, "n_units"]
            == len({row["speaker"] for row in rows if row[by] == value})
        ).all()


@pytest.mark.parametrize("seed", range(3))
def test_speakers_that_are_drawn_often_weigh_more(seed):
    table = random_table(seed, codebook_size=K, n_utterances=9)
    frames = _spoken(reduce(table), "dialect", 61)
    cells, speaker, value = entries_by_speaker(frames)
    names = sorted({row["speaker"] for row in rows_of(table)})
    for weights in resampling_weights(len(names), Inference(0, 10)):
        found = distances(frames, cells, value, weights[speaker])
        for at, name in enumerate(frames.names):
            expected = distance_by_loop(
                rows_of(table), "dialect", name, lambda r, w=weights: w[names.index(r["speaker"])]
            )
            assert found[:, at] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_tokens_and_speakers_give_the_same_distances():
    table = random_table(4, codebook_size=K, n_utterances=12)
    frames = _spoken(reduce(table), "dialect", 61)
    tokens = entries_by_token(frames)
    cells, _, value = entries_by_speaker(frames)
    one = distances(frames, tokens, frames.value, np.ones(len(frames.value)))
    other = distances(frames, cells, value, np.ones(len(value)))
    assert one == pytest.approx(other)


def test_the_null_of_a_sex_is_of_all_ways_to_deal_it():
    table = crossed(0, n_speakers=4)
    rows = rows_of(table)
    speakers = sorted({row["speaker"] for row in rows})
    possible = set()
    for order in permutations("ffmm"):
        dealt = dict(zip(speakers, order, strict=True))
        moved = [{**row, "sex": dealt[row["speaker"]]} for row in rows]
        possible.add(round(distance_by_loop(moved, "sex", "f")[1], 9))
    found = property_distances(table, by="sex", inference=Inference(300, 0))
    row = found[(found["kind"] == "standardised") & (found["sex"] == "f")].iloc[0]
    mean, sd = np.mean(list(possible)), np.std(list(possible))
    assert row["null_mean"] == pytest.approx(mean, abs=5 * sd / np.sqrt(300))
    assert row["null_sd"] == pytest.approx(sd, rel=0.25)


def test_permuted_tokens_keep_everybodys_phones():
    frames = _spoken(reduce(random_table(3, n_utterances=12)), "speaker", 61)
    n_frames = np.bincount(frames.token, frames.length)
    kept = sorted(zip(frames.phone, n_frames, frames.value, strict=True))
    drawn = permuted_tokens(frames, np.random.default_rng(0))
    orders = set()
    for _ in range(5):
        value = next(drawn)
        assert sorted(zip(frames.phone, n_frames, value, strict=True)) == kept
        orders.add(tuple(value))
    assert len(orders) == 5


def test_a_shift_of_one_sex_is_found_and_no_shift_is_not():
    some = Inference(199, 99)
    shifted = property_distances(crossed(1, 12, shift=1), by="sex", inference=some)
    alike = property_distances(crossed(1, 12), by="sex", inference=some)
    assert (shifted["p"] < 0.02).all()
    assert (shifted["low"] > alike["high"]).all()
    assert (alike["p"] > 0.05).all()
    assert (shifted["low"] <= shifted["distance"]).all()
    assert (shifted["distance"] <= shifted["high"]).all()


def test_what_is_said_shows_raw_but_not_standardised():
    """Two speakers say each phone in the same way, but not as often."""
    codes = {"s": [0, 1, 2, 3], "iy": [4, 5, 6, 7]}
    said = [
        Said("a", [("s", codes["s"])] * 8 + [("iy", codes["iy"])] * 2, "faaa0"),
        Said("b", [("s", codes["s"])] * 2 + [("iy", codes["iy"])] * 8, "mbbb0"),
    ]
    found = property_distances(made_table(said), inference=FEW).set_index(["kind", "speaker"])
    assert (found.loc["raw", "distance"] > 0.4).all()
    assert found.loc["standardised", "distance"].to_numpy() == pytest.approx(0, abs=1e-6)
    assert (found.loc["standardised", "p"] == 1).all()


def test_a_single_speaker_has_a_null_but_no_interval():
    found = property_distances(crossed(2, shift=1), inference=Inference(500, 50))
    assert (found["n_permutations"] == 99).all()
    assert found["low"].isna().all()
    assert found["p"].notna().all()
    assert found["reason"].unique().tolist() == ["one speaker: no interval"]


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_speaker_information_equals_scikit_learn(seed):
    table = random_table(seed, codebook_size=K)
    row = speaker_information(table, inference=FEW).iloc[0]
    rows = rows_of(table)
    if len({r["speaker"] for r in rows}) < 2:
        assert np.isnan(row["plug_in"])
        return
    total = 0.0
    for phone in {r["phone"] for r in rows}:
        mine = [r for r in rows if r["phone"] == phone]
        total += len(mine) * mutual_info_score(
            [r["speaker"] for r in mine], [r["codeword"] for r in mine]
        )
    assert row["plug_in"] == pytest.approx(total / len(rows), abs=1e-12)
    assert row["n_frames"] == len(rows)


def test_repeated_sentences_only():
    one = [("s", [1, 2]), ("iy", [3])]
    said = [
        Said("a_sa1", one, "faaa0"),
        Said("a_sx1", [("m", [5, 5, 5])], "faaa0"),
        Said("b_sa1", one, "mbbb0"),
        Said("c_", [("m", [5])], "mbbb0"),
        Said("d_", [("m", [6])], "mccc0"),  # an unknown sentence is no sentence
    ]
    row = speaker_information(made_table(said), within="repeated", inference=FEW).iloc[0]
    assert (row["n_frames"], row["n_tokens"], row["n_units"]) == (6, 4, 2)
    assert row["plug_in"] == 0
    assert row["p"] == 1


def test_speakers_who_differ_are_found():
    found = speaker_information(crossed(3, shift=1), inference=Inference(99, 99)).iloc[0]
    assert found["p"] == 0.01
    assert found["low"] > 0
    alike = speaker_information(crossed(3), inference=Inference(99, 99)).iloc[0]
    assert alike["p"] > 0.05
    assert abs(alike["corrected"]) < 0.03 < found["corrected"]


UNLABELLED = made_table([Said(f"u{i}_sa1", [(None, [1, 2])], f"f{i:03d}") for i in range(3)])


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames(), UNLABELLED])
def test_nothing_labelled(table):
    for within in ("all", "repeated"):
        row = speaker_information(table, within=within, inference=FEW).iloc[0]
        assert np.isnan([row["plug_in"], row["corrected"], row["p"], row["low"]]).all()
        assert row["reason"]
    assert len(property_distances(table, inference=FEW)) == 0


def test_one_speaker():
    table = made_table([Said("a_sa1", [("s", [1])]), Said("b_sa2", [("s", [2])])])
    row = speaker_information(table, inference=FEW).iloc[0]
    assert row["reason"] == "one speaker only"
    for by in ("speaker", "sex", "dialect"):
        found = property_distances(table, by=by, inference=FEW)
        assert found["distance"].isna().all()
        assert found["p"].isna().all()
        assert found["reason"].tolist() == [f"one {by} only"] * 2


def test_unknown_properties_are_left_out():
    said = [Said(f"u{i}_sa1", [("s", [i])], f"f{i:03d}", dialect="") for i in range(3)]
    assert len(property_distances(made_table(said), by="dialect", inference=FEW)) == 0


def test_refuses_bad_options_and_leaves_the_table():
    table = random_table(2)
    before = copies(table)
    property_distances(table, by="sex", inference=FEW)
    speaker_information(table, inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="by is 'sentence'"):
        property_distances(table, by="sentence")
    with pytest.raises(OptionError, match="within is 'some'"):
        speaker_information(table, within="some")
