"""Where the stages of a curve start from: an annealed map, read as it narrows, and arcs.

One map is annealed from coarse to fine (`sfvq_analysis.training.map_fit`). The start of a stage
is the map read at as many places as the stage has corners, when its neighbourhood has narrowed to
a few of the stage's codes. How few is tried out: a curve through many dimensions is better ordered
when it starts wide, one that has to fill two or three must fold more finely. Another start is that
of nested codebooks (`sfvq_analysis.training.arcs`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import nearest_codeword
from sfvq_analysis.training.arcs import Placed, arc_start, find_arcs, n_arcs_of
from sfvq_analysis.training.fit_record import FitRow, curve_length
from sfvq_analysis.training.map_fit import (
    START_WIDTH,
    annealed_map,
    first_nodes,
    principal_start,
    resampled,
)
from sfvq_analysis.training.settling import Start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.training.fit_options import FitOptions
    from sfvq_analysis.training.map_fit import MapSweep
    from sfvq_analysis.training.metric import Metric

    Float32 = NDArray[np.float32]
    Float64 = NDArray[np.float64]

ARCS = "arcs"
_PLACED_AT = 6 / 256  # width of the map, as a share of the axis, when frames are placed on it


class Passage(NamedTuple):
    """What the order is found on.

    Attributes
    ----------
    frames
        Shape (n, dim).
    joined
        Whether frame i + 1 follows frame i in time, shape (n - 1,).
    metric
        In which it is found.
    """

    frames: Float32
    joined: NDArray[np.bool_]
    metric: Metric


class Starts(NamedTuple):
    """Starts of every stage, the one preferred first, and the rows of the map's sweeps."""

    of_stage: Mapping[int, list[Start]]
    rows: list[FitRow]


def n_starts(size: int, options: FitOptions) -> int:
    """Return how many starts a stage has at most."""
    return len(_widths_of(size, options)) + (options.arcs and n_arcs_of(size) > 0)


def order_cost(sizes: Sequence[int], options: FitOptions) -> float:
    """Return what `find_starts` costs, in nodes for each frame."""
    wanted = 2.0 ** np.ceil(np.log2(2 / _anneal(sizes, options)))  # nodes double on the way
    nodes = np.clip(wanted, first_nodes(), max(sizes[-1], first_nodes()))
    return float(nodes.sum()) + sum(_arc_cost(size, options) for size in sizes)


def _arc_cost(size: int, options: FitOptions) -> float:
    """Return about what k-means costs, measured once, in nodes of the map for each frame."""
    return 100.0 * n_arcs_of(size) + 11.0 * size if options.arcs else 0.0


def find_starts(
    passage: Passage,
    sizes: Sequence[int],
    options: FitOptions,
    seed: int,
    tick: Callable[[float], object],
) -> Starts:
    """Return the starts of stages of so many corners.

    Parameters
    ----------
    passage
        The frames.
    sizes
        Rising powers of two.
    options
        Of the fit.
    seed
        Of k-means.
    tick
        Called with the cost of every sweep of the map, in nodes for each frame.
    """
    metric = passage.metric
    warped = metric.warped(passage.frames)
    nodes = principal_start(warped, first_nodes())
    wide, rows = nodes, list[FitRow]()
    due = [(size, width) for size in sizes for width in _widths_of(size, options)]
    by_width: dict[tuple[int, float], Float64] = {}
    annealed = annealed_map([warped], nodes, _anneal(sizes, options), max(sizes[-1], len(nodes)))
    for number, sweep in enumerate(annealed):
        rows.append(_row(number, sweep))
        tick(len(sweep.nodes))
        for size, width in due:
            if sweep.width <= width and (size, width) not in by_width:
                by_width[size, width] = metric.unwarped(resampled(sweep.nodes, size))
        if sweep.width >= _PLACED_AT:
            wide = sweep.nodes
    placed = Placed(
        passage.frames, warped, metric, nearest_codeword(warped, wide)[0], passage.joined
    )
    arcs: dict[int, list[Float32] | None] = {0: None}
    of_stage: dict[int, list[Start]] = {}
    for size in sizes:
        number = n_arcs_of(size) if options.arcs else 0
        if number not in arcs:
            arcs[number] = find_arcs(placed, number, options, seed)
        of_stage[size] = list(_of_stage(placed, arcs[number], size, by_width, options, seed))
        tick(_arc_cost(size, options))
    return Starts(of_stage, rows)


def _of_stage(
    placed: Placed,
    arcs: list[Float32] | None,
    size: int,
    by_width: Mapping[tuple[int, float], Float64],
    options: FitOptions,
    seed: int,
) -> Iterator[Start]:
    if arcs is not None:
        corners = arc_start(placed, arcs, size, options, seed)
        if corners is not None:
            yield Start(corners, ARCS)
    for width in _widths_of(size, options):
        yield Start(by_width[size, width], f"map {width * size:g}")


def _widths_of(size: int, options: FitOptions) -> list[float]:
    """Return the map widths, as shares of the axis and widest first, from which a stage starts."""
    return list(dict.fromkeys(min(START_WIDTH, width / size) for width in options.last_widths))


def _anneal(sizes: Sequence[int], options: FitOptions) -> Float64:
    """Return the widths of the map's sweeps, shrinking geometrically to the narrowest."""
    narrowest = min(min(_widths_of(size, options)) for size in sizes)
    n_sweeps = math.ceil(math.log2(START_WIDTH / narrowest) * options.sweeps_per_octave)
    widths = np.geomspace(START_WIDTH, narrowest, max(n_sweeps, 1))
    widths[-1] = narrowest
    return np.asarray(widths, dtype=np.float64)


def _row(number: int, sweep: MapSweep) -> FitRow:
    return FitRow(
        stage=len(sweep.nodes),
        step="map",
        start=None,
        width=sweep.width,
        sweep=number,
        map_mse=sweep.squared_error,
        dithered_mse=None,
        projection_mse=None,
        usage=sweep.usage,
        curve_length=curve_length(sweep.nodes),
        kept=True,
    )
