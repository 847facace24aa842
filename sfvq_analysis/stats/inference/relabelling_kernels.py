"""Compiled loops of the label null; apart, so that numba is loaded only when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@njit(nogil=True)
def shuffle_within(
    labels: NDArray[np.int64], first: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Shuffle labels inside each stretch [first[i], first[i + 1]), in place (Fisher and Yates)."""
    for stretch in range(len(first) - 1):
        start = first[stretch]
        for last in range(first[stretch + 1] - start - 1, 0, -1):
            other = int(rng.random() * (last + 1))
            labels[start + last], labels[start + other] = (
                labels[start + other],
                labels[start + last],
            )


@njit(nogil=True)
def add_up(
    labels: NDArray[np.int64],
    token: NDArray[np.int64],
    index: NDArray[np.int32],
    length: NDArray[np.int32] | NDArray[np.float64],
    counts: NDArray[np.int64] | NDArray[np.float64],
) -> None:
    """Add the length of each run to the count of its token's label and its index, in place."""
    for run in range(len(token)):
        counts[labels[token[run]], index[run]] += length[run]
