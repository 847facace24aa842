"""Frames of a corpus to fit on, all of them or a uniform sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.encoders import Encoder, Features
from sfvq_analysis.errors import (
    EncoderError,
    OptionError,
)
from sfvq_analysis.pipeline.encoding import encoded_utterances
from sfvq_analysis.training.frames import check_seed
from sfvq_analysis.training.reservoir import Reservoir

if TYPE_CHECKING:
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
        Of shape (n_frames, dim), in the order of the corpus; `lengths` are those of the utterances,
        and empty for a sample.
    """
    check_seed(seed)
    if max_frames is not None and (not isinstance(max_frames, int) or max_frames < 1):
        raise OptionError(
            f"max_frames is {max_frames!r}", remedy="use an integer >= 1, or None for all"
        )
    kept = Reservoir(max_frames, seed)
    lengths = []
    for encoded in encoded_utterances(corpus, encoder, progress=progress):
        kept.add(encoded.features.values)
        lengths.append(encoded.features.n_frames)
    if kept.n_seen == 0:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    values = kept.values()
    whole = len(values) == kept.n_seen
    return Features(values, encoder.grid, encoder.config, tuple(lengths) if whole else ())
