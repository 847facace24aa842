"""What the shards of an `IndexDataset` hold, as it says."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfvq_analysis.tables.index_table import IndexTable


class ShardSize(NamedTuple):
    """What a shard holds: its number, the id of its first utterance, utterances and frames."""

    number: int
    first: str
    utterances: int
    frames: int


def size_of(table: IndexTable, number: int) -> ShardSize:
    """Return what a table that is a shard holds."""
    first = str(next(iter(table.utterances["utterance"]), ""))
    return ShardSize(number, first, len(table.utterances), len(table.frames))


def sizes_of(stated: Sequence[Sequence[Any]]) -> tuple[ShardSize, ...]:
    """Return what is said of the shards; ValueError and the like if no dataset can be so."""
    shards = tuple(ShardSize(*one) for one in stated)
    for shard in shards:
        counts = (shard.number, shard.utterances - 1, shard.frames)
        whole = all(type(count) is int and count >= 0 for count in counts)
        if not whole or not isinstance(shard.first, str):
            raise ValueError(f"a shard is {tuple(shard)}")
    for one, other in pairwise(shards):
        if one.number >= other.number or one.first >= other.first:
            raise ValueError(f"shard {other.number} doesn't follow shard {one.number}")
    if not shards:
        raise ValueError("no shard")
    return shards
