"""The manifest of a dataset that is being made: a line of JSON for every shard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from sfvq_analysis.errors import SfvqError, shown

if TYPE_CHECKING:
    from sfvq_analysis.stores import Store

State = Literal["done", "failed"]
_FOLDER = "shards"


class LedgerError(SfvqError):
    """A file of a dataset's manifest isn't what it should be."""


@dataclass(frozen=True, slots=True)
class ShardLine:
    """What is known of a shard that is done, or that failed.

    Attributes
    ----------
    number, stamp
        Of the shard.
    state
        ``"done"`` or ``"failed"``.
    first
        Id of its first utterance that is there.
    utterances, frames
        How many are in its tables.
    seconds
        Of audio.
    took
        Seconds that its last attempt took.
    attempts
        How many times it was begun.
    worker
        Address of the worker of the last attempt.
    size
        Bytes of its files.
    skipped
        Ids of utterances that were left out, and why.
    reason
        Of the failure.
    """

    number: int
    stamp: str
    state: State
    first: str = ""
    utterances: int = 0
    frames: int = 0
    seconds: float = 0.0
    took: float = 0.0
    attempts: int = 1
    worker: str = ""
    size: int = 0
    skipped: tuple[tuple[str, str], ...] = field(default=())
    reason: str = ""


def write_line(store: Store, line: ShardLine) -> None:
    """Write a shard's line, in the place of an earlier one."""
    text = json.dumps(asdict(line), ensure_ascii=False)
    content = f"{text}\n".encode(errors="backslashreplace")
    store.write(f"{_FOLDER}/{_file(line.number)}", content)


def remove_line(store: Store, number: int) -> None:
    """Remove a shard's line, so that the shard is made anew."""
    store.remove(f"{_FOLDER}/{_file(number)}")


def read_lines(store: Store) -> dict[int, ShardLine]:
    """Return the lines there are, by the shards' numbers.

    Raises
    ------
    LedgerError
        If one isn't a line of ours.
    """
    found = {}
    for name in store.names(_FOLDER):
        if name.endswith(".json") and not name.startswith("."):
            line = _line(store, name)
            found[line.number] = line
    return found


def _line(store: Store, name: str) -> ShardLine:
    try:
        known = json.loads(store.read(f"{_FOLDER}/{name}"))
        skipped = tuple((str(one), str(reason)) for one, reason in known.pop("skipped"))
        line = ShardLine(**known, skipped=skipped)
        if name != _file(line.number):
            raise ValueError(name)  # noqa: TRY301 (said as all others below)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LedgerError(
            f"it isn't a shard's line ({shown(str(error))})",
            where=store.where(f"{_FOLDER}/{name}"),
            remedy="remove it: the shard is made anew",
        ) from error
    return line


def _file(number: int) -> str:
    return f"{number:06d}.json"
