"""Reading and encoding a corpus, one utterance at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from tqdm.auto import tqdm

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import (
    EncoderError,
    SfvqError,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sfvq_analysis.corpus import Corpus, Recording, Utterance
    from sfvq_analysis.encoders import Encoder, Features


_READERS, _AHEAD = 2, 8


class EncodedUtterance(NamedTuple):
    """An utterance, what was read of it, and its frames."""

    utterance: Utterance
    recording: Recording
    features: Features


def encoded_utterances(
    corpus: Corpus, encoder: Encoder, *, progress: bool = False
) -> Iterator[EncodedUtterance]:
    """Read and encode a corpus, one utterance at a time, in order.

    The utterances to come are read by other threads while one is encoded.

    Raises
    ------
    SfvqError
        If an utterance can't be read or encoded, or its frame count differs from what the encoder
        states for its length; the message names the utterance.
    """
    with (
        ThreadPoolExecutor(_READERS) as readers,
        closing(_read_ahead(corpus, readers)) as recordings,
    ):
        shown = tqdm(
            zip(corpus, recordings, strict=True), total=len(corpus), desc=f"encoding {corpus.name}",
            unit="utt", disable=not progress,
        )  # fmt: skip
        for utterance, reading in shown:
            try:
                recording = reading.result()
                features = _features(encoder, utterance, recording)
            except SfvqError as error:
                file = "" if error.where else f" ({utterance.audio_path})"
                raise error.at(f"utterance {utterance.id}{file}") from error
            yield EncodedUtterance(utterance, recording, features)


def _read_ahead(
    corpus: Corpus, readers: ThreadPoolExecutor
) -> Generator[Future[Recording], None, None]:
    """Yield every utterance's recording in order, as soon as it is asked for or later."""
    waiting: deque[Future[Recording]] = deque()
    to_come = iter(corpus)
    try:
        while True:
            for utterance in islice(to_come, _AHEAD - len(waiting)):
                waiting.append(readers.submit(utterance.load))
            if not waiting:
                return
            yield waiting.popleft()
    finally:
        for reading in waiting:
            reading.cancel()


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
