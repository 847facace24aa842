"""Do phones that sound alike peak side by side? Distances between the peaks inside a group.

`adjacency_test` compares, inside each group, every similar pair with every other pair:

    adjacency = P(distance of the similar pair < distance of the other pair) + P(equal) / 2

which is Mann and Whitney's U over the number of comparisons, .5 if similarity means nothing and 1
if every similar pair is nearer than every other one; groups are pooled by their number of
comparisons. Pairs share phones and aren't independent: the null comes from the order of the codes,
not from U's tables, and in every draw all main peaks are found anew. Phones whose peak is the same
code stay together in any order, so that the null's mean may be above .5.

The distance of two main peaks is the mean of |peak_a - peak_b| over both readings of the axis, from
index 0 and from index K - 1, so that its direction doesn't matter where two indices tie for the
highest.

References
----------
H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically
larger than the other", Ann. Math. Statist. 18 (1947), 50-60.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.errors import TableError, check_count
from sfvq_analysis.phones import timit_inventory
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import Inference, Measure, as_frame, null_summary, p_value
from sfvq_analysis.stats.inference.order_null import in_parts, permuted_counts, why_no_order
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.peaks import MIN_TOKENS, main_peak_places, main_peaks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding, PhoneInventory
    from sfvq_analysis.stats.counting.reductions import Reducible
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.stats.inference import Tail


class AdjacencyPairs(NamedTuple):
    """Every two phones of a group that have enough tokens: rows of counts, group, similarity.

    `groups` are those of the inventory, in order.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    group: NDArray[np.str_]
    similar: NDArray[np.bool_]
    groups: tuple[str, ...]

    @classmethod
    def of(
        cls,
        counts: UnitCounts,
        similar: Iterable[tuple[str, str]] | None,
        phone_set: Folding,
        min_tokens: int,
    ) -> AdjacencyPairs:
        """Return the pairs of counts by phone; see `adjacency_test`."""
        inventory = counts.inventory
        given = inventory.pairs() if similar is None else similar
        marked = _folded_pairs(given, phone_set, inventory)
        group_of = [inventory.group_of(phone) for phone in counts.values]
        enough = counts.n_tokens >= min_tokens
        chosen = [
            (a, b)
            for a, b in combinations(range(len(counts.values)), 2)
            if enough[a] and enough[b] and group_of[a] is not None and group_of[a] == group_of[b]
        ]
        rows = np.array(chosen, dtype=np.int64).reshape(-1, 2)
        return cls(
            first=rows[:, 0],
            second=rows[:, 1],
            group=np.array([group_of[a] for a, _ in chosen], dtype=np.str_),
            similar=np.array(
                [tuple(sorted((counts.values[a], counts.values[b]))) in marked for a, b in chosen],
                dtype=bool,
            ),
            groups=inventory.groups,
        )

    def both_kinds(self) -> list[str]:
        """Return the groups that have similar pairs and others."""
        return [
            group
            for group in self.groups
            if len(set(self.similar[self.group == group].tolist())) == 2
        ]


def peak_adjacency(
    found: pd.DataFrame,
    *,
    similar: Iterable[tuple[str, str]] | None = None,
    inventory: PhoneInventory | None = None,
) -> pd.DataFrame:
    """Return the distance between the main peaks of every two phones of a group.

    Parameters
    ----------
    found
        Of `sfvq_analysis.stats.peaks`, from a histogram by phone.
    similar
        Pairs to mark; by default the package's table (`sfvq_analysis.phones.similar_pairs`).
    inventory
        The table's, which says the groups of phones; by default TIMIT's.

    Returns
    -------
    pd.DataFrame
        ``phone_a``, ``phone_b``, ``group``, ``similar``, ``distance`` and ``distance_raw`` (between
        smoothed and raw peaks, in indices; NA where a peak is). Phones in no group are left out.

    Raises
    ------
    TableError
        If the peaks aren't by phone.
    """
    if list(found.columns[:1]) != ["phone"] or found.columns[1] != "rank":
        raise TableError(
            "peaks aren't by phone alone", remedy='use index_histogram(table, by="phone")'
        )
    known = inventory or timit_inventory()
    marked = {known.as_pair(*pair) for pair in (known.pairs() if similar is None else similar)}
    main = main_peaks(found)
    main = main.assign(group=[known.group_of(str(phone)) for phone in main["phone"]])
    rows = [
        {
            "phone_a": str(one.phone),
            "phone_b": str(other.phone),
            "group": one.group,
            "similar": known.as_pair(str(one.phone), str(other.phone)) in marked,
            "distance": abs(one.peak - other.peak),
            "distance_raw": abs(one.peak_raw - other.peak_raw),
        }
        for one, other in combinations(main.itertuples(), 2)
        if one.group is not None and one.group == other.group
    ]
    columns = ["phone_a", "phone_b", "group", "similar", "distance", "distance_raw"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"similar": "bool", "distance": "Int32", "distance_raw": "Int32"})


def adjacency_test(
    table: Reducible,
    *,
    similar: Iterable[tuple[str, str]] | None = None,
    phone_set: Folding = 61,
    min_tokens: int = MIN_TOKENS,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Test whether similar phones peak nearer to each other than other phones of their group.

    Parameters
    ----------
    table
        A table or its reductions.
    similar
        Pairs of similar phones; by default the package's table
        (`sfvq_analysis.phones.similar_pairs`). They are folded as the phones are.
    phone_set
        Fold phones to 61, 48 or 39.
    min_tokens
        Phones with fewer tokens that own a frame are left out, as in `sfvq_analysis.stats.peaks`.
    inference
        How intervals and nulls are made.

    Returns
    -------
    pd.DataFrame
        Rows of `sfvq_analysis.stats.inference.as_frame`: ``adjacency`` of the module's docstring
        and ``adjacency_<group>`` for each group that has both kinds of pairs (`p` one-sided:
        greater); ``median_distance_similar`` and ``median_distance_other``, in indices, over the
        pairs of all groups (`p` one-sided: less, so that the second tells whether phones of a
        group are close at all).

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = adjacency_test(table, min_tokens=3).set_index("measure")
    >>> bool(found.loc["adjacency", "effect"] > found.loc["adjacency", "null_mean"])
    True
    """
    check_count("min_tokens", min_tokens, at_least=0)
    inference = inference or Inference()
    counts = unit_counts(table, "phone", phone_set=phone_set)
    pairs = AdjacencyPairs.of(counts, similar, phone_set, min_tokens)
    total = counts.total()
    blocks = permuted_counts(total, inference)
    observed = adjacency_of(total[None].astype(np.float64), pairs)[0]
    null = np.concatenate([observed[None][:0], *(adjacency_of(block, pairs) for block in blocks)])
    low, high = counts.interval(lambda block: adjacency_of(block, pairs), inference)
    hindrance = why_no_order(counts)
    missing = joined(no_interval(counts.unit, counts.n_units, inference), no_null(inference))
    rows = []
    for at, (name, tail) in enumerate(_names(pairs)):
        if hindrance or np.isnan(observed[at]):
            why = hindrance or _why_no_pairs(pairs, name)
            rows.append(Measure(name, unit=counts.unit, n_units=counts.n_units, reason=why))
            continue
        rows.append(
            Measure(
                name,
                float(observed[at]),
                float(low[at]),
                float(high[at]),
                *null_summary(null[:, at]),
                p_value(float(observed[at]), null[:, at], tail),
                counts.unit,
                counts.n_units,
                missing,
            )
        )
    return as_frame(rows)


def _names(pairs: AdjacencyPairs) -> list[tuple[str, Tail]]:
    """Return the measures in the order of `adjacency_of`, and the tail that tests each."""
    by_group: list[tuple[str, Tail]] = [
        (f"adjacency_{group}", "greater") for group in pairs.both_kinds()
    ]
    return [
        ("adjacency", "greater"),
        *by_group,
        ("median_distance_similar", "less"),
        ("median_distance_other", "less"),
    ]


def _why_no_pairs(pairs: AdjacencyPairs, name: str) -> str:
    if name == "median_distance_other" or pairs.similar.any():
        return "no group has other pairs with main peaks"
    return "no similar phones of a group have main peaks"


def _folded_pairs(
    pairs: Iterable[tuple[str, str]], phone_set: Folding, inventory: PhoneInventory
) -> set[tuple[str, ...]]:
    """Return pairs of folded phones; two that become one are a pair that doesn't occur."""
    folded = (
        [inventory.folded(phone, phone_set) or inventory.name(phone) for phone in pair]
        for pair in pairs
    )
    return {tuple(sorted(pair)) for pair in folded}


def adjacency_of(counts: NDArray[np.float64], pairs: AdjacencyPairs) -> NDArray[np.float64]:
    """Return the measures of `_names` for counts of shape (m, n_values, K), shape (m, n)."""
    distance = in_parts(lambda part: _distances(part, pairs), counts)  # (m, n_pairs)
    wins_and_comparisons = [
        _comparisons(
            distance[:, (pairs.group == group) & pairs.similar],
            distance[:, (pairs.group == group) & ~pairs.similar],
        )
        for group in pairs.both_kinds()
    ]
    blank = np.zeros((0, 2, len(counts)))
    compared = np.array(wins_and_comparisons) if wins_and_comparisons else blank  # (groups, 2, m)
    pooled = _share(*compared.sum(axis=0))
    medians = [_median(distance[:, chosen]) for chosen in (pairs.similar, ~pairs.similar)]
    by_group = [_share(*group) for group in compared]
    return np.column_stack([pooled, *by_group, *medians])


def _distances(counts: NDArray[np.float64], pairs: AdjacencyPairs) -> NDArray[np.float64]:
    """Return the distances of the pairs' main peaks, shape (m, n_pairs), NaN without a peak."""
    smoothed = smooth(counts)
    found = np.zeros((len(counts), len(pairs.first)))
    for towards in (smoothed, smoothed[..., ::-1]):
        place = main_peak_places(towards).astype(np.float64)
        place[place < 0] = np.nan
        found += np.abs(place[:, pairs.first] - place[:, pairs.second]) / 2
    return found


def _comparisons(
    near: NDArray[np.float64], far: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return in how many comparisons `near` is the less (a tie counts half), and how many."""
    one, other = near[:, :, None], far[:, None, :]
    wins = (one < other).sum(axis=(1, 2)) + (one == other).sum(axis=(1, 2)) / 2
    known = np.isfinite(near).sum(axis=1) * np.isfinite(far).sum(axis=1)
    return wins, known.astype(np.float64)


def _share(wins: NDArray[np.float64], comparisons: NDArray[np.float64]) -> NDArray[np.float64]:
    some = comparisons > 0
    return np.where(some, wins / np.where(some, comparisons, 1.0), np.nan)


def _median(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each row's known distances, NaN where there are none."""
    found = np.full(len(distance), np.nan)
    some = np.isfinite(distance).any(axis=1)
    found[some] = np.nanmedian(distance[some], axis=1)
    return found
