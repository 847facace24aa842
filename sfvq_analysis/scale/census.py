"""What must be known of all utterances before the first is encoded: durations and labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.phones import LabelCounts
from sfvq_analysis.pipeline.encoding import each_read, unreadable
from sfvq_analysis.pipeline.inventories import phone_labels
from sfvq_analysis.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.errors import ErrorPolicy


class Census(NamedTuple):
    """Seconds of every utterance, in order, and how often each phone label occurs."""

    seconds: list[float]
    labels: LabelCounts


def census(corpus: Corpus, on_error: ErrorPolicy) -> Census:
    """Read the headers of the audio files and the phone labels of a corpus.

    Under ``on_error="skip"`` an utterance whose header can't be read has no duration; whoever
    encodes it says why.
    """
    seconds = list(each_read(corpus.utterances, partial(_seconds, on_error=on_error)))
    return Census(seconds, LabelCounts.of(phone_labels(corpus, on_error)))


def merged(parts: Iterable[Census]) -> Census:
    """Return the census of all parts, in order."""
    found = list(parts)
    return Census(
        [one for part in found for one in part.seconds],
        LabelCounts.merged(part.labels for part in found),
    )


def _seconds(utterance: Utterance, on_error: ErrorPolicy) -> float:
    try:
        n_samples, rate = utterance.length()
    except SfvqError as error:
        if on_error == "raise" or isinstance(error, StoreError):
            raise error.at(f"utterance {utterance.id}") from error
        return 0.0
    except OSError as error:
        if on_error == "raise":
            raise unreadable(error).at(f"utterance {utterance.id}") from error
        return 0.0
    return n_samples / rate
