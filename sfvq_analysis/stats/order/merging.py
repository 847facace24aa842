"""How much of what the codes say about the phone is left when neighbours on the axis are merged.

The axis of K codes is cut into n arcs of K / n neighbouring codes, for every n that divides K, so
that arcs are equal and the direction of the axis doesn't matter; for K a power of two these are
arcs of 2, 4, …, K / 2 codes. With PNMI = I(phone; arc) / H(phone) (`stats.units.usage`):

- ``random_mean``: of arcs of as many codes drawn at random, the order null; ``gain`` = ``pnmi`` -
  ``random_mean`` is what the order of the codes adds;
- ``label_null_mean``: with labels permuted over segments (`stats.inference.relabelling`), what
  a finite table gives without any relation to phones; ``corrected`` = ``pnmi`` -
  ``label_null_mean`` compares tables and numbers of arcs;
- ``dedicated``: of a codebook fitted with n codes, the yardstick; ``dedicated_ratio`` = ``pnmi`` /
  ``dedicated``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.arithmetic.contingency import normalised_information, ratio
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, null_summary, p_value, permuted_codes
from sfvq_analysis.stats.inference.intervals import moved_interval
from sfvq_analysis.stats.inference.order_null import in_parts, permuted_counts, why_no_order
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.inference.swapping import swapping_share, why_few_swap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts

_LABEL_DRAWS = 100  # their mean alone is used
_SHARED_MERGES = 2


def merge_information(
    table: Reducible,
    *,
    dedicated: Mapping[int, Reducible] | None = None,
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return the PNMI of merged neighbours against random merges and dedicated codebooks.

    Parameters
    ----------
    table
        A table or its reductions.
    dedicated
        By number of arcs, tables of the same speech read with a codebook of that many codes.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        How intervals and nulls are made. Of label nulls at most 100 are drawn.

    Returns
    -------
    pd.DataFrame
        A row each number of arcs, finest first: ``codes_per_arc``, ``n_arcs``; ``pnmi`` (plug-in)
        with ``low`` and ``high``; ``label_null_mean``, ``corrected``; ``random_mean``,
        ``random_sd``; ``gain`` with ``gain_low`` and ``gain_high``; ``p`` (one-sided: greater than
        random merges); ``dedicated``, ``dedicated_ratio``; ``unit``, ``n_units``, ``reason``. A
        codebook whose size has no such divisor has one row that says so.

        Intervals are those of `stats.inference.intervals`, for resampling adds information. In
        a resampling the mean of random merges is moved by the mean change of two of them; all
        of them would cost a thousand times more and say the same, for merges share what a
        resampling does to information.

    Raises
    ------
    OptionError
        If `phone_set` isn't one of these, or `dedicated` has a number of arcs that the axis isn't
        cut into or a table with another number of codes.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = merge_information(table, inference=Inference(n_permutations=99, n_bootstraps=0))
    >>> found["n_arcs"].tolist(), bool((found["p"] < 0.05).all())
    ([128, 64, 32, 16, 8, 4, 2], True)
    """
    inference = inference or Inference()
    reductions = as_reductions(table)
    counts = unit_counts(reductions, "phone", phone_set=phone_set)
    n_arcs = numbers_of_arcs(counts.codebook_size)
    frame = pd.DataFrame(
        {
            "codes_per_arc": pd.array([counts.codebook_size // n for n in n_arcs], dtype="Int32"),
            "n_arcs": pd.array(n_arcs, dtype="Int32"),
        }
    )
    yardstick = _dedicated(dedicated or {}, n_arcs, phone_set)
    reason = _why_not(counts, n_arcs)
    numbers = (
        _nothing(len(n_arcs))
        if reason
        else _numbers(counts, reductions, n_arcs, inference, phone_set)
    )
    missing = (
        no_interval(counts.unit, counts.n_units, inference),
        no_null(inference) or _why_few_swap(reductions, phone_set, len(counts.values)),
    )
    for name, values in numbers.items():
        frame[name] = values
    frame["dedicated"] = yardstick
    frame["dedicated_ratio"] = ratio(frame["pnmi"].to_numpy(), yardstick)
    return _with_support(frame, counts, reason or joined(*missing))


def numbers_of_arcs(codebook_size: int) -> list[int]:
    """Return into how many equal arcs of several codes an axis can be cut, finest first.

    Examples
    --------
    >>> numbers_of_arcs(16), numbers_of_arcs(12), numbers_of_arcs(7)
    ([8, 4, 2], [6, 4, 3, 2], [])
    """
    return [n for n in range(codebook_size // 2, 1, -1) if codebook_size % n == 0]


def arcs_information(
    counts: NDArray[np.float64], n_arcs: Sequence[int], codes: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Return the PNMI of merged counts.

    Parameters
    ----------
    counts
        Shape (m, n_values, K).
    n_arcs
        Divisors of K.
    codes
        Which code stands at each place, shape (K,); by default they stand in their order.

    Returns
    -------
    NDArray[np.float64], shape (m, len(n_arcs))
    """
    return in_parts(lambda part: _arcs_information(part, n_arcs, codes), counts)


def _arcs_information(
    counts: NDArray[np.float64], n_arcs: Sequence[int], codes: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    merged = {counts.shape[-1]: counts if codes is None else counts[..., codes]}
    found = np.empty((len(counts), len(n_arcs)))
    for at, n in enumerate(n_arcs):
        finer = min(size for size in merged if size % n == 0)
        merged[n] = _merged(merged[finer], finer // n)
        found[:, at] = normalised_information(merged[n])
    return found


def _merged(counts: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Return counts with every `step` neighbours added up."""
    added = counts[..., ::step].copy()
    for i in range(1, step):
        added += counts[..., i::step]
    return added


def _numbers(
    counts: UnitCounts,
    reductions: Reductions,
    n_arcs: list[int],
    inference: Inference,
    phone_set: Folding,
) -> dict[str, NDArray[np.float64]]:
    """Return the columns that are computed, each of shape (len(n_arcs),)."""
    total = counts.total()
    pnmi = arcs_information(total[None].astype(np.float64), n_arcs)[0]
    labels = _label_null(reductions, n_arcs, inference, phone_set)
    blocks = permuted_counts(total, inference)
    random = np.concatenate(
        [pnmi[None][:0], *(arcs_information(block, n_arcs) for block in blocks)]
    )
    summary = np.array([null_summary(draws) for draws in random.T]).reshape(-1, 2)
    low, high = _intervals(counts, n_arcs, random, summary[:, 0], inference)
    return {
        "pnmi": pnmi,
        "low": low[:, 0],
        "high": high[:, 0],
        "label_null_mean": labels,
        "corrected": pnmi - labels,
        "random_mean": summary[:, 0],
        "random_sd": summary[:, 1],
        "gain": pnmi - summary[:, 0],
        "gain_low": low[:, 1],
        "gain_high": high[:, 1],
        "p": np.array(
            [p_value(one, draws, "greater") for one, draws in zip(pnmi, random.T, strict=True)]
        ),
    }


def _why_not(counts: UnitCounts, n_arcs: list[int]) -> str:
    if not n_arcs:
        return f"{counts.codebook_size} codes can't be cut into equal arcs of several"
    few = "fewer than two phones" if len(counts.values) < 2 else ""
    return why_no_order(counts) or few


def _nothing(n_rows: int) -> dict[str, NDArray[np.float64]]:
    names = (
        *("pnmi", "low", "high", "label_null_mean", "corrected", "random_mean", "random_sd"),
        *("gain", "gain_low", "gain_high", "p"),
    )
    return {name: np.full(n_rows, np.nan) for name in names}


def _label_null(
    reductions: Reductions, n_arcs: list[int], inference: Inference, phone_set: Folding
) -> NDArray[np.float64]:
    n_values = len(unit_counts(reductions, phone_set=phone_set).values)
    if inference.n_permutations == 0 or _why_few_swap(reductions, phone_set, n_values):
        return np.full(len(n_arcs), np.nan)
    fewer = replace(inference, n_permutations=min(inference.n_permutations, _LABEL_DRAWS))
    draws = [
        arcs_information(counts[None].astype(np.float64), n_arcs)
        for counts in relabelled_counts(reductions, fewer, "phone", phone_set)
    ]
    return np.concatenate(draws).mean(axis=0) if draws else np.full(len(n_arcs), np.nan)


def _why_few_swap(reductions: Reductions, phone_set: Folding, n_values: int) -> str:
    share = swapping_share(reductions, np.arange(n_values), ("phone", phone_set))
    return why_few_swap(share, "no label null")


def _intervals(
    counts: UnitCounts,
    n_arcs: list[int],
    random: NDArray[np.float64],
    random_mean: NDArray[np.float64],
    inference: Inference,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of pnmi and gain, each of shape (len(n_arcs), 2)."""
    order = permuted_codes(counts.total().any(axis=0), inference)[:_SHARED_MERGES]

    def pnmi_and_gain(block: NDArray[np.float64]) -> NDArray[np.float64]:
        pnmi = arcs_information(block, n_arcs)
        changes = [
            arcs_information(block, n_arcs, codes) - random[draw]
            for draw, codes in enumerate(order)
        ]
        moved = random_mean + (np.mean(changes, axis=0) if changes else np.nan)
        return np.stack([pnmi, pnmi - moved], axis=-1)

    return moved_interval(counts, pnmi_and_gain, inference)


def _dedicated(
    tables: Mapping[int, Reducible], n_arcs: list[int], phone_set: Folding
) -> NDArray[np.float64]:
    """Return the PNMI of the dedicated codebooks, NaN where there is none."""
    found = np.full(len(n_arcs), np.nan)
    for n, table in tables.items():
        if n not in n_arcs:
            raise OptionError(f"dedicated has {n!r} arcs", remedy=f"give some of {n_arcs}")
        counts = unit_counts(table, "phone", phone_set=phone_set)
        if counts.codebook_size != n:
            raise OptionError(
                f"dedicated has a table of {counts.codebook_size} codes for {n} arcs",
                remedy="give each table under the number of its codes",
            )
        found[n_arcs.index(n)] = normalised_information(counts.total())
    return found


def _with_support(frame: pd.DataFrame, counts: UnitCounts, reason: str) -> pd.DataFrame:
    """Return a frame with what its rows rest on; a row that says so for an axis without arcs."""
    if frame.empty:
        frame = frame.reindex(range(1))
    frame["unit"] = counts.unit
    frame["n_units"] = counts.n_units
    frame["reason"] = reason
    return frame.astype({"unit": "str", "reason": "str"})
