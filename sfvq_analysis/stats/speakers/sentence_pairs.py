"""Pairs of utterances of the same sentence, and of two, by different speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.inference import Inference

COMPARISONS = (
    "all",
    "same sex",
    "different sex",
    "same dialect",
    "different dialect",
    "similar rate",
    "different rate",
)
_TRIES = 8


class Pairs(NamedTuple):
    """Pairs of rows of `Reductions.utterances`.

    Attributes
    ----------
    within, between
        Shape (n, 2) and (m, 2).
    speaker, sentence
        Codes of every utterance's speaker (0 … n_speakers - 1 for those in a pair, in alphabetical
        order; else -1) and sentence.
    n_speakers
        Speakers in a pair.
    reason
        Why there is no pair of one kind, or empty.
    """

    within: NDArray[np.int64]
    between: NDArray[np.int64]
    speaker: NDArray[np.int64]
    sentence: NDArray[np.int64]
    n_speakers: int
    reason: str


def sentence_pairs(reductions: Reductions, max_pairs: int, inference: Inference) -> Pairs:
    """Return pairs within and between sentences; see `sfvq_analysis.stats.speakers.consistency`.

    Utterances without a frame or without a known sentence are in none.
    """
    utterances = reductions.utterances
    speaker = utterances["speaker"].astype("category").cat.codes.to_numpy().astype(np.int64)
    sentence = utterances["sentence"].astype("category").cat.codes.to_numpy().astype(np.int64)
    usable = ((utterances["sentence"] != "") & (utterances["n_frames"] > 0)).to_numpy()
    rng = inference.generator("pairs of utterances")
    within = _within(np.flatnonzero(usable), speaker, sentence)
    most = max(1, max_pairs // 2)
    within = within[np.sort(rng.permutation(len(within))[:most])]
    wanted = max_pairs - len(within)
    between = _between(within, np.flatnonzero(usable), speaker, sentence, wanted, rng)
    who = np.unique(speaker[np.concatenate([within, between])])
    number = np.full(len(utterances), -1, dtype=np.int64)
    number[np.isin(speaker, who)] = np.searchsorted(who, speaker[np.isin(speaker, who)])
    reason = "" if len(between) else "no other sentence to compare with"
    reason = reason if len(within) else "no sentence is said by two speakers"
    return Pairs(within, between, number, sentence, len(who), reason)


def comparisons(
    reductions: Reductions, pairs: Pairs
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return which pairs belong to each of `COMPARISONS`, within and between."""
    utterances = reductions.utterances
    n_within = len(pairs.within)
    ends = np.concatenate([pairs.within, pairs.between])
    masks = [np.ones(len(ends), dtype=bool)]
    for name in ("sex", "dialect"):
        values = utterances[name].astype(object).to_numpy()[ends]
        known = (values != "").all(axis=1)
        same = values[:, 0] == values[:, 1]
        masks += [known & same, known & ~same]
    apart = np.abs(np.diff(np.log(speech_rates(reductions))[ends], axis=1))[:, 0]
    known = np.isfinite(apart)
    low, high = np.quantile(apart[known], [1 / 3, 2 / 3]) if known.any() else (0.0, 0.0)
    masks += [known & (apart <= low), known & (apart >= high)]
    return {
        name: (mask[:n_within], mask[n_within:])
        for name, mask in zip(COMPARISONS, masks, strict=True)
    }


def speech_rates(reductions: Reductions) -> NDArray[np.float64]:
    """Return phones a second of every utterance, pauses left out; NaN without one.

    Pauses are silence, and ``pau`` and ``epi`` of TIMIT.

    Closures and releases are phones of their own, as they are labelled.
    """
    tokens = reductions.tokens
    inventory = reductions.inventory
    pauses = [name for name in tokens["phone"].cat.categories if inventory.is_pause(name)]
    spoken = tokens[~tokens["phone"].isin(pauses)]
    n = len(reductions.utterances)
    row = spoken["utterance"].to_numpy()
    seconds = (spoken["stop_seconds"] - spoken["start_seconds"]).to_numpy()
    count = np.bincount(row, minlength=n).astype(np.float64)
    total = np.bincount(row, weights=seconds, minlength=n)
    return np.asarray(count / np.where(total > 0, total, np.nan))


def _within(
    usable: NDArray[np.int64], speaker: NDArray[np.int64], sentence: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return all pairs of utterances of one sentence by two speakers, in order."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for _, rows in pd.Series(usable).groupby(sentence[usable]):
        mine = rows.to_numpy()
        one, other = np.triu_indices(len(mine), 1)
        found.append(np.stack([mine[one], mine[other]], axis=1))
    pairs = np.concatenate(found)
    return np.asarray(pairs[speaker[pairs[:, 0]] != speaker[pairs[:, 1]]])


def _between(
    within: NDArray[np.int64],
    usable: NDArray[np.int64],
    speaker: NDArray[np.int64],
    sentence: NDArray[np.int64],
    wanted: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return different pairs of utterances of two sentences by two speakers, at most so many."""
    ends = within.ravel()  # so that an utterance is drawn as often as it is in pairs
    others = usable if len(np.unique(sentence[ends])) == 1 else ends
    n_all = len(ends) * len(others)
    drawn = rng.choice(n_all, size=min(n_all, _TRIES * wanted), replace=False)
    one, other = np.divmod(drawn, max(1, len(others)))
    pairs = np.sort(np.stack([ends[one], others[other]], axis=1), axis=1)
    differ = (speaker[pairs[:, 0]] != speaker[pairs[:, 1]]) & (
        sentence[pairs[:, 0]] != sentence[pairs[:, 1]]
    )
    pairs = pairs[differ]
    _, at = np.unique(pairs, axis=0, return_index=True)
    return np.asarray(pairs[np.sort(at)[:wanted]])
