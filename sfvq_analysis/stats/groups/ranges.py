"""Ranges of the axis: the shortest that holds most of a group, and those that hold nothing.

A range [first, last] has both ends in it; its width is last - first + 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_between, check_count
from sfvq_analysis.stats.arithmetic.shortest import shortest_range, shortest_width
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    null_summary,
    p_value,
    permuted_codes,
)
from sfvq_analysis.stats.inference.reasons import no_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By, UnitCounts

_RANGE_COLUMNS = {
    "mass": "float64", "first": "Int32", "last": "Int32", "width": "Int32",
    "width_share": "float64", "low": "float64", "high": "float64", "null_mean": "float64",
    "null_sd": "float64", "p": "float64", "p_corrected": "float64", "held": "float64",
    "purity": "float64", "base_rate": "float64", "n_frames": "int64", "n_tokens": "int64",
    "codebook_size": "int32", "unit": "str", "n_units": "int64", "reason": "str",
}  # fmt: skip
_DEAD_COLUMNS = {
    "first": "Int32", "last": "Int32", "width": "Int32", "width_share": "float64",
    "n_frames": "int64", "frame_share": "float64", "codebook_size": "int32", "reason": "str",
}  # fmt: skip


def group_ranges(
    table: Reducible,
    *,
    mass: Sequence[float] = (0.8, 0.9),
    by: By = "phone_group",
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return the shortest range that holds a share of each group's (or phone's) frames.

    Among equally short ranges it is the lowest. A width means nothing by itself: a group of few
    codes has a short range in any order, so the null permutes the used codes and looks for the
    shortest range anew.

    Parameters
    ----------
    table
        A table or its reductions.
    mass
        Shares, each in 0 … 1 (0 left out).
    by
        ``"phone_group"`` or ``"phone"``.
    inference
        How intervals and nulls are made.

    Returns
    -------
    pd.DataFrame
        A row a value and share (one that says why where nothing is labelled): the value in a column
        of the name of `by`; ``mass``; ``first``, ``last``; ``width`` with ``low`` and ``high``,
        ``null_mean``, ``null_sd``, ``p`` (less: shorter than in a random order) and ``p_corrected``
        over all rows; ``width_share``, width / K; ``held``, the share it does hold; ``purity``, the
        share of the range's labelled frames, of phones in no group too, that are the value's, and
        ``base_rate``, the same for the whole axis; ``n_frames``, ``n_tokens`` of the value;
        ``codebook_size``; ``unit``, ``n_units``; ``reason`` why something is NaN, else empty.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis.tables.simulated import simulated_table
    >>> found = group_ranges(simulated_table(), mass=[0.8], inference=Inference(n_permutations=99))
    >>> bool((found["width"] < found["null_mean"]).all())
    True
    """
    for share in mass:
        check_between("mass", share, 0, 1)
    if len(mass) == 0 or min(mass) == 0:
        raise OptionError(f"mass is {mass!r}", remedy="give shares above 0, up to 1")
    chosen = inference or Inference()
    reductions = as_reductions(table)
    counts = unit_counts(reductions, by)
    frame = pd.DataFrame(_range_rows(counts, reductions, mass, chosen, by) or [{by: ""}])
    frame = frame.reindex(columns=[by, *_RANGE_COLUMNS])
    if not counts.values:
        frame["reason"] = "no labelled frame"
        frame = frame.fillna({"n_frames": 0, "n_tokens": 0})
    frame["p_corrected"] = corrected_p(frame["p"].astype("float64"))
    frame["codebook_size"] = counts.codebook_size
    frame["unit"], frame["n_units"] = counts.unit, counts.n_units
    return frame.astype({by: "str", **_RANGE_COLUMNS})


def dead_ranges(table: Reducible, *, at_least: int = 2, most_share: float = 0.0) -> pd.DataFrame:
    """Return the longest ranges of neighbouring indices that hold no frame, or next to none.

    All frames count, labelled or not. There is no null: permuting used codes leaves unused ones
    where they are.

    Parameters
    ----------
    table
        A table or its reductions.
    at_least
        How many indices make a range.
    most_share
        An index belongs to such a range if it has at most this share of N / K, the frames it would
        have if all indices had as many. 0: none at all.

    Returns
    -------
    pd.DataFrame
        A row a range, from low to high: ``first``, ``last``, ``width``, ``width_share`` (of K),
        ``n_frames``, ``frame_share`` (of all frames), ``codebook_size``, ``reason``. No row where
        there is no such range; one that says why for a table without frames.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis.tables.simulated import simulated_table
    >>> dead_ranges(simulated_table())["first"].tolist()
    []
    """
    check_count("at_least", at_least)
    check_between("most_share", most_share, 0, 1)
    reductions = as_reductions(table)
    frames = reductions.code_frames()
    total, size = int(frames.sum()), len(frames)
    if total == 0:
        nothing = pd.DataFrame([{"n_frames": 0, "reason": "no frame"}], columns=list(_DEAD_COLUMNS))
        return nothing.assign(codebook_size=size).astype(_DEAD_COLUMNS)
    rows = [
        {
            "first": first,
            "last": last,
            "width": last - first + 1,
            "width_share": (last - first + 1) / size,
            "n_frames": int(frames[first : last + 1].sum()),
            "frame_share": frames[first : last + 1].sum() / total,
            "codebook_size": size,
            "reason": "",
        }
        for first, last in stretches(frames * size <= most_share * total)
        if last - first + 1 >= at_least
    ]
    return pd.DataFrame(rows, columns=list(_DEAD_COLUMNS)).astype(_DEAD_COLUMNS)


def stretches(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last place of each longest stretch of flags that are set.

    Examples
    --------
    >>> stretches(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(first), int(stop) - 1) for first, stop in edges.reshape(-1, 2)]


def _widths(mass: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return `shortest_width` of counts (m, n_values, K), a value at a time to save memory."""

    def widths(block: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([shortest_width(one, mass) for one in block.swapaxes(0, 1)], axis=1)

    return widths


def _range_rows(
    counts: UnitCounts,
    reductions: Reductions,
    mass: Sequence[float],
    inference: Inference,
    by: By,
) -> list[dict[str, Any]]:
    total = counts.total()
    draws = permuted_codes(total.any(axis=0), inference)
    every = unit_counts(reductions).total().sum(axis=0)  # labelled frames, those in no group too
    if not counts.values:
        return []
    bounds = {share: counts.interval(_widths(share), inference) for share in mass}
    rows = []
    for at, value in enumerate(counts.values):
        mine = total[at]
        known = {"n_frames": int(mine.sum()), "n_tokens": int(counts.n_tokens[at])}
        for share in mass:
            first, last = shortest_range(mine, share)
            null = shortest_width(mine[draws], share)
            mean, sd = null_summary(null)
            held = mine[first : last + 1].sum()
            rows.append(
                {
                    by: value,
                    "mass": share,
                    "first": first,
                    "last": last,
                    "width": last - first + 1,
                    "width_share": (last - first + 1) / len(mine),
                    "low": bounds[share][0][at],
                    "high": bounds[share][1][at],
                    "null_mean": mean,
                    "null_sd": sd,
                    "p": p_value(last - first + 1, null, "less"),
                    "held": held / mine.sum(),
                    "purity": held / every[first : last + 1].sum(),
                    "base_rate": mine.sum() / every.sum(),
                    "reason": no_interval(counts.unit, counts.n_units, inference),
                    **known,
                }
            )
    return rows
