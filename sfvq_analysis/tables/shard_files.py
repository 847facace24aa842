"""The three Parquet files of a shard of an `IndexDataset`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sfvq_analysis.errors import SfvqError, TableError, shown
from sfvq_analysis.tables.contract import CONTRACTS
from sfvq_analysis.tables.storage import as_frame, known_of
from sfvq_analysis.tables.writing import as_arrow

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sfvq_analysis.stores import Store
    from sfvq_analysis.tables.index_table import IndexTable
    from sfvq_analysis.tables.known import Known


def file_of(number: int) -> str:
    """Return the name that the files of a shard have."""
    return f"{number:06d}.parquet"


def write_shard(table: IndexTable, store: Store, number: int) -> int:
    """Write a table as a shard of a dataset, each file whole or not at all; return its bytes."""
    size = 0
    for name in CONTRACTS:
        buffer = BytesIO()
        pq.write_table(as_arrow(table, name), buffer)
        store.write(f"{name}/{file_of(number)}", buffer.getvalue())
        size += buffer.tell()
    return size


def shard_is_there(store: Store, number: int) -> bool:
    """Tell whether all files of a shard are there."""
    return all(store.exists(f"{name}/{file_of(number)}") for name in CONTRACTS)


def remove_shards(store: Store, kept: Sequence[int]) -> None:
    """Remove the files of all shards but these."""
    names = {file_of(number) for number in kept}
    for folder in CONTRACTS:
        for name in store.names(folder):
            if name.endswith(".parquet") and name not in names:
                store.remove(f"{folder}/{name}")


def known_of_shard(store: Store, number: int) -> Known:
    """Return what is known of a shard's table from the metadata of one of its files."""
    with store.opened(f"utterances/{file_of(number)}") as file:
        return known_of({"utterances": pq.read_schema(file).metadata})


def read_shard(
    store: Store, name: str, number: int, columns: Sequence[str] | None = None
) -> tuple[pa.Table, pd.DataFrame]:
    """Return one of a shard's three frames, or some columns of it, as Arrow and as pandas have it.

    Raises
    ------
    SfvqError
        If the file is missing or damaged.
    """
    where = f"{name}/{file_of(number)}"
    try:
        with store.opened(where) as file:
            return as_frame(pq.read_table(file, columns=None if columns is None else [*columns]))
    except SfvqError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise TableError(
            f"not Parquet ({shown(str(error))})",
            where=store.where(where),
            remedy="remove it and index anew: only what is missing is made",
        ) from error
