"""Distances of utterances by dynamic time warping of their indices.

The least sum of |i - j| over a path that pairs all frames in order (steps of one frame in either
utterance or in both, no window), divided by the frames of the two together. A path has half to all
of so many steps, so the distance is half to all of the mean difference of indices along it.

References
----------
H. Sakoe, S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition", IEEE
TASSP 26 (1978), 43-49. W. Meert, K. Hendrickx, T. Van Craenendonck, P. Robberechts, DTAIDistance
(Zenodo, 2020), whose compiled loop is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_count
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions

    Floats = NDArray[np.float64]


def sentence_distances(
    table: Reducible, *, n_sentences: int = 4, n_speakers: int = 6
) -> pd.DataFrame:
    """Return the distances of a few utterances, to be drawn as a matrix.

    Parameters
    ----------
    table
        A table or its reductions.
    n_sentences
        Take the sentences that most speakers say, those said by one speaker only not.
    n_speakers
        Of each sentence at most so many speakers: those who say most of the sentences, then in
        alphabetical order.

    Returns
    -------
    pd.DataFrame
        Square and symmetric; rows and columns are (sentence, speaker), in this order; in indices,
        as in `sentence_consistency`. Empty where no sentence is said by two speakers.

    Raises
    ------
    OptionError
        If a number is less than 1.
    """
    check_count("n_sentences", n_sentences)
    check_count("n_speakers", n_speakers)
    reductions = as_reductions(table)
    said = reductions.utterances
    said = said[(said["sentence"] != "") & (said["n_frames"] > 0)]
    said = said.drop_duplicates(["sentence", "speaker"])
    n_said = said.groupby("sentence")["speaker"].nunique()
    n_said = n_said[n_said > 1].reset_index().sort_values(
        ["speaker", "sentence"], ascending=[False, True]
    )  # fmt: skip
    said = said[said["sentence"].isin(n_said["sentence"].head(n_sentences))]
    said = said.assign(says=-said.groupby("speaker")["sentence"].transform("size"))
    said = said.sort_values(["sentence", "says", "speaker"]).groupby("sentence").head(n_speakers)
    said = said.sort_values(["sentence", "speaker"])
    series = index_series(reductions)
    rows = said.index.to_numpy()
    square = np.zeros((len(rows), len(rows)))
    for i, j in np.argwhere(np.triu(np.ones(square.shape, dtype=bool), 1)):
        square[i, j] = square[j, i] = warped_distance(series[rows[i]], series[rows[j]])
    names = pd.MultiIndex.from_frame(said[["sentence", "speaker"]].reset_index(drop=True))
    return pd.DataFrame(square, index=names, columns=names)


def index_series(reductions: Reductions) -> list[Floats]:
    """Return the indices of every utterance's frames, in the order of its rows."""
    runs = reductions.runs
    index = np.repeat(runs["index"].to_numpy(), runs["length"].to_numpy()).astype(np.float64)
    return np.split(index, np.cumsum(reductions.utterances["n_frames"].to_numpy())[:-1])


def warped_distance(one: Floats, other: Floats) -> float:
    """Return the distance of two series of at least one index.

    Examples
    --------
    >>> warped_distance(np.array([3.0, 3.0, 9.0]), np.array([3.0, 9.0, 9.0, 8.0]))
    0.14285714285714285
    """
    from dtaidistance import dtw

    least = dtw.distance_fast(one, other, use_pruning=False, inner_dist="euclidean")
    return float(least) / (len(one) + len(other))


def pair_distances(
    series: Sequence[Floats] | Mapping[int, Floats], pairs: NDArray[np.int64]
) -> Floats:
    """Return the distances of pairs of series, shape (n, 2) -> (n,)."""
    return np.array([warped_distance(series[u], series[v]) for u, v in pairs], dtype=np.float64)
