"""`index_table`: where corpus, encoder and quantizer meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, overload

from sfvq_analysis.encoders import Encoder, config_digest
from sfvq_analysis.errors import (
    OptionError,
    QuantizerError,
    SfvqError,
)
from sfvq_analysis.phones import refuse_unknown
from sfvq_analysis.pipeline.encoding import EncodedUtterance, encoded_utterances
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.pipeline.rows import TableRows
from sfvq_analysis.tables import (
    PHONE_TIER,
    IndexTable,
)

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.quantizers import Codes, Quantizer


@overload
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Quantizer,
    options: IndexOptions = ...,
    *,
    progress: bool = ...,
) -> IndexTable: ...
@overload
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    options: IndexOptions = ...,
    *,
    progress: bool = ...,
) -> dict[str, IndexTable]: ...
def index_table(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Quantizer | Mapping[str, Quantizer],
    options: IndexOptions = IndexOptions(),
    *,
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
        Of alignment and projection.
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
        If labels are unknown (unless ``unknown="na"``) or files can't be read.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> table.codebook_size, list(table.utterances["sentence"])
    (256, ['sa1', 'sa2', 'si1201', 'si1202', 'sx201', 'sx202'])
    """
    named = quantizers if isinstance(quantizers, Mapping) else {"": quantizers}
    if not named:
        raise OptionError("no quantizer is given", remedy="give one, or several by name")
    for name, quantizer in named.items():
        check_match(name, quantizer, encoder, allow_mismatch=options.allow_mismatch)
    if options.unknown == "raise":
        refuse_unknown(phone_labels(corpus))
    rows = TableRows(corpus, encoder, options)
    for encoded in encoded_utterances(corpus, encoder, progress=progress):
        rows.add(encoded, {name: _codes(q, encoded, options) for name, q in named.items()})
    tables = rows.tables(named)
    return tables if isinstance(quantizers, Mapping) else tables[""]


def _codes(quantizer: Quantizer, encoded: EncodedUtterance, options: IndexOptions) -> Codes:
    try:
        return quantizer.encode(encoded.features.values, mode=options.mode)
    except SfvqError as error:
        raise error.at(f"utterance {encoded.utterance.id}") from error


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


def phone_labels(corpus: Corpus) -> Iterator[tuple[str, str]]:
    """Yield the label and the file of every phone segment of a corpus."""
    for utterance in corpus:
        place = str(utterance.label_paths[PHONE_TIER])
        for segment in utterance.load_phones():
            yield segment.label, place
