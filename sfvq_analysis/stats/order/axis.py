"""How much the index axis itself means.

All measures are of the nearest-corner index over labelled frames:

- ``pnmi`` and ``arcs``: see `sfvq_analysis.stats.units.usage`; ``arcs`` cuts the axis into 16.
- ``split``: the best single threshold, either direction, between {silence, plosive, fricative,
  nasal} and {vowel, diphthong, approximant}; its accuracy is the mean over the groups of a side,
  then over the two sides. ``split_ceiling`` is the same for the best order the same codes could
  have, Σ_k max(p_k, q_k) / 2 with p, q the sides' mean densities: a split means nothing without it.
- ``step``: mean |index change| over the changes, relative to chance (`stats.time.relative_step`);
  ``step_optimised`` is True for a fit that was ordered by time, whose step is no finding.
- ``pairs``: mean earth mover's distance between the index histograms of 16 similar pairs of phones
  over its mean for all pairs of phones.
- ``mse``: mean squared error to the nearest codeword / total variance of the frames fitted.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import (
    CONSONANT_GROUPS,
    PHONE_GROUPS,
    VOWEL_GROUPS,
    timit_inventory,
)
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.arithmetic.parting import best_cut, ceiling, side_density
from sfvq_analysis.stats.counting.phone_counts import phone_counts
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.time.transitions import relative_step
from sfvq_analysis.stats.units.usage import arc_pnmi, pnmi
from sfvq_analysis.tables import IndexDataset, Indexed, IndexTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfvq_analysis.phones import PhoneInventory

N_ARCS = 16


def axis_measures(
    table: Indexed, *, similar: Iterable[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return the measures of the module's docstring as one row.

    What can't be measured (one phone only, no similar pair, groups that aren't the paper's, a
    codebook that 16 doesn't divide, a fit whose variance is unknown) is NaN.

    Parameters
    ----------
    table
        The index table, or a dataset.
    similar
        Pairs of phones for ``pairs`` instead of the sixteen.

    Returns
    -------
    pd.DataFrame
        Columns ``mse``, ``pnmi``, ``arcs``, ``split``, ``split_ceiling``, ``threshold``, ``step``,
        ``step_optimised``, ``pairs``.
    """
    reductions = reduce(table)
    counts = phone_counts(reductions)
    split = consonant_vowel_split(counts, inventory=table.inventory)
    fits = table.codebook_size % N_ARCS == 0
    said = reductions.utterances
    n_frames = int(said["n_frames"].sum())
    error = said["distortion"].sum() / n_frames if n_frames else np.nan
    fit = table.provenance.get("quantizer", {}).get("fit", {})
    return pd.DataFrame(
        {
            "mse": [error / fit.get("variance", np.nan)],
            "pnmi": [pnmi(counts)],
            "arcs": [arc_pnmi(counts, N_ARCS) if fits else np.nan],
            "split": split["accuracy"],
            "split_ceiling": split["ceiling"],
            "threshold": split["threshold"],
            "step": [relative_step(reductions)],
            "step_optimised": [bool(fit.get("temporal", False))],
            "pairs": [similar_pair_distance(counts, similar, inventory=table.inventory)],
        }
    )


def consonant_vowel_split(
    counts: pd.DataFrame | IndexTable | IndexDataset, *, inventory: PhoneInventory | None = None
) -> pd.DataFrame:
    """Return the best single threshold between consonants (and silence) and vowels, as one row.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.phone_counts`; or the table.
    inventory
        The table's, which says the groups of phones; by default TIMIT's (that of a table if
        `counts` is one).

    Returns
    -------
    pd.DataFrame
        ``threshold`` (the last index of the lower side), ``vowels_above`` (direction),
        ``accuracy``, ``ceiling``; NaN and NA where a side has no frame, or the inventory has groups
        that aren't the paper's, which are on neither side.

    Raises
    ------
    OptionError
        If `counts` is neither.
    """
    if isinstance(counts, IndexTable | IndexDataset):
        return consonant_vowel_split(phone_counts(counts), inventory=inventory or counts.inventory)
    if not isinstance(counts, pd.DataFrame):
        raise OptionError(
            f"counts is {type(counts).__name__}", remedy="give a table or its phone_counts"
        )
    known = inventory or timit_inventory()
    group_of = [known.group_of(str(phone)) for phone in counts.index]
    rows = [[group == one for one in group_of] for group in PHONE_GROUPS]
    by_group = densities(np.array([counts.to_numpy()[row].sum(axis=0) for row in rows]))
    consonant, vowel = (
        side_density(by_group, np.isin(PHONE_GROUPS, groups))
        for groups in (CONSONANT_GROUPS, VOWEL_GROUPS)
    )
    sideless = not known.has_paper_groups
    if sideless or np.isnan(consonant).any() or np.isnan(vowel).any():
        blank = {"threshold": [pd.NA], "vowels_above": [pd.NA]}
        nothing = pd.DataFrame({**blank, "accuracy": [np.nan], "ceiling": [np.nan]})
        return nothing.astype({"threshold": "Int32", "vowels_above": "boolean"})
    cut = best_cut(consonant, vowel)
    return pd.DataFrame(
        {
            "threshold": pd.array([int(cut.threshold)], dtype="Int32"),
            "vowels_above": pd.array([bool(cut.second_above)], dtype="boolean"),
            "accuracy": [float(cut.accuracy)],
            "ceiling": [float(ceiling(consonant, vowel))],
        }
    )


def similar_pair_distance(
    counts: pd.DataFrame,
    similar: Iterable[tuple[str, str]] | None = None,
    *,
    inventory: PhoneInventory | None = None,
) -> float:
    """Return the mean earth mover's distance of the 16 similar pairs over that of all pairs.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.phone_counts`. Pairs of which a phone doesn't occur are left out;
        NaN if that leaves none.
    similar
        Pairs instead of the sixteen.
    inventory
        The table's, which says how phones are named; by default TIMIT's.
    """
    known = inventory or timit_inventory()
    total = counts.to_numpy().sum(axis=1, keepdims=True)
    cumulative = np.cumsum(counts.to_numpy() / total, axis=1)
    row = {known.name(str(phone)): at for at, phone in enumerate(counts.index)}
    sixteen = known.pairs("sixteen")
    pairs = sixteen if similar is None else [known.as_pair(*pair) for pair in similar]
    near = [(row[a], row[b]) for a, b in pairs if a in row and b in row]
    every = list(combinations(range(len(counts)), 2))
    if not near:
        return float("nan")
    distance = [np.abs(cumulative[a] - cumulative[b]).sum() for a, b in [*near, *every]]
    overall = np.mean(distance[len(near) :])
    return float(np.mean(distance[: len(near)]) / overall) if overall > 0 else float("nan")
