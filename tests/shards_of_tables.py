"""Tables cut into parts, as the shards of a dataset are."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from sfvq_analysis.tables import IndexTable, load_table

PARTS = ("utterances", "segments", "frames")


def cut(table: IndexTable, bounds: list[int]) -> list[IndexTable]:
    """Return the utterances of a table between neighbouring bounds, as tables."""
    ends = [0, *bounds, len(table.utterances)]
    return [_part(table, *pair) for pair in pairwise(ends)]


def _part(table: IndexTable, start: int, stop: int) -> IndexTable:
    utterances = table.utterances.iloc[start:stop].reset_index(drop=True)
    found = {}
    for name in ("segments", "frames"):
        whole = getattr(table, name)
        row = whole["utterance"].cat.codes.to_numpy()
        part = whole[(row >= start) & (row < stop)].reset_index(drop=True)
        part["utterance"] = pd.Categorical(
            part["utterance"].astype(str), categories=pd.Index(utterances["utterance"].array)
        )
        for column in {"phone", "label", "tier"} & set(part):
            part[column] = part[column].cat.remove_unused_categories()
        found[name] = part
    known = (table.codebook_size, table.grid, table.provenance, table.inventory)
    return IndexTable(utterances, found["segments"], found["frames"], *known)


def stored(table: IndexTable, folder) -> IndexTable:
    """Return a table as it comes back from disk."""
    return load_table(table.save(folder / "stored"))


def assert_same_table(found: IndexTable, wanted: IndexTable) -> None:
    for name in PARTS:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(wanted, name))
    assert found.codebook_size == wanted.codebook_size
    assert found.grid == wanted.grid
    assert found.inventory == wanted.inventory
