"""`fit_sfvq`: the curve, grown from 4 corners to 2^bits.

The default method takes two things apart. *Order*: one annealed map (`map_fit`), in coordinates in
which the large principal axes are shrunk a little, finds how the curve runs through the data.
*Place*: sweeps of dithered least squares (`sfvq_analysis.curve.CurveStatistics`), in the latents'
own coordinates, settle the corners of every stage. Stage K' starts from the map read at K' places,
when its neighbourhood has narrowed to a few of these codes. How few is tried out: a curve through
many dimensions is better ordered when it starts wide, one that has to fill two or three must fold
more finely. The widest start whose dithered error comes within 2 % of the best is kept. No label
and no time enters.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sfvq_analysis.curve import curve_statistics, quieter_end_first
from sfvq_analysis.errors import unknown_option
from sfvq_analysis.quantizers import Provenance, Quantizer, SpaceFillingVQ
from sfvq_analysis.training.fit_options import FitOptions
from sfvq_analysis.training.frames import FittingFrames, check_seed
from sfvq_analysis.training.map_fit import (
    START_WIDTH,
    annealed_map,
    first_nodes,
    principal_axes,
    principal_start,
    resampled,
)
from sfvq_analysis.training.published import published_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import Features

Method = Literal["map", "published"]
LOG_COLUMNS = ("stage", "step", "width", "sweep", "squared_error", "usage", "curve_length", "kept")
_FIRST_STAGE = 4
_WHITENING_FLOOR = 1e-3


class _Stage(NamedTuple):
    """Corners of one stage (K', dim), what its sweeps logged, and the map width it started at."""

    corners: NDArray[np.float64]
    log: list[dict[str, Any]]
    width: float | None = None


def fit_sfvq(
    features: Features | ArrayLike,
    *,
    bits: int,
    seed: int = 0,
    method: Method = "map",
    options: FitOptions = FitOptions(),
    progress: bool = False,
) -> SpaceFillingVQ:
    """Fit a space-filling curve.

    Parameters
    ----------
    features
        Frames, shape (n_frames, dim), at least 2^bits of them.
    bits
        The curve has 2^bits corners.
    seed
        Of the dither (and, published, of the batches).
    method
        ``"map"``: the module's. ``"published"``: the author's recipe
        (`sfvq_analysis.training.published`), which takes no options.
    options
        Of the default method.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SpaceFillingVQ
        Its `stages` hold the curve at 4, 8, … corners; its provenance holds encoder, options and
        log (see `fit_log`). It is turned so that the quarter with the smaller mean norm is first.

    Raises
    ------
    OptionError
        If an option is out of range.
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
    check_seed(seed)
    frames = FittingFrames.of(features, bits)
    match method:
        case "map":
            stages = list(_map_stages(frames.values, bits, seed, options, progress=progress))
            stated: Mapping[str, Any] = dataclasses.asdict(options)
        case "published":
            stages = list(_published_stages(frames.values, bits, seed, progress=progress))
            stated = {}
        case _:
            raise unknown_option("method", method, ("map", "published"))
    fit = frames.described(method=method, bits=bits, seed=seed, **stated)
    log = tuple(row for stage in stages for row in stage.log)
    curves = [stage.corners for stage in stages]
    if not quieter_end_first(curves[-1]):  # all stages keep one direction
        curves = [corners[::-1] for corners in curves]
    return SpaceFillingVQ(curves[-1], Provenance(frames.encoder, fit, log), curves[:-1])


def fit_log(quantizer: Quantizer) -> pd.DataFrame:
    """Return the log of a fit, one row a sweep.

    Columns: ``stage`` (number of corners; of nodes for the map), ``step`` (map, curve or
    published), ``width`` (of the map, as a share of the axis; of the map that the curve started
    from), ``sweep``, ``squared_error`` (mean over frames before the sweep; of the map in its own
    coordinates, of the curve to the dithered points), ``usage`` (share of nodes or segments that
    were nearest to a frame), ``curve_length``, ``kept`` (False for the tries of a stage that
    weren't kept).
    """
    return pd.DataFrame(list(quantizer.provenance.log), columns=list(LOG_COLUMNS))


def _published_stages(
    values: NDArray[np.float32], bits: int, seed: int, *, progress: bool
) -> Iterator[_Stage]:
    stages = published_stages(values, 2**bits, seed)
    for stage in tqdm(
        stages, total=max(bits - 1, 1), desc="published recipe", unit="stage", disable=not progress
    ):
        error = stage.loss * values.shape[1]
        yield _Stage(stage.corners, [_row(stage.corners, "published", 0, error)])


def _map_stages(
    values: NDArray[np.float32], bits: int, seed: int, options: FitOptions, *, progress: bool
) -> Iterator[_Stage]:
    """Yield the settled stages, 4 (or fewer), 8, … 2^bits corners."""
    sizes = [2**b for b in range(min(bits, 2), bits + 1)]
    parts = [values[b :: options.mini_batches] for b in range(options.mini_batches)]
    blocks = [np.ascontiguousarray(part) for part in parts if len(part)]
    starts = {size: _start_widths(size, options) for size in sizes}
    sweeps = dict.fromkeys(sizes, options.stage_sweeps) | {sizes[-1]: options.final_sweeps}
    total = sum(sweeps[size] * len(starts[size]) for size in sizes)
    widths = _anneal(min(starts[sizes[-1]]), options)
    with tqdm(
        total=total + len(widths), desc="fitting the curve", unit="sweep", disable=not progress
    ) as bar:
        tries: dict[int, list[_Stage]] = {size: [] for size in sizes}
        for start in _ordered(values, starts, widths, options, bar):
            size = len(start.corners)
            settled = _settled(blocks, start, sweeps[size], seed, options.elastic, bar)
            tries[size].append(settled)
            if len(tries[size]) == len(starts[size]):
                yield _chosen(tries[size], options.worth)


def _start_widths(size: int, options: FitOptions) -> list[float]:
    """Return the map widths, as shares of the axis and widest first, from which a stage starts."""
    return list(dict.fromkeys(min(START_WIDTH, width / size) for width in options.last_widths))


def _anneal(narrowest: float, options: FitOptions) -> NDArray[np.float64]:
    """Return the widths of the map's sweeps, shrinking geometrically to the narrowest."""
    n_sweeps = math.ceil(math.log2(START_WIDTH / narrowest) * options.sweeps_per_octave)
    widths = np.geomspace(START_WIDTH, narrowest, max(n_sweeps, 1))
    widths[-1] = narrowest
    return widths


def _ordered(
    values: NDArray[np.float32],
    starts: Mapping[int, Sequence[float]],
    widths: NDArray[np.float64],
    options: FitOptions,
    bar: tqdm[Any],
) -> Iterator[_Stage]:
    """Yield the map, in the latents' coordinates, as the start of every stage's every try."""
    mean = values.mean(axis=0, dtype=np.float64)
    variances, axes = principal_axes(values)
    floor = _WHITENING_FLOOR * variances[0] or 1.0  # 1 where all frames are the same
    scales = (variances + floor) ** (options.whitening / 2)
    warped = (values - mean.astype(np.float32)) @ (axes / scales).astype(np.float32)
    due: dict[int, list[tuple[int, float]]] = {}
    for size, wanted in starts.items():
        for width in wanted:
            due.setdefault(int((widths <= width).argmax()), []).append((size, width))
    log: list[dict[str, Any]] = []
    start = principal_start(warped, first_nodes())
    most_nodes = max(len(start), *starts)
    for number, sweep in enumerate(annealed_map([warped], start, widths, most_nodes)):
        bar.update()
        log.append(_row(sweep.nodes, "map", number, sweep.squared_error, sweep.usage, sweep.width))
        for size, width in due.get(number, []):
            corners = resampled(sweep.nodes, size) * scales @ axes.T + mean
            yield _Stage(corners, log, width)
            log = []


def _settled(
    blocks: Sequence[NDArray[np.float32]],
    start: _Stage,
    n_sweeps: int,
    seed: int,
    elastic: float,
    bar: tqdm[Any],
) -> _Stage:
    """Return a stage after sweeps of dithered least squares."""
    corners, log = start.corners, list(start.log)
    for sweep in range(n_sweeps):
        dithers = [
            np.random.default_rng((seed, len(corners), sweep, b)).random(len(corners) - 1)
            for b in range(len(blocks))
        ]
        statistics = curve_statistics(blocks[0], corners, dithers[0])
        for block, dither in zip(blocks[1:], dithers[1:], strict=True):
            statistics += curve_statistics(block, corners, dither)
        error = statistics.squared_error / statistics.n_frames
        corners = statistics.solve(corners, elastic=elastic)
        usage = float((statistics.counts > 0).mean())
        log.append(_row(corners, "curve", sweep, error, usage, start.width))
        bar.update()
    return _Stage(corners, log, start.width)


def _chosen(tries: Sequence[_Stage], worth: float) -> _Stage:
    """Return the widest try whose last dithered error is near the least, with the log of all."""
    errors = [stage.log[-1]["squared_error"] for stage in tries]
    near = [error <= min(errors) * (1 + worth) for error in errors]
    kept = near.index(True)
    log = [
        {**row, "kept": row["step"] == "map" or number == kept}
        for number, stage in enumerate(tries)
        for row in stage.log
    ]
    return _Stage(tries[kept].corners, log, tries[kept].width)


def _row(
    corners: NDArray[np.float64],
    step: str,
    sweep: int,
    squared_error: float,
    usage: float | None = None,
    width: float | None = None,
) -> dict[str, Any]:
    length = float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum())
    values = (len(corners), step, width, sweep, squared_error, usage, length, True)
    return dict(zip(LOG_COLUMNS, values, strict=True))
