"""How much nearer pairs within a sentence are, and what that is where nothing is in it.

See `sfvq_analysis.stats.speakers.consistency`, which makes its frame of these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import rankdata

from sfvq_analysis.stats.inference import null_summary, p_value, permuted_codes, places_of
from sfvq_analysis.stats.speakers.warping import index_series, pair_distances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.inference import Inference
    from sfvq_analysis.stats.speakers.sentence_pairs import Pairs

    Floats = NDArray[np.float64]

ORDER_DRAWS, ORDER_PAIRS = 99, 200


class Distances(NamedTuple):
    """Distances of pairs of either kind."""

    within: Floats
    between: Floats


class Compared(NamedTuple):
    """A table's distances, and which of them each comparison is made of."""

    reductions: Reductions
    pairs: Pairs
    distances: Distances
    masks: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]

    def of(self, name: str) -> Distances:
        """Return the distances of a comparison."""
        within, between = self.masks[name]
        return Distances(self.distances.within[within], self.distances.between[between])


def nearer_within(distances: Distances, weights_within: Floats, weights_between: Floats) -> Floats:
    """Return the probability that a within pair is nearer, for every row of weights.

    Parameters
    ----------
    distances
        Of n within and m between pairs.
    weights_within, weights_between
        Shape (draws, n) and (draws, m).

    Returns
    -------
    NDArray[np.float64], shape (draws,)
        NaN where either kind has no weight.
    """
    order = np.argsort(distances.between)
    mass = np.cumsum(weights_between[:, order], axis=1)
    mass = np.concatenate([np.zeros((len(mass), 1)), mass], axis=1)
    ordered = distances.between[order]
    nearer = mass[:, np.searchsorted(ordered, distances.within, side="left")]
    not_farther = mass[:, np.searchsorted(ordered, distances.within, side="right")]
    farther = mass[:, -1:] - (nearer + not_farther) / 2
    whole = weights_within.sum(axis=1) * mass[:, -1]
    return np.asarray((weights_within * farther).sum(axis=1) / np.where(whole > 0, whole, np.nan))


def sentence_null(compared: Compared, inference: Inference) -> dict[str, Floats]:
    """Return the effect of every comparison with sentences permuted, (n_permutations,) each.

    The effect follows from the sum of the within pairs' ranks, as in Mann and Whitney's test.
    """
    pairs = compared.pairs
    ends = np.concatenate(pairs[:2])
    distances = np.concatenate(compared.distances)
    masks = {name: np.concatenate(both) for name, both in compared.masks.items()}
    ranks = {name: rankdata(distances[mask]) for name, mask in masks.items()}
    found = {name: np.full(inference.n_permutations, np.nan) for name in masks}
    for draw, sentence in enumerate(permuted_sentences(pairs, inference)):
        same = sentence[ends[:, 0]] == sentence[ends[:, 1]]
        for name, mask in masks.items():
            chosen = same[mask]
            n = int(chosen.sum())
            product = n * (len(chosen) - n)
            if product:
                farther = ranks[name][chosen].sum() - n * (n + 1) / 2
                found[name][draw] = 1 - farther / product
    return found


def permuted_sentences(pairs: Pairs, inference: Inference) -> Iterator[NDArray[np.int64]]:
    """Yield every utterance's sentence, permuted among the utterances of a speaker in a pair."""
    rng = inference.generator("sentences")
    taking_part = np.unique(np.concatenate(pairs[:2]))
    sentence, who = pairs.sentence[taking_part], pairs.speaker[taking_part]
    says = np.unique(np.stack([who, sentence]), axis=1)
    if says.shape[1] == len(np.unique(who)):  # nobody says two: permute among all
        who = np.zeros_like(who)
    home = np.argsort(who, kind="stable")
    for _ in range(inference.n_permutations):
        drawn = pairs.sentence.copy()
        drawn[taking_part[home]] = sentence[np.lexsort((rng.random(len(who)), who))]
        yield drawn


def order_null(compared: Compared, inference: Inference) -> dict[str, object]:
    """Return the columns of the null of the order of codes."""
    rng = inference.generator("pairs of the order null")
    pairs, reductions = compared.pairs, compared.reductions
    n_pairs = min(ORDER_PAIRS, len(pairs.within), len(pairs.between))
    if not n_pairs:
        return {}
    chosen = [np.sort(rng.permutation(len(some))[:n_pairs]) for some in pairs[:2]]
    some = [pairs.within[chosen[0]], pairs.between[chosen[1]]]
    series = index_series(reductions)
    rows = np.unique(np.concatenate(some))
    used = np.zeros(reductions.codebook_size, dtype=bool)
    used[reductions.runs["index"].to_numpy()] = True
    n_draws = min(ORDER_DRAWS, inference.n_permutations)
    draws = permuted_codes(used, replace(inference, n_permutations=n_draws))
    null = []
    for places in places_of(draws).astype(np.float64):
        moved = {int(row): places[series[row].astype(np.int64)] for row in rows}
        null.append(plain_effect(Distances(*(pair_distances(moved, one) for one in some))))
    taken = zip(compared.distances, chosen, strict=True)
    effect = plain_effect(Distances(*(distances[at] for distances, at in taken)))
    mean, sd = null_summary(null)
    return {
        "order_effect": effect,
        "order_null_mean": mean,
        "order_null_sd": sd,
        "order_p": p_value(effect, null, "greater"),
        "n_order_pairs": n_pairs,
        "n_order_permutations": n_draws,
    }


def plain_effect(distances: Distances) -> float:
    """Return the effect with all pairs weighing the same."""
    n, m = (len(one) for one in distances)
    return float(nearer_within(distances, np.ones((1, n)), np.ones((1, m)))[0])
