"""The label null of pairs: within each utterance, only the segments of two values swap labels.

Permuting all labels tests whether any label means anything, and says little of one pair: two values
that are alike may look told apart because their codes are more various than those of the rest.
Here the others stay what they are, so that a test of a pair holds whatever they are like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.reductions import token_values
from sfvq_analysis.stats.inference.relabelling import first_of_utterances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import By, Reductions
    from sfvq_analysis.stats.inference import Inference

_CHANCES_IN_MEMORY = 1 << 24
_DRAWS = 64  # at a time: the counts of as many stay in the processor's cache


class _Labelled(NamedTuple):
    """Tokens that have a value and own a frame: value and utterance of each, and their runs."""

    value: NDArray[np.int64]
    utterance: NDArray[np.int32]
    runs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


class _Pair(NamedTuple):
    """A pair's tokens as the kernel takes them, and all their frames by index."""

    tokens: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    frames: NDArray[np.int64]


def null_of_pairs(
    reductions: Reductions,
    pairs: list[tuple[int, int]],
    statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    inference: Inference,
    values: tuple[By, Folding] = ("phone_group", 61),
) -> NDArray[np.float64]:
    """Return a statistic of pairs with their labels permuted, shape (n_permutations, n_pairs).

    NaN for a pair that no utterance has both of: there is nothing to permute.

    Parameters
    ----------
    reductions
        Of a table.
    pairs
        Places of values, in the order of `sfvq_analysis.stats.counting.reductions.unit_counts`.
    statistic
        From counts of shape (m, 2, K) to shape (m,).
    inference
        Number of draws and seed.
    values
        `by` and `phone_set` of `unit_counts`.
    """
    labelled = _labelled(reductions, values)
    prepared = [_prepared(labelled, pair, reductions.codebook_size) for pair in pairs]
    null = np.full((inference.n_permutations, len(pairs)), np.nan)
    rng = inference.generator("labels")
    block = max(1, min(_DRAWS, _CHANCES_IN_MEMORY // max(1, len(labelled.value))))
    for start in range(0, len(null), block):
        part = null[start : start + block]
        chance = rng.random((len(labelled.value), len(part)), dtype=np.float32)
        for at, pair in enumerate(prepared):
            if pair is not None:
                part[:, at] = statistic(_relabelled(pair, labelled, chance))
    return null


def _labelled(reductions: Reductions, values: tuple[By, Folding]) -> _Labelled:
    _, value = token_values(reductions, *values)
    owner = reductions.runs["token"].to_numpy()
    known = np.append(value >= 0, False)[owner]
    n_runs = np.bincount(owner[known], minlength=len(value))
    owning = n_runs > 0
    index, length = (reductions.runs[name].to_numpy()[known] for name in ("index", "length"))
    return _Labelled(
        value[owning],
        reductions.tokens["utterance"].to_numpy()[owning],
        (np.append(0, np.cumsum(n_runs[owning])), index, length),
    )


def _prepared(labelled: _Labelled, pair: tuple[int, int], size: int) -> _Pair | None:
    of_pair = np.isin(labelled.value, pair)
    number = np.flatnonzero(of_pair)
    bounds = first_of_utterances(labelled.utterance[number])
    n_first = np.diff(np.append(0, np.cumsum(labelled.value[number] == pair[0]))[bounds])
    if not ((n_first > 0) & (n_first < np.diff(bounds))).any():
        return None
    first_run, index, length = labelled.runs
    mine = np.repeat(of_pair, np.diff(first_run))
    frames = np.bincount(index[mine], length[mine], size).astype(np.int64)
    return _Pair((number, bounds, n_first), frames)


def _relabelled(pair: _Pair, labelled: _Labelled, chance: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the counts of a pair for each column of chances, shape (n, 2, K)."""
    from sfvq_analysis.stats.inference.pair_relabelling_kernels import exchange_labels

    counts = np.zeros((len(pair.frames), chance.shape[1]), dtype=np.int32)
    exchange_labels(pair.tokens, labelled.runs, chance, counts)
    first = counts.T.astype(np.int64)
    return np.stack([first, pair.frames - first], axis=1)
