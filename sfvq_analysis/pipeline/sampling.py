"""Frames of a corpus to fit on, all of them or a uniform sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.encoders import Encoder, Features
from sfvq_analysis.errors import (
    EncoderError,
    OptionError,
)
from sfvq_analysis.pipeline.encoding import encoded_utterances
from sfvq_analysis.training.frames import check_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus


def sample_features(
    corpus: Corpus,
    encoder: Encoder,
    *,
    max_frames: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Features:
    """Encode a corpus and keep its frames, or a uniform random sample of them, to fit on.

    Parameters
    ----------
    corpus
        Speech; its labels are read, but nothing of them is used.
    encoder
        Gives the frames.
    max_frames
        Keep at most so many, chosen uniformly without replacement (reservoir sampling, so that
        memory doesn't grow with the corpus); all of them by default.
    seed
        Of the sample.
    progress
        Whether to show a progress bar.

    Returns
    -------
    Features
        Of shape (n_frames, dim), in the order of the corpus.
    """
    check_seed(seed)
    if max_frames is not None and (not isinstance(max_frames, int) or max_frames < 1):
        raise OptionError(
            f"max_frames is {max_frames!r}", remedy="use an integer >= 1, or None for all"
        )
    kept = Reservoir(max_frames, np.random.default_rng(seed))
    for encoded in encoded_utterances(corpus, encoder, progress=progress):
        kept.add(encoded.features.values)
    if kept.n_seen == 0:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    return Features(kept.values(), encoder.grid, encoder.config)


class Reservoir:
    """A uniform sample of rows that arrive in blocks (Li's algorithm R, a block at a time)."""

    def __init__(self, size: int | None, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.n_seen = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._rows: NDArray[np.float32] | None = None
        self._arrival: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in rows, shape (n, dim)."""
        if self.size is None:
            self._blocks.append(block)
        else:
            self._add_sampled(block, self.size)
        self.n_seen += len(block)

    def _add_sampled(self, block: NDArray[np.float32], size: int) -> None:
        if self._rows is None:
            self._rows = np.empty((size, block.shape[1]), dtype=np.float32)
            self._arrival = np.full(size, -1, dtype=np.int64)
        number = self.n_seen + np.arange(len(block))
        slot = np.where(number < size, number, self.rng.integers(0, number + 1))
        taken = np.flatnonzero(slot < size)  # a later row takes the slot of an earlier one
        self._rows[slot[taken]] = block[taken]
        self._arrival[slot[taken]] = number[taken]

    def values(self) -> NDArray[np.float32]:
        """Return the rows kept, in the order of their arrival."""
        if self._rows is None:
            return np.concatenate(self._blocks)
        kept = np.flatnonzero(self._arrival >= 0)
        return self._rows[kept[np.argsort(self._arrival[kept])]]
