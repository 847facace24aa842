"""Compiled loops of nulls over tokens; apart, so that numba is loaded only when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.curve.compiled import compiled_as_written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@compiled_as_written
def sum_xlogx(
    entries: tuple[NDArray[np.int32], ...],
    labels: NDArray[np.int64],
    first: NDArray[np.int64],
    xlogx: NDArray[np.float64],
    cells: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Sum x log x of the frames in each cell of (part, stratum, label, code), by part.

    Parameters
    ----------
    entries
        Token, code and frames; sorted by part, then stratum.
    labels
        Of every token.
    first
        Where each part's strata begin among the entries, and end: shape (n_parts, n_strata + 1).
    xlogx
        x log x of 0, 1, …
    cells
        Zeros, shape (n_labels, n_codes); zeros again afterwards.
    sums
        Shape (n_parts,); written to.
    """
    token, code, frames = entries
    for part in range(len(first)):
        total = 0.0
        for stratum in range(first.shape[1] - 1):
            for at in range(first[part, stratum], first[part, stratum + 1]):
                label = labels[token[at]]
                before = cells[label, code[at]]
                after = before + frames[at]
                total += xlogx[after] - xlogx[before]
                cells[label, code[at]] = after
            for at in range(first[part, stratum], first[part, stratum + 1]):
                cells[labels[token[at]], code[at]] = 0
        sums[part] = total


@compiled_as_written
def add_scaled(
    entries: tuple[NDArray[Any], ...],
    rows: tuple[NDArray[np.int64], ...],
    scales: tuple[NDArray[np.float64], ...],
    added: NDArray[np.float64],
    once: NDArray[np.float64],
) -> None:
    """Add frames times the scale of their stretch to the cells of (row of the stretch, code).

    Parameters
    ----------
    entries
        Where each stretch begins, and the number of entries at the end; code and frames of every
        entry.
    rows, scales
        Of every stretch: for `added`, (n_stretches,) and (3, n_stretches); for `once`,
        (n_stretches,) both.
    added, once
        Shape (3, n_rows, n_codes) and (n_rows, n_codes).
    """
    first, code, frames = entries
    for stretch in range(len(rows[0])):
        row, other = rows[0][stretch], rows[1][stretch]
        a, b, c = scales[0][0, stretch], scales[0][1, stretch], scales[0][2, stretch]
        d = scales[1][stretch]
        for at in range(first[stretch], first[stretch + 1]):
            k, n = code[at], float(frames[at])
            added[0, row, k] += n * a
            added[1, row, k] += n * b
            added[2, row, k] += n * c
            once[other, k] += n * d
