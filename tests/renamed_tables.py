"""The same table under other names: labels, phone set and groups of a user."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from sfvq_analysis.phones import PhoneInventory, PhoneSet
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    PHONE_TIER,
    SEGMENT_COLUMNS,
    as_contract,
    group_codes_of,
    group_dtype,
    phone_codes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.tables import IndexTable


def renamed(
    table: IndexTable, phone_set: PhoneSet, names: Mapping[str, str] | None = None
) -> IndexTable:
    """Return a table whose labels have other names, understood by another set."""
    names = names or {}
    segments, frames = table.segments, table.frames
    label = pd.Series(pd.Categorical([names.get(str(one), str(one)) for one in segments["label"]]))
    inventory = PhoneInventory.of(label[segments["tier"] == PHONE_TIER], phone_set)
    groups = group_dtype(inventory.groups)
    first = segments["utterance"].cat.codes.searchsorted(frames["utterance"].cat.codes)
    owner = (first + frames["phone_segment"]).where(frames["phone_segment"] >= 0, -1).to_numpy()
    codes = {
        "phone": (phone_codes(label, inventory), label.dtype),
        "phone_group": (group_codes_of(label, inventory), groups),
    }
    of_frames = {
        name: pd.Categorical.from_codes([code[at] if at >= 0 else -1 for at in owner], dtype=dtype)
        for name, (code, dtype) in codes.items()
    }
    of_segments = pd.Categorical.from_codes(codes["phone_group"][0], dtype=groups)
    moved = segments.assign(label=label, phone_group=of_segments)
    return replace(
        table,
        segments=as_contract(moved, SEGMENT_COLUMNS, inventory.groups),
        frames=as_contract(frames.assign(**of_frames), FRAME_COLUMNS, inventory.groups),
        inventory=inventory,
    )
