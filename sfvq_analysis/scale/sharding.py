"""Cutting a corpus into shards of whole utterances."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfvq_analysis.corpus import Corpus

MOST_SECONDS, FEWEST_SECONDS, USUAL_SHARDS = 3600.0, 900.0, 64


@dataclass(frozen=True, slots=True)
class Shard:
    """Some neighbouring utterances of a corpus.

    Attributes
    ----------
    number
        Place among the shards.
    corpus
        The utterances, as a corpus.
    seconds
        Of audio.
    stamp
        Digest of all that its rows depend on.
    """

    number: int
    corpus: Corpus
    seconds: float
    stamp: str = ""


def shard_seconds(total: float) -> float:
    """Return how long shards are by default, in seconds.

    That is a 64th of the corpus, from a quarter of an hour to an hour; a bit less if it takes that
    to make their number even, so that two workers or four end together. All depends on the corpus
    alone, so that the same call on other workers finds its shards again.
    """
    most = float(np.clip(total / USUAL_SHARDS, FEWEST_SECONDS, MOST_SECONDS))
    if total <= most:
        return most
    return (1 + 1e-9) * total / (2 * math.ceil(total / (2 * most)))  # it won't divide into one more


def cuts(seconds: Sequence[float], target: float) -> list[slice]:
    """Return where utterances in order are cut into parts of about the same duration.

    No part is longer than the mean by more than its longest utterance, and none is empty.

    Parameters
    ----------
    seconds
        Of each utterance.
    target
        The mean is the nearest to it from below that a whole number of parts allows.

    Examples
    --------
    >>> cuts([2, 2, 2, 2, 8], target=8)
    [slice(0, 4, None), slice(4, 5, None)]
    """
    ends = np.cumsum(np.asarray(seconds, dtype=np.float64))
    total = float(ends[-1])
    n_parts = max(1, min(len(ends), int(np.ceil(total / target))))
    middles = ends - np.asarray(seconds) / 2
    part = np.minimum((middles * n_parts / max(total, 1e-9)).astype(np.int64), n_parts - 1)
    bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(ends)]
    return [slice(start, stop) for start, stop in pairwise(bounds)]


def part_of(corpus: Corpus, part: slice) -> Corpus:
    """Return some of a corpus' utterances; what was skipped on scanning isn't among them."""
    return replace(corpus, utterances=corpus.utterances[part], skipped=())
