"""Reading and encoding a corpus, one utterance at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tqdm.auto import tqdm

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import (
    EncoderError,
    SfvqError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.corpus import Corpus, Recording, Utterance
    from sfvq_analysis.encoders import Encoder, Features


class EncodedUtterance(NamedTuple):
    """An utterance, what was read of it, and its frames."""

    utterance: Utterance
    recording: Recording
    features: Features


def encoded_utterances(
    corpus: Corpus, encoder: Encoder, *, progress: bool = False
) -> Iterator[EncodedUtterance]:
    """Read and encode a corpus, one utterance at a time, in order.

    Raises
    ------
    SfvqError
        If an utterance can't be read or encoded, or its frame count differs from what the encoder
        states for its length; the message names the utterance.
    """
    for utterance in tqdm(corpus, desc=f"encoding {corpus.name}", unit="utt", disable=not progress):
        try:
            recording = utterance.load()
            features = _features(encoder, utterance, recording)
        except SfvqError as error:
            file = "" if error.where else f" ({utterance.audio_path})"
            raise error.at(f"utterance {utterance.id}{file}") from error
        yield EncodedUtterance(utterance, recording, features)


def _features(encoder: Encoder, utterance: Utterance, recording: Recording) -> Features:
    """Return an utterance's frames, their number checked against what the encoder states."""
    n_samples = resampled_length(
        len(recording.audio), recording.sample_rate, encoder.grid.sample_rate
    )
    if isinstance(encoder, StoredLatents):
        return encoder.lookup(utterance.id, n_samples)
    features = encoder.encode(recording.audio, recording.sample_rate)
    given = (features.grid, features.values.shape[1], dict(features.encoder))
    if given != (encoder.grid, encoder.dim, dict(encoder.config)):
        raise EncoderError(
            f"encoder gave features of {given}, but states "
            f"{(encoder.grid, encoder.dim, dict(encoder.config))}",
            remedy="mend the encoder",
        )
    if features.n_frames != encoder.n_frames(n_samples):
        raise EncoderError(
            f"encoder gave {features.n_frames} frames but states {encoder.n_frames(n_samples)} for "
            f"{n_samples} samples",
            remedy="mend its n_frames; frames are never padded or cut",
        )
    return features
