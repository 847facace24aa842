"""A table as a folder of three Parquet files, each with what is known of it in its header."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sfvq_analysis.errors import SfvqError, TableError, shown
from sfvq_analysis.files import is_file, new_folder
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.tables.contract import CONTRACTS, as_contract
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.tables.values import check_castable
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_METADATA = b"sfvq_analysis"
_FORMAT = 1
_LEVELS, _LOOKED_AT, _NAMED = 2, 1000, 5


def save_table(table: IndexTable, folder: Path) -> Path:
    """Write a table, whole or not at all; see `IndexTable.save`."""
    if folder.exists():
        raise TableError("folder exists", where=str(folder), remedy="give another or remove it")
    with new_folder(folder) as partial:
        for name in CONTRACTS:
            pq.write_table(_as_arrow(table, name), partial / f"{name}.parquet")
    return folder


def load_table(folder: Path | str) -> IndexTable:
    """Read a table that `IndexTable.save` wrote.

    Raises
    ------
    TableError
        If a file is missing, isn't Parquet, has no provenance, or the table breaks its contract.
    """
    folder = Path(folder)
    read, texts = {}, {}
    for name in CONTRACTS:
        table, read[name] = _read(folder / f"{name}.parquet")
        texts[name] = (table.schema.metadata or {}).get(_METADATA, b"")
    try:
        known = _known(texts)
        stored = known.get("inventory")
        inventory = PhoneInventory() if stored is None else PhoneInventory.from_json(stored)
        return IndexTable(
            **_as_contracts(read, inventory.groups),
            codebook_size=known["codebook_size"],
            grid=FrameGrid(**known["grid"]),
            provenance=known["provenance"],
            inventory=inventory,
        )
    except SfvqError as error:
        raise error.at(str(folder)) from error
    except (ValueError, TypeError, KeyError) as error:  # values that can't be cast to the contract
        raise TableError(
            f"it breaks the contract of a table ({shown(str(error))})",
            where=str(folder),
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
        table = pq.read_table(path)
        return table, table.to_pandas(ignore_metadata=True)  # which casts numbers to text
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise TableError(
            f"not Parquet ({shown(str(error))})", where=str(path), remedy="restore it"
        ) from error


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


def _as_arrow(table: IndexTable, name: str) -> pa.Table:
    frame = pa.Table.from_pandas(getattr(table, name), preserve_index=False)
    known = {
        "format": _FORMAT,
        "codebook_size": table.codebook_size,
        "grid": asdict(table.grid),
        "provenance": dict(table.provenance),
        "inventory": table.inventory.to_json(),
    }
    text = json.dumps(known, sort_keys=True).encode()
    return frame.replace_schema_metadata({**(frame.schema.metadata or {}), _METADATA: text})


def _as_contracts(
    read: Mapping[str, pd.DataFrame], groups: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Return the three frames in their contract's dtypes, ids as the categories of utterances."""
    for name, columns in CONTRACTS.items():
        check_castable(name, read[name], columns)
    frames = {name: as_contract(read[name], columns, groups) for name, columns in CONTRACTS.items()}
    ids = pd.CategoricalDtype(frames["utterances"]["utterance"].array)
    for name in ("segments", "frames"):  # Parquet keeps no categories for a file without rows
        frames[name]["utterance"] = frames[name]["utterance"].astype(ids)
    return frames


def _known(texts: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the files say of their table; all three must say the same."""
    for name, text in texts.items():
        if not text:
            where = f"{name}.parquet"
            raise TableError("it has no provenance of ours", where=where, remedy="save it anew")
    if len(set(texts.values())) > 1:
        raise TableError("its files are of different tables", remedy="restore them")
    try:
        known = json.loads(texts["frames"])
    except (ValueError, RecursionError):
        known = None
    wanted = {"format", "codebook_size", "grid", "provenance"}
    if not isinstance(known, dict) or known.get("format") != _FORMAT or not wanted <= known.keys():
        raise TableError("its files hold no provenance of ours", remedy="save the table anew")
    size, grid, provenance = (known[name] for name in ("codebook_size", "grid", "provenance"))
    sound = type(size) is int and isinstance(provenance, dict) and isinstance(grid, dict)
    if not sound or grid.keys() != {one.name for one in fields(FrameGrid)}:
        raise TableError("its provenance is damaged", remedy="save the table anew")
    return known
