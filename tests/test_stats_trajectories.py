from __future__ import annotations

from itertools import groupby

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

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import phone_group
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.time.trajectories import movement, trajectories

SEEDS = st.integers(0, 10_000)
FEW = Inference(n_permutations=40, n_bootstraps=40, seed=3)


def tokens(table, value_of, min_frames):
    """Return (value, speaker, codes) of every token that is long enough."""
    rows = [row for row in frame_rows(table) if row["phone"] is not None]
    found = []
    for _, part in groupby(rows, lambda row: (row["utterance"], row["phone_segment"])):
        mine = list(part)
        value = value_of(mine[0]["phone"])
        if value is not None and len(mine) >= min_frames:
            found.append((value, mine[0]["speaker"], [row["codeword"] for row in mine]))
    return found


def course(codes, times):
    n = len(codes)
    return np.interp(times, (np.arange(n) + 0.5) / n, codes)


def resampled(numbers, speakers, inference):
    """Return the interval of the mean of numbers (of tokens), speakers resampled in a loop."""
    who = sorted(set(speakers))
    drawn = []
    for weights in resampling_weights(len(who), inference):
        each = np.array([weights[who.index(one)] for one in speakers])
        drawn.append((each @ numbers) / each.sum())
    return interval(np.array(drawn), len(who), inference)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 3]), st.sampled_from(["phone", "phone_group"]))
def test_trajectories_equal_loops(seed, min_frames, by):
    table = random_table(seed, codebook_size=20, longest=7)
    found = trajectories(table, by=by, n_points=5, min_frames=min_frames, inference=FEW)
    said = tokens(table, str if by == "phone" else phone_group, min_frames)
    times = np.linspace(0, 1, 5)
    for name, part in found.groupby(by, observed=True):
        mine = [(who, course(codes, times)) for value, who, codes in said if value == name]
        assert part["time"].to_numpy() == pytest.approx(times)
        assert (part["n_tokens"] == len(mine)).all()
        if not mine:
            assert part["mean"].isna().all()
            assert (part["reason"] == f"no token of {min_frames} frames or more").all()
            continue
        values = np.array([value for _, value in mine])
        assert part["mean"].to_numpy() == pytest.approx(values.mean(axis=0))
        for column, q in (("q10", 0.1), ("q50", 0.5), ("q75", 0.75)):
            assert part[column].to_numpy() == pytest.approx(np.quantile(values, q, axis=0))
        speakers = [who for who, _ in mine]
        assert (part["n_units"] == len(set(speakers))).all()
        if len(set(speakers)) > 1:
            low, high = resampled(values, speakers, FEW)
            assert part["low"].to_numpy() == pytest.approx(low)
            assert part["high"].to_numpy() == pytest.approx(high)
            assert (part["reason"] == "").all()


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_movement_equals_loops(seed):
    table = random_table(seed, codebook_size=20, longest=7)
    found = movement(table, min_frames=2, inference=FEW)
    said = tokens(table, str, 2)
    for name, part in found.groupby("phone", observed=True):
        ends = [(who, course(codes, [0.2, 0.8])) for v, who, codes in said if v == name]
        row = part.set_index("measure")
        if not ends:
            assert row["effect"].isna().all()
            continue
        change = np.array([end - start for _, (start, end) in ends])
        assert row.loc["movement", "effect"] == pytest.approx(np.abs(change).mean())
        assert row.loc["drift", "effect"] == pytest.approx(abs(change.mean()))
        speakers = [who for who, _ in ends]
        if len(set(speakers)) > 1 and abs(change.mean()) > 1e-9:
            low, high = resampled(np.sign(change.mean()) * change, speakers, FEW)
            assert row.loc["drift", ["low", "high"]].tolist() == pytest.approx(
                [float(low), float(high)]
            )


def test_closed_forms():
    said = [Said(f"u{i}", [("ay", [0, 2, 4, 6]), ("iy", [5, 5, 5])], f"f{i:03d}") for i in (0, 1)]
    found = trajectories(made_table(said), n_points=5, inference=FEW)
    rise = found[found["phone"] == "ay"]
    assert rise["mean"].tolist() == [0, 1, 3, 5, 6]
    assert rise["low"].tolist() == rise["high"].tolist() == rise["mean"].tolist()
    assert found[found["phone"] == "iy"]["mean"].tolist() == [5] * 5
    moved = movement(made_table(said), inference=FEW).set_index(["phone", "measure"])["effect"]
    assert moved["ay", "movement"] == moved["ay", "drift"] == pytest.approx(4.8)
    assert moved["iy", "movement"] == moved["iy", "drift"] == 0


def test_noise_moves_but_does_not_drift():
    rng = np.random.default_rng(0)
    said = [
        Said(
            f"u{i:02d}",
            [
                part
                for _ in range(8)
                for part in (
                    ("iy", rng.integers(0, 30, 5).tolist()),
                    ("ay", np.sort(rng.integers(0, 30, 5)).tolist()),
                )
            ],
            f"f{i:03d}",
        )
        for i in range(12)
    ]
    found = movement(made_table(said, 30), inference=Inference(199, 99))
    row = found.set_index(["phone", "measure"])
    assert row.loc[("iy", "movement"), "effect"] > 5
    assert row.loc[("iy", "drift"), "p"] > 0.05
    assert row.loc[("iy", "drift"), "low"] < 0
    assert row.loc[("ay", "drift"), "p"] < 0.02
    assert row.loc[("ay", "drift"), "low"] > 5


def test_the_null_of_drift_turns_the_time_of_units_round():
    said = [Said(f"u{i}", [("ay", [0, 0, 6 + i, 6 + i])], f"f{i:03d}") for i in range(3)]
    row = movement(made_table(said, 9), inference=Inference(400, 0)).iloc[1]
    means = [abs(a * 6 + b * 7 + c * 8) / 3 for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)]
    assert row["null_mean"] == pytest.approx(np.mean(means), abs=5 * np.std(means) / 20)
    assert row["p"] == pytest.approx(0.25, abs=0.1)


def test_reversing_the_axis_reverses_trajectories_and_leaves_movement():
    rng = np.random.default_rng(4)
    codes = [rng.integers(0, 10, 6).tolist() for _ in range(6)]
    tables = [
        made_table([Said(f"u{i}", [("s", one)], f"f{i:03d}") for i, one in enumerate(some)], 10)
        for some in (codes, [[9 - k for k in one] for one in codes])
    ]
    one, other = (movement(table, inference=FEW) for table in tables)
    columns = ["effect", "low", "high", "p"]
    assert one[columns].to_numpy() == pytest.approx(other[columns].to_numpy(), nan_ok=True)
    one, other = (trajectories(table, inference=FEW) for table in tables)
    assert (9 - one["mean"]).to_numpy() == pytest.approx(other["mean"].to_numpy())


def test_one_unit_has_no_interval():
    table = made_table([Said("u", [("s", [1, 2, 3])])])
    assert trajectories(table, inference=FEW)["reason"].unique().tolist() == [
        "one utterance: no interval"
    ]
    assert movement(table, inference=FEW)["low"].isna().all()


UNLABELLED = made_table([Said(f"u{i}", [(None, [1, 2])], f"f{i:03d}") for i in range(3)])


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames(), UNLABELLED])
@pytest.mark.parametrize("statistic", [trajectories, movement])
def test_nothing_to_measure(table, statistic):
    found = statistic(table, inference=FEW)
    assert len(found) == 0
    assert {"phone", "n_tokens", "low", "reason"} <= set(found.columns)


def test_refuses_bad_options_and_leaves_the_table():
    table = random_table(2)
    before = copies(table)
    trajectories(table, inference=FEW)
    movement(table, inference=FEW)
    assert_unchanged(table, before)
    with pytest.raises(OptionError, match="n_points is 1"):
        trajectories(table, n_points=1)
    with pytest.raises(OptionError, match="min_frames is 0"):
        movement(table, min_frames=0)
