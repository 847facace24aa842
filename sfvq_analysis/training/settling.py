"""The trainer on sufficient statistics: sweeps of dithered least squares over all frames.

Each block of frames is a mini-batch. Its dither comes from a counter-based generator (Philox)
keyed by seed, stage, sweep and block, and its sums are rounded to a grid on which adding is exact
(`sfvq_analysis.curve.Grid`): the fit doesn't depend on which process or thread adds up which
blocks, or in what order.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from itertools import islice, pairwise
from operator import add
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import CurveStatistics, Engine, curve_statistics, nearest_codeword
from sfvq_analysis.training.fit_record import FitRow, Stage, curve_row
from sfvq_analysis.training.scattered import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.curve import Pull
    from sfvq_analysis.training.frames import FittingFrames

_PROBE = 1 << 12
_PATIENCE = 2
_AT_A_TIME = 4
_IN_ONE_THREAD = partial(nearest_codeword, engine=Engine(threads=1))


class Start(NamedTuple):
    """What a stage starts from: corners (K', dim), and what it is called in the log."""

    corners: NDArray[np.float64]
    name: str


class Schedule(NamedTuple):
    """Sweeps `first`, `first` + 1, … of the dither, at most `n_sweeps` of them.

    Fewer if the error falls by less than `tolerance`. `elastic` is that of `CurveStatistics.solve`:
    one pull in all directions, or one for each of some axes.
    """

    first: int
    n_sweeps: int
    tolerance: float
    elastic: float | Pull
    seed: int


def settled(
    frames: FittingFrames,
    start: Start,
    schedule: Schedule,
    tick: Callable[[float], object] = lambda _: None,
) -> Stage:
    """Return a stage after its sweeps.

    Parameters
    ----------
    frames
        What to fit.
    start
        Where it starts.
    schedule
        Of the sweeps.
    tick
        Called after every sweep with its share of the frames times K'; and at an early end once
        more, with what the sweeps left out would have cost.
    """
    corners, rows = start.corners, list[FitRow]()
    probe = frames.sample(_PROBE)
    stop = schedule.first + schedule.n_sweeps
    for sweep in range(schedule.first, stop):
        statistics = sweep_statistics(frames, corners, schedule.seed, sweep)
        corners = statistics.solve(corners, elastic=schedule.elastic)
        rows.append(
            curve_row(
                corners,
                probe,
                step="curve",
                start=start.name,
                sweep=sweep,
                dithered_mse=statistics.squared_error / statistics.n_frames,
                usage=float((statistics.counts > 0).mean()),
            )
        )
        tick(len(corners))
        if has_settled([row.dithered_mse or 0.0 for row in rows], schedule.tolerance):
            tick(len(corners) * (stop - 1 - sweep))
            break
    return Stage(corners, rows)


def has_settled(errors: list[float], tolerance: float) -> bool:
    """Tell whether each of the last two sweeps lowered the error by less than a share of it.

    Never for a tolerance of 0.

    Examples
    --------
    >>> has_settled([5.0, 2.0, 1.999, 1.998], 0.001), has_settled([5.0, 4.0, 2.0, 1.999], 0.001)
    (True, False)
    """
    if len(errors) <= _PATIENCE or tolerance <= 0:
        return False
    last = errors[-_PATIENCE - 1 :]
    return all(before - after < tolerance * before for before, after in pairwise(last))


def sweep_statistics(
    frames: FittingFrames, corners: NDArray[np.float64], seed: int, sweep: int
) -> CurveStatistics:
    """Return the sums of one sweep over all blocks."""
    one = Sweep(corners, seed, sweep, frames.grid)
    if frames.scattered is not None:
        return frames.scattered.statistics(one, frames.block_size)
    return summed(enumerate(frames.blocks()), one, n_threads=Engine().n_threads)


def summed(
    blocks: Iterable[tuple[int, NDArray[np.float32]]], sweep: Sweep, *, n_threads: int
) -> CurveStatistics:
    """Return the sums of one sweep over some blocks, at least one.

    Parameters
    ----------
    blocks
        Whole ones, with their numbers among all.
    sweep
        The sweep.
    n_threads
        How many blocks are worked on at a time.
    """

    def of_block(numbered: tuple[int, NDArray[np.float32]]) -> CurveStatistics:
        number, block = numbered
        return block_statistics(block, number, sweep)

    if n_threads == 1:
        return reduce(add, map(of_block, blocks))
    to_come = iter(blocks)
    total: CurveStatistics | None = None
    with ThreadPoolExecutor(n_threads) as pool:
        while some := list(islice(to_come, _AT_A_TIME)):
            found = list(pool.map(of_block, some))
            total = reduce(add, found if total is None else [total, *found])
    assert total is not None  # noqa: S101 -- there is at least one frame
    return total


def block_statistics(block: NDArray[np.float32], number: int, sweep: Sweep) -> CurveStatistics:
    """Return the sums of one block, on the grid.

    Parameters
    ----------
    block
        The block's frames.
    number
        Its place among all blocks.
    sweep
        The sweep.
    """
    dither = dither_of(len(sweep.corners), sweep.seed, sweep.number, number)
    return curve_statistics(block, sweep.corners, dither, _IN_ONE_THREAD).on_grid(sweep.grid)


def dither_of(stage: int, seed: int, sweep: int, block: int) -> NDArray[np.float64]:
    """Return one offset in [0, 1) for each of a stage's segments, shape (stage - 1,)."""
    generator = np.random.Philox(key=[seed, 0], counter=[0, block, sweep, stage])
    return np.random.Generator(generator).random(stage - 1)
