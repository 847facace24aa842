"""The contract of the three frames: columns, dtypes, and what must be true of their values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import PHONE_GROUPS, PhoneInventory, timit_inventory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.timeline import FrameGrid

GROUP_DTYPE = pd.CategoricalDtype(list(PHONE_GROUPS), ordered=True)
"""Of a table whose groups are the paper's; see `group_dtype`."""
PHONE_TIER = "phone"

UTTERANCE_COLUMNS: Mapping[str, str] = {
    "utterance": "str",
    "speaker": "str",
    "sex": "str",
    "dialect": "str",
    "sentence": "str",
    "split": "str",
    "audio": "str",
    "sample_rate": "int64",
    "n_samples": "int64",
    "n_frames": "int64",
}
SEGMENT_COLUMNS: Mapping[str, str] = {
    "utterance": "category",
    "tier": "category",
    "ordinal": "int32",
    "start": "int64",
    "stop": "int64",
    "label": "category",
    "phone_group": "group",
    "n_frames": "int32",
}
FRAME_COLUMNS: Mapping[str, str] = {
    "utterance": "category",
    "frame": "int32",
    "centre": "int64",
    "phone_segment": "int32",
    "phone": "category",
    "phone_group": "group",
    "codeword": "int32",
    "curve_segment": "int32",
    "t": "float32",
    "distortion": "float32",
    "codeword_distortion": "float32",
}
CONTRACTS: Mapping[str, Mapping[str, str]] = {
    "utterances": UTTERANCE_COLUMNS,
    "segments": SEGMENT_COLUMNS,
    "frames": FRAME_COLUMNS,
}


def group_dtype(groups: Sequence[str]) -> pd.CategoricalDtype:
    """Return the dtype of ``phone_group``: ordered categories, the groups of an inventory."""
    return _ordered(tuple(groups))


@lru_cache
def _ordered(names: tuple[str, ...]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(names, dtype="str"), ordered=True)


def as_contract(
    frame: pd.DataFrame, columns: Mapping[str, str], groups: Sequence[str] = PHONE_GROUPS
) -> pd.DataFrame:
    """Return a frame with exactly the given columns, in order, cast to their dtypes.

    Parameters
    ----------
    frame
        Any frame that has the columns.
    columns
        `UTTERANCE_COLUMNS`, `SEGMENT_COLUMNS` or `FRAME_COLUMNS`.
    groups
        The groups of the table's inventory, in order.
    """
    missing = [name for name in columns if name not in frame]
    if missing:
        raise TableError(f"columns {missing} are missing", remedy=f"give {list(columns)}")
    dtypes: dict[str, Any] = {
        name: group_dtype(groups) if dtype == "group" else dtype for name, dtype in columns.items()
    }
    return frame[list(columns)].astype(dtypes).reset_index(drop=True)


def check_columns(name: str, frame: pd.DataFrame, groups: Sequence[str] = PHONE_GROUPS) -> None:
    """Raise a TableError unless a frame has its contract's columns, dtypes and plain row labels."""
    columns = CONTRACTS[name]
    if list(frame.columns) != list(columns):
        raise TableError(
            f"{name} has columns {list(frame.columns)}", remedy=f"it must have {list(columns)}"
        )
    for column, dtype in columns.items():
        found = frame[column].dtype
        right = {
            "group": found == group_dtype(groups),
            "category": isinstance(found, pd.CategoricalDtype),
            "str": pd.api.types.is_string_dtype(found),
        }.get(dtype, str(found) == dtype)
        if not right:
            raise TableError(f"{name}.{column} is {found}", remedy=f"it must be {dtype}")
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        raise TableError(f"{name} has row labels of its own", remedy="use reset_index")


def check_codes(frames: pd.DataFrame, codebook_size: int) -> None:
    """Raise a TableError unless every code lies in the codebook."""
    if codebook_size < 2:
        raise TableError(f"codebook_size is {codebook_size}", remedy="a codebook has >= 2")
    last = codebook_size - 1
    codeword, segment, t = (frames[name].to_numpy() for name in ("codeword", "curve_segment", "t"))
    refuse_rows(frames["codeword"], (codeword < 0) | (codeword > last), f"0 … {last}")
    refuse_rows(frames["curve_segment"], (segment < -1) | (segment >= last), f"-1 … {last - 1}")
    within = np.where(segment >= 0, (t >= 0) & (t <= 1), np.isnan(t))
    refuse_rows(frames["t"], ~within, "0 … 1 on a curve, NaN in a plain codebook")
    if len(segment) and (segment >= 0).any() != (segment >= 0).all():
        raise TableError("codes of a curve and a plain codebook are mixed", remedy="use two tables")
    for name in ("distortion", "codeword_distortion"):
        values = frames[name].to_numpy()
        refuse_rows(frames[name], ~(np.isfinite(values) & (values >= 0)), "finite and >= 0")


def check_order(utterances: pd.DataFrame, segments: pd.DataFrame, frames: pd.DataFrame) -> None:
    """Raise a TableError unless utterances are unique and sorted and the others follow them."""
    ids = utterances["utterance"]
    if not ids.is_unique or not ids.is_monotonic_increasing:
        raise TableError("utterances aren't unique and sorted", remedy="sort them by id")
    for name, column in (("segments", segments["utterance"]), ("frames", frames["utterance"])):
        if list(column.cat.categories) != list(ids):
            raise TableError(
                f"{name}.utterance has other categories than utterances.utterance",
                remedy="use the ids as categories",
            )
        codes = column.cat.codes.to_numpy()
        if (codes < 0).any() or (np.diff(codes) < 0).any():
            raise TableError(f"{name} don't follow the order of utterances", remedy="sort them")


def check_frames(utterances: pd.DataFrame, frames: pd.DataFrame, grid: FrameGrid) -> None:
    """Raise a TableError unless every utterance has its frames, numbered and on the grid."""
    counted = np.bincount(frames["utterance"].cat.codes, minlength=len(utterances))
    stated = utterances["n_frames"].to_numpy()
    for row in np.flatnonzero(counted != stated)[:1]:
        raise TableError(
            f"utterance {utterances['utterance'][row]!r} has {counted[row]} frames, its row says "
            f"{stated[row]}",
            remedy="count them anew",
        )
    number = _count_within(stated)
    centre = grid.offset + grid.hop * number
    refuse_rows(frames["frame"], frames["frame"].to_numpy() != number, "0 … n_frames - 1")
    refuse_rows(frames["centre"], frames["centre"].to_numpy() != centre, "on the grid")


def check_owners(
    segments: pd.DataFrame, frames: pd.DataFrame, n_utterances: int, inventory: PhoneInventory
) -> None:
    """Raise a TableError unless every frame has the phone of the segment it names."""
    empty = segments["stop"].to_numpy() <= segments["start"].to_numpy()
    refuse_rows(segments["stop"], empty, "after its start")
    first, n_phones, phones = phone_rows(segments, n_utterances)
    row = frames["utterance"].cat.codes.to_numpy()
    ordinal = frames["phone_segment"].to_numpy()
    strange = (ordinal < -1) | (ordinal >= n_phones[row])
    refuse_rows(frames["phone_segment"], strange, "a phone's ordinal, or -1")
    owned = ordinal >= 0
    place = (first[row] + ordinal)[owned]
    group_codes = phones["phone_group"].cat.codes.to_numpy()
    misgrouped = group_codes != group_codes_of(phones["label"], inventory)
    refuse_rows(phones["phone_group"], misgrouped, "the group of its label")
    for column, right, codes in (
        ("phone", phones["label"], phone_codes(phones["label"], inventory)),
        ("phone_group", phones["phone_group"], group_codes),
    ):
        found = frames[column]
        names = pd.Index(right.cat.categories).get_indexer(found.cat.categories)
        as_owner = np.append(names, -1)[found.cat.codes]
        wrong = ~owned & (as_owner >= 0)
        wrong[owned] = as_owner[owned] != codes[place]
        refuse_rows(found, wrong, "that of its phone segment")
    miscounted = np.bincount(place, minlength=len(phones)) != phones["n_frames"].to_numpy()
    refuse_rows(phones["n_frames"], miscounted, "the number of frames it owns")


def group_codes_of(labels: pd.Series[Any], inventory: PhoneInventory) -> NDArray[np.int64]:
    """Return the group codes that phone labels have in an inventory, -1 for none."""
    at = {group: code for code, group in enumerate(inventory.groups)}
    entries = [inventory.entries.get(str(name)) for name in labels.cat.categories]
    codes = np.array([*(-1 if e is None else at.get(e.group or "", -1) for e in entries), -1])
    return np.asarray(codes[labels.cat.codes.to_numpy()], dtype=np.int64)


def phone_labels_of(segments: pd.DataFrame) -> list[str]:
    """Return the distinct labels of the phone tier, sorted."""
    labels = segments.loc[segments["tier"] == PHONE_TIER, "label"]
    codes = np.unique(labels.cat.codes.to_numpy())
    return sorted(map(str, labels.cat.categories[codes[codes >= 0]]))


def phone_codes(
    labels: pd.Series[Any], inventory: PhoneInventory | None = None
) -> NDArray[np.int64]:
    """Return the category codes of phone labels, -1 for labels that are no known phone.

    Without an inventory phones are those of TIMIT.
    """
    names = list(map(str, labels.cat.categories))
    entries = (inventory or timit_inventory().covering(names)).entries
    known = [name in entries and entries[name].symbol is not None for name in names]
    codes: NDArray[np.int64] = np.where(known, np.arange(len(known)), -1)
    return np.asarray(np.append(codes, -1)[labels.cat.codes.to_numpy()], dtype=np.int64)


def phone_rows(
    segments: pd.DataFrame, n_utterances: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], pd.DataFrame]:
    """Return the phone segments, and where each utterance's are among them.

    Returns
    -------
    first, n_phones : NDArray[np.int64], shape (n_utterances,)
        Position of the utterance's first phone, and how many it has.
    phones : pd.DataFrame
        The phone segments, with row labels of their own.

    Raises
    ------
    TableError
        If their ordinals don't count them from 0 in each utterance.
    """
    phones = segments[segments["tier"] == PHONE_TIER].reset_index(drop=True)
    n_phones = np.bincount(phones["utterance"].cat.codes, minlength=n_utterances)
    misplaced = phones["ordinal"].to_numpy() != _count_within(n_phones)
    refuse_rows(phones["ordinal"], misplaced, "0, 1, … in its utterance")
    return np.cumsum(n_phones) - n_phones, n_phones, phones


def _count_within(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0, 1, … anew for each of runs of these sizes."""
    first = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) - np.repeat(first, sizes)


def refuse_rows(values: pd.Series[Any], wrong: NDArray[np.bool_], right: str) -> None:
    """Raise a TableError that shows the first wrong row of a column, if there is one."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise TableError(
            f"{values.name} is {values.iloc[rows[0]]} in row {rows[0]}"
            + (f" ({len(rows)} rows are wrong)" if len(rows) > 1 else ""),
            remedy=f"it must be {right}",
        )
