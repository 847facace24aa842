"""How much the index axis itself means.

All measures are of the nearest-corner index over labelled frames:

- ``pnmi`` and ``arcs``: see `sfvq_analysis.stats.units`; ``arcs`` cuts the axis into 16.
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

from sfvq_analysis.phones import (
    CONSONANT_GROUPS,
    PHONE_GROUPS,
    VOWEL_GROUPS,
    as_pair,
    normalise,
    phone_group,
    similar_pairs,
)
from sfvq_analysis.stats.labelled import phone_counts
from sfvq_analysis.stats.time import relative_step
from sfvq_analysis.stats.units import arc_pnmi, pnmi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

N_ARCS = 16


def axis_measures(
    table: IndexTable, *, similar: Iterable[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return the measures of the module's docstring as one row.

    What can't be measured (one phone only, no similar pair, a codebook that 16 doesn't divide, a
    fit whose variance is unknown) is NaN.

    Parameters
    ----------
    table
        The index table.
    similar
        Pairs of phones for ``pairs`` instead of the sixteen.

    Returns
    -------
    pd.DataFrame
        Columns ``mse``, ``pnmi``, ``arcs``, ``split``, ``split_ceiling``, ``threshold``, ``step``,
        ``step_optimised``, ``pairs``.
    """
    counts = phone_counts(table)
    split = consonant_vowel_split(counts)
    fits = table.codebook_size % N_ARCS == 0
    fit = table.provenance.get("quantizer", {}).get("fit", {})
    variance = fit.get("variance", np.nan)
    return pd.DataFrame(
        {
            "mse": [table.frames["codeword_distortion"].mean() / variance],
            "pnmi": [pnmi(counts)],
            "arcs": [arc_pnmi(counts, N_ARCS) if fits else np.nan],
            "split": split["accuracy"],
            "split_ceiling": split["ceiling"],
            "threshold": split["threshold"],
            "step": [relative_step(table)],
            "step_optimised": [bool(fit.get("temporal", False))],
            "pairs": [similar_pair_distance(counts, similar)],
        }
    )


def consonant_vowel_split(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the best single threshold between consonants (and silence) and vowels, as one row.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.phone_counts`.

    Returns
    -------
    pd.DataFrame
        ``threshold`` (the last index of the lower side), ``vowels_above`` (direction),
        ``accuracy``, ``ceiling``; NaN and NA where a side has no frame.
    """
    consonant, vowel = (_side_density(counts, side) for side in (CONSONANT_GROUPS, VOWEL_GROUPS))
    if consonant is None or vowel is None:
        blank = {"threshold": [pd.NA], "vowels_above": [pd.NA]}
        nothing = pd.DataFrame({**blank, "accuracy": [np.nan], "ceiling": [np.nan]})
        return nothing.astype({"threshold": "Int32", "vowels_above": "boolean"})
    above = (np.cumsum(consonant) + 1 - np.cumsum(vowel)) / 2  # accuracy with vowels above k
    vowels_above = bool(above.max() >= 1 - above.min())
    at = int(above.argmax() if vowels_above else above.argmin())
    return pd.DataFrame(
        {
            "threshold": pd.array([at], dtype="Int32"),
            "vowels_above": pd.array([vowels_above], dtype="boolean"),
            "accuracy": [float(max(above.max(), 1 - above.min()))],
            "ceiling": [float(np.maximum(consonant, vowel).sum() / 2)],
        }
    )


def similar_pair_distance(
    counts: pd.DataFrame, similar: Iterable[tuple[str, str]] | None = None
) -> float:
    """Return the mean earth mover's distance of the 16 similar pairs over that of all pairs.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.phone_counts`. Pairs of which a phone doesn't occur are left out;
        NaN if that leaves none.
    similar
        Pairs instead of the sixteen.
    """
    total = counts.to_numpy().sum(axis=1, keepdims=True)
    cumulative = np.cumsum(counts.to_numpy() / total, axis=1)
    row = {normalise(str(phone)): at for at, phone in enumerate(counts.index)}
    pairs = similar_pairs("sixteen") if similar is None else [as_pair(*pair) for pair in similar]
    near = [(row[a], row[b]) for a, b in pairs if a in row and b in row]
    every = list(combinations(range(len(counts)), 2))
    if not near:
        return float("nan")
    distance = [np.abs(cumulative[a] - cumulative[b]).sum() for a, b in [*near, *every]]
    overall = np.mean(distance[len(near) :])
    return float(np.mean(distance[: len(near)]) / overall) if overall > 0 else float("nan")


def _side_density(counts: pd.DataFrame, groups: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Return the mean of the groups' index densities, None where no group has a frame."""
    group_of = [phone_group(str(phone), unknown="na") for phone in counts.index]
    by_group = counts.groupby(pd.Categorical(group_of, PHONE_GROUPS), observed=True).sum()
    densities = [
        row / row.sum() for group, row in zip(by_group.index, by_group.to_numpy(), strict=True)
        if group in groups and row.sum() > 0
    ]  # fmt: skip
    return np.mean(densities, axis=0) if densities else None
