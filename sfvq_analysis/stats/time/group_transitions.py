"""Which phone group follows which, against what their frequencies alone would give.

Moves are changes from one group to a different one; stays don't count, so that the diagonal of the
table m(a, b) of moves is structurally zero and independence is replaced by quasi-independence
(Goodman 1968): m(a, b) = r_a c_b for a != b, fitted to the margins by iterative proportional
fitting.

The odds ratio of a move a -> b compares it with moves between other groups. It pools, as Mantel and
Haenszel do, all 2x2 tables of rows a, c and columns b, d in which no cell is structurally zero
(c, d neither a nor b, c != d):

    Σ m(a, b) m(c, d) / Σ m(a, d) m(c, b)
        = m(a, b) m(¬, ¬) / (m(a, ¬) m(¬, b) - Σ_c m(a, c) m(c, b)),

¬ standing for all groups but a and b. It is exactly 1 under quasi-independence, which the ratio of
the one collapsed 2x2 table isn't: that lacks the moves from c to c. 0.5 is added to m(a, b),
m(¬, ¬), m(a, ¬) and m(¬, b) (Haldane 1956).

References
----------
L. A. Goodman, "The analysis of cross-classified data: independence, quasi-independence, and
interactions in contingency tables with or without missing entries", JASA 63 (1968), 1091-1131.
J. B. S. Haldane, Annals of Human Genetics 20 (1956), 309-311.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    interval,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions

Source = Literal["index", "label"]
LEAST_EXPECTED = 5.0
_SWEEPS = 200


def group_transitions(
    table: Reducible, *, source: Source = "index", inference: Inference | None = None
) -> pd.DataFrame:
    """Return for every ordered pair of groups how often the second follows the first.

    Parameters
    ----------
    table
        A table or its reductions.
    source
        ``"index"``: every index stands for the group that most of its labelled frames have (the
        earlier of the inventory's where two have as many; none where no group has any), and moves
        are counted between neighbouring frames of an utterance. Frames of an index that stands for
        none break the sequence. It is what the axis shows.
        ``"label"``: the sequence of phone segments, with or without frames. Closures are passed
        over, being part of their plosive: vowel, tcl, t is a move from vowel to plosive. The other
        phones in no group (dx, q, pau, epi), unknown ones and gaps break it. It is what was said.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        A row each ordered pair of different groups that occur: ``group``, ``next_group``; ``count``
        of moves; ``expected`` under quasi-independence; ``log_odds``, natural logarithm of the odds
        ratio of the module's docstring, below 0 for a rare move; ``low``, ``high``; ``p`` and
        ``p_corrected``; ``unit``, ``n_units``; ``reason`` why something is NaN.

        Intervals resample units, with the map from index to group as it is. p is two-sided and
        turns the interval around: it is 1 - level of the interval that would just touch 0. It is
        NaN where fewer than 5 moves are expected.

    Raises
    ------
    OptionError
        If `source` isn't one of these.
    """
    check_option("source", source, ("index", "label"))
    inference = inference or Inference()
    reductions = as_reductions(table)
    of_unit = _moves_of_index(reductions) if source == "index" else _moves_of_labels(reductions)
    present = np.flatnonzero((of_unit.sum(axis=(0, 1)) + of_unit.sum(axis=(0, 2))) > 0)
    moves = of_unit[:, present][:, :, present].astype(np.float64)
    names = [reductions.inventory.groups[at] for at in present]
    return _frame(moves, names, reductions, inference)


def group_of_index(table: Reducible) -> NDArray[np.int64]:
    """Return each index's group, that of most of its frames, as its place among the inventory's.

    Shape (K,); -1 for none.
    """
    counts = unit_counts(table, "phone_group")
    total = counts.total()
    places = np.array(
        [counts.inventory.groups.index(name) for name in counts.values], dtype=np.int64
    )
    if not len(places):
        return np.full(counts.codebook_size, -1, dtype=np.int64)
    return np.where(total.sum(axis=0) > 0, places[total.argmax(axis=0)], -1)


def quasi_independent(moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the table with an empty diagonal, r_a c_b elsewhere, that has the margins of moves.

    Parameters
    ----------
    moves
        Shape (G, G), zeros on the diagonal.

    Examples
    --------
    >>> quasi_independent(np.array([[0.0, 3.0, 1.0], [2.0, 0.0, 2.0], [2.0, 1.0, 0.0]])).round(2)
    array([[0. , 2.5, 1.5],
           [2.5, 0. , 1.5],
           [1.5, 1.5, 0. ]])
    """
    fitted = 1.0 - np.eye(len(moves))
    for _ in range(_SWEEPS):
        for axis in (0, 1):
            wanted, held = moves.sum(axis=axis), fitted.sum(axis=axis)
            factor = wanted / np.where(held > 0, held, 1.0)
            fitted = fitted * np.expand_dims(factor, axis)
    return fitted


def log_odds(moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds ratios of the module's docstring.

    Parameters
    ----------
    moves
        Shape (…, G, G), zeros on the diagonal.

    Returns
    -------
    NDArray[np.float64], shape (…, G, G)
        NaN on the diagonal, and throughout where G < 4, as then no table is complete.
    """
    n = moves.shape[-1]
    if n < 4:
        return np.full(moves.shape, np.nan)
    out, into = moves.sum(axis=-1)[..., :, None], moves.sum(axis=-2)[..., None, :]
    back = np.swapaxes(moves, -1, -2)
    others_out, others_in = out - moves, into - moves
    of_both = (out + into.swapaxes(-1, -2)) + (into + out.swapaxes(-1, -2)) - moves - back
    elsewhere = moves.sum(axis=(-1, -2))[..., None, None] - of_both
    numerator = (moves + 0.5) * (elsewhere + 0.5)
    denominator = (others_out + 0.5) * (others_in + 0.5) - moves @ moves
    diagonal = np.eye(n, dtype=bool)
    ratio = np.where(diagonal, 1.0, numerator) / np.where(diagonal, 1.0, denominator)
    return np.where(diagonal, np.nan, np.log(ratio))


def _moves_of_index(reductions: Reductions) -> NDArray[np.int64]:
    """Return the moves of every unit, shape (n_units, G, G)."""
    group = group_of_index(reductions)
    rows = reductions.transitions
    before, after = (group[rows[name].to_numpy()] for name in ("index", "next_index"))
    unit = rows["unit"].cat.codes.to_numpy().astype(np.int64)
    return _counted(unit, before, after, rows["count"].to_numpy(), reductions)


def _moves_of_labels(reductions: Reductions) -> NDArray[np.int64]:
    tokens = reductions.tokens
    names = tokens["phone"].cat.categories
    closure = np.array([reductions.inventory.is_closure(str(name)) for name in names], dtype=bool)
    passed = closure[tokens["phone"].cat.codes.to_numpy()] if len(names) else np.zeros(0, bool)
    # the ordinal less the closures so far grows by 1 from one sound to the next, by more over a gap
    place = (tokens["ordinal"].to_numpy() - np.cumsum(passed))[~passed]
    row = tokens["utterance"].to_numpy()[~passed]
    group = tokens["phone_group"].cat.codes.to_numpy().astype(np.int64)[~passed]
    follows = (np.diff(row) == 0) & (np.diff(place) == 1)
    unit = reductions.utterances["unit"].to_numpy()[row[1:][follows]].astype(np.int64)
    before, after = group[:-1][follows], group[1:][follows]
    return _counted(unit, before, after, np.ones(len(unit)), reductions)


def _counted(
    unit: NDArray[np.int64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
    count: NDArray[np.float64],
    reductions: Reductions,
) -> NDArray[np.int64]:
    """Return the moves of every unit, shape (n_units, G, G)."""
    n_units, n_groups = len(reductions.units), len(reductions.inventory.groups)
    move = (before >= 0) & (after >= 0) & (before != after)
    cell = (unit * n_groups + before) * n_groups + after
    size = n_units * n_groups**2
    counted = np.bincount(cell[move], weights=count[move], minlength=size)
    return counted.astype(np.int64).reshape(n_units, n_groups, n_groups)


def _frame(
    of_unit: NDArray[np.float64], names: list[str], reductions: Reductions, inference: Inference
) -> pd.DataFrame:
    n_units, n = len(reductions.units), len(names)
    moves = of_unit.sum(axis=0)
    weights = resampling_weights(n_units, inference)
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    resampled = (weights @ of_unit.reshape(n_units, n * n)).reshape(len(weights), n, n)
    drawn = log_odds(resampled)[:, a, b]
    low, high = interval(drawn if drawn.size else drawn[:0], n_units, inference)
    expected = quasi_independent(moves)[a, b]
    few = expected < LEAST_EXPECTED
    p = np.where(few, np.nan, _sign_p(drawn, n_units))
    groups = pd.CategoricalDtype(list(reductions.inventory.groups), ordered=True)
    frame = pd.DataFrame(
        {
            "group": pd.Categorical([names[at] for at in a], dtype=groups),
            "next_group": pd.Categorical([names[at] for at in b], dtype=groups),
            "count": moves[a, b].astype(np.int64),
            "expected": expected,
            "log_odds": log_odds(moves)[a, b],
            "low": low,
            "high": high,
            "p": p,
            "p_corrected": corrected_p(p),
            "unit": reductions.unit,
            "n_units": n_units,
        }
    )
    small = "fewer than four groups" if n < 4 else ""
    no_range = "" if small else no_interval(reductions.unit, n_units, inference)
    scarce = ["" if small or not one else "fewer than 5 moves expected" for one in few]
    reason = [joined(small, no_range, one) for one in scarce]
    return frame.assign(reason=pd.Series(reason, index=frame.index, dtype="str"))


def _sign_p(draws: NDArray[np.float64], n_units: int) -> NDArray[np.float64]:
    """Return the two-sided p at which the bootstrap interval of `interval` would touch 0."""
    if not len(draws):
        return np.full(draws.shape[1:], np.nan)
    share = (1 + np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))) / (1 + len(draws))
    tail = norm.ppf(np.minimum(share, 0.5)) / np.sqrt(n_units / (n_units - 1))
    known = np.isfinite(draws).any(axis=0)
    return np.where(known, 2 * t.cdf(tail, n_units - 1), np.nan)
