"""How the index moves from frame to frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Indices = NDArray[np.int32]

_BLOCK = 1 << 20


def transitions(table: Reducible) -> pd.DataFrame:
    """Return how often an index follows another, between neighbouring frames of an utterance.

    Returns
    -------
    pd.DataFrame
        ``index`` (of the earlier frame), ``next_index``, ``count``, one row each transition that
        occurs, stays included, sorted.
    """
    size = table.codebook_size
    added = np.zeros(size * size, dtype=np.int64)
    for before, after, count in _neighbours(table):
        cells = before.astype(np.int64) * size + after
        added += np.bincount(cells, weights=count, minlength=size * size).astype(np.int64)
    cells = np.flatnonzero(added)
    index, following = (part.astype(np.int32) for part in np.divmod(cells, size))
    return pd.DataFrame({"index": index, "next_index": following, "count": added[cells]})


def transition_matrix(counts: pd.DataFrame, size: int) -> NDArray[np.int64]:
    """Return transitions as a matrix, shape (size, size): row -> next column."""
    matrix = np.zeros((size, size), dtype=np.int64)
    matrix[counts["index"], counts["next_index"]] = counts["count"]
    return matrix


def relative_step(table: Reducible) -> float:
    """Return the mean index change, over changes between neighbouring frames, against chance.

    It is divided by (K + 1) / 3, its exact expectation when the codes are labelled at random; NaN
    where the index never changes.
    """
    moved = n_changes = 0
    for before, after, count in _neighbours(table):
        steps = np.abs(after.astype(np.int64) - before)
        moved += int((steps * count).sum())
        n_changes += int(count[steps > 0].sum())
    if n_changes == 0:
        return float("nan")
    return float(moved / n_changes / ((table.codebook_size + 1) / 3))


def _neighbours(table: Reducible) -> Iterator[tuple[Indices, Indices, NDArray[np.int64]]]:
    """Yield indices, those that follow them, and how often that occurs, some at a time."""
    if isinstance(table, IndexTable):
        codeword = table.frames["codeword"].to_numpy()
        utterance = table.frames["utterance"].cat.codes.to_numpy()
        same = utterance[1:] == utterance[:-1]
        yield codeword[:-1][same], codeword[1:][same], np.ones(int(same.sum()), dtype=np.int64)
        return
    moves = as_reductions(table).transitions
    columns = [moves[name].to_numpy() for name in ("index", "next_index", "count")]
    for start in range(0, len(moves), _BLOCK):
        before, after, count = (column[start : start + _BLOCK] for column in columns)
        yield before, after, count
