"""`training.settling`: sums over blocks that add up in any order, and when the sweeps end."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import gaussian, pieces
from oracles import dithered_loss, nearest_on_curve, path_length, penalised_corners

from sfvq_analysis.curve import curve_statistics
from sfvq_analysis.training.frames import FittingFrames
from sfvq_analysis.training.scattered import Sweep
from sfvq_analysis.training.settling import (
    Schedule,
    Start,
    block_statistics,
    dither_of,
    has_settled,
    settled,
    sweep_statistics,
)

made = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def fields(statistics) -> bytes:
    """Return all sums, to the last bit."""
    return b"".join(np.asarray(getattr(statistics, s)).tobytes() for s in statistics.__slots__)


def sweeps(n_sweeps, *, first=0, tolerance=0.0, elastic=0.0, seed=0):
    return Schedule(first, n_sweeps, tolerance, elastic, seed)


def walked(size, dim, seed=0):
    """Return corners that go through the frames of a Gaussian."""
    return np.random.default_rng(seed).normal(size=(size, dim))


class TestSums:
    @made
    @given(seeds, st.integers(2, 700), st.sampled_from([0.0, 1e3]), st.randoms())
    def test_blocks_add_up_to_the_same_bytes_in_any_order_and_any_grouping(self, seed, n, far, rnd):
        """As when parts of a corpus are summed by processes that finish when they like."""
        values = gaussian(n, seed=seed) * np.float32(10.0 ** (seed % 7 - 3)) + np.float32(far)
        frames, corners = FittingFrames.of(values, 1), walked(9, 3, seed) + far
        sums = [
            block_statistics(block, number, Sweep(corners, seed, 3, frames.grid))
            for number, block in enumerate(frames.blocks())
        ]
        rnd.shuffle(sums)
        while len(sums) > 1:
            one = sums.pop(rnd.randrange(len(sums)))
            sums[rnd.randrange(len(sums))] += one
        assert fields(sums[0]) == fields(sweep_statistics(frames, corners, seed, 3))

    def test_without_the_grid_the_order_would_show(self):
        frames, corners = FittingFrames.of(gaussian(2000), 1), walked(9, 3)
        sums = [
            curve_statistics(block, corners, dither_of(9, 0, 0, number))
            for number, block in enumerate(frames.blocks())
        ]
        turned = [sums[start:] + sums[:start] for start in range(5)]
        assert len({fields(reduce(add, order)) for order in turned}) > 1

    @made
    @given(seeds, st.integers(64, 900), st.sampled_from([0.0, 1.0, 1e6]))
    def test_what_the_grid_takes_off_is_negligible(self, seed, n, far):
        frames = FittingFrames.of(gaussian(n, seed=seed) + np.float32(far), 1)
        corners = walked(7, 3, seed) + far
        found = sweep_statistics(frames, corners, seed, 0)
        exact = reduce(
            add,
            (
                curve_statistics(block, corners, dither_of(7, seed, 0, number))
                for number, block in enumerate(frames.blocks())
            ),
        )
        assert found.n_frames == n
        for name in found.__slots__:
            ours, theirs = np.asarray(getattr(found, name)), np.asarray(getattr(exact, name))
            assert np.abs(ours - theirs).max() <= 1e-12 * max(np.abs(theirs).max(), n)

    def test_the_number_of_threads_changes_nothing(self, monkeypatch):
        frames, start = FittingFrames.of(gaussian(3000, dim=6), 1), Start(walked(16, 6), "made")
        found = []
        for threads in (1, 2, 5):
            monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
            stage = settled(frames, start, sweeps(3, elastic=0.1))
            found.append((stage.corners.tobytes(), stage.rows))
        assert found[0] == found[1] == found[2]

    def test_how_a_stream_is_cut_changes_nothing(self):
        values, start = gaussian(3000), Start(walked(8, 3), "made")
        found = {
            settled(FittingFrames.of(source, 1), start, sweeps(3)).corners.tobytes()
            for source in (values, lambda: pieces(values), lambda: pieces(values, (1000,)))
        }
        assert len(found) == 1


class TestDither:
    @made
    @given(st.lists(st.tuples(*[st.sampled_from([0, 1, 2, 63, 2**32 - 1])] * 3), min_size=2))
    def test_it_is_told_by_every_part_of_its_key(self, keys):
        """Seed, sweep and block each, whatever the others are."""
        drawn = {(stage, *key): dither_of(stage, *key) for key in keys for stage in (9, 17)}
        heads = {offsets[:8].tobytes() for offsets in drawn.values()}
        assert len(heads) == len(drawn)
        for key, offsets in drawn.items():
            np.testing.assert_array_equal(dither_of(*key), offsets)

    def test_offsets_fill_the_unit_interval_evenly(self):
        u = np.concatenate(
            [dither_of(256, 7, sweep, block) for sweep in range(9) for block in range(9)]
        )
        assert len(u) == 81 * 255
        assert ((u >= 0) & (u < 1)).all()
        np.testing.assert_allclose(np.quantile(u, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.015)
        assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.03


class TestSweeps:
    def test_one_sweep_over_one_block_is_the_dense_solution(self):
        values, corners = gaussian(60), walked(8, 3)
        frames = FittingFrames.of(values, 1)
        stage = settled(frames, Start(corners, "made"), sweeps(1, first=5, elastic=0.3, seed=2))
        dither = dither_of(8, 2, 5, 0)
        expected = penalised_corners(values, corners, dither, elastic=0.3)
        np.testing.assert_allclose(stage.corners, expected, rtol=1e-7, atol=1e-7)
        (row,) = stage.rows
        assert (row.stage, row.step, row.start, row.sweep, row.kept) == (
            8,
            "curve",
            "made",
            5,
            True,
        )
        assert row.dithered_mse == pytest.approx(dithered_loss(values, corners, dither) / 60)
        assert row.curve_length == pytest.approx(path_length(expected))
        on_curve = nearest_on_curve(values, stage.corners).distortion.mean()
        assert row.projection_mse == pytest.approx(on_curve, rel=1e-5)
        counts = curve_statistics(values, corners, dither).counts
        assert row.usage == (counts > 0).mean()

    def test_sweeps_come_nearer_to_the_frames(self):
        frames = FittingFrames.of(gaussian(4000) + np.float32([3, 0, 0]), 1)
        rows = settled(frames, Start(walked(16, 3), "made"), sweeps(6)).rows
        assert rows[-1].dithered_mse < 0.3 * rows[0].dithered_mse
        assert rows[-1].projection_mse < 0.6 * rows[0].projection_mse
        assert [row.sweep for row in rows] == list(range(6))

    def test_corners_of_segments_without_frames_stay_where_they_are(self):
        far = np.column_stack([np.arange(8) * 100.0, np.zeros(8)])
        values = (gaussian(500, dim=2) * 0.1).astype(np.float32)
        stage = settled(FittingFrames.of(values, 1), Start(far, "made"), sweeps(4))
        np.testing.assert_allclose(stage.corners[3:], far[3:], atol=1e-9)
        np.testing.assert_allclose(stage.corners[2], far[2], atol=0.02)  # its segment caught a few
        assert stage.rows[-1].usage == 1 / 7
        held = settled(FittingFrames.of(values, 1), Start(far, "made"), sweeps(1, elastic=10.0))
        assert np.isfinite(held.corners).all()

    def test_every_sweep_is_told_and_those_left_out_too(self):
        frames, start = FittingFrames.of(gaussian(900), 1), Start(walked(8, 3), "made")
        for tolerance in (0.0, 1.0):
            told: list[float] = []
            settled(frames, start, sweeps(6, tolerance=tolerance), told.append)
            assert sum(told) == 6 * 8


class TestEnd:
    """Two sweeps in a row that each lower the error by less than a share of it are the last."""

    def test_a_curve_that_has_settled_already_ends_after_its_patience(self):
        frames = FittingFrames.of(gaussian(1 << 15, dim=2), 1)
        first = settled(frames, Start(walked(4, 2), "made"), sweeps(12))
        again = settled(frames, Start(first.corners, "made"), sweeps(12, first=12, tolerance=0.01))
        assert len(again.rows) == 3

    @pytest.mark.parametrize(("tolerance", "n_rows"), [(0.0, 9), (1.0, 3)])
    def test_no_tolerance_runs_all_sweeps_and_the_largest_as_few_as_can_be(self, tolerance, n_rows):
        frames = FittingFrames.of(gaussian(300), 1)
        for seed in range(10):
            start = Start(walked(8, 3, seed), "made")
            assert (
                len(settled(frames, start, sweeps(9, tolerance=tolerance, seed=seed)).rows)
                == n_rows
            )

    @settings(max_examples=300)
    @given(
        st.lists(st.sampled_from([0.95, 0.9995, 1.0, 1.1, 2.0]), max_size=5),
        st.sampled_from([0.0, 1e-3, 0.1, 1.0]),
    )
    def test_the_rule(self, errors, tolerance):
        """Said the other way round: one of the last two falls is large enough, or few are known."""
        enough = [after <= before * (1 - tolerance) for before, after in pairwise(errors)]
        goes_on = len(errors) < 3 or tolerance == 0 or any(enough[-2:])
        assert has_settled(errors, tolerance) is not goes_on
