"""Compiled loops that shuffle inside stretches; apart, so that numba is loaded only when needed.

They call each other and no loop of another file: what numba keeps of them is of this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.curve.compiled import compiled_as_written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@compiled_as_written
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


@compiled_as_written
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


@compiled_as_written
def shuffled_runs(
    index: NDArray[np.int64],
    first: NDArray[np.int64],
    value: NDArray[np.int64],
    rng: np.random.Generator,
    n_runs: NDArray[np.int64],
) -> None:
    """Shuffle the frames of every token in place, and add its runs to those of its value.

    Token i holds the frames [first[i], first[i + 1]).
    """
    shuffle_within(index, first, rng)
    for token in range(len(first) - 1):
        found = 1
        for frame in range(first[token] + 1, first[token + 1]):
            found += index[frame] != index[frame - 1]
        n_runs[value[token]] += found
