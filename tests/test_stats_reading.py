from dataclasses import replace

import made_claims as made
import numpy as np
import pandas as pd
import pytest
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
)

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import MEASURE_COLUMNS, Inference, permuted_codes
from sfvq_analysis.stats.inference.relabelling import relabelled_tokens
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech
from sfvq_analysis.stats.labels.reading import reading_p_of_labels, reading_test
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=19, n_bootstraps=0)


@pytest.fixture(scope="module")
def table():
    return simulated_table(Simulation(n_speakers=5, n_own=1, codebook_size=32, seed=2))


def _one(table, **options):
    return reading_test(table, **{"minutes": 0.1, "inference": FEW} | options).iloc[0]


def test_the_frame_is_a_row_of_measures(table):
    found = reading_test(table, minutes=0.1, inference=FEW)
    assert tuple(found) == MEASURE_COLUMNS
    assert found["measure"].tolist() == ["share_of_accuracy"]
    assert found[["unit", "n_units", "reason"]].iloc[0].tolist() == ["speaker", 5, ""]


def test_minutes_are_learnt_and_read_frame_by_frame(table):
    """The definition, by loops over frames; only which minutes are drawn is taken as given."""
    found = _one(table, n_draws=3, inference=replace(FEW, n_permutations=4, level=0.5))
    draws = permuted_codes(_used(table), replace(FEW, n_permutations=4))
    observed = _shares_by_hand(table, 3, np.arange(32))
    null = [np.mean(_shares_by_hand(table, 3, draw)) for draw in draws]
    assert found["effect"] == pytest.approx(np.mean(observed))
    assert found["low"] == pytest.approx(np.quantile(observed, 0.25))
    assert found["high"] == pytest.approx(np.quantile(observed, 0.75))
    assert found["null_mean"] == pytest.approx(np.mean(null))
    assert found["null_sd"] == pytest.approx(np.std(null))
    assert found["p"] == (1 + sum(one >= found["effect"] for one in null)) / 5


def test_labels_that_say_nothing_are_learnt_and_read_by_hand(table):
    """Labels are those of segments as long; the same minutes are learnt."""
    few = replace(FEW, n_permutations=9)
    reductions = reduce(table)
    names, before = token_values(reductions, "phone_group")
    n_frames = reductions.tokens["n_frames"].to_numpy()
    observed = np.mean(_accuracies_by_hand(table, 2, frame_rows(table)))
    null = []
    for values in relabelled_tokens(reductions, few, "phone_group"):
        part = values >= 0
        np.testing.assert_array_equal(part, (before >= 0) & (n_frames > 0))
        for utterance in np.unique(reductions.tokens["utterance"]):
            for n in np.unique(n_frames):
                mine = part & (reductions.tokens["utterance"] == utterance) & (n_frames == n)
                assert sorted(values[mine]) == sorted(before[mine])
        assert (values != before).any()
        token = np.repeat(reductions.runs["token"], reductions.runs["length"]).to_numpy()
        drawn = [names[values[at]] if at >= 0 and values[at] >= 0 else None for at in token]
        rows = [
            row | {"phone_group": group}
            for row, group in zip(frame_rows(table), drawn, strict=True)
        ]
        null.append(np.mean(_accuracies_by_hand(table, 2, rows)))
    p = reading_p_of_labels(
        LabelledSpeech.of(table), reductions, minutes=0.1, n_draws=2, inference=few
    )
    assert len(null) == 9
    assert p == (1 + sum(one >= observed - 1e-12 for one in null)) / 10


def test_labels_that_do_say_something_are_read_better(table):
    given = LabelledSpeech.of(table), reduce(table)
    assert reading_p_of_labels(*given, minutes=0.1, inference=FEW) == 1 / 20
    none = replace(FEW, n_permutations=0)
    assert np.isnan(reading_p_of_labels(*given, minutes=0.1, inference=none))


def _accuracies_by_hand(table, n_draws, rows):
    index = [row["codeword"] for row in rows]
    speech = LabelledSpeech.of(table)
    found = []
    for lot in (speech.lot(order, 0.1) for order in speech.orders(n_draws, FEW)):
        touched = {rows[at]["speaker"] for at in lot.frames}
        others = [at for at, row in enumerate(rows) if row["speaker"] not in touched]
        groups = _learnt(rows, index, lot.frames, table.codebook_size, smoothed=True)
        found.append(_accuracy(rows, index, others, groups))
    return found


def _used(table):
    return np.bincount(table.frames["codeword"], minlength=table.codebook_size) > 0


def _shares_by_hand(table, n_draws, draw):
    place = {int(code): at for at, code in enumerate(draw)}
    rows = frame_rows(table)
    index = [place[row["codeword"]] for row in rows]
    speech = LabelledSpeech.of(table)
    lots = [speech.lot(order, 0.1) for order in speech.orders(n_draws, FEW)]
    whole = _learnt(rows, index, range(len(rows)), table.codebook_size, smoothed=False)
    shares = []
    for lot in lots:
        touched = {rows[at]["speaker"] for at in lot.frames}
        groups = _learnt(rows, index, lot.frames, table.codebook_size, smoothed=True)
        others = [at for at, row in enumerate(rows) if row["speaker"] not in touched]
        shares.append(
            _accuracy(rows, index, others, groups) / _accuracy(rows, index, others, whole)
        )
    return shares


def _learnt(rows, index, chosen, size, *, smoothed):
    counts = {name: np.zeros(size) for name in PHONE_GROUPS}
    for at in chosen:
        if rows[at]["phone_group"] is not None:
            counts[rows[at]["phone_group"]][index[at]] += 1
    overall = sorted(PHONE_GROUPS, key=lambda name: -counts[name].sum())
    if smoothed:
        window = np.blackman(7).round(9)
        counts = {
            name: np.round(np.convolve(one, window / window.sum(), "same"), 6)
            for name, one in counts.items()
        }
    own = [
        max(overall, key=lambda name: counts[name][k])
        if any(counts[n][k] for n in counts)
        else None
        for k in range(size)
    ]
    known = [k for k in range(size) if own[k] is not None]
    nearest = [
        min(known, key=lambda j, k=k: (abs(j - k), overall.index(own[j]))) for k in range(size)
    ]
    return [own[j] for j in nearest]


def _accuracy(rows, index, chosen, groups):
    right = {}
    for at in chosen:
        group = rows[at]["phone_group"]
        if group is not None:
            right.setdefault(group, []).append(groups[index[at]] == group)
    return np.mean([np.mean(one) for one in right.values()])


def test_order_saves_labels_and_no_order_saves_none():
    table = simulated_table(Simulation(n_speakers=10, codebook_size=256))
    ordered, shuffled = (
        _one(one, minutes=0.2, inference=Inference(99, 0))
        for one in (table, made.relabelled(table))
    )
    assert ordered["p"] == 0.01
    assert ordered["effect"] > ordered["null_mean"] + 5 * ordered["null_sd"]
    assert shuffled["p"] > 0.05
    assert abs(shuffled["effect"] - ordered["null_mean"]) < 4 * ordered["null_sd"]


def test_more_minutes_give_more(table):
    shares = [_one(table, minutes=minutes)["effect"] for minutes in (0.01, 0.05, 0.3)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] < 1.05


def test_all_that_can_be_read_is_read_where_one_code_is_a_phone():
    """Two groups at either end: any second of both tells all there is."""
    said = [Said(f"u{i}_x", [("s", [0, 1] * 20), ("iy", [30, 31] * 20)], f"f{i}") for i in range(5)]
    found = _one(made_table(said, 32), minutes=8 / 60)
    assert found["effect"] == pytest.approx(1.0)
    assert found["low"] == found["high"] == found["effect"]


@pytest.mark.parametrize("change", [made.mirrored, made.plain])
def test_neither_direction_nor_curve_matters(table, change):
    forth, back = _one(table), _one(change(table))
    for name in ("effect", "low", "high"):
        assert forth[name] == pytest.approx(back[name])


def test_the_table_is_not_changed_and_the_seed_decides(table):
    before = copies(table)
    assert _one(table).equals(_one(table))
    other = _one(table, inference=replace(FEW, seed=3))
    assert other["effect"] != _one(table)["effect"]
    assert_unchanged(table, before)


def _speakers(*tokens, size=16):
    said = [Said(f"u{i}_x", one, f"f{i}") for i, one in enumerate(tokens)]
    return made_table(said, size)


ONE_GROUP = _speakers(*([[("s", [1, 2, 5] * 9), ("z", [3] * 9)]] * 4))
ONE_CODE = _speakers(*([[("s", [1] * 40), ("iy", [1] * 40)]] * 4))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (nothing_labelled(), "no frame has a group"),
        (no_frames(), "no frame has a group"),
        (made_table([], 8), "no frame has a group"),
        (made_table([Said("u", [("s", [1] * 9), ("iy", [2] * 9)])], 8), "one utterance: nobody"),
        (ONE_GROUP, "one group only"),
        (ONE_CODE, "one used code"),
        (_speakers([("s", [1])], [("iy", [2])]), "the table has 0.00333 minutes"),
    ],
)
def test_what_cannot_be_read_is_nan_and_says_why(table, reason):
    found = _one(table, minutes=0.02)
    assert found[["effect", "low", "high", "null_mean", "null_sd", "p"]].isna().all()
    assert reason in found["reason"]


def test_without_permutations_there_is_no_p(table):
    found = _one(table, inference=Inference(0, 0))
    assert found["effect"] == _one(table)["effect"]
    assert np.isnan(found["p"])
    assert np.isnan(found["null_mean"])
    assert found["reason"] == "no permutation was asked for"


def test_minutes_whose_other_speakers_all_labels_read_wrong_are_left_out():
    """Of the second speaker no frame is read rightly by anybody: there is no share of nothing."""
    many = [("s", [0] * 500), ("m", [1] * 500)]
    table = _speakers(many, [("iy", [0]), ("ey", [1])])
    assert np.isnan(_one(table, n_draws=1, minutes=0.5)["effect"])
    found = [_one(table, minutes=minutes, n_draws=20) for minutes in (0.003, 0.5)]
    assert np.isfinite(found[0]["effect"])  # of those draws that begin with the second speaker
    assert found[0]["effect"] == 0
    assert "no draw leaves" in found[1]["reason"]


def test_options_are_checked(table):
    with pytest.raises(OptionError, match="minutes"):
        reading_test(table, minutes=0)
    with pytest.raises(OptionError, match="n_draws"):
        reading_test(table, n_draws=0)


def test_calibrated_where_there_is_no_order():
    p = [
        _one(
            simulated_table(
                Simulation(n_speakers=3, n_own=1, codebook_size=16, ordered=False, seed=seed)
            ),
            n_draws=4,
        )["p"]
        for seed in range(40)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.15  # .05 + 3 standard errors
    assert pd.Series(p).between(0.3, 0.8).sum() > 8
