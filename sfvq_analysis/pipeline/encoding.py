"""Reading and encoding a corpus, one utterance at a time."""

from __future__ import annotations

import os
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tqdm.auto import tqdm

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import (
    CorpusError,
    EncoderError,
    SfvqError,
    printable,
    shown,
)
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from sfvq_analysis.corpus import Corpus, Recording, Utterance
    from sfvq_analysis.encoders import Encoder, Features
    from sfvq_analysis.errors import ErrorPolicy


_READERS, _AHEAD = 2, 8
_LONGEST_ID = 100

Result = TypeVar("Result")
Item = TypeVar("Item")


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
    encoded = each_utterance(corpus.utterances, encoder, lambda one: one)
    for one in with_bar(encoded, corpus, progress=progress):
        if not isinstance(one, SkippedUtterance):
            yield one


def each_utterance(
    utterances: Sequence[Utterance],
    encoder: Encoder,
    work: Callable[[EncodedUtterance], Result],
    on_error: ErrorPolicy = "raise",
) -> Generator[Result | SkippedUtterance, None, None]:
    """Read, encode and work on utterances, one at a time, in order.

    Parameters
    ----------
    utterances
        Some of a corpus.
    encoder
        Gives the frames.
    work
        What is done with each.
    on_error
        What becomes of an utterance that can't be read, encoded or worked on: ``"raise"`` the
        error, or ``"skip"``: a `SkippedUtterance` stands in its place.

    Raises
    ------
    SfvqError
        As `encoded_utterances`, unless it is to be skipped.
    """
    with (
        ThreadPoolExecutor(_AHEAD if _are_remote(utterances) else _READERS) as readers,
        closing(_read_ahead(utterances, readers, _load)) as recordings,
    ):
        for utterance, reading in zip(utterances, recordings, strict=True):
            try:
                recording = _read(reading)
                features = _features(encoder, utterance, recording)
                done = work(EncodedUtterance(utterance, recording, features))
            except StoreError:  # what can't be reached now is no bad speech
                raise
            except SfvqError as error:
                placed = error if error.where else error.at(str(utterance.audio_path))
                if on_error == "raise":
                    raise _named(error, utterance) from error
                yield SkippedUtterance(utterance.id, str(placed))
            else:
                yield done


def with_bar(items: Iterable[Item], corpus: Corpus, *, progress: bool) -> Iterable[Item]:
    """Return what has one item an utterance, with a progress bar if that is wanted."""
    bar: Iterable[Item] = tqdm(
        items,
        total=len(corpus),
        desc=f"encoding {printable(corpus.name)}",
        unit="utt",
        disable=not progress,
    )
    return bar


def below_root(skipped: SkippedUtterance, corpus: Corpus) -> SkippedUtterance:
    """Return why an utterance was skipped with paths below the corpus' root, wherever that is."""
    return skipped._replace(reason=without_root(skipped.reason, corpus.root))


def without_root(text: str, root: Path) -> str:
    """Return a message with the paths in it that begin with a folder shortened to what follows."""
    start = re.escape(f"{root}{os.sep}").replace(":/", "://?")  # paths keep one / of a URL's two
    at_its_start = re.compile(rf"(?<![\w./\\-]){start}")
    return at_its_start.sub("", text)


def unreadable(error: OSError) -> CorpusError:
    """Return an error of the operating system as one of ours."""
    return CorpusError(
        f"can't be read ({error.strerror or error})",
        where=None if error.filename is None else str(error.filename),
        remedy="check the file and its permissions",
    )


def refuse_nothing_left(n_left: int, skipped: Sequence[SkippedUtterance], corpus: Corpus) -> None:
    """Raise a CorpusError if every utterance of a corpus was skipped; it shows the first reason."""
    if skipped and not n_left:
        first = skipped[0]
        raise CorpusError(
            f"all {len(skipped)} utterances were skipped, the first, {shown(first.utterance)}, "
            f"because of: {first.reason}",
            where=corpus.name,
            remedy="mend them, or the options",
        )


def _named(error: SfvqError, utterance: Utterance) -> SfvqError:
    """Return an error with the utterance in front, and its audio file where no file is named."""
    file = "" if error.where else f" ({utterance.audio_path})"
    plain = len(utterance.id) <= _LONGEST_ID and utterance.id.isprintable()
    return error.at(f"utterance {utterance.id if plain else shown(utterance.id)}{file}")


def each_read(
    utterances: Sequence[Utterance], read: Callable[[Utterance], Result]
) -> Iterator[Result]:
    """Yield what is read of every utterance, in order; several at a time where that means waiting.

    Parameters
    ----------
    utterances
        Some of a corpus.
    read
        What reads one.
    """
    if not _are_remote(utterances):
        yield from map(read, utterances)
        return
    with (
        ThreadPoolExecutor(_AHEAD) as readers,
        closing(_read_ahead(utterances, readers, read)) as results,
    ):
        for reading in results:
            yield reading.result()


def _are_remote(utterances: Iterable[Utterance]) -> bool:
    return any(utterance.is_remote for utterance in utterances)


def _load(utterance: Utterance) -> Recording:
    return utterance.load(past_audio="count")


def _read_ahead(
    utterances: Sequence[Utterance],
    readers: ThreadPoolExecutor,
    read: Callable[[Utterance], Result],
) -> Generator[Future[Result], None, None]:
    """Yield what is read of every utterance in order, as soon as it is asked for or later."""
    waiting: deque[Future[Result]] = deque()
    to_come = iter(utterances)
    try:
        while True:
            for utterance in islice(to_come, _AHEAD - len(waiting)):
                waiting.append(readers.submit(read, utterance))
            if not waiting:
                return
            yield waiting.popleft()
    finally:
        for reading in waiting:
            reading.cancel()


def _read(reading: Future[Recording]) -> Recording:
    try:
        return reading.result()
    except OSError as error:
        raise unreadable(error) from error


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
