"""Where corpus, encoder and quantizer meet and become an index table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

import sfvq_analysis
from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders import Encoder, Features, config_digest
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import (
    EncoderError,
    OptionError,
    QuantizerError,
    SfvqError,
    check_option,
)
from sfvq_analysis.phones import normalise, phone_group, phone_table, refuse_unknown
from sfvq_analysis.quantizers import Codes, Quantizer
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    PHONE_TIER,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    IndexTable,
    as_contract,
)
from sfvq_analysis.timeline import owners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus, Recording, Utterance
    from sfvq_analysis.phones import UnknownPolicy
    from sfvq_analysis.quantizers.base import Mode
    from sfvq_analysis.timeline import Ownership, Segment


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How labels, frames and codes are brought together; recorded in the table's provenance.

    Attributes
    ----------
    mode
        ``"exact"`` or ``"published"`` projection (`SpaceFillingVQ.encode`).
    ownership
        Which phone segment owns a frame (`sfvq_analysis.timeline.owners`).
    unknown
        Phones outside the table: ``"raise"`` one error that lists them all before anything is
        encoded, or ``"na"``: keep the label, without a group, and count them.
    allow_mismatch
        Whether codebooks fitted on another encoder's latents may be read with this one.
    """

    mode: Mode = "exact"
    ownership: Ownership = "centre"
    unknown: UnknownPolicy = "raise"
    allow_mismatch: bool = False

    def __post_init__(self) -> None:
        check_option("mode", self.mode, ("exact", "published"))
        check_option("ownership", self.ownership, ("centre", "majority"))
        check_option("unknown", self.unknown, ("raise", "na"))


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
            raise error.at(f"utterance {utterance.id}") from error
        yield EncodedUtterance(utterance, recording, features)


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
        Of shape (n_frames, dim), in the order of the corpus.
    """
    if max_frames is not None and max_frames < 1:
        raise OptionError(f"max_frames is {max_frames}", remedy="use at least 1, or None for all")
    kept = _Reservoir(max_frames, np.random.default_rng(seed))
    for encoded in encoded_utterances(corpus, encoder, progress=progress):
        kept.add(encoded.features.values)
    if kept.n_seen == 0:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    return Features(kept.values(), encoder.grid, encoder.config)


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
    >>> from sfvq_analysis.encoders.registry import BEST_MEL
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder(BEST_MEL), demo_quantizers()["sfvq"])
    >>> table.codebook_size, list(table.utterances["sentence"])
    (256, ['sa1', 'sa2', 'si1201', 'si1202', 'sx201', 'sx202'])
    """
    named = quantizers if isinstance(quantizers, Mapping) else {"": quantizers}
    if not named:
        raise OptionError("no quantizer is given", remedy="give one, or several by name")
    for name, quantizer in named.items():
        _check_match(name, quantizer, encoder, allow_mismatch=options.allow_mismatch)
    if options.unknown == "raise":
        refuse_unknown(_phone_labels(corpus))
    rows = _Rows(corpus, encoder, options)
    for encoded in encoded_utterances(corpus, encoder, progress=progress):
        rows.add(encoded, {name: _codes(q, encoded, options) for name, q in named.items()})
    tables = {name: rows.table(name, quantizer) for name, quantizer in named.items()}
    return tables if isinstance(quantizers, Mapping) else tables[""]


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


def _codes(quantizer: Quantizer, encoded: EncodedUtterance, options: IndexOptions) -> Codes:
    try:
        return quantizer.encode(encoded.features.values, mode=options.mode)
    except SfvqError as error:
        raise error.at(f"utterance {encoded.utterance.id}") from error


def _check_match(
    name: str, quantizer: Quantizer, encoder: Encoder, *, allow_mismatch: bool
) -> None:
    called = f"quantizer {name!r}" if name else "the quantizer"
    fitted_on = config_digest(quantizer.provenance.encoder)
    given = config_digest(encoder.config)
    if fitted_on and fitted_on != given and not allow_mismatch:
        raise QuantizerError(
            f"{called} was fitted on the encoder {dict(quantizer.provenance.encoder)}, "
            f"not on {dict(encoder.config)}",
            remedy="use that encoder, or pass allow_mismatch=True",
        )
    if quantizer.dim != encoder.dim:
        raise QuantizerError(
            f"{called} has {quantizer.dim} dimensions, the encoder {encoder.dim}",
            remedy="use the encoder that the codebook was fitted on",
        )


def _phone_labels(corpus: Corpus) -> Iterator[tuple[str, str]]:
    for utterance in corpus:
        place = str(utterance.label_paths[PHONE_TIER])
        for segment in utterance.load_phones():
            yield segment.label, place


class _Reservoir:
    """A uniform sample of rows that arrive in blocks (Li's algorithm R, a block at a time)."""

    def __init__(self, size: int | None, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.n_seen = 0
        self._blocks: list[NDArray[np.float32]] = []
        self._rows: NDArray[np.float32] | None = None
        self._arrival: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def add(self, block: NDArray[np.float32]) -> None:
        if self.size is None:
            self._blocks.append(block)
        else:
            self._add_sampled(block, self.size)
        self.n_seen += len(block)

    def _add_sampled(self, block: NDArray[np.float32], size: int) -> None:
        if self._rows is None:
            self._rows = np.empty((size, block.shape[1]), dtype=np.float32)
            self._arrival = np.full(size, -1, dtype=np.int64)
        number = self.n_seen + np.arange(len(block))
        slot = np.where(number < size, number, self.rng.integers(0, number + 1))
        taken = np.flatnonzero(slot < size)  # a later row takes the slot of an earlier one
        self._rows[slot[taken]] = block[taken]
        self._arrival[slot[taken]] = number[taken]

    def values(self) -> NDArray[np.float32]:
        if self._rows is None:
            return np.concatenate(self._blocks)
        kept = np.flatnonzero(self._arrival >= 0)
        return self._rows[kept[np.argsort(self._arrival[kept])]]


@dataclass
class _Rows:
    """Columns of the three frames, gathered utterance by utterance."""

    corpus: Corpus
    encoder: Encoder
    options: IndexOptions
    utterances: list[dict[str, Any]] = field(default_factory=list)
    segments: list[pd.DataFrame] = field(default_factory=list)
    alignment: list[pd.DataFrame] = field(default_factory=list)
    codes: dict[str, list[Codes]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    without_frames: list[str] = field(default_factory=list)

    def add(self, encoded: EncodedUtterance, codes: Mapping[str, Codes]) -> None:
        utterance, recording, features = encoded
        phones = recording.tiers[PHONE_TIER]
        owner = owners(
            phones,
            recording.sample_rate,
            features.grid,
            features.n_frames,
            rule=self.options.ownership,
        )
        order = len(self.utterances)
        self.utterances.append(self._utterance_row(encoded))
        self.segments.extend(
            _segment_rows(order, tier, segments, owner)
            for tier, segments in recording.tiers.items()
        )
        self.alignment.append(_alignment_rows(order, owner, features))
        for name, found in codes.items():
            self.codes.setdefault(name, []).append(found)
        self._count(utterance, len(recording.audio), phones, owner)

    def _utterance_row(self, encoded: EncodedUtterance) -> dict[str, Any]:
        utterance, recording, features = encoded
        return {
            "utterance": utterance.id,
            "speaker": utterance.speaker,
            "sex": utterance.sex,
            "dialect": utterance.dialect,
            "sentence": utterance.sentence,
            "split": utterance.split,
            "audio": utterance.audio_path.relative_to(self.corpus.root).as_posix(),
            "sample_rate": recording.sample_rate,
            "n_samples": len(recording.audio),
            "n_frames": features.n_frames,
        }

    def _count(
        self,
        utterance: Utterance,
        n_samples: int,
        phones: tuple[Segment, ...],
        owner: NDArray[np.int32],
    ) -> None:
        if len(owner) == 0:
            self.without_frames.append(utterance.id)
        self.counted["frames"] += len(owner)
        self.counted["frames_outside_phones"] += int((owner < 0).sum())
        self.counted["phones_without_frame"] += len(phones) - len(np.unique(owner[owner >= 0]))
        self.counted["utterances_labelled_past_audio"] += phones[-1].stop > n_samples
        self.counted["utterances_labelled_short_of_audio"] += phones[-1].stop < n_samples

    def table(self, name: str, quantizer: Quantizer) -> IndexTable:
        utterances = as_contract(pd.DataFrame(self.utterances), UTTERANCE_COLUMNS)
        ids = utterances["utterance"]
        segments = self._labelled_segments(ids)
        codes = Codes(*(np.concatenate(part) for part in zip(*self.codes[name], strict=True)))
        return IndexTable(
            utterances=utterances,
            segments=segments,
            frames=_frames(pd.concat(self.alignment, ignore_index=True), segments, codes, ids),
            codebook_size=quantizer.codebook_size,
            grid=self.encoder.grid,
            provenance=self._provenance(name, quantizer, segments),
        )

    def _labelled_segments(self, ids: pd.Series[str]) -> pd.DataFrame:
        segments = pd.concat(self.segments, ignore_index=True)
        segments["utterance"] = _as_ids(segments["utterance"], ids)
        for column in ("tier", "label"):
            segments[column] = segments[column].astype("category")
        labels = segments["label"].cat.categories
        group_of = {label: phone_group(label, unknown="na") for label in labels}
        groups = segments["label"].astype(object).map(group_of)
        segments["phone_group"] = groups.where(segments["tier"] == PHONE_TIER, None)
        return as_contract(segments, SEGMENT_COLUMNS)

    def _provenance(
        self, name: str, quantizer: Quantizer, segments: pd.DataFrame
    ) -> dict[str, Any]:
        unknown = _unknown_counts(segments)
        return {
            "version": sfvq_analysis.__version__,
            "corpus": {"name": self.corpus.name, "notes": self.corpus.notes},
            "encoder": dict(self.encoder.config),
            "encoder_digest": config_digest(self.encoder.config),
            "quantizer": {
                "name": name,
                "kind": quantizer.kind,
                "codebook_digest": quantizer.digest,
                "encoder_digest": config_digest(quantizer.provenance.encoder),
                "fit": dict(quantizer.provenance.fit),
            },
            "options": {
                "mode": self.options.mode,
                "ownership": self.options.ownership,
                "unknown": self.options.unknown,
                "allow_mismatch": self.options.allow_mismatch,
            },
            "counted": {**self.counted, "segments_of_unknown_phone": sum(unknown.values())},
            "unknown_phones": unknown,
            "utterances_without_frames": list(self.without_frames),
        }


def _segment_rows(
    order: int, tier: str, segments: tuple[Segment, ...], owner: NDArray[np.int32]
) -> pd.DataFrame:
    rows = pd.DataFrame(segments, columns=["start", "stop", "label"])
    rows["utterance"], rows["tier"] = order, tier
    rows["ordinal"] = np.arange(len(rows))
    owned = np.bincount(owner[owner >= 0], minlength=len(rows))
    rows["n_frames"] = owned[: len(rows)] if tier == PHONE_TIER else 0
    return rows


def _alignment_rows(order: int, owner: NDArray[np.int32], features: Features) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "utterance": np.full(len(owner), order, dtype=np.int32),
            "frame": np.arange(len(owner), dtype=np.int32),
            "centre": features.grid.centres(len(owner)),
            "phone_segment": owner,
        }
    )


def _frames(
    rows: pd.DataFrame, segments: pd.DataFrame, codes: Codes, ids: pd.Series[str]
) -> pd.DataFrame:
    """Join alignment, labels and codes; labels are found by position, without a merge."""
    phones = segments[segments["tier"] == PHONE_TIER]
    first = np.searchsorted(phones["utterance"].cat.codes.to_numpy(), np.arange(len(ids)))
    inside = rows["phone_segment"].to_numpy() >= 0
    place = first[rows["utterance"].to_numpy()] + rows["phone_segment"].to_numpy()
    for column, source in (("phone", "label"), ("phone_group", "phone_group")):
        values = phones[source].cat.codes.to_numpy()[np.where(inside, place, 0)]
        rows[column] = pd.Categorical.from_codes(
            np.where(inside, values, -1), dtype=phones[source].dtype
        )
    rows["phone"] = rows["phone"].cat.remove_unused_categories()
    rows["utterance"] = _as_ids(rows["utterance"], ids)
    named = dict(zip(Codes._fields, codes, strict=True))
    named["curve_segment"] = named.pop("segment")
    return as_contract(rows.assign(**named), FRAME_COLUMNS)


def _as_ids(order: pd.Series[int], ids: pd.Series[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(order.to_numpy(), categories=pd.Index(ids.array))


def _unknown_counts(segments: pd.DataFrame) -> dict[str, int]:
    labels = segments.loc[segments["tier"] == PHONE_TIER, "label"].value_counts()
    return {
        str(label): int(count)
        for label, count in labels.items()
        if count and normalise(str(label)) not in phone_table()
    }
