"""The bit ladder: the same frames read with a curve at every stage of its growth.

A stage has 2, 4, 8, … corners; `sfvq_analysis.quantizers.SpaceFillingVQ.stages` are those of a fit,
and the table of each comes from a quantizer made of it. Where corners split in place, as they do
when a curve is doubled, the frames of index k go to 2k and 2k + 1 and the parent of an index is its
half; how far that is so after fitting is measured, not taken for granted.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference, interval, resampling_weights
from sfvq_analysis.stats.ladder.tables import checked_tables, few_draws, index_of
from sfvq_analysis.stats.units.information import information
from sfvq_analysis.stats.units.meanings import index_meanings
from sfvq_analysis.stats.units.usage import usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.tables import IndexTable

_MEASURED = ("plug_in", "null_mean", "corrected", "low", "high", "n_frames", "n_tokens")


def bit_ladder(
    tables: Mapping[int, IndexTable],
    *,
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return what each bit rate tells of the phones, and whether its indices split in place.

    Parameters
    ----------
    tables
        By bits b: of the same frames, with 2^b codes.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Of intervals and nulls; at most 100 permutations are drawn, enough for their mean.

    Returns
    -------
    pd.DataFrame
        A row each of ``bits``, ascending:

        - ``codebook_size``, ``used``, ``perplexity`` of all frames;
        - PNMI as in `stats.units.information`: ``plug_in``, ``null_mean``, ``corrected``
          with ``low`` and ``high``, ``n_frames``, ``n_tokens``;
        - ``parent_bits``, the row before; ``parent_share``, the share of all frames whose index
          there is this one's half (its quarter if the rows are two bits apart), with
          ``parent_low`` and ``parent_high``, and ``parent_null``, its exact expectation if the
          labels of this row's used codes are permuted; ``near_share`` and ``near_null``, the same
          for that half or a neighbour of it;
        - ``unit``, ``n_units``, ``reason``.

    Raises
    ------
    OptionError
        If tables aren't of the same frames, or their codes aren't as many as their bits say.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> from sfvq_analysis.quantizers import SpaceFillingVQ
    >>> stages = {str(len(c)): SpaceFillingVQ(c) for c in demo_quantizers()["sfvq"].stages}
    >>> corpus = demo_corpus().select(sentence="sa1")
    >>> tables = index_table(corpus, load_encoder("vqvae"), stages)
    >>> ladder = bit_ladder({2: tables["4"], 8: tables["256"]})
    >>> ladder["codebook_size"].tolist(), bool(ladder["corrected"].is_monotonic_increasing)
    ([4, 256], True)
    """
    inference = few_draws(inference)
    ordered = checked_tables(tables)
    rows = []
    for bits, table in ordered.items():
        reductions = reduce(table)
        found = information(reductions, phone_set=phone_set, inference=inference)
        pnmi = found.set_index("measure").loc["pnmi"]
        used = usage(table).iloc[0]
        rows.append(
            {
                "bits": bits,
                **{name: used[name] for name in ("codebook_size", "used", "perplexity")},
                **{name: pnmi[name] for name in _MEASURED},
                **_nothing_above(),
                "unit": pnmi["unit"],
                "n_units": pnmi["n_units"],
                "reason": pnmi["reason"],
            }
        )
    for at, (above, below) in enumerate(pairwise(ordered.items()), start=1):
        rows[at].update(_above(above, below, inference))
    whole = ("bits", "codebook_size", "used", "n_frames", "n_tokens", "n_units")
    return pd.DataFrame(rows).astype(
        {**dict.fromkeys(whole, "int64"), "parent_bits": "Int64", "unit": "str", "reason": "str"}
    )


def ladder_meanings(
    tables: Mapping[int, IndexTable], *, phone_set: Folding = 61, n_top: int = 1
) -> pd.DataFrame:
    """Return what each index stands for at each bit rate.

    Parameters
    ----------
    tables, phone_set
        As in `bit_ladder`.
    n_top
        As in `sfvq_analysis.stats.index_meanings`.

    Returns
    -------
    pd.DataFrame
        ``bits`` and the columns of `sfvq_analysis.stats.index_meanings`.
    """
    parts = []
    for bits, table in checked_tables(tables).items():
        meanings = index_meanings(table, phone_set=phone_set, n_top=n_top)
        for name in (f"top_{rank}" for rank in range(1, n_top + 1)):
            meanings[name] = meanings[name].astype("str")  # stages may hold other phones
        meanings.insert(0, "bits", bits)
        parts.append(meanings)
    return pd.concat(parts, ignore_index=True)


def _above(
    above: tuple[int, IndexTable], below: tuple[int, IndexTable], inference: Inference
) -> dict[str, Any]:
    """Return how far indices are where their parents' halves would put them."""
    (bits, table), (child_bits, finer) = above, below
    parent, child = index_of(table), index_of(finer)
    if len(parent) == 0:
        return {"parent_bits": bits}
    away = np.abs((child >> (child_bits - bits)) - parent)
    used = np.unique(child)
    in_parent = np.bincount(used >> (child_bits - bits), minlength=table.codebook_size) / len(used)
    near = np.convolve(in_parent, np.ones(3), mode="same")
    low, high = _share_interval(table, away == 0, inference)
    return {
        "parent_bits": bits,
        "parent_share": float((away == 0).mean()),
        "parent_low": low,
        "parent_high": high,
        "parent_null": float(in_parent[parent].mean()),
        "near_share": float((away <= 1).mean()),
        "near_null": float(near[parent].mean()),
    }


def _nothing_above() -> dict[str, Any]:
    names = ("share", "low", "high", "null")
    above = {f"parent_{name}": np.nan for name in names}
    return {"parent_bits": pd.NA, **above, "near_share": np.nan, "near_null": np.nan}


def _share_interval(
    table: IndexTable, hit: NDArray[np.bool_], inference: Inference
) -> tuple[float, float]:
    """Return the bounds of a share of frames."""
    several = len(table.utterances["speaker"].unique()) > 1
    units = table.utterances["speaker" if several else "utterance"].astype("category").cat.codes
    unit = np.repeat(units.to_numpy(), table.utterances["n_frames"].to_numpy())
    n_units = int(units.max()) + 1
    weights = resampling_weights(n_units, inference)
    hits, asked = (np.bincount(unit, part, minlength=n_units) for part in (hit, np.ones(len(hit))))
    drawn = weights @ asked
    low, high = interval(weights @ hits / np.where(drawn > 0, drawn, np.nan), n_units, inference)
    return float(low), float(high)
