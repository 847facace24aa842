"""Index tables of latents that have labels and no audio: speech of others, or no speech at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from sfvq_analysis.encoders import config_digest
from sfvq_analysis.phones import (
    SET_NAMES,
    LabelCounts,
    PhoneGroups,
    PhoneInventory,
    PhoneSet,
    resolve,
)
from sfvq_analysis.phones.resolving import as_groups
from sfvq_analysis.pipeline.label_spans import parts_and_spans
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
)
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.pipeline.label_spans import Labels
    from sfvq_analysis.quantizers import Codes, Quantizer

    Groups: TypeAlias = Mapping[str, str] | PhoneGroups | PhoneSet | Path | str

_ROW_GRID = FrameGrid(sample_rate=1, hop=1, offset=0)


def index_latents(
    latents: ArrayLike | Mapping[str, ArrayLike],
    labels: Labels,
    quantizer: Quantizer,
    *,
    groups: Groups | None = None,
    grid: FrameGrid | None = None,
) -> IndexTable:
    """Return the indices of latents aligned with their labels.

    Parameters
    ----------
    latents
        Shape (n, dim): n things that have nothing to do with each other, an utterance of one frame
        each. Or sequences of frames by name, each of shape (n_frames, dim).
    labels
        One label a row: a sequence for an array, a dictionary of sequences for several, in which
        neighbours of one label are one segment. None and NaN are no label. Or a frame
        (``utterance``, ``start``, ``stop``, ``label``) of half-open spans of frames; an array is
        then the one utterance that it names.
    quantizer
        Gives the codes.
    groups
        Which group each label is in: a dictionary, `PhoneGroups` or their file; or the name of a
        phone set, ``"auto"``, or a `PhoneSet`, for phones. By default every label is a group.
    grid
        Where the frames are in time; by default frame i is sample i at 1 Hz.

    Returns
    -------
    IndexTable
        Without audio, speakers and sentences. Units of intervals are the utterances.

    Raises
    ------
    OptionError
        If latents aren't finite numbers of one dimension, or labels don't fit them.
    CorpusError
        If a label is in no group, or can't be one.
    QuantizerError
        If the codebook has another dimension.

    Examples
    --------
    >>> from sfvq_analysis.quantizers import SpaceFillingVQ
    >>> line = SpaceFillingVQ([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    >>> points = [[0.1, 0.0], [1.9, 0.1], [2.0, 0.0]]
    >>> table = index_latents(points, [1, 2, 3], line, groups={"1": "odd", "2": "even", "3": "odd"})
    >>> table.frames[["phone", "phone_group", "codeword"]].to_numpy().tolist()
    [['1', 'odd', 0], ['2', 'even', 2], ['3', 'odd', 2]]
    """
    grid = grid or _ROW_GRID
    parts, spans = parts_and_spans(latents, labels)
    inventory = _inventory(spans, groups)
    lengths = np.array([len(part) for part in parts.values()], dtype=np.int64)
    ids = pd.Index(list(parts), dtype="str")
    codes = quantizer.encode(np.concatenate(list(parts.values())))
    segments = _segments(spans, ids, grid, inventory)
    return IndexTable(
        utterances=_utterances(ids, lengths, grid),
        segments=segments,
        frames=_frames(spans, segments, lengths, codes, grid, inventory),
        codebook_size=quantizer.codebook_size,
        grid=grid,
        provenance=_provenance(quantizer, inventory, lengths),
        inventory=inventory,
    )


def _inventory(spans: pd.DataFrame, groups: Groups | None) -> PhoneInventory:
    places = zip(spans["label"], spans["utterance"], strict=True)
    found = LabelCounts.of((label, f"utterance {name}") for label, name in places)
    if isinstance(groups, PhoneSet) or (isinstance(groups, str) and groups in ("auto", *SET_NAMES)):
        return resolve(found, groups)
    if groups is None:
        own = PhoneGroups.of(
            {label: label for label in sorted(found.counts, key=_natural) if label}
        )
        return PhoneInventory.of(found.counts, PhoneSet("none", own))
    return resolve(found, PhoneSet("none", as_groups(groups)))


def _natural(label: str) -> tuple[int, str]:
    return len(label) if label.isdecimal() else 0, label


def _utterances(ids: pd.Index[str], lengths: NDArray[np.int64], grid: FrameGrid) -> pd.DataFrame:
    unknown = dict.fromkeys(("speaker", "sex", "dialect", "sentence", "split", "audio"), "")
    frame = pd.DataFrame({"utterance": ids}).assign(
        **unknown,
        sample_rate=grid.sample_rate,
        n_samples=grid.offset + grid.hop * lengths,
        n_frames=lengths,
    )
    return as_contract(frame, UTTERANCE_COLUMNS)


def _segments(
    spans: pd.DataFrame, ids: pd.Index[str], grid: FrameGrid, inventory: PhoneInventory
) -> pd.DataFrame:
    order = ids.get_indexer(spans["utterance"])
    label = pd.Series(pd.Categorical(spans["label"], sorted(set(spans["label"]))))
    start, stop = spans["start"].to_numpy(np.int64), spans["stop"].to_numpy(np.int64)
    frame = pd.DataFrame(
        {
            "utterance": pd.Categorical.from_codes(order, ids),
            "tier": PHONE_TIER,
            "ordinal": pd.Series(order).groupby(order).cumcount(),
            "start": grid.offset + grid.hop * start,
            "stop": grid.offset + grid.hop * stop,
            "label": label,
            "phone_group": pd.Categorical.from_codes(
                group_codes_of(label, inventory), dtype=group_dtype(inventory.groups)
            ),
            "n_frames": stop - start,
        }
    )
    return as_contract(frame, SEGMENT_COLUMNS, inventory.groups)


def _frames(
    spans: pd.DataFrame,
    segments: pd.DataFrame,
    lengths: NDArray[np.int64],
    codes: Codes,
    grid: FrameGrid,
    inventory: PhoneInventory,
) -> pd.DataFrame:
    first = np.cumsum(lengths) - lengths
    order = segments["utterance"].cat.codes.to_numpy()
    sizes = segments["n_frames"].to_numpy()
    row = np.repeat(first[order] + spans["start"].to_numpy(np.int64), sizes)
    row += np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    owner = np.full(int(lengths.sum()), -1, dtype=np.int64)
    owner[row] = np.repeat(np.arange(len(segments)), sizes)
    frame = np.arange(len(owner)) - np.repeat(first, lengths)
    phones = np.append(phone_codes(segments["label"], inventory), -1)[owner]
    groups = np.append(segments["phone_group"].cat.codes.to_numpy(), -1)[owner]
    utterance = np.repeat(np.arange(len(lengths)), lengths)
    columns: dict[str, Any] = {
        "utterance": pd.Categorical.from_codes(utterance, dtype=segments["utterance"].dtype),
        "frame": frame,
        "centre": grid.offset + grid.hop * frame,
        "phone_segment": np.append(segments["ordinal"].to_numpy(), -1)[owner],
        "phone": pd.Categorical.from_codes(phones, dtype=segments["label"].dtype),
        "phone_group": pd.Categorical.from_codes(groups, dtype=segments["phone_group"].dtype),
        "codeword": codes.codeword,
        "curve_segment": codes.segment,
        "t": codes.t,
        "distortion": codes.distortion,
        "codeword_distortion": codes.codeword_distortion,
    }
    return as_contract(pd.DataFrame(columns), FRAME_COLUMNS, inventory.groups)


def _provenance(
    quantizer: Quantizer, inventory: PhoneInventory, lengths: NDArray[np.int64]
) -> dict[str, Any]:
    return {
        "version": VERSION,
        "corpus": {"name": "latents", "notes": ""},
        "encoder": {"encoder": "latents"},
        "quantizer": {
            "name": "",
            "kind": quantizer.kind,
            "codebook_digest": quantizer.digest,
            "encoder_digest": config_digest(quantizer.provenance.encoder),
            "fit": dict(quantizer.provenance.fit),
        },
        "counted": {"frames": int(lengths.sum())},
        "phones": {
            "set": inventory.phone_set,
            "groups_file": inventory.source,
            "note": inventory.note,
        },
    }
