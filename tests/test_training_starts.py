"""`training.starts`: where stages start from, read off one map as it narrows."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import gaussian
from oracles import nearest_corner, path_length
from scipy.stats import spearmanr

from sfvq_analysis.training import FitOptions
from sfvq_analysis.training.map_fit import (
    annealed_map,
    first_nodes,
    principal_start,
    resampled,
)
from sfvq_analysis.training.metric import Metric
from sfvq_analysis.training.starts import ARCS, Passage, find_starts, n_starts, order_cost

PLAIN = FitOptions(arcs=False, whitening=0.0, last_widths=(3.0, 1.5), sweeps_per_octave=3)


def found(frames, sizes, options=PLAIN, seed=0, tick=lambda _: None):
    joined = np.zeros(len(frames) - 1, dtype=bool)
    metric = Metric.of(frames, options.whitening)
    return find_starts(Passage(frames, joined, metric), sizes, options, seed, tick)


FOUR, EIGHT, MAP = ["map 1"], ["map 2", "map 1.5"], ["map 3", "map 1.5"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (FitOptions(), {4: FOUR, 8: EIGHT, 64: [ARCS, "map 6", *MAP]}),
        (PLAIN, {4: FOUR, 8: EIGHT, 64: MAP}),
        (FitOptions(last_widths=(0.5,)), {4: ["map 0.5"], 8: ["map 0.5"], 64: [ARCS, "map 0.5"]}),
    ],
)
def test_starts_are_arcs_where_there_can_be_any_and_then_the_map_widest_first(options, names):
    starts = found(gaussian(800), [4, 8, 64], options).of_stage
    assert {size: [s.name for s in of_size] for size, of_size in starts.items()} == names
    for size, of_size in starts.items():
        assert len(of_size) <= n_starts(size, options)
        assert all(start.corners.shape == (size, 3) for start in of_size)
        assert all(np.isfinite(start.corners).all() for start in of_size)


def test_frames_that_are_too_much_alike_have_no_arcs():
    starts = found(np.repeat(gaussian(5), 40, axis=0), [64], FitOptions()).of_stage[64]
    assert ARCS not in [start.name for start in starts]


@pytest.mark.parametrize("whitening", [0.0, 0.5])
def test_a_start_is_the_map_at_its_width_read_at_so_many_places(whitening):
    frames = gaussian(900) * np.float32([4, 2, 1]) + np.float32(5)
    options = FitOptions(arcs=False, whitening=whitening, last_widths=(3.0,), sweeps_per_octave=2)
    starts = found(frames, [16, 32], options)
    metric = Metric.of(frames, whitening)
    warped = metric.warped(frames)
    widths = np.array([row.width for row in starts.rows])
    nodes = principal_start(warped, first_nodes())
    for sweep in annealed_map([warped], nodes, widths, 32):
        for size in (16, 32):
            if sweep.width == widths[widths <= 3 / size][0]:
                expected = metric.unwarped(resampled(sweep.nodes, size))
                np.testing.assert_array_equal(starts.of_stage[size][0].corners, expected)


def test_the_map_narrows_from_a_quarter_of_the_axis_evenly_to_the_narrowest_start():
    rows = found(gaussian(600), [4, 8, 64]).rows
    widths = np.array([row.width for row in rows])
    assert (widths[0], widths[-1]) == (0.25, 1.5 / 64)
    np.testing.assert_allclose(np.diff(np.log(widths)), np.log(widths[1] / widths[0]))
    assert np.log2(widths[0] / widths[1]) == pytest.approx(1 / 3, rel=0.15)
    assert [row.sweep for row in rows] == list(range(len(rows)))
    assert {(row.step, row.start, row.kept) for row in rows} == {("map", None, True)}
    assert [row.stage for row in rows] == sorted(row.stage for row in rows)


def test_a_map_of_one_sweep_is_as_narrow_as_its_start():
    starts = found(gaussian(100), [4], FitOptions(arcs=False, last_widths=(0.95,)))
    assert [row.width for row in starts.rows] == [0.2375]
    assert [start.name for start in starts.of_stage[4]] == ["map 0.95"]


def test_rows_of_the_map_state_its_errors_usage_and_length():
    frames = gaussian(300)
    first = found(frames, [8]).rows[0]
    start = principal_start(frames - frames.mean(axis=0), 32) + frames.mean(axis=0)
    index, distortion = nearest_corner(frames, start)
    assert first.map_mse == pytest.approx(distortion.mean(), rel=1e-3)
    assert first.usage == pytest.approx(len(set(index.tolist())) / 32, abs=2 / 32)
    (sweep,) = annealed_map([frames], start, np.array([0.25]), 32)
    assert first.curve_length == pytest.approx(path_length(sweep.nodes), rel=1e-2)


def test_every_sweep_of_the_map_is_told_at_about_the_cost_foreseen():
    told: list[float] = []
    starts = found(gaussian(600), [4, 8, 64, 256], tick=told.append)
    assert [cost for cost in told if cost] == [row.stage for row in starts.rows]
    assert 0.9 < sum(told) / order_cost([4, 8, 64, 256], PLAIN) < 2


@pytest.mark.parametrize("options", [PLAIN, FitOptions()])
def test_starts_of_a_line_run_along_it(options):
    """Those of arcs but for a flip here and there."""
    along = np.random.default_rng(0).random(2000)
    frames = (along[:, None] * [[3, -2, 1]] + 0.02 * gaussian(2000)).astype(np.float32)
    for size, starts in found(frames, [4, 16, 32], options).of_stage.items():
        for start in starts:
            steps = np.diff(start.corners[:, 0])
            ahead = max((steps > 0).mean(), (steps < 0).mean())
            assert ahead >= (0.7 if start.name == ARCS else 1), (size, start.name)
            where = nearest_corner(frames[:300], start.corners)[0]
            assert abs(spearmanr(where, along[:300]).statistic) > 0.94


def test_only_arcs_know_of_the_seed():
    frames = gaussian(600)
    first, again, other = (
        found(frames, [32], FitOptions(), seed).of_stage[32] for seed in (0, 0, 1)
    )
    for number, start in enumerate(first):
        np.testing.assert_array_equal(start.corners, again[number].corners)
        differs = (start.corners != other[number].corners).any()
        assert differs == (start.name == ARCS)
