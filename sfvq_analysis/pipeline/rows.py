"""The three frames of an index table, gathered utterance by utterance."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.corpus import Skipped
from sfvq_analysis.encoders import Encoder, config_digest
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.pipeline.encoding import below_root, without_root
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.quantizers import Codes, Quantizer
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    PHONE_TIER,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    IndexTable,
    as_contract,
    group_codes_of,
    group_dtype,
    phone_codes,
    phone_labels_of,
    phone_rows,
)
from sfvq_analysis.tables.concatenation import commonest_first
from sfvq_analysis.timeline import owners
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.phones import How
    from sfvq_analysis.pipeline.indexed import IndexedUtterance
    from sfvq_analysis.pipeline.options import IndexOptions
    from sfvq_analysis.timeline import FrameGrid, Segment


class _Tier(NamedTuple):
    """Segments of one tier of one utterance: times (n, 2), numbers of the labels, frames owned."""

    order: int
    name: str
    times: NDArray[np.int64]
    labels: NDArray[np.int32]
    n_frames: NDArray[np.int32]


@dataclass
class TableRows:
    """Columns of the three frames, gathered utterance by utterance."""

    corpus: Corpus
    encoder: Encoder
    options: IndexOptions
    utterances: list[dict[str, Any]] = field(default_factory=list)
    tiers: list[_Tier] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # of the labels, as they turn up
    owners: list[NDArray[np.int32]] = field(default_factory=list)
    codes: dict[str, list[Codes]] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    without_frames: list[str] = field(default_factory=list)
    skipped: list[SkippedUtterance] = field(default_factory=list)
    inventory: PhoneInventory = field(default_factory=PhoneInventory)  # TIMIT's unless resolved

    def add(self, indexed: IndexedUtterance) -> None:
        """Add an utterance's rows."""
        phones = indexed.tiers[PHONE_TIER]
        owner = owners(
            phones,
            indexed.sample_rate,
            self.encoder.grid,
            indexed.n_frames,
            rule=self.options.ownership,
        )
        order = len(self.utterances)
        self.utterances.append(self._utterance_row(indexed))
        self.tiers.extend(
            self._tier(order, tier, segments, owner) for tier, segments in indexed.tiers.items()
        )
        self.owners.append(owner)
        for name, found in indexed.codes.items():
            self.codes.setdefault(name, []).append(found)
        self._count(indexed.utterance, indexed.n_samples, phones, owner)

    def take(self, found: IndexedUtterance | SkippedUtterance) -> None:
        """Add an utterance's rows, or note that it is left out."""
        if isinstance(found, SkippedUtterance):
            self.skipped.append(below_root(found, self.corpus))
        else:
            self.add(found)

    def _utterance_row(self, indexed: IndexedUtterance) -> dict[str, Any]:
        utterance = indexed.utterance
        return {
            "utterance": utterance.id,
            "speaker": utterance.speaker,
            "sex": utterance.sex,
            "dialect": utterance.dialect,
            "sentence": utterance.sentence,
            "split": utterance.split,
            "audio": utterance.audio_path.relative_to(self.corpus.root).as_posix(),
            "sample_rate": indexed.sample_rate,
            "n_samples": indexed.n_samples,
            "n_frames": indexed.n_frames,
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
        labelled = phones[-1].stop if phones else 0
        self.counted["utterances_labelled_past_audio"] += labelled > n_samples
        self.counted["utterances_labelled_short_of_audio"] += labelled < n_samples

    def tables(self, quantizers: Mapping[str, Quantizer]) -> dict[str, IndexTable]:
        """Return the finished table of each quantizer; what they share is put together once."""
        utterances = as_contract(pd.DataFrame(self.utterances), UTTERANCE_COLUMNS)
        segments = self._labelled_segments(utterances["utterance"])
        aligned = _aligned_frames(
            _alignment(self.owners, self.encoder.grid), segments, self.inventory
        )
        self.owners.clear()
        return {
            name: IndexTable(
                utterances=utterances,
                segments=segments,
                frames=_with_codes(aligned, self.codes.pop(name), self.inventory),
                codebook_size=quantizer.codebook_size,
                grid=self.encoder.grid,
                provenance=self._provenance(name, quantizer, segments),
                inventory=self.inventory,
            )
            for name, quantizer in quantizers.items()
        }

    def _tier(
        self, order: int, name: str, segments: tuple[Segment, ...], owner: NDArray[np.int32]
    ) -> _Tier:
        known = self.numbers
        times = np.array([(start, stop) for start, stop, _ in segments], dtype=np.int64)
        labels = [known.setdefault(label, len(known)) for _, _, label in segments]
        owned = np.zeros(len(segments), dtype=np.int32)
        if name == PHONE_TIER:
            owned += np.bincount(owner[owner >= 0], minlength=len(segments))[: len(segments)]
        return _Tier(order, name, times.reshape(-1, 2), np.array(labels, dtype=np.int32), owned)

    def _labelled_segments(self, ids: pd.Series[str]) -> pd.DataFrame:
        lengths = [len(tier.times) for tier in self.tiers]
        times = np.concatenate([tier.times for tier in self.tiers])
        tiers, numbers = pd.factorize(np.array([tier.name for tier in self.tiers], dtype=object))
        segments = pd.DataFrame(
            {
                "utterance": _as_ids(np.repeat([tier.order for tier in self.tiers], lengths), ids),
                "tier": _sorted_categories(np.repeat(tiers, lengths), numbers),
                "ordinal": np.concatenate([np.arange(length) for length in lengths]),
                "start": times[:, 0],
                "stop": times[:, 1],
                "label": _sorted_categories(
                    np.concatenate([tier.labels for tier in self.tiers]), list(self.numbers)
                ),
                "n_frames": np.concatenate([tier.n_frames for tier in self.tiers]),
            }
        )
        self.tiers.clear()
        self.inventory = self.inventory.covering(phone_labels_of(segments))
        codes = group_codes_of(segments["label"], self.inventory)
        codes[(segments["tier"] != PHONE_TIER).to_numpy()] = -1
        groups = group_dtype(self.inventory.groups)
        segments["phone_group"] = pd.Categorical.from_codes(codes, dtype=groups)
        return as_contract(segments, SEGMENT_COLUMNS, self.inventory.groups)

    def _provenance(
        self, name: str, quantizer: Quantizer, segments: pd.DataFrame
    ) -> dict[str, Any]:
        unknown = _label_counts(segments, self.inventory, "unknown")
        without_label = _label_counts(segments, self.inventory, "empty")
        return {
            "version": VERSION,
            "corpus": {"name": self.corpus.name, "notes": self.corpus.notes},
            "encoder": dict(self.encoder.config),
            "encoder_digest": config_digest(self.encoder.config),
            "quantizer": {
                "name": name,
                "kind": quantizer.kind,
                "codebook_digest": quantizer.digest,
                "encoder_digest": config_digest(quantizer.provenance.encoder),
                "fit": dict(quantizer.provenance.fit),
                "frames_fitted_per_codeword": _frames_per_codeword(quantizer),
            },
            "options": asdict(self.options),
            "counted": {
                **self.counted,
                "segments_of_unknown_phone": sum(unknown.values()),
                "segments_without_label": sum(without_label.values()),
                "utterances_skipped": len(self.corpus.skipped) + len(self.skipped),
            },
            "unknown_phones": unknown,
            "phones": {
                "set": self.inventory.phone_set,
                "groups_file": self.inventory.source,
                "note": self.inventory.note,
            },
            "utterances_without_frames": list(self.without_frames),
            "skipped": [
                {"utterance": name, "reason": reason}
                for name, reason in (*scanned_out(self.corpus), *self.skipped)
            ],
        }


def scanned_out(corpus: Corpus) -> list[Skipped]:
    """Return what was left out on scanning a corpus, with paths below its folder."""
    return [
        Skipped(*(without_root(text, corpus.root) for text in skipped))
        for skipped in corpus.skipped
    ]


def _frames_per_codeword(quantizer: Quantizer) -> float | None:
    """Return how many frames a codebook was fitted on for each of its codewords, if it says so."""
    n_frames = quantizer.provenance.fit.get("n_frames")
    if not isinstance(n_frames, int):
        return None
    return round(n_frames / quantizer.codebook_size, 2)


def _alignment(owners_of: list[NDArray[np.int32]], grid: FrameGrid) -> pd.DataFrame:
    """Return the frames of all utterances, each with the segment of its utterance that owns it."""
    lengths = [len(owner) for owner in owners_of]
    frame = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
    return pd.DataFrame(
        {
            "utterance": np.repeat(np.arange(len(lengths), dtype=np.int32), lengths),
            "frame": frame,
            "centre": grid.centres(max(lengths))[frame],
            "phone_segment": np.concatenate(owners_of),
        }
    )


def _aligned_frames(
    rows: pd.DataFrame, segments: pd.DataFrame, inventory: PhoneInventory
) -> pd.DataFrame:
    """Return the frames with the labels of their owners, found by position, without a merge."""
    ids = segments["utterance"].cat.categories
    first, _, phones = phone_rows(segments, len(ids))
    inside = rows["phone_segment"].to_numpy() >= 0
    place = np.where(inside, first[rows["utterance"]] + rows["phone_segment"].to_numpy(), -1)
    for column, source, codes_of in (
        ("phone", phones["label"], phone_codes(phones["label"], inventory)),
        ("phone_group", phones["phone_group"], phones["phone_group"].cat.codes.to_numpy()),
    ):
        values = np.append(codes_of, -1)[place]
        rows[column] = pd.Categorical.from_codes(values, dtype=source.dtype)
    rows["phone"] = rows["phone"].cat.remove_unused_categories()
    rows["utterance"] = pd.Categorical.from_codes(rows["utterance"], categories=ids)
    return rows


def _with_codes(
    aligned: pd.DataFrame, parts: list[Codes], inventory: PhoneInventory
) -> pd.DataFrame:
    """Return the frames with the codes of all utterances in the columns of the contract."""
    columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    named = dict(zip(Codes._fields, columns, strict=True))
    named["curve_segment"] = named.pop("segment")
    return as_contract(aligned.assign(**named), FRAME_COLUMNS, inventory.groups)


def _as_ids(order: NDArray[np.integer], ids: pd.Series[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(order, categories=pd.Index(ids.array))


def _sorted_categories(codes: NDArray[np.integer], names: Sequence[str]) -> pd.Categorical:
    """Return names[codes] with the names that occur as sorted categories."""
    order = np.argsort(np.array(names, dtype=object), kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    categories = pd.Index(np.array(names, dtype=object)[order], dtype="str")
    return pd.Categorical.from_codes(place[codes], categories=categories)


def _label_counts(segments: pd.DataFrame, inventory: PhoneInventory, how: How) -> dict[str, int]:
    """Return how many phone segments have each label that means nothing for this reason.

    The commonest is first.
    """
    labels = segments.loc[segments["tier"] == PHONE_TIER, "label"].value_counts()
    return commonest_first(
        {
            str(label): int(count)
            for label, count in labels.items()
            if count and inventory.entries[str(label)].how == how
        }
    )
