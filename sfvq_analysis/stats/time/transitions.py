"""How the index moves from frame to frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from numpy.typing import NDArray


def transitions(table: Reducible) -> pd.DataFrame:
    """Return how often an index follows another, between neighbouring frames of an utterance.

    Returns
    -------
    pd.DataFrame
        ``index`` (of the earlier frame), ``next_index``, ``count``, one row each transition that
        occurs, stays included, sorted.
    """
    before, after, count = _neighbours(table)
    size = table.codebook_size
    counts = coo_array((count, (before, after)), shape=(size, size))
    counts = counts.tocsr().tocoo()  # adds up, and sorts by row
    frame = pd.DataFrame({"index": counts.row, "next_index": counts.col, "count": counts.data})
    return frame.sort_values(["index", "next_index"], ignore_index=True)


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
    before, after, count = _neighbours(table)
    steps = np.abs(after.astype(np.int64) - before)
    n_changes = int(count[steps > 0].sum())
    if n_changes == 0:
        return float("nan")
    return float((steps * count).sum() / n_changes / ((table.codebook_size + 1) / 3))


def _neighbours(
    table: Reducible,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return indices, those that follow them, and how often that occurs."""
    if not isinstance(table, IndexTable):
        moves = as_reductions(table).transitions
        before, after, count = (moves[name] for name in ("index", "next_index", "count"))
        return before.to_numpy(), after.to_numpy(), count.to_numpy()
    codeword = table.frames["codeword"].to_numpy()
    utterance = table.frames["utterance"].cat.codes.to_numpy()
    same = utterance[1:] == utterance[:-1]
    return codeword[:-1][same], codeword[1:][same], np.ones(int(same.sum()), dtype=np.int64)
