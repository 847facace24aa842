"""A quick look at what benchmarks/calibration.py measures: would a broken null or interval show?

Of 60 tables, a test at .05 rejects in 10 or more once in 2000 times, and its mean p leaves
.35 … .65 once in 16 000 times. Of 20 it rejects in 6 or more once in 3000 times, and its mean p
leaves .25 … .75 once in 9 000 times. Seeds are fixed.
"""

from __future__ import annotations

import numpy as np
import pytest

from sfvq_analysis.stats import (
    Inference,
    context_dependence,
    group_distances,
    information,
    morans_i,
    property_distances,
    reduce,
    speaker_information,
    splits,
    steps,
    trajectories,
)
from sfvq_analysis.tables import Simulation, simulated_table

N_TABLES = 60
BOUNDS = {20: (6, 0.25), N_TABLES: (10, 0.15)}  # of rejections, and of the mean's distance from 0.5
PLAN = {"n_speakers": 12, "n_repeated": 2, "n_own": 1, "n_tokens": 16, "codebook_size": 32}


def made(seed, **plan):
    table = simulated_table(Simulation(**{**PLAN, "seed": seed, **plan}))
    return reduce(table), Inference(n_permutations=39, n_bootstraps=0, seed=seed)


def check(p):
    """Check p values, a row a table, a column a test."""
    p = np.array(p, dtype=float)
    too_many, too_far = BOUNDS[len(p)]
    assert np.isfinite(p).all()
    assert ((p <= 0.05).sum(axis=0) < too_many).all()
    assert (np.abs(p.mean(axis=0) - 0.5) < too_far).all()


some_and_all = pytest.mark.parametrize(
    "n_tables", [20, pytest.param(N_TABLES, marks=pytest.mark.thorough)]
)


@some_and_all
def test_order_that_is_none(n_tables):
    p = []
    for seed in range(n_tables):
        reductions, inference = made(seed, ordered=False)
        parted = splits(reductions, inference=inference)
        apart = group_distances(reductions, inference=inference).set_index(["a", "b"])
        p.append(
            [
                steps(reductions, inference=inference)["p"].iloc[0],
                morans_i(reductions, inference=inference)["p"].iloc[-1],
                *parted["p"].iloc[:2],
                parted["range_p"].iloc[1],
                *apart.loc[("silence", "vowel"), ["emd_p", "emd_relative_p"]],
            ]
        )
    check(p)


# The second is the hardest: the fewer frames a group has, the farther it seems from all others,
# so that its duration is taken for information if labels move between segments of any duration.
@some_and_all
@pytest.mark.parametrize(
    "spread",
    [{"token_spread": 0.2}, {"token_spread": 0.0, "frame_spread": 0.2}],
    ids=["tokens", "frames"],
)
def test_labels_that_say_nothing(spread, n_tables):
    p = []
    for seed in range(n_tables):
        reductions, inference = made(seed, n_tokens=22, informative=False, **spread)
        told = information(reductions, inference=inference).set_index("measure")["p"]
        apart = group_distances(reductions, inference=inference).set_index(["a", "b"])["js_p"]
        pairs = [("plosive", "fricative"), ("fricative", "vowel")]
        p.append([*told[["pnmi", "phone_purity", "cluster_purity"]], *apart[pairs]])
    check(p)


@some_and_all
def test_speakers_who_say_phones_alike(n_tables):
    p = []
    for seed in range(n_tables):
        reductions, inference = made(seed, token_spread=0.0, frame_spread=0.1)
        p.append(
            [
                speaker_information(reductions, inference=inference)["p"].item(),
                context_dependence(reductions, side="left", inference=inference)["p"].iloc[0],
                *property_distances(reductions, inference=inference)["p"].iloc[[0, -1]],
                *property_distances(reductions, by="sex", inference=inference)["p"].iloc[[0, -1]],
            ]
        )
    check(p)


def test_intervals_of_means_hold_the_mean():
    spread = {"n_repeated": 0, "n_own": 2, "token_spread": 0.08, "speaker_spread": 0.02}

    def bounds(seed, n_speakers, inference):
        reductions, _ = made(seed, n_speakers=n_speakers, **spread)
        path = trajectories(reductions, by="phone_group", n_points=2, inference=inference)
        moved = steps(reductions, inference=inference).rename(columns={"effect": "mean"})
        parts = [frame[["mean", "low", "high"]].to_numpy() for frame in (path, moved)]
        return np.concatenate(parts)

    true = bounds(10**6, 800, Inference(0, 0))[:, 0]
    held = []
    for seed in range(N_TABLES):
        _, low, high = bounds(seed, 20, Inference(0, 199, seed=seed)).T
        held.append((low <= true) & (true <= high))
    shares = np.mean(held, axis=0)
    assert 0.84 < shares.mean() < 0.96
    assert (shares > 0.7).all()
