"""Compiled loop of the label null of a pair; apart, so that numba is loaded only when one is drawn.

Draws are the inner loops: they run side by side in the processor's vector units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.compiled import compiled_as_written

if TYPE_CHECKING:
    from numpy.typing import NDArray


@compiled_as_written
def exchange_labels(
    tokens: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    runs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]],
    chance: NDArray[np.float32],
    counts: NDArray[np.int32],
) -> None:
    """Add the frames of the tokens that get the first label to counts, in place.

    As many tokens of a stratum get it as have it, every choice of them being equally likely:
    one after the other gets it with the chance (labels left) / (tokens left).

    Parameters
    ----------
    tokens
        The numbers of a pair's tokens; where each stratum (an utterance, or its tokens of one
        duration) begins among them, their number at the end; how many of each have the first label.
    runs
        Where the runs of each token begin, by its number; index and length of all runs.
    chance
        Uniform in 0 … 1, a row each token number, a column each draw.
    counts
        A row each index, a column each draw.
    """
    number, first_of_stratum, n_first = tokens
    first_run, index, length = runs
    n_draws = counts.shape[1]
    labels_left = np.empty(n_draws, dtype=np.float32)
    labelled = np.empty(n_draws, dtype=np.int32)
    for stratum in range(len(n_first)):
        start, stop = first_of_stratum[stratum], first_of_stratum[stratum + 1]
        labels_left[:] = n_first[stratum]
        for at in range(start, stop):
            token, tokens_left = number[at], np.float32(stop - at)
            for draw in range(n_draws):
                gets = np.int32(chance[token, draw] * tokens_left < labels_left[draw])
                labelled[draw] = gets
                labels_left[draw] -= np.float32(gets)
            for run in range(first_run[token], first_run[token + 1]):
                row, frames = counts[index[run]], length[run]
                for draw in range(n_draws):
                    row[draw] += frames * labelled[draw]
