"""Shards of a WebDataset: its tars, so that each is read by one worker, from beginning to end."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.remote.tars import TarSource
from sfvq_analysis.corpus.remote.utterance import RemoteUtterance
from sfvq_analysis.scale.sharding import FEWEST_SECONDS, MOST_SECONDS, cuts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfvq_analysis.corpus import Corpus, Utterance


def cuts_along_tars(corpus: Corpus, seconds: Sequence[float]) -> list[slice] | None:
    """Return the utterances of every tar; None if the corpus isn't in tars, in their order.

    Short tars are put together, up to a quarter of an hour, and long ones cut, unless they are
    compressed.

    Parameters
    ----------
    corpus
        The corpus.
    seconds
        Of each utterance.
    """
    tars = [_tar_of(utterance) for utterance in corpus]
    runs = [(tar, len(list(group))) for tar, group in groupby(tars)]
    if None in tars or len(runs) > len(set(tars)):  # they were shuffled
        return None
    found, first, stop = list[slice](), 0, 0
    for number, (tar, length) in enumerate(runs):
        stop += length
        total = sum(seconds[first:stop])
        if total < FEWEST_SECONDS and number + 1 < len(runs):
            continue
        whole = tar is None or tar.compressed or total <= MOST_SECONDS
        found += [slice(first, stop)] if whole else _parts(seconds, first, stop)
        first = stop
    return found


def _parts(seconds: Sequence[float], first: int, stop: int) -> Iterator[slice]:
    for part in cuts(seconds[first:stop], MOST_SECONDS):
        yield slice(first + part.start, first + part.stop)


def _tar_of(utterance: Utterance) -> TarSource | None:
    if not isinstance(utterance, RemoteUtterance):
        return None
    file = utterance.files.get(utterance.audio_path)
    return file.source if file is not None and isinstance(file.source, TarSource) else None
