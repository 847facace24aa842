"""The three frames of an index table, gathered utterance by utterance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.encoders import Encoder, Features, config_digest
from sfvq_analysis.phones import is_known, phone_group
from sfvq_analysis.quantizers import Codes, Quantizer
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    PHONE_TIER,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    IndexTable,
    as_contract,
    phone_codes,
    phone_rows,
)
from sfvq_analysis.timeline import owners
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.pipeline.encoding import EncodedUtterance
    from sfvq_analysis.pipeline.options import IndexOptions
    from sfvq_analysis.timeline import Segment


@dataclass
class TableRows:
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
        """Add an utterance's rows, with its codes by the quantizers' names."""
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

    def tables(self, quantizers: Mapping[str, Quantizer]) -> dict[str, IndexTable]:
        """Return the finished table of each quantizer; what they share is put together once."""
        utterances = as_contract(pd.DataFrame(self.utterances), UTTERANCE_COLUMNS)
        segments = self._labelled_segments(utterances["utterance"])
        aligned = _aligned_frames(pd.concat(self.alignment, ignore_index=True), segments)
        return {
            name: IndexTable(
                utterances=utterances,
                segments=segments,
                frames=_with_codes(aligned, self.codes[name]),
                codebook_size=quantizer.codebook_size,
                grid=self.encoder.grid,
                provenance=self._provenance(name, quantizer, segments),
            )
            for name, quantizer in quantizers.items()
        }

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


def _aligned_frames(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Return the frames with the labels of their owners, found by position, without a merge."""
    ids = segments["utterance"].cat.categories
    first, _, phones = phone_rows(segments, len(ids))
    inside = rows["phone_segment"].to_numpy() >= 0
    place = np.where(inside, first[rows["utterance"]] + rows["phone_segment"].to_numpy(), -1)
    for column, source, codes_of in (
        ("phone", phones["label"], phone_codes(phones["label"])),
        ("phone_group", phones["phone_group"], phones["phone_group"].cat.codes.to_numpy()),
    ):
        values = np.append(codes_of, -1)[place]
        rows[column] = pd.Categorical.from_codes(values, dtype=source.dtype)
    rows["phone"] = rows["phone"].cat.remove_unused_categories()
    rows["utterance"] = pd.Categorical.from_codes(rows["utterance"], categories=ids)
    return rows


def _with_codes(aligned: pd.DataFrame, parts: list[Codes]) -> pd.DataFrame:
    """Return the frames with the codes of all utterances in the columns of the contract."""
    columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    named = dict(zip(Codes._fields, columns, strict=True))
    named["curve_segment"] = named.pop("segment")
    return as_contract(aligned.assign(**named), FRAME_COLUMNS)


def _as_ids(order: pd.Series[int], ids: pd.Series[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(order.to_numpy(), categories=pd.Index(ids.array))


def _unknown_counts(segments: pd.DataFrame) -> dict[str, int]:
    labels = segments.loc[segments["tier"] == PHONE_TIER, "label"].value_counts()
    return {
        str(label): int(count)
        for label, count in labels.items()
        if count and not is_known(str(label))
    }
