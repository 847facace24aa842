"""A table as a folder of three Parquet files, each with what is known of it in its header."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sfvq_analysis.errors import SfvqError, TableError, shown
from sfvq_analysis.files import is_file, new_folder
from sfvq_analysis.tables.contract import CONTRACTS, as_contract
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.tables.known import Known
from sfvq_analysis.tables.values import check_castable
from sfvq_analysis.tables.writing import IN_PARTS, KNOWN, TableWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfvq_analysis.phones import PhoneInventory

_LEVELS, _LOOKED_AT, _NAMED = 2, 1000, 5


def save_table(table: IndexTable, folder: Path) -> Path:
    """Write a table, whole or not at all; see `IndexTable.save`."""
    if folder.exists():
        raise TableError("folder exists", where=str(folder), remedy="give another or remove it")
    with new_folder(folder) as partial, TableWriter(partial) as writer:
        writer.add(table)
    return folder


def load_table(folder: Path | str) -> IndexTable:
    """Read a table that `IndexTable.save` wrote.

    Raises
    ------
    TableError
        If a file is missing, isn't Parquet, has no provenance, or the table breaks its contract.
    """
    folder = Path(folder)
    return table_of({name: _read(folder / f"{name}.parquet") for name in CONTRACTS}, str(folder))


def table_of(read: Mapping[str, tuple[pa.Table, pd.DataFrame]], where: str) -> IndexTable:
    """Return the table that was read from Parquet files.

    Parameters
    ----------
    read
        ``utterances``, ``segments`` and ``frames`` as Arrow and as pandas have them.
    where
        Where they are, for messages.

    Raises
    ------
    TableError
        If they have no provenance, or break the contract of a table.
    """
    try:
        known = known_of({name: table.schema.metadata for name, (table, _) in read.items()})
        frames = _as_contracts({name: frame for name, (_, frame) in read.items()}, known.inventory)
        for name, (table, _) in read.items():
            if IN_PARTS in table.schema.metadata:
                frames[name] = _with_sorted_names(frames[name])
        return IndexTable(
            **frames,
            codebook_size=known.codebook_size,
            grid=known.grid,
            provenance=known.provenance,
            inventory=known.inventory,
        )
    except SfvqError as error:
        raise error.at(where) from error
    except (ValueError, TypeError, KeyError) as error:  # values that can't be cast to the contract
        raise TableError(
            f"it breaks the contract of a table ({shown(str(error))})",
            where=where,
            remedy="restore it",
        ) from error


def _read(path: Path) -> tuple[pa.Table, pd.DataFrame]:
    """Return a Parquet file as Arrow and as pandas have it."""
    if not is_file(path):
        inside = _tables_near(path.parent)
        remedy = f"try {', '.join(inside)}" if inside else "give a saved IndexTable"
        raise TableError("file is missing", where=str(path), remedy=remedy)
    try:
        path.open("rb").close()
    except OSError as error:
        what = f"can't be read ({error.strerror})"
        raise TableError(what, where=str(path), remedy="ask for the right to read it") from error
    try:
        return as_frame(pq.read_table(path))
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise TableError(
            f"not Parquet ({shown(str(error))})", where=str(path), remedy="restore it"
        ) from error


def as_frame(table: pa.Table) -> tuple[pa.Table, pd.DataFrame]:
    """Return an Arrow table, and it as pandas has it; metadata would cast numbers to text."""
    return table, table.to_pandas(ignore_metadata=True)


def _tables_near(folder: Path) -> list[str]:
    """Return a few of the tables just below a folder, without a walk through all that is there."""
    looked_at = islice(_folders_below(folder), _LOOKED_AT)
    return sorted(str(found) for found in islice(filter(_is_table, looked_at), _NAMED))


def _folders_below(folder: Path) -> Iterator[Path]:
    """Yield the folders one level below, then those on the next; what can't be read has none."""
    level = [folder]
    for _ in range(_LEVELS):
        deeper = []
        for parent in level:
            with suppress(OSError, ValueError), os.scandir(parent) as entries:
                for entry in islice(entries, _LOOKED_AT):
                    if entry.is_dir():
                        deeper.append(parent / entry.name)
                        yield deeper[-1]
        level = deeper


def _is_table(folder: Path) -> bool:
    with suppress(OSError):
        return (folder / "frames.parquet").is_file()
    return False


def _as_contracts(
    read: Mapping[str, pd.DataFrame], inventory: PhoneInventory
) -> dict[str, pd.DataFrame]:
    """Return the three frames in their contract's dtypes, ids as the categories of utterances."""
    groups = inventory.groups
    for name, columns in CONTRACTS.items():
        check_castable(name, read[name], columns)
    frames = {name: as_contract(read[name], columns, groups) for name, columns in CONTRACTS.items()}
    ids = pd.CategoricalDtype(frames["utterances"]["utterance"].array)
    for name in ("segments", "frames"):  # Parquet keeps no categories for a file without rows
        column = frames[name]["utterance"]
        if not column.cat.categories.isin(ids.categories).all():
            raise TableError(
                f"{name} are of other utterances than utterances.utterance", remedy="restore them"
            )
        frames[name]["utterance"] = column.astype(ids)
    return frames


def _with_sorted_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose labels are sorted as categories, which parts add as they have them."""
    names = {column: frame[column].cat for column in {"tier", "label", "phone"} & set(frame)}
    return frame.assign(
        **{
            column: one.reorder_categories(one.categories.sort_values())
            for column, one in names.items()
        }
    )


def known_of(metadata: Mapping[str, Mapping[bytes, bytes] | None]) -> Known:
    """Return what the metadata of a table's files say of it; all must say the same.

    Raises
    ------
    TableError
        If they don't, or say nothing of ours.
    """
    texts = {name: (found or {}).get(KNOWN, b"") for name, found in metadata.items()}
    for name, text in texts.items():
        if not text:
            where = f"{name}.parquet"
            raise TableError("it has no provenance of ours", where=where, remedy="save it anew")
    if len(set(texts.values())) > 1:
        raise TableError("its files are of different tables", remedy="restore them")
    return Known.from_json(next(iter(texts.values())))
