"""`IndexDataset`: an index table in shards, opened without reading its frames.

Format
------
A folder (or URL) holds ``dataset.json`` and, for every shard of whole utterances, three Parquet
files, ``utterances/000000.parquet``, ``segments/000000.parquet`` and ``frames/000000.parquet``,
which are those of an `IndexTable` of its own. Any reader of partitioned Parquet reads them all as
one, for example ``dask.dataframe.read_parquet("frames/*.parquet")``.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from sfvq_analysis.errors import SfvqError, TableError, shown
from sfvq_analysis.stores import Store
from sfvq_analysis.tables.concatenation import (
    common_inventory,
    concatenate_tables,
    known_of_table,
    merge_known,
)
from sfvq_analysis.tables.contract import CONTRACTS
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.tables.known import Known
from sfvq_analysis.tables.shard_files import file_of, read_shard, write_shard
from sfvq_analysis.tables.shard_sizes import ShardSize, size_of, sizes_of
from sfvq_analysis.tables.storage import load_table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.timeline import FrameGrid

DATASET = "dataset.json"
_FORMAT = 1
MOST_SEEN = 3_000_000
"""Frames of a dataset that are looked at as one table where a whole one is needed."""


@dataclass(frozen=True, eq=False)
class IndexDataset:
    """An index table whose frames stay on disk, in shards of whole utterances.

    Statistics, figures and reports take it in the place of a table.

    Attributes
    ----------
    store
        Where it is.
    shards
        What each holds, in order.
    codebook_size, grid, provenance, inventory
        As in `IndexTable`, of all shards.
    """

    store: Store
    shards: tuple[ShardSize, ...]
    codebook_size: int
    grid: FrameGrid
    provenance: Mapping[str, Any]
    inventory: PhoneInventory

    @property
    def n_utterances(self) -> int:
        """How many utterances there are."""
        return sum(shard.utterances for shard in self.shards)

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return sum(shard.frames for shard in self.shards)

    @property
    def is_curve(self) -> bool:
        """Whether the codes are those of a curve, as in `IndexTable`."""
        filled = next((shard for shard in self.shards if shard.frames), None)
        return filled is not None and self.table(filled.number).is_curve

    @property
    def utterances(self) -> pd.DataFrame:
        """One row an utterance, as in `IndexTable`; read anew each time."""
        parts = [read_shard(self.store, "utterances", shard.number)[1] for shard in self.shards]
        for shard, part in zip(self.shards, parts, strict=True):
            self._check_size(shard, shard._replace(utterances=len(part)))
        return pd.concat(parts, ignore_index=True)

    def table(self, number: int) -> IndexTable:
        """Return a shard as a table, by its number.

        Raises
        ------
        TableError
            If its files are missing or damaged, or aren't what the dataset says.
        """
        read = {name: read_shard(self.store, name, number) for name in CONTRACTS}
        table = table_of(read, f"{self.store.where()} (shard {number})")
        self._check_size(self._shard(number), size_of(table, number))
        stated = self.codebook_size, self.grid, self.inventory
        inventory = common_inventory(self.inventory, table.inventory)
        if stated != (table.codebook_size, table.grid, inventory):
            raise self._contradicted(number, "is of another codebook, grid or phones than it says")
        return table

    def _shard(self, number: int) -> ShardSize:
        at = bisect_left(self.shards, number, key=lambda shard: shard.number)
        if at == len(self.shards) or self.shards[at].number != number:
            raise self._contradicted(number, "isn't one of those that it says")
        return self.shards[at]

    def _check_size(self, stated: ShardSize, found: ShardSize) -> None:
        if stated != found:
            raise self._contradicted(
                stated.number, f"has {tuple(found[1:])}, not {tuple(stated[1:])} as it says"
            )

    def _contradicted(self, number: int, what: str) -> TableError:
        return TableError(
            f"shard {number} {what}",
            where=self.store.where(DATASET),
            remedy="remove it and index anew: only what is missing is made",
        )

    def tables(self) -> Iterator[IndexTable]:
        """Yield the shards as tables, one after the other, so that one at a time is in memory."""
        for shard in self.shards:
            yield self.table(shard.number)

    def load(self) -> IndexTable:
        """Return all of it as one table in memory."""
        return concatenate_tables(list(self.tables()))

    def sample(self, most_frames: int = MOST_SEEN, *, seed: int = 0) -> IndexTable:
        """Return some shards as one table, as many as have so many frames; all, if that is all.

        They are drawn with a seed, evenly over the dataset, whatever its order. What was drawn
        stands in the notes of the corpus, which figures and pages show, and in
        ``provenance["sampled"]``.

        Parameters
        ----------
        most_frames
            So many at most, but one shard at least.
        seed
            Of the draw.
        """
        if self.n_frames <= most_frames:
            return self.load()
        n_drawn = max(1, int(len(self.shards) * most_frames / self.n_frames))
        rng = np.random.default_rng(seed)
        numbers = [shard.number for shard in self.shards]
        drawn = [int(rng.choice(part)) for part in np.array_split(numbers, n_drawn)]
        table = concatenate_tables([self.table(number) for number in drawn])
        corpus = dict(table.provenance.get("corpus", {}))
        note = (
            f"{n_drawn:,} of {len(self.shards):,} shards, {len(table.frames):,} of "
            f"{self.n_frames:,} frames, drawn with seed {seed}"
        )
        corpus["notes"] = "; ".join(filter(None, [corpus.get("notes", ""), note]))
        sampled = {"shards": drawn, "seed": seed}
        return replace(table, provenance={**table.provenance, "corpus": corpus, "sampled": sampled})

    def of_utterance(self, identity: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the segments and the frames of one utterance, as `IndexTable.of_utterance`."""
        return self._holding(identity).of_utterance(identity)

    def utterance(self, identity: str) -> pd.Series:
        """Return the row of an utterance.

        Raises
        ------
        TableError
            If there is none of that id.
        """
        return self._holding(identity).utterance(identity)

    def to_dask(self, name: str = "frames") -> Any:
        """Return one of the three frames as a `dask.dataframe`, with a partition a shard."""
        import dask.dataframe

        place = self.store.where(name)
        files = [f"{place}/{file_of(shard.number)}" for shard in self.shards]
        return dask.dataframe.read_parquet(files, storage_options=dict(self.store.options) or None)

    def _holding(self, identity: str) -> IndexTable:
        place = bisect_right([shard.first for shard in self.shards], identity) - 1
        return self.table(self.shards[max(place, 0)].number)

    def __len__(self) -> int:
        return len(self.shards)

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import dataset_html

        return dataset_html(self)

    def __repr__(self) -> str:
        return (
            f"IndexDataset({len(self.shards)} shards, {self.n_utterances} utterances, "
            f"{self.n_frames} frames, codebook_size={self.codebook_size})"
        )


Indexed: TypeAlias = IndexTable | IndexDataset
"""A table in memory or in shards."""


def open_dataset(place: Path | str | Store) -> IndexDataset:
    """Open an index in shards, a folder or a URL; no frame is read.

    Raises
    ------
    TableError
        If it isn't one, or isn't finished.
    """
    store = place if isinstance(place, Store) else Store.at(place)
    if not store.exists(DATASET):
        raise TableError(
            f"there is no {DATASET}",
            where=store.where(),
            remedy="index it to the end: the same command makes what is missing",
        )
    content = store.read(DATASET)
    try:
        stated = json.loads(content)
        if stated["format"] != _FORMAT:
            raise TableError("it is of another version", remedy="update sfvq_analysis")
        shards = sizes_of(stated["shards"])
        known = Known.from_json(json.dumps(stated["known"]))
    except SfvqError as error:
        raise error.at(store.where(DATASET)) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TableError(
            f"it isn't what says what is in a dataset ({shown(str(error))})",
            where=store.where(DATASET),
            remedy="remove it and index anew: only what is missing is made",
        ) from error
    return IndexDataset(store, shards, *known)


def open_table(place: Path | str) -> Indexed:
    """Open what is stored somewhere: a table, which is read, or a dataset, which isn't yet.

    Raises
    ------
    TableError
        If it is neither.
    """
    store = Store.at(place)
    if store.folder is None or store.exists(DATASET):
        return open_dataset(store)
    return load_table(store.folder)


def write_dataset(store: Store, shards: Sequence[ShardSize], known: Known) -> None:
    """Write what says which shards there are; with that the dataset is finished."""
    stated = {
        "format": _FORMAT,
        "known": json.loads(known.to_json()),
        "shards": [list(shard) for shard in shards],
    }
    store.write(DATASET, f"{json.dumps(stated, indent=1, sort_keys=True)}\n".encode())


def save_in_shards(tables: Sequence[IndexTable], place: Path | str) -> IndexDataset:
    """Write tables that `concatenate_tables` would take as a dataset, a shard each."""
    store = Store.at(place)
    filled = [one for one in tables if len(one.utterances)]
    sizes = [size_of(table, number) for number, table in enumerate(filled)]
    known = merge_known(map(known_of_table, tables))
    try:
        sizes_of(sizes)
    except ValueError as error:
        raise TableError(
            f"tables make no dataset ({error})",
            remedy="give such as have utterances, in the order of their first ones",
        ) from error
    for number, table in enumerate(filled):
        write_shard(table, store, number)
    write_dataset(store, sizes, known)
    return open_dataset(store)
