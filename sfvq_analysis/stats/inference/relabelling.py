"""The label null: what counts look like when labels are permuted over segments in an utterance.

A segment keeps its frames and their codes, an utterance keeps its labels; only which segment has
which label is drawn. Segments that own no frame, or whose phone has no value (a phone in no group),
take no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.counting.reductions import token_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import By, Reductions
    from sfvq_analysis.stats.inference import Inference


def relabelled_counts(
    reductions: Reductions, inference: Inference, by: By = "phone", phone_set: Folding = 61
) -> Iterator[NDArray[np.int64]]:
    """Yield the counts of value and index of every draw, shape (n_values, K).

    Values are those of `sfvq_analysis.stats.counting.reductions.unit_counts`, in its order.

    Parameters
    ----------
    reductions
        Of a table.
    inference
        Number of draws and seed.
    by, phone_set
        As in `unit_counts`.
    """
    names, code = token_values(reductions, by, phone_set)
    taking_part = (code >= 0) & (reductions.tokens["n_frames"].to_numpy() > 0)
    token, index, length = _entries(reductions.runs, taking_part)
    first = first_of_utterances(reductions.tokens["utterance"].to_numpy()[taking_part])
    labels = code[taking_part]
    rng = inference.generator("labels")
    shuffled, added = _kernels()
    for _ in range(inference.n_permutations):
        mine = labels.copy()
        shuffled(mine, first, rng)
        counts = np.zeros((len(names), reductions.codebook_size), dtype=np.int64)
        added(mine, token, index, length, counts)
        yield counts


def first_of_utterances(utterance: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return where each stretch of equal values begins, and the length of all at the end."""
    changes = np.flatnonzero(np.diff(utterance)) + 1
    starts = [np.zeros(min(len(utterance), 1), dtype=np.int64), changes]
    return np.concatenate([*starts, np.array([len(utterance)], dtype=np.int64)])


def _entries(
    runs: pd.DataFrame, taking_part: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return token (numbered among those that take part), index and length of their runs."""
    number = np.append(np.where(taking_part, np.cumsum(taking_part) - 1, -1), -1)
    token = number[runs["token"].to_numpy()]
    kept = token >= 0
    return token[kept], runs["index"].to_numpy()[kept], runs["length"].to_numpy()[kept]


def _kernels() -> tuple[Callable[..., None], Callable[..., None]]:
    from sfvq_analysis.stats.inference import relabelling_kernels

    return relabelling_kernels.shuffle_within, relabelling_kernels.add_up
