"""What `index_table` has finished, kept on disk so that the same call goes on after a kill.

Format
------
A SQLite file with one row an utterance, written in a transaction of its own. SQLite is what makes
a row there whole or not there, whenever the process dies. The write-ahead log (WAL) is chosen over
the rollback journal because its transactions needn't wait for the disk: a killed process loses
none, and after a power cut the last ones may be missing, never half there. The lock is exclusive
from opening to closing, so that a second process ends at once; it also spares WAL the shared memory
that network file systems lack. Nothing in a row is code (`sfvq_analysis.pipeline.journal_rows`);
it has a checksum. Skipped utterances aren't written down: what was wrong with them may pass.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline.journal_rows import as_row, from_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfvq_analysis.corpus import Utterance
    from sfvq_analysis.pipeline.indexed import IndexedUtterance

_APPLICATION = 0x53465651  # "SFVQ", in the file's header
_MAGIC = b"SQLite format 3\0"
_SCHEMA = (
    "CREATE TABLE run (key TEXT NOT NULL)",
    "CREATE TABLE finished (utterance TEXT, stamp TEXT, checksum INTEGER, row BLOB)",
)
_BESIDE = ("-wal", "-shm", "-journal")
_LONGEST_NAME = 200  # bytes


class JournalError(SfvqError):
    """A journal can't be used."""


def journal_path(out: Path) -> Path:
    """Return where the journal of an index that is written to `out` is: beside it, hidden."""
    target = out.resolve()
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return target.with_name(f".{name}.journal")


@contextmanager
def index_journal(path: Path) -> Iterator[IndexJournal]:
    """Open a journal for the length of a block; it is removed when the block ends without error.

    So what is written to disk from the tables is to be written within the block. After an error or
    a kill the journal stays, and the same call goes on from it; it doesn't stay if it is empty.

    Raises
    ------
    JournalError
        If another process has it open, or the file is something else.
    """
    new_parents = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    journal = IndexJournal(path)
    try:
        yield journal
    except BaseException:
        if journal.stamps:
            journal.close()
        else:
            journal.remove()
            for parent in new_parents:
                with suppress(OSError):
                    parent.rmdir()
        raise
    journal.remove()


class IndexJournal:
    """An open journal: what is finished under one key.

    Parameters
    ----------
    path
        The file, made if need be.

    Attributes
    ----------
    stamps
        Stamp of every finished utterance, by id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamps: dict[str, str] = {}
        self._places: dict[str, int | None] = {}  # numbers of the rows
        self._database = self._opened()

    def begin(self, key: str) -> None:
        """Keep what was finished under this key; forget what was under any other.

        Rows that aren't what was written are forgotten, too.
        """
        try:
            self._begin(key)
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError:  # cut off or overwritten
            self.remove()
            self._database = self._opened()
            self._begin(key)

    def put(self, stamp: str, found: IndexedUtterance) -> None:
        """Write down a finished utterance; when this returns, no kill loses it."""
        identity, row = found.utterance.id, as_row(found)
        name = json.dumps(identity)
        try:
            done = self._database.execute(
                "INSERT INTO finished VALUES (?, ?, ?, ?)",
                (name, stamp, _checksum(name, stamp, row), row),
            )
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        self.stamps[identity], self._places[identity] = stamp, done.lastrowid

    def get(self, utterance: Utterance) -> IndexedUtterance:
        """Return what was written down of an utterance that is among `stamps`."""
        place = (self._places[utterance.id],)
        try:
            ((row,),) = self._database.execute("SELECT row FROM finished WHERE rowid = ?", place)
            return from_row(utterance, row)
        except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file and let others open it."""
        self._database.close()

    def remove(self) -> None:
        """Remove the file, and close it."""
        with suppress(PermissionError):  # Windows removes no open file
            self.path.unlink(missing_ok=True)  # before the lock goes, or it may be another's
        self._database.close()
        self._unlink()

    def _unlink(self) -> None:
        """Remove the file and what SQLite keeps beside it, the log first."""
        for suffix in (*_BESIDE, ""):
            self.path.with_name(f"{self.path.name}{suffix}").unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        self._refuse_foreign()
        try:
            return self._connected()
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError as error:
            if not self._says_ours():
                raise self._foreign() from error
        self._unlink()  # ours, and damaged beyond opening
        try:
            return self._connected()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _connected(self) -> sqlite3.Connection:
        """Return a connection that has the file to itself, with the tables in it."""
        database = sqlite3.connect(os.fspath(self.path), timeout=0, isolation_level=None)
        try:
            for pragma in (
                "trusted_schema = OFF",
                "locking_mode = EXCLUSIVE",
                "cell_size_check = ON",
            ):
                database.execute(f"PRAGMA {pragma}")
            database.execute("BEGIN EXCLUSIVE")
            self._lay_out(database)
            database.execute("COMMIT")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            database.close()
            raise
        return database

    def _lay_out(self, database: sqlite3.Connection) -> None:
        """Make the tables; refuse a file that has others."""
        there = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master") if sql}
        (application,) = database.execute("PRAGMA application_id").fetchone()
        if there == set(_SCHEMA) and application == _APPLICATION:
            return
        if there:
            raise self._foreign()
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        for statement in _SCHEMA:
            database.execute(statement)

    def _begin(self, key: str) -> None:
        if self._database.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise sqlite3.DatabaseError("damaged")
        keys = self._database.execute("SELECT key FROM run").fetchall()
        self._database.execute("BEGIN")
        if keys != [(key,)]:
            self._database.execute("DELETE FROM run")
            self._database.execute("DELETE FROM finished")
            self._database.execute("INSERT INTO run VALUES (?)", (key,))
        rows = self._database.execute("SELECT rowid, * FROM finished ORDER BY rowid")
        self.stamps, self._places = {}, {}
        for place, name, stamp, checksum, row in rows:
            if isinstance(row, bytes) and _checksum(name, stamp, row) == checksum:
                identity = json.loads(name)
                self.stamps[identity], self._places[identity] = stamp, place
        self._database.execute("COMMIT")

    def _refuse_foreign(self) -> None:
        if self.path.exists() and (not self.path.is_file() or not self._begins_as_sqlite()):
            raise self._foreign()

    def _begins_as_sqlite(self) -> bool:
        with self.path.open("rb") as file:
            return _MAGIC.startswith(file.read(len(_MAGIC)))

    def _says_ours(self) -> bool:
        """Whether the header names this application, or is too short to name one."""
        with self.path.open("rb") as file:
            header = file.read(72)
        return len(header) < 72 or header[68:] == _APPLICATION.to_bytes(4, "big")

    def _foreign(self) -> JournalError:
        return JournalError(
            "that file isn't the journal of an index",
            where=str(self.path),
            remedy="move it away or name another",
        )

    def _unusable(self, error: Exception) -> JournalError:
        if "locked" in str(error):
            return JournalError(
                "another process is at work on this index",
                where=str(self.path),
                remedy="wait for it, or write to another folder",
            )
        return JournalError(
            f"the journal can't be used ({error})",
            where=str(self.path),
            remedy="check space, permissions and the disk, or remove it to start afresh",
        )


def _checksum(name: str, stamp: str, row: bytes) -> int:
    return zlib.crc32(row, zlib.crc32(f"{name}\n{stamp}\n".encode()))
