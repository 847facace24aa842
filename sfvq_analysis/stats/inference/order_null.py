"""The order null: what counts look like when the used codes are permuted among their places.

The counterpart of `sfvq_analysis.stats.inference.relabelling`, which permutes the labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.stats.inference import permuted_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.unit_counts import UnitCounts
    from sfvq_analysis.stats.inference import Inference

_CELLS_IN_MEMORY = 1 << 21
_CELLS_IN_CACHE = 1 << 18


def permuted_counts(
    counts: NDArray[np.integer[Any] | np.floating[Any]], inference: Inference
) -> Iterator[NDArray[np.float64]]:
    """Yield counts of shape (n_values, K) with used codes permuted, a block of draws at a time.

    Parameters
    ----------
    counts
        A row a value, a column an index; a column that holds a count is used.
    inference
        Number of draws and seed.

    Yields
    ------
    NDArray[np.float64], shape (m, n_values, K)
        The next m draws of `sfvq_analysis.stats.inference.permuted_codes`.

    Examples
    --------
    >>> from sfvq_analysis.stats.inference import Inference
    >>> block = next(permuted_counts(np.array([[1, 0, 2]]), Inference(n_permutations=3)))
    >>> block.shape, block[:, 0, 1].tolist(), block.sum(axis=2).ravel().tolist()
    ((3, 1, 3), [0.0, 0.0, 0.0], [3.0, 3.0, 3.0])
    """
    draws = permuted_codes(counts.any(axis=0), inference)
    by_code = np.ascontiguousarray(counts.T, dtype=np.float64)  # whole rows are fetched
    block = max(1, _CELLS_IN_MEMORY // max(1, counts.size))
    for start in range(0, len(draws), block):
        moved = by_code[draws[start : start + block]]  # (m, K, n_values)
        yield np.ascontiguousarray(moved.transpose(0, 2, 1))


def in_parts(
    statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a statistic of many draws of counts, computed of a few at a time.

    It is faster, for the processor's cache holds them, and takes less memory.

    Parameters
    ----------
    statistic
        From counts of shape (m, n_values, K) to values of shape (m, …), a draw on its own.
    counts
        Shape (m, n_values, K).
    """
    step = max(1, _CELLS_IN_CACHE // max(1, counts[:1].size))
    starts = range(0, max(1, len(counts)), step)  # once for no draw: its shape is asked for
    return np.concatenate([statistic(counts[start : start + step]) for start in starts])


def why_no_order(counts: UnitCounts, at_least: int = 2) -> str:
    """Return why the order of the codes in counts can't be measured; empty if it can."""
    n_used = int(counts.total().any(axis=0).sum())
    if n_used == 0:
        return "no labelled frame"
    if n_used < at_least:
        return f"{n_used} used code{'s' if n_used > 1 else ''}, fewer than {at_least}"
    return ""
