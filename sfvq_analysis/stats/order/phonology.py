"""Whether phones with like phonological features are close on the axis.

References
----------
N. Mantel, "The detection of disease clustering and a generalized regression approach", Cancer
Research 27 (1967), 209-220.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from sfvq_analysis.errors import check_count
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import UnitCounts, unit_counts
from sfvq_analysis.stats.inference import (
    Inference,
    interval,
    null_summary,
    p_value,
    permuted_codes,
    resampling_weights,
)
from sfvq_analysis.stats.order.phone_features import feature_distances, has_features, is_vowel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding, PhoneInventory

    Floats = NDArray[np.float64]

Scope = Literal["all", "consonants", "vowels"]
SCOPES: tuple[Scope, ...] = ("all", "consonants", "vowels")
_FEWEST_PHONES = 3
_DIGITS = 9


def feature_correlation(
    table: Reducible,
    *,
    phone_set: Folding = 61,
    min_tokens: int = 20,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how far phones with different features are apart on the axis.

    The effect is Spearman's correlation, over pairs of phones, between `feature_distances` and the
    earth mover's distance of their index histograms (raw counts, in indices). It is 1 where phones
    are the further apart on the axis, the more features tell them apart. Two nulls:

    - ``"order"``: labels of the used codes permuted, histograms moved along. Phones that share
      codes stay close, so its mean is above 0: what remains is due to the order.
    - ``"mantel"``: phones permuted among the rows and columns of the feature distance. It tells
      whether codes know features at all, in whatever order.

    Parameters
    ----------
    table
        A table or its reductions.
    phone_set
        Fold phones to 61, 48 or 39.
    min_tokens
        Phones with fewer tokens that own a frame are left out.
    inference
        Of interval and nulls.

    Returns
    -------
    pd.DataFrame
        A row each ``scope`` (``"all"`` pairs, those of two ``"consonants"``, of two ``"vowels"``:
        syllabic and not consonantal, ``er`` and ``axr`` among them) and ``null``; ``n_phones``,
        ``n_pairs``, ``effect``, ``low``, ``high``, ``null_mean``, ``null_sd``, ``p`` (greater),
        ``unit``, ``n_units``, ``reason``.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    check_count("min_tokens", min_tokens)
    inference = inference or Inference()
    counts = unit_counts(as_reductions(table), "phone", phone_set=phone_set)
    kept = FeaturePairs.rows_with_features(counts, min_tokens)
    whole = counts.total()
    total, used = whole[kept], whole.sum(axis=0) > 0
    pairs = FeaturePairs.of([counts.values[at] for at in kept], counts.inventory)
    observed = pairs.correlations(axis_distances(total)[None])[0]
    nulls = {
        "order": pairs.correlations(_permuted_distances(total, used, inference)),
        "mantel": pairs.mantel_null(axis_distances(total), inference),
    }
    weights = resampling_weights(counts.n_units, inference)
    resampled = [axis_distances(one[kept]) for block in counts.weighted(weights) for one in block]
    draws = pairs.correlations(np.array(resampled).reshape(len(weights), len(pairs.feature)))
    low, high = interval(draws, counts.n_units, inference)
    rows = [
        {
            "scope": scope,
            "null": name,
            "n_phones": int(pairs.members[scope].sum()),
            "n_pairs": int(pairs.masks[scope].sum()),
            "effect": observed[at],
            "low": low[at],
            "high": high[at],
            **dict(zip(("null_mean", "null_sd"), null_summary(null[:, at]), strict=True)),
            "p": p_value(observed[at], null[:, at], "greater"),
            "unit": counts.unit,
            "n_units": counts.n_units,
            "reason": pairs.reason(scope, min_tokens, observed[at]),
        }
        for at, scope in enumerate(SCOPES)
        for name, null in nulls.items()
    ]
    return pd.DataFrame(rows).astype(dict.fromkeys(("scope", "null", "unit", "reason"), "str"))


class FeaturePairs(NamedTuple):
    """Pairs of phones, in the order of a condensed distance matrix, and what features say of them.

    Attributes
    ----------
    feature
        Their feature distance, shape (n_pairs,).
    members, masks
        Which phones, and which pairs, belong to each of `SCOPES`.
    """

    feature: Floats
    members: Mapping[Scope, NDArray[np.bool_]]
    masks: Mapping[Scope, NDArray[np.bool_]]

    @staticmethod
    def rows_with_features(counts: UnitCounts, min_tokens: int) -> NDArray[np.int64]:
        """Return which values of counts have features and enough tokens that own a frame."""
        inventory = counts.inventory
        featured = np.array([has_features(name, inventory) for name in counts.values], dtype=bool)
        return np.flatnonzero(featured & (counts.n_tokens >= min_tokens))

    @classmethod
    def of(cls, phones: Sequence[str], inventory: PhoneInventory | None = None) -> FeaturePairs:
        """Return the pairs of phones, all of which must have features."""
        vowel = np.array([is_vowel(phone, inventory) for phone in phones], dtype=bool)
        members: dict[Scope, NDArray[np.bool_]] = {
            "all": np.ones(len(phones), dtype=bool),
            "consonants": ~vowel,
            "vowels": vowel,
        }
        row, column = np.triu_indices(len(phones), 1)
        masks = {scope: own[row] & own[column] for scope, own in members.items()}
        return cls(feature_distances(phones, inventory).to_numpy()[row, column], members, masks)

    def reason(self, scope: Scope, min_tokens: int, observed: float) -> str:
        """Return why a scope has no correlation."""
        n_phones = int(self.members[scope].sum())
        if n_phones < _FEWEST_PHONES:
            return f"{n_phones} phones have features and {min_tokens} tokens"
        return "" if np.isfinite(observed) else "all pairs are equally far apart"

    def correlations(self, distances: Floats) -> Floats:
        """Return the correlation in each scope, shape (n, n_scopes).

        Parameters
        ----------
        distances
            Of `axis_distances`, shape (n, n_pairs). A pair whose distance is NaN is left out.
        """
        found = np.full((len(distances), len(SCOPES)), np.nan)
        whole = np.isfinite(distances).all(axis=1)
        for column, scope in enumerate(SCOPES):
            if self.members[scope].sum() < _FEWEST_PHONES:
                continue
            feature, own = self.feature[self.masks[scope]], distances[:, self.masks[scope]]
            found[whole, column] = _centred_ranks(own[whole]) @ _centred_ranks(feature)
            for row in np.flatnonzero(~whole):
                known = np.isfinite(own[row])
                if known.any():
                    ranks = _centred_ranks(own[row, known])
                    found[row, column] = ranks @ _centred_ranks(feature[known])
        return found

    def mantel_null(self, distance: Floats, inference: Inference) -> Floats:
        """Return correlations with the phones of each scope permuted, shape (n, n_scopes)."""
        rng = inference.generator("mantel")
        found = np.full((inference.n_permutations, len(SCOPES)), np.nan)
        for column, scope in enumerate(SCOPES):
            n_phones = int(self.members[scope].sum())
            if n_phones < _FEWEST_PHONES:
                continue
            mask = self.masks[scope]
            ranks, fixed = (_centred_ranks(part[mask]) for part in (self.feature, distance))
            square = squareform(ranks, checks=False)
            first, second = np.triu_indices(n_phones, 1)
            for draw in range(len(found)):
                moved = rng.permutation(n_phones)
                found[draw, column] = square[moved[first], moved[second]] @ fixed
        return found


def axis_distances(counts: NDArray[np.integer] | Floats) -> Floats:
    """Return the earth mover's distances of pairs of rows of counts (n, K), shape (n_pairs,)."""
    if len(counts) < 2:
        return np.zeros(0)
    return np.asarray(pdist(np.cumsum(densities(counts), axis=1), "cityblock"))


def _permuted_distances(
    total: NDArray[np.int64], used: NDArray[np.bool_], inference: Inference
) -> Floats:
    """Return distances with the used codes permuted, shape (n_permutations, n_pairs)."""
    draws = permuted_codes(used, inference)
    found = [axis_distances(total[:, draw]) for draw in draws]
    return np.array(found).reshape(len(draws), len(total) * (len(total) - 1) // 2)


def _centred_ranks(values: Floats) -> Floats:
    """Return ranks along the last axis, less their mean, of length 1; NaN where all are equal."""
    ranks = rankdata(np.round(values, _DIGITS), axis=-1)  # rounding parts no equal distances
    ranks = ranks - ranks.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(ranks, axis=-1, keepdims=True)
    return np.where(length > 0, ranks / np.where(length > 0, length, 1.0), np.nan)
