"""The table of several tables' utterances, and what is known of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import SfvqError, TableError
from sfvq_analysis.tables.contract import (
    CONTRACTS,
    FRAME_COLUMNS,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    as_contract,
)
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.tables.known import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sfvq_analysis.phones import PhoneInventory

_ADDED = ("counted", "unknown_phones")
_LISTED = ("utterances_without_frames", "skipped")


def concatenate_tables(tables: Sequence[IndexTable]) -> IndexTable:
    """Return the table of all utterances of tables that were read alike.

    It is what one `sfvq_analysis.pipeline.index_table` of all their utterances gives.

    Parameters
    ----------
    tables
        At least one; the ids of each come before those of the next.

    Raises
    ------
    TableError
        If there is none, they weren't read with one codebook and the same options, or their ids
        aren't in order.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> table = simulated_table(Simulation(n_speakers=2))
    >>> concatenate_tables([table])
    IndexTable(10 utterances, 300 segments, 1719 frames, codebook_size=64)
    """
    known = merge_known([known_of_table(table) for table in tables])
    lengths = [len(table.utterances) for table in tables]
    ids = pd.Index(
        np.concatenate([table.utterances["utterance"].to_numpy() for table in tables]), dtype="str"
    )
    firsts = np.cumsum(lengths) - lengths
    columns: Mapping[str, Mapping[str, str]] = {
        "segments": SEGMENT_COLUMNS,
        "frames": FRAME_COLUMNS,
    }
    joined = {
        name: _joined([getattr(table, name) for table in tables], columns[name], firsts, ids)
        for name in columns
    }
    utterances = pd.concat([table.utterances for table in tables], ignore_index=True)
    groups = known.inventory.groups
    return IndexTable(
        utterances=as_contract(utterances, UTTERANCE_COLUMNS),
        **{name: as_contract(frame, CONTRACTS[name], groups) for name, frame in joined.items()},
        **known._asdict(),
    )


def known_of_table(table: IndexTable) -> Known:
    """Return what is known of a table besides its frames."""
    return Known(table.codebook_size, table.grid, table.provenance, table.inventory)


def merge_known(parts: Iterable[Known]) -> Known:
    """Return what is known of the table of all parts: what was counted is added, lists are joined.

    Raises
    ------
    TableError
        If there is no part, or they weren't read with one codebook and the same options.
    """
    first: Known | None = None
    added: dict[str, Counter[str]] = {name: Counter() for name in _ADDED}
    listed: dict[str, list[Any]] = {name: [] for name in _LISTED}
    for part in parts:
        first = part if first is None else _with_labels_of(first, part)
        for name, counter in added.items():
            counter.update(part.provenance.get(name, {}))
        for name, found in listed.items():
            found.extend(part.provenance.get(name, ()))
    if first is None:
        raise TableError("there is no table to put together", remedy="give at least one")
    kept = {name: one for name, one in first.provenance.items() if name in (*_ADDED, *_LISTED)}
    merged = {name: {**added, **listed}[name] for name in kept}
    of_all = {name: dict(one) if name in _ADDED else one for name, one in merged.items()}
    if "unknown_phones" in of_all:
        of_all["unknown_phones"] = commonest_first(added["unknown_phones"])
    return first._replace(provenance={**first.provenance, **of_all})


def commonest_first(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with the largest first, and names in order where they are equal."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _with_labels_of(first: Known, part: Known) -> Known:
    """Return what is known first, of the labels of another part, too, which was read alike."""
    inventory = common_inventory(first.inventory, part.inventory)
    same = inventory is not None and first[:2] == part[:2]
    for name in (first.provenance.keys() | part.provenance.keys()) - {*_ADDED, *_LISTED}:
        same = same and first.provenance.get(name) == part.provenance.get(name)
    if inventory is None or not same:
        raise TableError(
            "tables differ in codebook, encoder, phones or options",
            remedy="index them with the same",
        )
    return first._replace(inventory=inventory)


def common_inventory(one: PhoneInventory, other: PhoneInventory) -> PhoneInventory | None:
    """Return what the labels of both mean, by the same rules; None if they aren't the same.

    One may have labels more: of an utterance that couldn't be read when labels were counted.
    """
    if one == other:
        return one
    try:
        both, again = one.covering(other.entries), other.covering(one.entries)
    except SfvqError:  # groups of one's own say nothing of other labels; or labels contradict
        return None
    return both if both == again else None


def _joined(
    frames: Sequence[pd.DataFrame],
    columns: Mapping[str, str],
    firsts: Iterable[int],
    ids: pd.Index,
) -> pd.DataFrame:
    """Return frames below each other; categories are those of all, utterances by their rows."""
    found: dict[str, Any] = {}
    for name, dtype in columns.items():
        parts = [frame[name] for frame in frames]
        if name == "utterance":
            rows = (
                part.cat.codes.to_numpy().astype(np.int64) + first
                for part, first in zip(parts, firsts, strict=True)
            )
            found[name] = pd.Categorical.from_codes(np.concatenate(list(rows)), categories=ids)
        elif dtype == "category":
            found[name] = joined_categories(parts)
        else:
            found[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(found)


def joined_categories(parts: Sequence[pd.Series[Any]]) -> pd.Categorical:
    """Return categoricals below each other, their categories those of all, sorted."""
    names = sorted({str(one) for part in parts for one in part.cat.categories})
    categories = pd.Index(names, dtype="str")
    codes = [
        np.append(categories.get_indexer(part.cat.categories), -1)[part.cat.codes.to_numpy()]
        for part in parts
    ]
    return pd.Categorical.from_codes(np.concatenate(codes), categories=categories)


def below(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return frames below each other, categories being those of all, sorted where not ordered."""
    found: dict[str, Any] = {}
    for name, dtype in parts[0].dtypes.items():
        columns = [part[name] for part in parts]
        own = isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered
        found[str(name)] = (
            joined_categories(columns) if own else pd.concat(columns, ignore_index=True)
        )
    return pd.DataFrame(found)
