"""`TableWriter`: a table written to a folder part by part, so that no more than one is in memory.

Format
------
Three Parquet files, whose row groups are the parts. What is known of a table is known when its last
part is there, so it is written last, into Arrow's schema of the file (``ARROW:schema`` among the
file's key-value pairs), where readers of Arrow look for metadata.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from sfvq_analysis.errors import TableError, shown
from sfvq_analysis.tables.concatenation import known_of_table, merge_known
from sfvq_analysis.tables.contract import CONTRACTS
from sfvq_analysis.tables.index_table import in_short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    import pandas as pd

    from sfvq_analysis.tables.index_table import IndexTable
    from sfvq_analysis.tables.known import Known

KNOWN = b"sfvq_analysis"
"""Under which key a file's metadata have what is known of its table."""

IN_PARTS = b"sfvq_analysis.in_parts"
"""Which key is there, too, if a table was written in several."""

_SCHEMA = b"ARROW:schema"
_TYPES = {
    "str": pa.large_string(),
    "category": pa.dictionary(pa.int32(), pa.large_string()),
    "group": pa.dictionary(pa.int32(), pa.large_string(), ordered=True),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "float32": pa.float32(),
}
_SCHEMAS = {
    name: pa.schema([(column, _TYPES[dtype]) for column, dtype in columns.items()])
    for name, columns in CONTRACTS.items()
}


@dataclass(frozen=True)
class WrittenTable:
    """What was written of a table.

    Attributes
    ----------
    n_utterances, n_segments, n_frames
        Rows of its three frames.
    codebook_size, provenance
        As in `IndexTable`.
    """

    n_utterances: int
    n_segments: int
    n_frames: int
    codebook_size: int
    provenance: Mapping[str, Any]

    def __str__(self) -> str:
        return in_short(self.n_utterances, self.n_segments, self.n_frames, self.codebook_size)


class TableWriter:
    """Writes a table's parts to a folder, as they come; `load_table` reads what they make together.

    That is what `concatenate_tables` makes of them. A context: the files are finished when it ends
    without error, and removed after one. For hundreds of hours better write shards
    (`save_in_shards`): every part of a file has the ids of all before it.

    Parameters
    ----------
    folder
        Where to write; made if need be.

    Raises
    ------
    TableError
        If it ends and no part was given.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sfvq_analysis.tables import Simulation, load_table, simulated_table
    >>> with TemporaryDirectory() as folder:
    ...     with TableWriter(folder) as writer:
    ...         writer.add(simulated_table(Simulation(n_speakers=2)))
    ...     print(load_table(folder))
    IndexTable(10 utterances, 300 segments, 1719 frames, codebook_size=64)
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)
        self._files = ExitStack()
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._about: dict[str, Mapping[bytes, bytes]] = {}  # what pandas says of the columns
        self._names: dict[tuple[str, str], pd.Index] = {}  # categories so far
        self._rows = dict.fromkeys(CONTRACTS, 0)
        self._n_parts = 0
        self._last = ""
        self._known: Known | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        finished = False
        try:
            with self._files:
                if kind is None:
                    self._write_known()
            finished = kind is None
        finally:
            for name in () if finished else self._writers:
                self._path(name).unlink(missing_ok=True)

    def add(self, part: IndexTable) -> None:
        """Write a part.

        Raises
        ------
        TableError
            If a table is there already, or the part wasn't read as those before, or its ids don't
            come after theirs.
        """
        ids = part.utterances["utterance"]
        if len(ids) and self._rows["utterances"] and ids.iloc[0] <= self._last:
            raise TableError(
                f"utterance {shown(ids.iloc[0])} comes after {shown(self._last)}",
                remedy="give parts in the order of their ids",
            )
        known = known_of_table(part)
        self._known = known if self._known is None else merge_known([self._known, known])
        self._last = str(ids.iloc[-1]) if len(ids) else self._last
        self._n_parts += 1
        for name in CONTRACTS:
            rows = _as_rows(self._with_names_so_far(getattr(part, name), name), name)
            self._writer(name).write_table(rows.replace_schema_metadata())
            self._about[name] = rows.schema.metadata
            self._rows[name] += len(rows)

    def written(self) -> WrittenTable:
        """Return what was written so far.

        Raises
        ------
        TableError
            If nothing was.
        """
        known, n = self._known_so_far(), self._rows
        return WrittenTable(
            n["utterances"], n["segments"], n["frames"], known.codebook_size, known.provenance
        )

    def _with_names_so_far(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        """Return a part's frame whose categories go on from those of the parts before.

        Some readers (fastparquet) take those of the last row group for all of them.
        """
        changed = {}
        for column, dtype in CONTRACTS[name].items():
            if dtype == "category":
                mine = frame[column].cat.categories
                before = self._names.get((name, column), mine[:0])
                names = before.append(mine[~mine.isin(before)])
                changed[column] = frame[column].cat.set_categories(names)
                self._names[name, column] = names
        return frame.assign(**changed)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.parquet"

    def _writer(self, name: str) -> pq.ParquetWriter:
        if name not in self._writers:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._path(name)
            if path.exists():
                raise TableError("file exists", where=str(path), remedy="name another folder")
            self._writers[name] = self._files.enter_context(pq.ParquetWriter(path, _SCHEMAS[name]))
        return self._writers[name]

    def _write_known(self) -> None:
        known = self._known_so_far()
        for name, writer in self._writers.items():
            about = _with_known(self._about[name], known)
            if self._n_parts > 1:
                about[IN_PARTS] = str(self._n_parts).encode()
            stored = base64.b64encode(_SCHEMAS[name].with_metadata(about).serialize())
            writer.add_key_value_metadata({**about, _SCHEMA: stored})

    def _known_so_far(self) -> Known:
        if self._known is None:
            raise TableError("a table of no part", where=str(self._folder), remedy="give one")
        return self._known


def save_parts(
    parts: Iterable[Mapping[str, IndexTable]], folders: Mapping[str, Path | str]
) -> dict[str, WrittenTable]:
    """Write the tables of several codebooks, which come part by part, and return what was written.

    One part is in memory at a time. Parts that are made as they are asked for (a generator, such as
    `sfvq_analysis.pipeline.index_parts`) are closed in the end, whatever happens.

    Parameters
    ----------
    parts
        Of each, the tables by name.
    folders
        Where to write each table.

    Raises
    ------
    TableError
        As `TableWriter`, or if a table has no folder.
    """
    with ExitStack() as opened:
        if isinstance(parts, Generator):
            opened.enter_context(closing(parts))
        writers = {
            name: opened.enter_context(TableWriter(folder)) for name, folder in folders.items()
        }
        for part in parts:
            _add_each(part, writers)
            del part  # before the next is made
        return {name: writer.written() for name, writer in writers.items()}


def _add_each(part: Mapping[str, IndexTable], writers: Mapping[str, TableWriter]) -> None:
    for name, table in part.items():
        if name not in writers:
            raise TableError(f"the table {name!r} has no folder", remedy="name one for each")
        writers[name].add(table)


def as_arrow(table: IndexTable, name: str) -> pa.Table:
    """Return one of a table's three frames with what is known of the table in its metadata."""
    rows = _as_rows(getattr(table, name), name)
    about = _with_known(rows.schema.metadata, known_of_table(table))
    return rows.replace_schema_metadata(about)


def _as_rows(frame: pd.DataFrame, name: str) -> pa.Table:
    """Return one of a table's three frames, of the same types whatever is in it."""
    unordered = {
        column: frame[column].cat.as_unordered()
        for column, dtype in CONTRACTS[name].items()
        if dtype == "category"
    }
    return pa.Table.from_pandas(
        frame.assign(**unordered), schema=_SCHEMAS[name], preserve_index=False
    )


def _with_known(about: Mapping[bytes, bytes], known: Known) -> dict[bytes, bytes]:
    return {**about, KNOWN: known.to_json().encode()}
