"""What the phone labels of a corpus mean: they are all read for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.phones import LabelCounts, resolve
from sfvq_analysis.pipeline.encoding import each_read, unreadable
from sfvq_analysis.stores import StoreError
from sfvq_analysis.tables import PHONE_TIER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.pipeline.options import IndexOptions
    from sfvq_analysis.timeline import Segment


def corpus_inventory(corpus: Corpus, options: IndexOptions) -> PhoneInventory:
    """Return what the phone labels of a corpus mean; they are all read for it.

    Raises
    ------
    CorpusError
        If labels are unknown (unless ``unknown="na"``), or can't be read.
    """
    counts = LabelCounts.of(phone_labels(corpus, options.on_error))
    return inventory_of(counts, corpus, options)


def inventory_of(counts: LabelCounts, corpus: Corpus, options: IndexOptions) -> PhoneInventory:
    """Return what the phone labels of a corpus mean, once they are counted."""
    return resolve(
        counts,
        options.phone_set,
        unknown=options.unknown,
        empty="silence" if corpus.empty_is_silence else "na",
    )


def phone_labels(corpus: Corpus, on_error: ErrorPolicy = "raise") -> Iterator[tuple[str, str]]:
    """Yield the label and the file of every phone segment of a corpus.

    With ``on_error="skip"`` those of utterances whose labels can't be read are left out.
    """
    found = each_read(corpus.utterances, partial(_phones, on_error=on_error))
    for utterance, phones in zip(corpus, found, strict=True):
        for segment in phones:
            yield segment.label, str(utterance.labels[PHONE_TIER])


def _phones(utterance: Utterance, on_error: ErrorPolicy) -> tuple[Segment, ...]:
    try:
        return utterance.load_phones()
    except SfvqError as error:
        if on_error == "raise" or isinstance(error, StoreError):
            raise
    except OSError as error:
        if on_error == "raise":
            raise unreadable(error) from error
    return ()
