"""What must be true of texts and times in a table, and of numbers before they are cast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import TableError
from sfvq_analysis.tables.contract import PHONE_TIER, UTTERANCE_COLUMNS, refuse_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = ("str", "category", "group")


def check_texts(utterances: pd.DataFrame, segments: pd.DataFrame) -> None:
    """Raise a TableError if a text that must be there is missing, or an id holds NUL."""
    texts = [column for column, dtype in UTTERANCE_COLUMNS.items() if dtype == "str"]
    for name, frame, columns in (
        ("utterances", utterances, texts),
        ("segments", segments, ["utterance", "tier", "label"]),
    ):
        for column in columns:
            missing = frame[column].isna().to_numpy()
            refuse_rows(frame[column].rename(f"{name}.{column}"), missing, "text, maybe empty")
    check_ids(utterances["utterance"])


def check_ids(ids: pd.Series[Any]) -> None:
    """Raise a TableError if an id holds NUL, which no name of a file can."""
    refuse_rows(ids, ids.str.contains("\0", regex=False).to_numpy(bool), "without NUL characters")


def check_times(utterances: pd.DataFrame, segments: pd.DataFrame) -> None:
    """Raise a TableError unless rates and lengths can be, and phones follow one another."""
    refuse_rows(utterances["sample_rate"], utterances["sample_rate"].to_numpy() < 1, ">= 1")
    refuse_rows(utterances["n_samples"], utterances["n_samples"].to_numpy() < 0, ">= 0")
    refuse_rows(segments["start"], segments["start"].to_numpy() < 0, ">= 0")
    phones = segments[segments["tier"] == PHONE_TIER]
    owner = phones["utterance"].cat.codes.to_numpy()
    start, stop = (phones[name].to_numpy() for name in ("start", "stop"))
    early = np.zeros(len(phones), dtype=bool)
    early[1:] = (owner[1:] == owner[:-1]) & (start[1:] < stop[:-1])
    refuse_rows(phones["start"], early, "at or after the stop of the phone before")


def check_castable(name: str, frame: pd.DataFrame, columns: Mapping[str, str]) -> None:
    """Raise a TableError that names a column whose values would change in its contract's dtype.

    Parameters
    ----------
    name
        Of the frame.
    frame
        As it was stored; columns that are missing are left to others.
    columns
        Their dtypes.
    """
    for column, dtype in columns.items():
        if column in frame and len(frame):
            right = _is_text if dtype in _TEXTS else _is_exact
            if not right(frame[column], dtype):
                found = frame[column].dtype
                raise TableError(
                    f"{name}.{column} is {found}, with values that {dtype} can't hold"
                    if _is_number(found) and dtype not in _TEXTS
                    else f"{name}.{column} is {found}",
                    remedy=f"it must be {'text' if dtype in _TEXTS else dtype}",
                )


def _is_number(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _is_text(column: pd.Series[Any], _: str) -> bool:
    """Tell whether all that isn't missing is text."""
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    values = column.cat.categories if categorical else column
    known = values[values.notna()]
    return len(known) == 0 or pd.api.types.is_string_dtype(known)


def _is_exact(column: pd.Series[Any], dtype: str) -> bool:
    """Tell whether numbers are of the kind of a dtype, and none changes in it."""
    if str(column.dtype) == dtype:
        return True
    if not _is_number(column.dtype):
        return False
    if dtype.startswith("int"):
        limits = np.iinfo(dtype)
        integers = pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any()
        return integers and limits.min <= int(column.min()) and int(column.max()) <= limits.max
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    with np.errstate(over="ignore"):
        cast = values.astype(dtype)
    return pd.api.types.is_float_dtype(column.dtype) and np.array_equal(
        cast, values, equal_nan=True
    )
