"""The label null of pairs: within each utterance, only the segments of two values swap labels.

(Within a speaker or the table where no utterance holds two segments: see
`sfvq_analysis.stats.inference.swapping`.)

Permuting all labels tests whether any label means anything, and says little of one pair: two values
that are alike may look told apart because their codes are more various than those of the rest.
Here the others stay what they are, so that a test of a pair holds whatever they are like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference.relabelling import strata_of
from sfvq_analysis.stats.inference.swapping import swapping_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By
    from sfvq_analysis.stats.inference import Inference

_CHANCES_IN_MEMORY = 1 << 24
_DRAWS = 64  # at a time: the counts of as many stay in the processor's cache


class _Labelled(NamedTuple):
    """Tokens with a value and a frame: value, what they swap in, frames of each, and their runs."""

    value: NDArray[np.int64]
    among: NDArray[np.int64]
    n_frames: NDArray[np.int64]
    runs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


class _Pair(NamedTuple):
    """A pair's tokens that may swap labels, as the kernel takes them; frames of both by index.

    Attributes
    ----------
    tokens
        See `exchange_labels`.
    kept
        Frames of the first value's other tokens, shape (K,).
    frames
        Of all tokens of both values, shape (K,).
    """

    tokens: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    kept: NDArray[np.int64]
    frames: NDArray[np.int64]


def null_of_pairs(
    reductions: Reductions,
    pairs: list[tuple[int, int]],
    statistic: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    inference: Inference,
    values: tuple[By, Folding] = ("phone_group", 61),
    *,
    alike: bool = False,
) -> NDArray[np.float64]:
    """Return a statistic of pairs with their labels permuted, shape (n_permutations, n_pairs).

    NaN for a pair of which no utterance has both (`alike`: as long): there is nothing to permute.

    Parameters
    ----------
    reductions
        Of a table.
    pairs
        Places of values, in the order of `sfvq_analysis.stats.counting.unit_counts.unit_counts`.
    statistic
        From counts of shape (m, 2, K) to shape (m,).
    inference
        Number of draws and seed.
    values
        `by` and `phone_set` of `unit_counts`.
    alike
        Permute only among segments that own as many frames, for p values; see
        `sfvq_analysis.stats.inference.relabelling`.
    """
    if inference.n_permutations == 0:  # a dataset's tokens needn't be read
        return np.full((0, len(pairs)), np.nan)
    labelled = _labelled(reductions, values)
    prepared = [_prepared(labelled, pair, reductions.codebook_size, alike) for pair in pairs]
    null = np.full((inference.n_permutations, len(pairs)), np.nan)
    rng = inference.generator("labels alike" if alike else "labels")
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
    among = swapping_in(reductions)[owning]
    n_frames = reductions.tokens["n_frames"].to_numpy()[owning]
    first_run = np.append(0, np.cumsum(n_runs[owning]))
    return _Labelled(value[owning], among, n_frames, (first_run, index, length))


def _prepared(labelled: _Labelled, pair: tuple[int, int], size: int, alike: bool) -> _Pair | None:
    number = np.flatnonzero(np.isin(labelled.value, pair))
    order, bounds = strata_of(labelled.among[number], labelled.n_frames[number] if alike else None)
    number = number[order]
    is_first = labelled.value[number] == pair[0]
    n, n_first = np.diff(bounds), np.diff(np.append(0, np.cumsum(is_first))[bounds])
    mixed = (n_first > 0) & (n_first < n)
    if not mixed.any():
        return None
    moving = np.repeat(mixed, n)
    tokens = number[moving], np.append(0, np.cumsum(n[mixed])), n_first[mixed]
    kept = _frames_of(labelled, number[~moving & is_first], size)
    return _Pair(tokens, kept, _frames_of(labelled, number, size))


def _frames_of(labelled: _Labelled, number: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the frames of tokens by index, shape (size,)."""
    first_run, index, length = labelled.runs
    chosen = np.zeros(len(labelled.value), dtype=bool)
    chosen[number] = True
    mine = np.repeat(chosen, np.diff(first_run))
    return np.bincount(index[mine], length[mine], size).astype(np.int64)


def _relabelled(pair: _Pair, labelled: _Labelled, chance: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the counts of a pair for each column of chances, shape (n, 2, K)."""
    from sfvq_analysis.stats.inference.pair_relabelling_kernels import exchange_labels

    counts = np.zeros((len(pair.frames), chance.shape[1]), dtype=np.int32)
    exchange_labels(pair.tokens, labelled.runs, chance, counts)
    first = counts.T.astype(np.int64) + pair.kept
    return np.stack([first, pair.frames - first], axis=1)
