"""Whether the same sentence gives the same picture, whoever says it.

The distance of two utterances is that of `stats.speakers.warping`, frames outside all phones
included.

Pairs are of different speakers: ``within`` a sentence, or ``between`` two. The between pairs are
made of the utterances of the within pairs, each as often, so that both kinds are of the same
speech; where only one sentence is repeated, they are of it and any other. If there are more than
`max_pairs`, they are a random sample, half of them within.

``effect`` is the probability that a within pair is nearer than a between pair (the area under the
ROC curve; 0.5 is no consistency), ties counted half. Intervals resample speakers; a pair weighs the
product of how often its speakers are drawn. The null permutes the sentences among the utterances of
each speaker (among all utterances where no speaker says two), and keeps the pairs.

That an utterance is like another of its sentence doesn't need an ordered axis: equal codes are
enough. Whether order helps is asked by a second null, which permutes the used codes among their
places and warps again; that is slow, so it is drawn 99 times at most, from at most 200 pairs of
either kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_count
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.inference import (
    Inference,
    interval,
    null_summary,
    p_value,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.speakers.sentence_nulls import (
    Compared,
    Distances,
    nearer_within,
    order_null,
    plain_effect,
    sentence_null,
)
from sfvq_analysis.stats.speakers.sentence_pairs import Pairs, comparisons, sentence_pairs
from sfvq_analysis.stats.speakers.warping import index_series, pair_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions

    Floats = NDArray[np.float64]

COLUMNS = (
    "comparison", "within_median", "between_median", "effect", "low", "high", "null_mean",
    "null_sd", "p", "order_effect", "order_null_mean", "order_null_sd", "order_p",
    "n_pairs_within", "n_pairs_between", "n_order_pairs", "n_order_permutations", "unit",
    "n_units", "reason",
)  # fmt: skip
_CELLS_AT_ONCE = 1 << 22


def sentence_consistency(
    table: Reducible,
    *,
    max_pairs: int = 20_000,
    baseline: Reducible | None = None,
    with_order: bool = True,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how much nearer utterances of one sentence are than those of two.

    Parameters
    ----------
    table
        A table or its reductions. Labels are needed for the speech rate only.
    max_pairs
        Pairs that are warped, of both kinds together.
    baseline
        Another table of the same utterances, such as that of a plain codebook.
    with_order
        Whether to draw the second null, which is slow; without it ``order_effect`` and what follows
        are NaN.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        A row a comparison: ``comparison``: ``all`` pairs; those of ``same sex``, ``different sex``,
        ``same dialect``, ``different dialect`` (both known); of ``similar rate`` and ``different
        rate``, the third of all pairs whose rates (phones a second, pauses left out) differ least,
        and the third that differ most, by ratio. ``within_median`` and ``between_median`` distance,
        in indices; ``effect`` with its interval ``low``, ``high``; ``null_mean``, ``null_sd``,
        ``p`` (large is extreme); for ``all``, ``order_effect``, the effect of the pairs whose codes
        were permuted, with ``order_null_mean``, ``order_null_sd``, ``order_p`` (large is extreme);
        ``n_pairs_within``, ``n_pairs_between``, ``n_order_pairs`` (of either kind),
        ``n_order_permutations``; ``unit``, ``n_units`` that were resampled; ``reason`` why
        something is NaN.

        With a `baseline`, a first column ``of`` says whose rows these are: ``table``, ``baseline``,
        and ``difference``, whose ``effect`` is the first less the second, from the same pairs and
        resamplings.

    Raises
    ------
    OptionError
        If `max_pairs` is less than 2, or the baseline's utterances are others.
    """
    check_count("max_pairs", max_pairs, at_least=2)
    inference = inference or Inference()
    reductions = as_reductions(table)
    pairs = sentence_pairs(reductions, max_pairs, inference)
    if baseline is None:
        return _frame(_rows(_compared(reductions, pairs), inference, with_order=with_order))
    other = as_reductions(baseline)
    if list(other.utterances["utterance"]) != list(reductions.utterances["utterance"]):
        raise OptionError(
            "baseline holds other utterances than the table",
            remedy="index the same corpus with both",
        )
    mine, theirs = _compared(reductions, pairs), _compared(other, pairs)
    parts = {
        "table": _frame(_rows(mine, inference, with_order=with_order)),
        "baseline": _frame(_rows(theirs, inference, with_order=with_order)),
        "difference": _frame(_rows_less(mine, theirs, inference)),
    }
    frames = [frame.assign(of=name) for name, frame in parts.items()]
    return pd.concat(frames, ignore_index=True)[["of", *COLUMNS]].astype({"of": "str"})


def _compared(reductions: Reductions, pairs: Pairs) -> Compared:
    series = index_series(reductions)
    distances = Distances(*(pair_distances(series, some) for some in pairs[:2]))
    return Compared(reductions, pairs, distances, comparisons(reductions, pairs))


def _rows(compared: Compared, inference: Inference, *, with_order: bool) -> list[dict[str, object]]:
    drawn, null = _resampled(compared, inference), sentence_null(compared, inference)
    rows = []
    for name in compared.masks:
        some = compared.of(name)
        effect = plain_effect(some)
        low, high = interval(drawn[name], compared.pairs.n_speakers, inference)
        mean, sd = null_summary(null[name])
        medians = [float(np.median(one)) if len(one) else float("nan") for one in some]
        rows.append(
            {
                **_known(compared, name, inference),
                "within_median": medians[0],
                "between_median": medians[1],
                "effect": effect,
                "low": float(low),
                "high": float(high),
                "null_mean": mean,
                "null_sd": sd,
                "p": p_value(effect, null[name], "greater"),
            }
        )
    if with_order:
        rows[0] |= order_null(compared, inference)
    return rows


def _rows_less(mine: Compared, theirs: Compared, inference: Inference) -> list[dict[str, object]]:
    """Return the rows of the difference of two tables' effects."""
    drawn, other = _resampled(mine, inference), _resampled(theirs, inference)
    rows = []
    for name in mine.masks:
        low, high = interval(drawn[name] - other[name], mine.pairs.n_speakers, inference)
        known = _known(mine, name, inference)
        known["reason"] = joined(str(known["reason"]), "a difference has no null")
        effect = plain_effect(mine.of(name)) - plain_effect(theirs.of(name))
        rows.append({**known, "effect": effect, "low": float(low), "high": float(high)})
    return rows


def _known(compared: Compared, name: str, inference: Inference) -> dict[str, object]:
    n_within, n_between = (int(mask.sum()) for mask in compared.masks[name])
    n_speakers = compared.pairs.n_speakers
    missing = compared.pairs.reason or (
        "no pair with known rates" if name.endswith("rate") else f"no pair within of {name}"
        if not n_within else f"no pair between of {name}"
    )  # fmt: skip
    given = joined(no_interval("speaker", n_speakers, inference), no_null(inference))
    return {
        "comparison": name,
        "n_pairs_within": n_within,
        "n_pairs_between": n_between,
        "unit": "speaker",
        "n_units": n_speakers,
        "reason": given if n_within and n_between else missing,
    }


def _resampled(compared: Compared, inference: Inference) -> dict[str, Floats]:
    """Return the effect of every comparison with speakers resampled, (n_bootstraps,) each."""
    pairs = compared.pairs
    weights = resampling_weights(pairs.n_speakers, inference)
    found: dict[str, list[Floats]] = {name: [np.zeros(0)] for name in compared.masks}
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(pairs.within) + len(pairs.between)))
    for start in range(0, len(weights), at_once):
        block = weights[start : start + at_once]
        within, between = (
            block[:, pairs.speaker[some[:, 0]]] * block[:, pairs.speaker[some[:, 1]]]
            for some in pairs[:2]
        )
        for name, (a, b) in compared.masks.items():
            found[name].append(nearer_within(compared.of(name), within[:, a], between[:, b]))
    return {name: np.concatenate(values) for name, values in found.items()}


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    order = {"n_order_pairs": 0, "n_order_permutations": 0}
    frame = frame.fillna(order) if len(frame) else frame
    whole = dict.fromkeys(("n_pairs_within", "n_pairs_between", "n_units", *order), "int64")
    texts = dict.fromkeys(("comparison", "unit", "reason"), "str")
    numbers = {name: "float64" for name in COLUMNS if name not in whole and name not in texts}
    return frame.astype({**whole, **texts, **numbers})
