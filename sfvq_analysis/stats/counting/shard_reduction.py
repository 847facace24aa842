"""What is added up of one shard of a dataset, from the columns that are needed for it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from sfvq_analysis.errors import TableError
from sfvq_analysis.stats.counting.reductions import distinct_rows, tokens_at, unit_of
from sfvq_analysis.tables import PHONE_TIER
from sfvq_analysis.tables.shard_files import read_shard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.tables import IndexDataset

    Ints = NDArray[np.int64]
    Cells: TypeAlias = tuple[Sequence[NDArray[np.integer]], Ints]

_FRAMES = ("utterance", "phone_segment", "codeword", "codeword_distortion")
_SEGMENTS = ("utterance", "tier", "ordinal", "label", "n_frames")


class ShardReduction(NamedTuple):
    """What is added up of one shard.

    Attributes
    ----------
    counts
        Codes of units and phones (`symbols`) and indices that occur, and how often.
    transitions
        Codes of units, indices and those that follow, and how often.
    numbers
        Of tokens that own a frame, by phone, shape (n_phones,).
    at_indices
        Tokens with a frame there, by phone and index, shape (n_phones, K).
    frames
        Of each code, shape (K,).
    distortion
        Summed, of each utterance.
    """

    counts: Cells
    transitions: Cells
    numbers: Ints
    at_indices: Ints
    frames: Ints
    distortion: NDArray[np.float64]


def dataset_units(utterances: pd.DataFrame) -> tuple[str, pd.CategoricalDtype]:
    """Return what the units of a dataset are, and their names as a dtype."""
    unit = unit_of(utterances)
    return unit, pd.CategoricalDtype(utterances[unit].astype("category").cat.categories)


def symbols(inventory: PhoneInventory) -> pd.Index:
    """Return the symbols of all phones that an inventory knows, sorted."""
    found = {entry.folded(61) for entry in inventory.entries.values()}
    return pd.Index(sorted(one for one in found if one is not None), dtype="str")


def reduce_shard(
    dataset: IndexDataset, number: int, units: tuple[str, pd.CategoricalDtype]
) -> ShardReduction:
    """Add up the frames of one shard.

    Its files were checked when they were written; here only what would be counted wrongly is.

    Parameters
    ----------
    dataset, number
        Which.
    units
        Of `dataset_units`.

    Raises
    ------
    SfvqError
        If a file is missing or damaged.
    """
    unit, names = units
    _, said = read_shard(dataset.store, "utterances", number, [*dict.fromkeys(("utterance", unit))])
    frames, _ = read_shard(dataset.store, "frames", number, _FRAMES)
    utterance = _codes(frames, "utterance", pd.Index(said["utterance"]))
    index = frames["codeword"].to_numpy()
    owner, phone_of, numbers = _owners(dataset, number, said, frames, utterance)
    size = dataset.codebook_size
    if len(index) and not (index.min() >= 0 and index.max() < size and utterance.min() >= 0):
        where = f"{dataset.store.where()} (shard {number})"
        raise TableError("codes or utterances are beyond the table's", where=where)
    of_frame = said[unit].astype(names).cat.codes.to_numpy().astype(np.int64)[utterance]
    phone = np.append(phone_of, -1)[owner]
    known = phone >= 0
    same = utterance[1:] == utterance[:-1]
    error = frames["codeword_distortion"].to_numpy().astype(np.float64)
    before, after = (part[same].astype(np.int64) for part in (index[:-1], index[1:]))
    counts = distinct_rows(of_frame[known], phone[known], index[known].astype(np.int64))
    return ShardReduction(
        counts,
        distinct_rows(of_frame[:-1][same], before, after),
        numbers,
        tokens_at(phone[known], owner[known], index[known], (len(numbers), size)),
        np.bincount(index, minlength=size),
        np.bincount(utterance, weights=error, minlength=len(said)).astype(np.float64),
    )


def _owners(
    dataset: IndexDataset, number: int, said: pd.DataFrame, frames: pa.Table, utterance: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return each frame's phone segment (-1: none), each segment's phone, and tokens by phone."""
    segments, _ = read_shard(dataset.store, "segments", number, _SEGMENTS)
    tiers = pd.Index([PHONE_TIER])
    is_phone = _codes(segments, "tier", tiers) == 0
    row = _codes(segments, "utterance", pd.Index(said["utterance"]))[is_phone]
    n_phones = np.bincount(row, minlength=len(said))
    first = np.cumsum(n_phones) - n_phones
    labels = pd.Index(list(dataset.inventory.entries), dtype="str")
    known = symbols(dataset.inventory)
    named = [dataset.inventory.entries[label].folded(61) for label in labels]
    symbol = np.append(known.get_indexer(pd.Index(named, dtype=object)), -1)
    phone = symbol[_codes(segments, "label", labels)[is_phone]]
    owning = segments["n_frames"].to_numpy()[is_phone] > 0
    ordinal = frames["phone_segment"].to_numpy()
    if len(ordinal) and (ordinal >= n_phones[utterance]).any():
        where = f"{dataset.store.where()} (shard {number})"
        raise TableError("frames name phone segments that aren't there", where=where)
    owner = np.where(ordinal >= 0, first[utterance] + ordinal, -1)
    return owner, phone, np.bincount(phone[owning & (phone >= 0)], minlength=len(known))


def _codes(table: pa.Table, name: str, names: pd.Index) -> Ints:
    """Return the places among names of a column of texts, -1 for others."""
    column = table[name].combine_chunks()
    if not isinstance(column, pa.DictionaryArray):
        column = column.dictionary_encode()
    places = names.get_indexer(pd.Index(column.dictionary.to_pylist(), dtype=names.dtype))
    found: Ints = np.append(places, -1)[column.indices.to_numpy(zero_copy_only=False)]
    return found.astype(np.int64)
