"""What workers do to the speech that a codebook is fitted on: state lengths, and encode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline.encoding import each_utterance
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.scale.job import made_encoder, once_a_worker
from sfvq_analysis.scale.tasks import all_done

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Utterance
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.pipeline.encoding import EncodedUtterance
    from sfvq_analysis.scale.job import EncoderSource

_A_CENSUS = 500  # utterances
UNKNOWN = -1
"""In the place of the length of an utterance that can't be told before it is encoded."""


@dataclass(frozen=True, eq=False)
class EncodingJob:
    """What all parts of a corpus that is encoded have in common; it is sent to every worker once.

    Attributes
    ----------
    encoder
        The encoder, or what makes it: then every worker loads its own, once.
    on_error
        As in `sfvq_analysis.pipeline.sample_features`.
    """

    encoder: EncoderSource
    on_error: ErrorPolicy

    def loaded(self) -> Encoder:
        """Return the encoder, loaded once by each worker that has the job."""
        import torch

        torch.set_num_threads(1)
        return once_a_worker(self, lambda: made_encoder(self.encoder))


class Encoding(NamedTuple):
    """A job and where it is done: a `distributed.Client`, and what a worker needs for it."""

    client: Any
    job: EncodingJob
    resources: Mapping[str, float] | None

    def stated_lengths(self, speech: Sequence[Utterance]) -> NDArray[np.int64]:
        """Return what `stated_lengths` does of many utterances, as the workers find it."""
        parts = [speech[first : first + _A_CENSUS] for first in range(0, len(speech), _A_CENSUS)]
        found = all_done(self.client, stated_lengths, self.job, parts, self.resources)
        return np.array([length for some in found for length in some], dtype=np.int64)


class Asked(NamedTuple):
    """Which frames of some utterances are wanted.

    Attributes
    ----------
    utterances
        Of a corpus, in its order.
    lengths
        How many frames each is thought to have, or `UNKNOWN`.
    rows
        Of each utterance, rising; None for all.
    """

    utterances: Sequence[Utterance]
    lengths: Sequence[int]
    rows: Sequence[NDArray[np.int64] | None]

    @classmethod
    def all_of(cls, utterances: Sequence[Utterance]) -> Asked:
        """Ask for all frames of some utterances."""
        return cls(utterances, [UNKNOWN] * len(utterances), [None] * len(utterances))


class Found(NamedTuple):
    """Frames of some utterances.

    Attributes
    ----------
    lengths
        How many frames each utterance has; 0 if it was skipped.
    skipped
        Those that were.
    values
        The frames asked for, in order, shape (n, dim); of no use where a length isn't what it was
        thought to be.
    """

    lengths: list[int]
    skipped: list[SkippedUtterance]
    values: NDArray[np.float32]


def stated_lengths(job: EncodingJob, utterances: Sequence[Utterance]) -> list[int]:
    """Return how many frames utterances have, by the headers of their audio files.

    `UNKNOWN` where that can't be told: whoever encodes the utterance says why.
    """
    encoder = job.loaded()
    return [_stated(encoder, utterance) for utterance in utterances]


def _stated(encoder: Encoder, utterance: Utterance) -> int:
    try:
        n_samples, rate = utterance.length()
        n_samples = resampled_length(n_samples, rate, encoder.grid.sample_rate)
        if isinstance(encoder, StoredLatents):
            return encoder.lookup(utterance.id, n_samples).n_frames
        return encoder.n_frames(n_samples)
    except (SfvqError, OSError):
        return UNKNOWN


def frames_asked(job: EncodingJob, asked: Asked) -> Found:
    """Encode utterances and return the frames asked for.

    Raises
    ------
    SfvqError
        If an utterance can't be read or encoded and isn't to be skipped.
    """
    encoder = job.loaded()
    thought = dict(zip([one.id for one in asked.utterances], asked.lengths, strict=True))
    rows = dict(zip(thought, asked.rows, strict=True))

    def chosen(one: EncodedUtterance) -> tuple[int, NDArray[np.float32]]:
        values, name = one.features.values, one.utterance.id
        wanted = rows[name]
        if wanted is None:
            return len(values), values
        return len(values), values[wanted] if len(values) == thought[name] else values[:0]

    lengths, skipped, kept = [], [], [np.empty((0, encoder.dim), dtype=np.float32)]
    for found in each_utterance(asked.utterances, encoder, chosen, job.on_error):
        if isinstance(found, SkippedUtterance):
            skipped.append(found)
            lengths.append(0)
        else:
            lengths.append(found[0])
            kept.append(found[1])
    return Found(lengths, skipped, np.concatenate(kept))
