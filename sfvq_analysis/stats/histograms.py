"""Histograms of the index by phone, group, speaker and other properties.

Conventions
-----------
One bin an index, 0 … K - 1, unused ones included. ``count`` is in frames; ``density`` sums to 1
over the axis; ``smoothed`` is the density convolved with a Blackman window of 7 (NumPy's, whose end
points are 0: five effective taps), divided by the window's sum, with zeros beyond the axis. The
paper's figure divides ``smoothed`` by its maximum.

With ``weight="frame"`` every frame counts the same (the paper's); with ``"token"`` every segment
does, however long; with ``"speaker"`` every speaker does, however much they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.ndimage import convolve1d

from sfvq_analysis.errors import OptionError, check_option
from sfvq_analysis.stats.counting.labelled import PROPERTIES
from sfvq_analysis.stats.counting.tallies import Tally, tally
from sfvq_analysis.stats.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.tables import Indexed

Weight = Literal["frame", "token", "speaker"]
SMOOTHING_WINDOW = 7
SUPPORT_COLUMNS = ("n_frames", "n_tokens", "n_empty_tokens", "n_speakers")


def index_histogram(
    table: Indexed,
    by: str | Sequence[str] = "phone_group",
    *,
    weight: Weight = "frame",
    trim: float = 0.0,
    exclude: Collection[str] = (),
    phone_set: Folding = 61,
) -> Histogram:
    """Return the histogram of the index for each value of a property.

    Parameters
    ----------
    table
        The index table, or a dataset.
    by
        ``"phone"``, ``"phone_group"``, ``"speaker"``, ``"sex"``, ``"dialect"``, ``"sentence"``,
        ``"split"``, ``"utterance"``, or several of them.
    weight
        What counts the same: a frame, a token or a speaker.
    trim
        Leave out frames nearer than so many seconds to an edge of their phone.
    exclude
        Phones or groups to leave out, such as ``["silence"]``.
    phone_set
        Fold phones to 61, 48 or 39.

    Returns
    -------
    Histogram
        A DataFrame with a row for each value (that owns a token) and index: the columns `by`,
        ``index``, ``count`` (frames), ``density``, ``smoothed``; and, the same for all rows of a
        value, ``n_frames``, ``n_tokens``, ``n_empty_tokens`` (tokens that own no frame, or none
        after `trim`) and ``n_speakers`` (who have a frame in it). Density is NaN where there is no
        frame. All K indices are there for every value: many values of `by` make a long frame.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> hist = index_histogram(table, by="phone_group")
    >>> hist.groupby("phone_group", observed=True)["density"].sum().round(6).unique()
    array([1.])
    """
    keys = [by] if isinstance(by, str) else list(by)
    if not keys:
        raise OptionError("by is empty", remedy=f"name some of {PROPERTIES}")
    check_option("weight", weight, ("frame", "token", "speaker"))
    counted = tally(table, keys, trim=trim, exclude=exclude, phone_set=phone_set)
    cells = counted.tokens[keys]
    cell = _cell_of(counted.frames, cells, keys)
    index, count = (counted.frames[name].to_numpy() for name in ("index", "count"))
    shape = (len(cells), table.codebook_size)
    weighted = _sum_into(cell, index, count * _weight(counted.frames, cell, weight), shape)
    added = _sum_into(cell, index, count.astype(np.float64), shape)
    support = _support(counted, cell)
    frame = _tidy(cells, support, added.astype(np.int64), _normalised(weighted))
    options = {"weight": weight, "trim": trim, "exclude": tuple(exclude), "phone_set": phone_set}
    return Histogram.of(frame, {"provenance": table.provenance, "options": options})


def smooth(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return densities, shape (…, K), smoothed along the axis as the module's docstring says."""
    window = np.maximum(np.blackman(SMOOTHING_WINDOW), 0.0)  # its ends are 0 but for rounding
    return np.asarray(convolve1d(density, window / window.sum(), axis=-1, mode="constant"))


def check_histogram(histogram: object) -> None:
    """Raise an OptionError unless this is a histogram."""
    what = type(histogram).__name__
    if isinstance(histogram, pd.DataFrame):
        if {"index", "density", "smoothed", "n_frames"} <= set(histogram):
            return
        what = "a frame without index and density"
    raise OptionError(f"histogram is {what}", remedy="give what stats.index_histogram gives")


def histogram_matrix(histogram: pd.DataFrame, value: str) -> pd.DataFrame:
    """Return one column of a histogram as a matrix: a row a value of `by`, a column an index."""
    wide = histogram.pivot_table(
        index=by_columns(histogram), columns="index", values=value, observed=True, sort=False,
        dropna=False,
    )  # fmt: skip
    return wide.dropna(how="all")


def by_columns(histogram: pd.DataFrame) -> list[str]:
    """Return the columns that a histogram is by: those before ``index``."""
    return list(histogram.columns[: histogram.columns.get_loc("index")])


def _cell_of(frame: pd.DataFrame, cells: pd.DataFrame, keys: list[str]) -> NDArray[np.int64]:
    numbers = pd.MultiIndex.from_frame(cells[keys].astype(object))
    wanted = pd.MultiIndex.from_frame(frame[keys].astype(object))
    return np.asarray(numbers.get_indexer(wanted), dtype=np.int64)


def _weight(frames: pd.DataFrame, cell: NDArray[np.int64], weight: Weight) -> NDArray[np.float64]:
    """Return what a frame of each row of a tally counts."""
    match weight:
        case "frame":
            return np.ones(len(frames))
        case "token":
            return np.asarray(1.0 / frames["size"].to_numpy())
        case "speaker":
            speaker = frames["speaker"].cat.codes.to_numpy()
            sizes = frames["count"].groupby([cell, speaker]).transform("sum")
            return np.asarray(1.0 / sizes.to_numpy())


def _sum_into(
    row: NDArray[np.int64],
    column: NDArray[np.int32],
    values: NDArray[np.float64],
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    flat: NDArray[np.float64] = np.bincount(
        row * shape[1] + column, weights=values, minlength=shape[0] * shape[1]
    ).astype(np.float64)
    return flat.reshape(shape)


def _normalised(weighted: NDArray[np.float64]) -> NDArray[np.float64]:
    total = weighted.sum(axis=1, keepdims=True)
    nothing = np.full(weighted.shape, np.nan)
    return np.asarray(np.divide(weighted, total, out=nothing, where=total > 0))


def _support(counted: Tally, cell: NDArray[np.int64]) -> pd.DataFrame:
    """Return what each cell rests on, a row a cell."""
    n = len(counted.tokens)
    n_tokens = counted.tokens["n_tokens"].to_numpy()
    frames = np.bincount(cell, weights=counted.frames["count"], minlength=n)
    return pd.DataFrame(
        {
            "n_frames": frames.astype(np.int64),
            "n_tokens": n_tokens,
            "n_empty_tokens": n_tokens - counted.tokens["n_owning"].to_numpy(),
            "n_speakers": _distinct(cell, counted.frames["speaker"].cat.codes.to_numpy(), n),
        }
    )


def _distinct(
    cell: NDArray[np.int64], value: NDArray[np.integer], n_cells: int
) -> NDArray[np.int64]:
    """Return how many distinct values each cell holds."""
    if len(cell) == 0:
        return np.zeros(n_cells, dtype=np.int64)
    pairs = np.unique(value.astype(np.int64) * n_cells + cell)
    return np.bincount(pairs % n_cells, minlength=n_cells)


def _tidy(
    cells: pd.DataFrame,
    support: pd.DataFrame,
    count: NDArray[np.int64],
    density: NDArray[np.float64],
) -> pd.DataFrame:
    n_cells, size = count.shape
    row = np.repeat(np.arange(n_cells), size)
    tidy = cells.iloc[row].reset_index(drop=True)
    for name in tidy:
        if isinstance(tidy[name].dtype, pd.CategoricalDtype) and not tidy[name].cat.ordered:
            tidy[name] = tidy[name].cat.remove_unused_categories()
    tidy["index"] = np.tile(np.arange(size, dtype=np.int32), n_cells)
    tidy["count"] = count.ravel()
    tidy["density"] = density.ravel()
    tidy["smoothed"] = smooth(density).ravel()
    return pd.concat([tidy, support.iloc[row].reset_index(drop=True)], axis=1)
