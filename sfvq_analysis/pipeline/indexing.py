"""`index_table`: where corpus, encoder and quantizer meet; and `index_parts`, for long corpora."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sfvq_analysis.encoders import Encoder, config_digest
from sfvq_analysis.errors import (
    CorpusError,
    OptionError,
    QuantizerError,
    shown,
)
from sfvq_analysis.pipeline.encoding import (
    EncodedUtterance,
    each_utterance,
    refuse_nothing_left,
    with_bar,
)
from sfvq_analysis.pipeline.indexed import (
    IndexedUtterance,
    SkippedUtterance,
)
from sfvq_analysis.pipeline.inventories import corpus_inventory
from sfvq_analysis.pipeline.journal import IndexJournal, index_journal
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.pipeline.rows import TableRows
from sfvq_analysis.pipeline.stamps import run_key, utterance_stamp
from sfvq_analysis.quantizers.foreign import as_quantizer
from sfvq_analysis.tables import (
    PHONE_TIER,
    IndexTable,
)
from sfvq_analysis.timeline import check_segments

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.quantizers import Quantizer

PART_FRAMES = 1 << 17
"""Frames of a part of a table that is written as it comes, about 20 minutes of 10 ms each."""


@overload
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Quantizer,
    options: IndexOptions = ...,
    *,
    journal: IndexJournal | Path | str | None = ...,
    progress: bool = ...,
) -> IndexTable: ...
@overload
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    options: IndexOptions = ...,
    *,
    journal: IndexJournal | Path | str | None = ...,
    progress: bool = ...,
) -> dict[str, IndexTable]: ...
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Quantizer | Mapping[str, Quantizer],
    options: IndexOptions = IndexOptions(),
    *,
    journal: IndexJournal | Path | str | None = None,
    progress: bool = False,
) -> IndexTable | dict[str, IndexTable]:
    """Turn a corpus into indices aligned with its labels.

    Every utterance is read and encoded once, whatever the number of quantizers; only codes and
    labels stay in memory.

    Parameters
    ----------
    corpus
        Audio and labels.
    encoder
        Gives the frames.
    quantizers
        One quantizer, or several by name.
    options
        Of alignment and projection, and what becomes of bad utterances.
    journal
        A file in which every finished utterance is written down. If the process is killed, the same
        call goes on from there; the table is the same to the last bit. An utterance whose files
        have changed is encoded anew; with other options, encoders or codebooks all are. The file is
        removed in the end; to keep it until the table is on disk, open it yourself
        (`sfvq_analysis.pipeline.index_journal`).
    progress
        Whether to show a progress bar.

    Returns
    -------
    IndexTable or dict of them
        One for one quantizer, else one a name.

    Raises
    ------
    QuantizerError
        If a quantizer was fitted on another encoder's latents (unless `allow_mismatch`) or has
        another dimension.
    CorpusError
        If labels are unknown (unless ``unknown="na"``) or files can't be read (unless
        ``on_error="skip"``; then if none can).
    JournalError
        If another process is at work on the journal, or it is another kind of file.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> table.codebook_size, list(table.utterances["sentence"])
    (256, ['sa1', 'sa2', 'si1201', 'si1202', 'sx201', 'sx202'])
    """
    named = quantizers if isinstance(quantizers, Mapping) else {"": quantizers}
    (tables,) = index_parts(
        corpus, encoder, named, options, journal=journal, progress=progress, part_frames=None
    )
    return tables if isinstance(quantizers, Mapping) else tables[""]


def index_parts(  # noqa: PLR0913 (all but three are options)
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    options: IndexOptions = IndexOptions(),
    *,
    journal: IndexJournal | Path | str | None = None,
    progress: bool = False,
    part_frames: int | None = PART_FRAMES,
) -> Generator[dict[str, IndexTable], None, None]:
    """Yield the tables that `index_table` returns part by part, so that one part is in memory.

    Parameters
    ----------
    corpus, encoder, quantizers, options, journal, progress
        As in `index_table`.
    part_frames
        A part ends with the utterance that makes it so long; None makes one part of all.

    Yields
    ------
    dict
        Tables by name, of some utterances. `sfvq_analysis.tables.save_parts` writes them as they
        come, `sfvq_analysis.tables.concatenate_tables` puts those of a name together.

    Raises
    ------
    SfvqError
        As `index_table`.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> read = corpus, load_encoder("vqvae"), demo_quantizers()
    >>> for part in index_parts(*read, part_frames=500):
    ...     print(part["sfvq"])
    IndexTable(4 utterances, 185 segments, 547 frames, codebook_size=256)
    IndexTable(2 utterances, 82 segments, 255 frames, codebook_size=256)
    """
    if not quantizers:
        raise OptionError("no quantizer is given", remedy="give one, or several by name")
    named = {name: as_quantizer(one) for name, one in quantizers.items()}
    for name, quantizer in named.items():
        check_match(name, quantizer, encoder, allow_mismatch=options.allow_mismatch)
    if part_frames is not None and part_frames < 1:
        raise OptionError(f"part_frames is {part_frames}", remedy="give at least 1, or None")
    longest = inf if part_frames is None else part_frames
    inventory = corpus_inventory(corpus, options)
    without_skipped = replace(corpus, skipped=())  # which the first part has
    with _opened(journal) as kept:
        found = indexed_utterances(corpus, encoder, named, options, kept)
        rows = TableRows(corpus, encoder, options, inventory=inventory)
        for one in with_bar(found, corpus, progress=progress):
            # what is skipped goes with the part before it: a part has utterances
            if rows.counted["frames"] >= longest and not isinstance(one, SkippedUtterance):
                yield rows.tables(named)
                rows = TableRows(without_skipped, encoder, options, inventory=inventory)
            rows.take(one)
        refuse_nothing_left(len(rows.utterances), rows.skipped, corpus)
        yield rows.tables(named)


def gathered(
    found: Iterable[IndexedUtterance | SkippedUtterance],
    corpus: Corpus,
    encoder: Encoder,
    options: IndexOptions,
    inventory: PhoneInventory,
) -> TableRows:
    """Return the rows of the tables of a corpus' utterances, and what was left out of it."""
    rows = TableRows(corpus, encoder, options, inventory=inventory)
    for one in found:
        rows.take(one)
    return rows


def _opened(
    journal: IndexJournal | Path | str | None,
) -> AbstractContextManager[IndexJournal | None]:
    if isinstance(journal, Path | str):
        return index_journal(Path(journal))
    return nullcontext(journal)


def indexed_utterances(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    options: IndexOptions,
    journal: IndexJournal | None,
    *,
    refused: Callable[[Utterance], str] | None = None,
) -> Iterator[IndexedUtterance | SkippedUtterance]:
    """Yield every utterance in order, from the journal where it is finished, or encoded now.

    Parameters
    ----------
    corpus, encoder, quantizers, options, journal
        As in `index_table`.
    refused
        Is asked of every utterance before anything of it is read, and says why it isn't to be,
        or ``""``. No other is read meanwhile.
    """
    each = each_utterance if refused is None else partial(_one_by_one, refused=refused)
    work = partial(_with_codes, quantizers=quantizers, options=options)
    if journal is None:
        yield from each(corpus.utterances, encoder, work, options.on_error)
        return
    journal.begin(run_key(encoder, quantizers, options))
    stamps = {utterance.id: utterance_stamp(utterance) for utterance in corpus}
    finished = {name for name, stamp in stamps.items() if journal.stamps.get(name) == stamp}
    left = [utterance for utterance in corpus if utterance.id not in finished]
    with closing(each(left, encoder, work, options.on_error)) as fresh:
        for utterance in corpus:
            if utterance.id in finished:
                yield journal.get(utterance)
            else:
                one = next(fresh)
                if not isinstance(one, SkippedUtterance):
                    journal.put(stamps[utterance.id], one)
                yield one


def _one_by_one(
    utterances: Sequence[Utterance],
    encoder: Encoder,
    work: Callable[[EncodedUtterance], IndexedUtterance],
    on_error: ErrorPolicy,
    refused: Callable[[Utterance], str],
) -> Generator[IndexedUtterance | SkippedUtterance, None, None]:
    """Work on utterances as `each_utterance`, reading none before the last is done."""
    for utterance in utterances:
        reason = refused(utterance)
        if not reason:
            yield from each_utterance((utterance,), encoder, work, on_error)
            continue
        error = CorpusError(reason, where=str(utterance.audio_path), remedy="look at the file")
        if on_error == "raise":
            raise error.at(f"utterance {shown(utterance.id)}")
        yield SkippedUtterance(utterance.id, str(error))


def _with_codes(
    encoded: EncodedUtterance, quantizers: Mapping[str, Quantizer], options: IndexOptions
) -> IndexedUtterance:
    """Return an utterance's codes and labels, checked."""
    utterance, recording, features = encoded
    if PHONE_TIER not in recording.tiers:
        utterance.load_phones()  # says what is missing
    check_segments(recording.tiers[PHONE_TIER])
    if options.past_audio == "raise":
        utterance.refuse_late_labels(recording)
    return IndexedUtterance(
        utterance,
        len(recording.audio),
        recording.sample_rate,
        recording.tiers,
        features.n_frames,
        {name: q.encode(features.values, mode=options.mode) for name, q in quantizers.items()},
    )


def check_match(name: str, quantizer: Quantizer, encoder: Encoder, *, allow_mismatch: bool) -> None:
    """Raise a QuantizerError unless a quantizer was fitted on the latents of this encoder."""
    called = f"quantizer {name!r}" if name else "the quantizer"
    fitted_on = config_digest(quantizer.provenance.encoder)
    given = config_digest(encoder.config)
    if fitted_on and fitted_on != given and not allow_mismatch:
        raise QuantizerError(
            f"{called} was fitted on the encoder {dict(quantizer.provenance.encoder)}, "
            f"not on {dict(encoder.config)}",
            where=quantizer.source or None,
            remedy="use that encoder, or pass allow_mismatch=True (--allow-mismatch)",
        )
    if quantizer.dim != encoder.dim:
        raise QuantizerError(
            f"{called} has {quantizer.dim} dimensions, the encoder {encoder.dim}",
            where=quantizer.source or None,
            remedy="use the encoder that the codebook was fitted on",
        )
