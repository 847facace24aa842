"""Frames of a corpus to fit on, all of them or a uniform sample."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfvq_analysis.encoders import Encoder, Features
from sfvq_analysis.errors import (
    EncoderError,
    OptionError,
    check_option,
)
from sfvq_analysis.pipeline.encoding import (
    below_root,
    each_utterance,
    refuse_nothing_left,
    with_bar,
)
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.training.frames import check_seed
from sfvq_analysis.training.reservoir import Reservoir

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.errors import ErrorPolicy


@dataclass(frozen=True, slots=True, eq=False)
class SampledFeatures(Features):
    """Frames of a corpus, and which of its utterances they are without.

    Attributes
    ----------
    skipped
        What was left out; empty unless ``on_error="skip"``.
    """

    skipped: tuple[SkippedUtterance, ...] = ()


def sample_features(
    corpus: Corpus,
    encoder: Encoder,
    *,
    max_frames: int | None = None,
    seed: int = 0,
    on_error: ErrorPolicy = "raise",
    progress: bool = False,
) -> SampledFeatures:
    """Encode a corpus and keep its frames, or a uniform random sample of them, to fit on.

    Parameters
    ----------
    corpus
        Speech; its labels are not read.
    encoder
        Gives the frames.
    max_frames
        Keep at most so many, chosen uniformly without replacement (reservoir sampling, so that
        memory doesn't grow with the corpus); all of them by default.
    seed
        Of the sample.
    on_error
        What becomes of an utterance that can't be read or encoded: ``"raise"`` its error, or
        ``"skip"``: it is left out and listed in the result.
    progress
        Whether to show a progress bar.

    Returns
    -------
    SampledFeatures
        Of shape (n_frames, dim), in the order of the corpus; `lengths` are those of the utterances,
        and empty for a sample.

    Raises
    ------
    OptionError
        If an argument isn't one of its options.
    SfvqError
        If an utterance can't be read or encoded and isn't to be skipped, or none has a frame.
    """
    check_sampling(max_frames, seed, on_error)
    kept = Reservoir(max_frames, seed)
    lengths = []
    skipped = []
    speech = without_labels(corpus)
    found = each_utterance(speech.utterances, encoder, lambda one: one.features.values, on_error)
    for values in with_bar(found, corpus, progress=progress):
        if isinstance(values, SkippedUtterance):
            skipped.append(below_root(values, corpus))
        else:
            kept.add(values)
            lengths.append(len(values))
    refuse_nothing_left(len(lengths), skipped, corpus)
    if kept.n_seen == 0:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    sample = kept.values()
    stretches = tuple(lengths) if len(sample) == kept.n_seen else ()
    return SampledFeatures(sample, encoder.grid, encoder.config, stretches, tuple(skipped))


def check_sampling(max_frames: int | None, seed: int, on_error: ErrorPolicy) -> None:
    """Raise an OptionError if an argument of a sample isn't one of its options."""
    check_option("on_error", on_error, ("raise", "skip"))
    check_seed(seed)
    if max_frames is not None and (not isinstance(max_frames, int) or max_frames < 1):
        raise OptionError(
            f"max_frames is {max_frames!r}", remedy="use an integer >= 1, or None for all"
        )


def without_labels(corpus: Corpus) -> Corpus:
    """Return a corpus whose label files aren't read."""
    return replace(corpus, utterances=tuple(replace(one, labels={}) for one in corpus))
