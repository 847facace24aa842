"""Which segments may swap labels in a label null, and how much of the speech does.

Labels are permuted inside utterances. Where no utterance holds two segments, as in a table of
isolated words or of independent rows, nothing could move there: the segments of a speaker then swap
labels, and where no speaker has two either, all of them do, each being a sample of its own.

A permutation test is exact however few labels move, but says nothing where hardly any do: its p is
near 1 whatever the codes tell, and the mean of its null takes off what they tell. So neither is
given where less than a fifth moves of what labels free to go to any segment would move. That
depends on labels and durations only, not on codes, so that leaving such a p out of a correction
doesn't bias the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.stats.arithmetic.contingency import ratio
from sfvq_analysis.stats.counting.unit_counts import token_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By

FEWEST = 0.2


def swapping_in(reductions: Reductions) -> NDArray[np.int64]:
    """Return the number of what each token swaps labels in, shape (n_tokens,).

    Its utterance; its speaker, where no utterance holds two tokens that own a frame; 0, where no
    speaker does either.
    """
    utterance: NDArray[np.int64] = reductions.tokens["utterance"].to_numpy(dtype=np.int64)
    owning = reductions.tokens["n_frames"].to_numpy() > 0
    speaker = pd.factorize(reductions.utterances["speaker"])[0].astype(np.int64)[utterance]
    for level in (utterance, speaker):
        if len(np.unique(level[owning])) < np.count_nonzero(owning):
            return level
    return np.zeros(len(utterance), dtype=np.int64)


def swapping_share(
    reductions: Reductions,
    kinds: ArrayLike,
    values: tuple[By, Folding] = ("phone", 61),
    *,
    alike: bool = False,
) -> float:
    """Return how much of the speech gets a label of another kind, over how much could.

    The mean over draws of the label null of the share of frames whose segment does, over the same
    with labels permuted over all segments; NaN where all labels are of one kind.

    Parameters
    ----------
    reductions
        Of a table.
    kinds
        Of every value of `sfvq_analysis.stats.counting.unit_counts.unit_counts`; frames of those
        below 0, which are a kind as well, aren't counted.
    values
        `by` and `phone_set` of `unit_counts`.
    alike
        As in `sfvq_analysis.stats.inference.relabelling.relabelled_counts`.
    """
    _, code = token_values(reductions, *values)
    n_frames = reductions.tokens["n_frames"].to_numpy().astype(np.int64)
    taking_part = (code >= 0) & (n_frames > 0)
    n_frames = n_frames[taking_part]
    kind = np.asarray(kinds, dtype=np.int64)[code[taking_part]]
    stratum = swapping_in(reductions)[taking_part]
    if alike:
        stratum = stratum * (int(n_frames.max(initial=0)) + 1) + n_frames
    asked = n_frames * (kind >= 0)
    moving, free = (
        (_chance_of_another(kind, among) * asked).sum() for among in (stratum, stratum * 0)
    )
    return float(ratio(moving, free))


def _chance_of_another(kind: NDArray[np.int64], stratum: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the chance that a segment gets a label of another kind, shape (n_segments,)."""
    cells = pd.DataFrame({"stratum": stratum, "kind": kind})
    same = cells.groupby(["stratum", "kind"])["kind"].transform("size").to_numpy()
    return np.asarray(1 - same / cells.groupby("stratum")["kind"].transform("size").to_numpy())


def why_few_swap(share: float, missing: str, among: str = "") -> str:
    """Return why a label null says nothing; empty where it does.

    Parameters
    ----------
    share
        Of `swapping_share`.
    missing
        What isn't given therefore.
    among
        What labels are permuted among, if not all segments.

    Examples
    --------
    >>> why_few_swap(0.04, "no p"), why_few_swap(0.0, "no null"), why_few_swap(0.5, "no p")
    ('only 4 % of the frames can swap labels: no p', 'no frame can swap its label: no null', '')
    """
    if not share < FEWEST:
        return ""
    where = f" {among}" if among else ""
    if share == 0:
        return f"no frame can swap its label{where}: {missing}"
    return f"only {share * 100:.2g} % of the frames can swap labels{where}: {missing}"
