"""The numbers by which tables are compared: each of one table, observed and resampled.

Two families are kept apart. ``units`` don't change when codes are relabelled: they tell how much a
codebook knows, and can never support a claim about order. ``order`` changes, and does.

=================== ====== ====== ==================================================================
measure             family better
=================== ====== ====== ==================================================================
pnmi                units  high   I(phone; index) / H(phone), less its label null's mean
phone_purity        units  high   share of frames of the commonest phone of their index, likewise
group_js            units  high   mean Jensen-Shannon distance of two groups' densities
perplexity          units  high   2 to the entropy of the index, labelled frames
distortion          units  low    mean squared distance to the nearest codeword, all frames
arcs                order  high   PNMI of 16 equal arcs of the axis, less its label null's mean
split               order  high   consonants | vowels by one threshold, as a share of the gain over
                                  chance that the best order of the same codes would have
relative_step       order  low    index change over its expectation without order
similar_pairs       order  low    earth mover's distance of similar phones over that of all phones
adjacency           order  high   similar phones' peaks nearer than other phones' of their group
morans_i            order  high   autocorrelation of the groups' posteriors along the axis, mean
range_width         order  low    shortest range that holds .8 of a group, share of the axis, mean
feature_correlation order  high   phonological features against distance on the axis (Spearman)
=================== ====== ====== ==================================================================

Each is that of the statistic it is named after (information, distances, splits, steps, adjacency,
autocorrelation, ranges, phonology), label nulls of at most 100 draws. ``phone_set`` folds the
phones of all measures but those of groups, for a group is always that of the phone as labelled.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sfvq_analysis.phones import CONSONANT_GROUPS, PHONE_GROUPS, VOWEL_GROUPS
from sfvq_analysis.stats.arithmetic.contingency import entropy_of, mutual_information, ratio
from sfvq_analysis.stats.arithmetic.densities import densities, js_distance
from sfvq_analysis.stats.arithmetic.parting import DIGITS, best_cut, ceiling, side_density
from sfvq_analysis.stats.arithmetic.shortest import shortest_width
from sfvq_analysis.stats.counting.reductions import as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference, resampling_weights
from sfvq_analysis.stats.inference.order_null import in_parts, why_no_order
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.inference.swapping import FEWEST, swapping_share
from sfvq_analysis.stats.order.adjacency import AdjacencyPairs, adjacency_of
from sfvq_analysis.stats.order.autocorrelation import posterior_autocorrelation
from sfvq_analysis.stats.order.axis import N_ARCS
from sfvq_analysis.stats.order.phonology import FeaturePairs, axis_distances
from sfvq_analysis.stats.peaks import MIN_TOKENS
from sfvq_analysis.stats.time.steps import step_draws

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reducible, Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts

    Floats = NDArray[np.float64]

Family = Literal["units", "order"]
LABEL_DRAWS = 100
_MASS = 0.8


class Scalar(NamedTuple):
    """A measure: its name, its family, and which direction is better."""

    name: str
    family: Family
    better: Literal["high", "low"]


SCALARS = (
    Scalar("pnmi", "units", "high"),
    Scalar("phone_purity", "units", "high"),
    Scalar("group_js", "units", "high"),
    Scalar("perplexity", "units", "high"),
    Scalar("distortion", "units", "low"),
    Scalar("arcs", "order", "high"),
    Scalar("split", "order", "high"),
    Scalar("relative_step", "order", "low"),
    Scalar("similar_pairs", "order", "low"),
    Scalar("adjacency", "order", "high"),
    Scalar("morans_i", "order", "high"),
    Scalar("range_width", "order", "low"),
    Scalar("feature_correlation", "order", "high"),
)
WITH_LABEL_NULL = ("pnmi", "phone_purity", "arcs")
_OF_PHONES = (
    *WITH_LABEL_NULL,
    "perplexity",
    "similar_pairs",
    "adjacency",
    "feature_correlation",
)
_OF_GROUPS = ("group_js", "split", "morans_i", "range_width")


class Profile(NamedTuple):
    """The scalars of one table.

    Attributes
    ----------
    observed
        Shape (n_scalars,), NaN where a measure isn't defined.
    draws
        With units resampled, shape (n_bootstraps, n_scalars).
    temporal
        Whether the fit used time, so that its step is no finding.
    """

    observed: Floats
    draws: Floats
    temporal: bool


class _Phones(NamedTuple):
    """What the measures need to know of the phones that are counted."""

    similar: list[tuple[int, int]]
    every: list[tuple[int, int]]
    adjacency: AdjacencyPairs
    features: FeaturePairs
    featured: NDArray[np.int64]
    has_order: bool

    @classmethod
    def of(cls, counts: UnitCounts, phone_set: Folding) -> _Phones:
        at = {name: place for place, name in enumerate(counts.values)}
        featured = FeaturePairs.rows_with_features(counts, MIN_TOKENS)
        return cls(
            [(at[a], at[b]) for a, b in counts.inventory.pairs("sixteen") if {a, b} <= set(at)],
            list(combinations(range(len(at)), 2)),
            AdjacencyPairs.of(counts, None, phone_set, MIN_TOKENS),
            FeaturePairs.of([counts.values[row] for row in featured], counts.inventory),
            featured,
            not why_no_order(counts),
        )


def profile(table: Reducible, inference: Inference, phone_set: Folding = 61) -> Profile:
    """Return the scalars of a table; see the module's docstring."""
    reductions = as_reductions(table)
    n_units = len(reductions.units)
    weights = np.vstack([np.ones((1, n_units)), resampling_weights(n_units, inference)])
    counts = unit_counts(reductions, "phone", phone_set=phone_set)
    groups = unit_counts(reductions, "phone_group")
    of_phones = partial(_of_phones, phones=_Phones.of(counts, phone_set))
    has_order = not why_no_order(groups, at_least=3)
    of_groups = partial(_of_groups, names=groups.values, has_order=has_order)
    error, n_frames = (weights @ part for part in _distortion(reductions))
    found = {
        **_weighted(counts, weights, of_phones, _OF_PHONES),
        **_weighted(groups, weights, of_groups, _OF_GROUPS),
        "relative_step": step_draws(reductions, weights[1:]),
        "distortion": ratio(error, n_frames),
    }
    null = _label_null(reductions, counts, inference, phone_set)
    found |= {name: found[name] - null[name] for name in WITH_LABEL_NULL}
    scalars = np.column_stack([found[one.name] for one in SCALARS])
    return Profile(scalars[0], scalars[1:], reductions.temporal)


def _weighted(
    counts: UnitCounts,
    weights: Floats,
    statistic: Callable[[Floats], Floats],
    names: Sequence[str],
) -> dict[str, Floats]:
    """Return measures of counts with units weighted, (n,) each; NaN where nothing is counted."""
    if not counts.values:
        return {name: np.full(len(weights), np.nan) for name in names}
    blocks = [in_parts(statistic, block) for block in counts.weighted(weights)]
    return dict(zip(names, np.concatenate(blocks).T, strict=True))


def _of_phones(counts: Floats, phones: _Phones) -> Floats:
    """Return the measures `_OF_PHONES` of counts of shape (m, n_phones, K)."""
    featured = np.array([axis_distances(one[phones.featured]) for one in counts])
    adjacency = adjacency_of(counts, phones.adjacency)[:, 0]
    return np.column_stack(
        [
            *_with_label_null(counts, entropy_of(counts.sum(axis=2))),
            np.exp(entropy_of(counts.sum(axis=1))),
            _similar_pairs(counts, phones),
            adjacency if phones.has_order else np.full(len(counts), np.nan),
            phones.features.correlations(featured)[:, 0],
        ]
    )


def _of_groups(counts: Floats, names: Sequence[str], *, has_order: bool) -> Floats:
    """Return the measures `_OF_GROUPS` of counts of shape (m, n_groups, K)."""
    density = densities(counts)
    moran = _mean(posterior_autocorrelation(counts))
    return np.column_stack(
        [
            _mean_js(density),
            _split(density, names),
            moran if has_order else np.full(len(counts), np.nan),
            _mean(shortest_width(counts, _MASS)) / counts.shape[2],
        ]
    )


def _with_label_null(counts: Floats, of_phone: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the measures `WITH_LABEL_NULL`, given H(phone); NaN where one phone is all there is.

    Parameters
    ----------
    counts
        Shape (m, n_phones, K).
    of_phone
        Nats, shape (m,) or (1,).
    """
    m, n_phones, size = counts.shape
    several = (counts.sum(axis=2) > 0).sum(axis=1) > 1
    named = ratio(counts.max(axis=1).sum(axis=1), counts.sum(axis=(1, 2)))
    arcs = np.full(m, np.nan)
    if size % N_ARCS == 0:
        wide = counts.reshape(m, n_phones, N_ARCS, size // N_ARCS).sum(axis=3)
        arcs = ratio(mutual_information(wide), of_phone, at_most=1.0)
    pnmi = ratio(mutual_information(counts), of_phone, at_most=1.0)
    return pnmi, np.where(several, named, np.nan), arcs


def _label_null(
    reductions: Reductions, counts: UnitCounts, inference: Inference, phone_set: Folding
) -> dict[str, float]:
    """Return the mean of the label null of each measure that has one.

    NaN without a draw, and where few frames can swap labels.

    As in `sfvq_analysis.stats.units.information`: a draw changes how many frames a phone has, which
    is no information, so that the rows are scaled to the frames it has, and H(phone) is the data's.
    """
    frames = counts.total().sum(axis=1)
    found = [np.full((0, len(WITH_LABEL_NULL)), np.nan)]
    none = inference.n_permutations == 0 or not len(frames)  # then no token need be known
    few = none or swapping_share(reductions, np.arange(len(frames)), ("phone", phone_set)) < FEWEST
    draws = iter(()) if few else relabelled_counts(reductions, inference, "phone", phone_set)
    for draw in islice(draws, LABEL_DRAWS):
        scaled = draw * (frames / np.maximum(draw.sum(axis=1), 1))[:, None]
        pnmi, _, arcs = _with_label_null(draw[None].astype(np.float64), entropy_of(frames)[None])
        purity = _with_label_null(scaled[None], entropy_of(frames)[None])[1]
        found.append(np.column_stack([pnmi, purity, arcs]))
    null = np.concatenate(found)
    means = null.mean(axis=0) if len(null) else np.full(len(WITH_LABEL_NULL), np.nan)
    return dict(zip(WITH_LABEL_NULL, means.tolist(), strict=True))


def _mean_js(density: Floats) -> Floats:
    pairs = list(combinations(range(density.shape[1]), 2))
    found = [js_distance(density[:, a], density[:, b]) for a, b in pairs]
    return _mean(np.array(found).reshape(len(pairs), len(density)).T)


def _split(density: Floats, names: Sequence[str]) -> Floats:
    if not set(names) <= set(PHONE_GROUPS):  # some are on neither side
        return np.full(len(density), np.nan)
    first, second = (
        side_density(density, np.isin(names, side)) for side in (CONSONANT_GROUPS, VOWEL_GROUPS)
    )
    gain = np.round(ceiling(first, second) - 0.5, DIGITS)  # 0 where both sides are alike
    return ratio(best_cut(first, second).accuracy - 0.5, gain)


def _similar_pairs(counts: Floats, phones: _Phones) -> Floats:
    if not phones.similar:
        return np.full(len(counts), np.nan)
    cumulative = np.cumsum(densities(counts), axis=2)
    near, every = (
        _mean(
            np.stack(
                [np.abs(cumulative[:, a] - cumulative[:, b]).sum(axis=1) for a, b in pairs], axis=1
            )
        )
        for pairs in (phones.similar, phones.every)
    )
    return ratio(near, every)


def _distortion(reductions: Reductions) -> tuple[Floats, Floats]:
    """Return the sum of squared distances, and the number of frames, of each unit."""
    said, n = reductions.utterances, len(reductions.units)
    error, n_frames = (
        np.bincount(said["unit"], weights=said[name], minlength=n).astype(np.float64)
        for name in ("distortion", "n_frames")
    )
    return error, n_frames


def _mean(values: Floats) -> Floats:
    """Return the mean of each row's finite values, NaN where there is none."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return ratio(total, known.sum(axis=1).astype(np.float64))
