"""`fit_sfvq`: the curve, grown from 4 corners to 2^bits.

The default method takes two things apart. *Order*: where every stage starts from
(`sfvq_analysis.training.starts`), in coordinates in which the large principal axes are shrunk a
little. *Place*: sweeps of dithered least squares (`sfvq_analysis.training.settling`), in the
latents' own coordinates, settle the corners, which are drawn to their neighbours most in the
directions in which frames vary least. All starts of a stage are tried on a sample of the
frames; the first whose dithered error comes within 2 % of the best is kept, and that of the last
stage is settled on all frames. No label enters, and no time unless it is asked for.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sfvq_analysis.curve import quieter_end_first
from sfvq_analysis.errors import OptionError, check_option, unknown_option
from sfvq_analysis.quantizers import Provenance, SpaceFillingVQ
from sfvq_analysis.training.fit_options import FitOptions
from sfvq_analysis.training.fit_record import FitRow, Stage, as_log, progress_bar
from sfvq_analysis.training.frames import MOST_SAMPLED, FittingFrames
from sfvq_analysis.training.metric import Metric
from sfvq_analysis.training.published import published_fit
from sfvq_analysis.training.settling import Schedule, settled
from sfvq_analysis.training.starts import Passage, find_starts, n_starts, order_cost
from sfvq_analysis.training.stochastic import stochastic_fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.training.frames import Source

Method = Literal["map", "stochastic", "published"]
METHODS = ("map", "stochastic", "published")
_FIRST_BITS = 2
_TRIED_ON = 1 << 15


def fit_sfvq(
    features: Source,
    *,
    bits: int,
    seed: int = 0,
    method: Method = "map",
    options: FitOptions = FitOptions(),
    progress: bool = False,
) -> SpaceFillingVQ:
    """Fit a space-filling curve.

    Memory doesn't grow with the number of frames where they come from a memory map or a callable.

    Parameters
    ----------
    features
        Frames, shape (n_frames, dim), at least 2^bits of them: `Features`, an array or memory map,
        a callable that returns a fresh iterator over arrays at every call, an iterator, or frames
        that other processes hold (`sfvq_analysis.training.frames.FittingFrames.of`).
    bits
        The curve has 2^bits corners.
    seed
        Of the dither (and of k-means, batches and samples).
    method
        ``"map"``: the module's. ``"stochastic"``: gradient steps on a growing curve, the fastest
        and the least well ordered (`sfvq_analysis.training.stochastic`). ``"published"``: the
        author's recipe (`sfvq_analysis.training.published`). The last two take no options.
    options
        Of the default method.
    progress
        Whether to show a progress bar with the time left.

    Returns
    -------
    SpaceFillingVQ
        Its `stages` hold the curve at 4, 8, … corners; its provenance holds encoder, options and
        log (see `fit_log`). It is turned so that the quarter with the smaller mean norm is first.

    Raises
    ------
    OptionError
        If an option is out of range, or time is to be used and isn't known.
    QuantizerError
        If frames aren't finite, aren't of that shape or are too few.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).normal(size=(2000, 2))
    >>> sfvq = fit_sfvq(frames, bits=4, seed=0)
    >>> sfvq.codebook_size, [len(stage) for stage in sfvq.stages]
    (16, [4, 8, 16])
    """
    check_method(method, options)
    frames = FittingFrames.of(features, bits, seed)
    stated: Mapping[str, Any] = {}
    match method:
        case "map":
            stages, rows = _map_fit(frames, bits, seed, options, progress=progress)
            stated = dataclasses.asdict(options)
        case "stochastic":
            stages, rows = _joined(stochastic_fit(frames, 2**bits, seed, progress=progress))
        case "published":
            stages, rows = _joined(published_fit(frames, 2**bits, seed, progress=progress))
        case _:
            raise unknown_option("method", method, METHODS)
    fit = frames.described(method=method, bits=bits, seed=seed, **stated)
    if not quieter_end_first(stages[-1]):  # all stages keep one direction
        stages = [corners[::-1] for corners in stages]
    provenance = Provenance(frames.encoder, fit, as_log(rows))
    return SpaceFillingVQ(stages[-1], provenance, stages[:-1])


def check_method(method: Method, options: FitOptions) -> None:
    """Raise an OptionError unless there is such a method, and it takes such options."""
    check_option("method", method, METHODS)
    if method != "map" and options != FitOptions():
        raise OptionError(
            f"method {method!r} takes no options", remedy="use map, or leave them out"
        )


def _joined(stages: Iterator[Stage]) -> tuple[list[NDArray[np.float64]], list[FitRow]]:
    fitted = list(stages)
    return [stage.corners for stage in fitted], [row for stage in fitted for row in stage.rows]


def _map_fit(
    frames: FittingFrames, bits: int, seed: int, options: FitOptions, *, progress: bool
) -> tuple[list[NDArray[np.float64]], list[FitRow]]:
    """Return the settled stages, 4 (or fewer), 8, … 2^bits corners, and the rows of all sweeps."""
    sizes = [2**b for b in range(min(bits, _FIRST_BITS), bits + 1)]
    ordered_on, joined = _to_order(frames, temporal=options.temporal)
    tried_on = frames.sampled(_TRIED_ON)
    tried = sum(n_starts(size, options) * size for size in sizes) * options.stage_sweeps
    work = len(ordered_on) * order_cost(sizes, options) + tried_on.n_frames * tried
    work += frames.n_frames * options.final_sweeps * sizes[-1]
    metric = Metric.of(ordered_on, options.whitening)
    pull = metric.pull(options.elastic)
    brief = Schedule(0, options.stage_sweeps, 0.0, pull, seed)
    full = Schedule(options.stage_sweeps, options.final_sweeps, options.tolerance, pull, seed)
    with progress_bar(work, shown=progress) as bar:

        def tick_for(n_frames: int) -> Callable[[float], object]:
            return lambda cost: bar.update(cost * n_frames)

        starts = find_starts(
            Passage(ordered_on, joined, metric), sizes, options, seed, tick_for(len(ordered_on))
        )
        rows, curves = list(starts.rows), []
        for size in sizes:
            tries = [
                settled(tried_on, start, brief, tick_for(tried_on.n_frames))
                for start in starts.of_stage[size]
            ]
            kept = _first_near_best(tries, options.worth)
            for number, stage in enumerate(tries):
                rows += [row._replace(kept=number == kept) for row in stage.rows]
            curves.append(starts.of_stage[size][kept]._replace(corners=tries[kept].corners))
        last = settled(frames, curves.pop(), full, tick_for(frames.n_frames))
        bar.update(bar.total - bar.n)  # starts that couldn't be had
    return [*(curve.corners for curve in curves), last.corners], rows + last.rows


def _first_near_best(tries: Sequence[Stage], worth: float) -> int:
    """Return which try is the first whose last dithered error is near the least."""
    errors = [stage.rows[-1].dithered_mse or 0.0 for stage in tries]
    return next(at for at, error in enumerate(errors) if error <= min(errors) * (1 + worth))


def _to_order(
    frames: FittingFrames, *, temporal: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the frames that the order is found on, and which follow the one before in time."""
    if not temporal:
        values = frames.sample(MOST_SAMPLED)
        return values, np.zeros(len(values) - 1, dtype=bool)
    if not frames.lengths:
        raise OptionError(
            "temporal order needs frames that follow each other in time",
            remedy="give Features of whole utterances (no max_frames), or an array in time order",
        )
    values = frames.first(MOST_SAMPLED)
    joined = np.ones(len(values), dtype=bool)
    ends = np.cumsum(frames.lengths) - 1
    joined[ends[ends < len(values)]] = False  # the last frame of a stretch
    return values, joined[:-1]
