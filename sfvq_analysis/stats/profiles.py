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
"""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sfvq_analysis.phones import CONSONANT_GROUPS, VOWEL_GROUPS, phone_group, similar_pairs
from sfvq_analysis.stats.arithmetic.contingency import entropy_of, normalised_information, ratio
from sfvq_analysis.stats.arithmetic.densities import densities, js_distance
from sfvq_analysis.stats.arithmetic.parting import best_cut, ceiling, side_density
from sfvq_analysis.stats.arithmetic.shortest import shortest_width
from sfvq_analysis.stats.counting.reductions import reduce, unit_counts
from sfvq_analysis.stats.inference import Inference, resampling_weights
from sfvq_analysis.stats.inference.order_null import in_parts
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.order.adjacency import AdjacencyPairs, adjacency_of
from sfvq_analysis.stats.order.autocorrelation import posterior_autocorrelation
from sfvq_analysis.stats.order.axis import N_ARCS
from sfvq_analysis.stats.order.phonology import FeaturePairs, axis_distances
from sfvq_analysis.stats.peaks import MIN_TOKENS
from sfvq_analysis.stats.time.steps import step_draws

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions, UnitCounts
    from sfvq_analysis.tables import IndexTable

    Floats = NDArray[np.float64]

Family = Literal["units", "order"]
_LABEL_DRAWS = 100
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
_WITH_LABEL_NULL = ("pnmi", "phone_purity", "arcs")


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

    groups: NDArray[np.str_]
    similar: list[tuple[int, int]]
    every: list[tuple[int, int]]
    adjacency: AdjacencyPairs
    features: FeaturePairs
    featured: NDArray[np.int64]


def profile(table: IndexTable, inference: Inference, phone_set: Folding = 61) -> Profile:
    """Return the scalars of a table; see the module's docstring."""
    reductions = reduce(table)
    counts = unit_counts(reductions, "phone", phone_set=phone_set)
    phones = _phones(counts, phone_set)
    label_null = _label_null(reductions, inference, phone_set)
    weights = resampling_weights(counts.n_units, inference)
    observed = _of_counts(counts.total()[None].astype(np.float64), phones)
    blocks = counts.weighted(weights)
    draws = [
        {name: np.concatenate([observed[name][:0]]) for name in observed},
        *(_of_counts(block, phones) for block in blocks),
    ]
    found = {name: np.concatenate([one[name] for one in draws]) for name in observed}
    for name in _WITH_LABEL_NULL:
        observed[name], found[name] = (part[name] - label_null[name] for part in (observed, found))
    step = step_draws(reductions, weights)
    units = np.vstack([np.ones(counts.n_units), weights])
    error, n_frames = (units @ part for part in _distortion(table, reductions))
    distortion = ratio(error, n_frames)
    observed |= {"relative_step": step[:1], "distortion": distortion[:1]}
    found |= {"relative_step": step[1:], "distortion": distortion[1:]}
    return Profile(
        np.array([observed[one.name][0] for one in SCALARS]),
        np.column_stack([found[one.name] for one in SCALARS]),
        reductions.temporal,
    )


def _phones(counts: UnitCounts, phone_set: Folding) -> _Phones:
    at = {name: place for place, name in enumerate(counts.values)}
    pairs = similar_pairs("sixteen")
    featured = FeaturePairs.rows_with_features(counts, MIN_TOKENS)
    return _Phones(
        groups=np.array([phone_group(name, unknown="na") or "" for name in counts.values]),
        similar=[(at[a], at[b]) for a, b in pairs if {a, b} <= set(at)],
        every=list(combinations(range(len(at)), 2)),
        adjacency=AdjacencyPairs.of(counts, None, phone_set, MIN_TOKENS),
        features=FeaturePairs.of([counts.values[row] for row in featured]),
        featured=featured,
    )


def _of_counts(counts: Floats, phones: _Phones) -> dict[str, Floats]:
    """Return the scalars of counts of phones, shape (m, n_phones, K), each of shape (m,)."""
    names = list(_part_of_counts(counts[:1], phones))
    table = in_parts(
        lambda part: np.column_stack(list(_part_of_counts(part, phones).values())), counts
    )
    return dict(zip(names, table.T, strict=True))


def _part_of_counts(counts: Floats, phones: _Phones) -> dict[str, Floats]:
    present = list(dict.fromkeys(name for name in phones.groups if name))
    groups = np.stack(
        [counts[:, phones.groups == name].sum(axis=1) for name in present]
        or [np.zeros((len(counts), counts.shape[2]))],
        axis=1,
    )
    density = densities(groups)
    return {
        **_information(counts),
        "group_js": _mean_js(density),
        "perplexity": np.exp(entropy_of(counts.sum(axis=1))),
        "split": _split(density, present),
        "similar_pairs": _similar_pairs(counts, phones),
        "adjacency": adjacency_of(counts, phones.adjacency)[:, 0],
        "morans_i": _mean(posterior_autocorrelation(groups)),
        "range_width": _mean(shortest_width(groups, _MASS)) / counts.shape[2],
        "feature_correlation": phones.features.correlations(
            np.array([axis_distances(one[phones.featured]) for one in counts])
        )[:, 0],
    }


def _information(counts: Floats) -> dict[str, Floats]:
    """Return the measures that have a label null."""
    total = counts.sum(axis=(1, 2))
    size = counts.shape[2]
    fits = size % N_ARCS == 0
    arcs = counts.reshape(*counts.shape[:2], N_ARCS if fits else size, -1).sum(axis=3)
    return {
        "pnmi": normalised_information(counts),
        "phone_purity": ratio(counts.max(axis=1, initial=0).sum(axis=1), total),
        "arcs": normalised_information(arcs) if fits else np.full(len(counts), np.nan),
    }


def _label_null(
    reductions: Reductions, inference: Inference, phone_set: Folding
) -> dict[str, float]:
    """Return the mean of the label null of each measure that has one; NaN without a draw."""
    draws = relabelled_counts(reductions, inference, "phone", phone_set)
    found = [_information(draw[None].astype(np.float64)) for draw in islice(draws, _LABEL_DRAWS)]
    return {
        name: float(np.mean([one[name] for one in found])) if found else float("nan")
        for name in _WITH_LABEL_NULL
    }


def _mean_js(density: Floats) -> Floats:
    pairs = list(combinations(range(density.shape[1]), 2))
    found = [js_distance(density[:, a], density[:, b]) for a, b in pairs]
    return _mean(np.array(found).reshape(len(pairs), len(density)).T)


def _split(density: Floats, present: list[str]) -> Floats:
    first, second = (
        side_density(density, np.isin(present, side))
        if present
        else np.full(density[:, 0].shape, np.nan)
        for side in (CONSONANT_GROUPS, VOWEL_GROUPS)
    )
    return ratio(best_cut(first, second).accuracy - 0.5, ceiling(first, second) - 0.5)


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


def _distortion(table: IndexTable, reductions: Reductions) -> tuple[Floats, Floats]:
    """Return the sum of squared distances, and the number of frames, of each unit."""
    unit = reductions.utterances["unit"].to_numpy()
    of_frame = unit[table.frames["utterance"].cat.codes.to_numpy()]
    error = table.frames["codeword_distortion"].to_numpy(dtype=np.float64)
    n = len(reductions.units)
    total = np.bincount(of_frame, weights=error, minlength=n).astype(np.float64)
    return total, np.bincount(of_frame, minlength=n).astype(np.float64)


def _mean(values: Floats) -> Floats:
    """Return the mean of each row's finite values, NaN where there is none."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=1)
    return ratio(total, known.sum(axis=1).astype(np.float64))
