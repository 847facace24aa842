r"""CSV that keeps what it is given: text, missing values and numbers can be told apart.

Format
------
RFC 4180 in UTF-8 with a header and ``\n`` at the end of a line. Text is in quotes, always, so that
``"NA"`` and ``""`` are texts and an empty field is what is missing (None, NA, NaN). Numbers are
bare, the shortest that read back as the same float; ``true`` and ``false``, ``inf`` and ``-inf``.
`read_index_csv` reads the flat frame of an index table back as it was.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import TableError, shown
from sfvq_analysis.files import new_file
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.tables.contract import FRAME_COLUMNS, group_dtype
from sfvq_analysis.tables.flat_frame import OF_UTTERANCES, check_flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

FLAT_COLUMNS: Mapping[str, str] = {
    **FRAME_COLUMNS,
    "position": "float64",
    "seconds": "float64",
    **dict.fromkeys(OF_UTTERANCES, "category"),
}
"""Columns and dtypes of `IndexTable.to_pandas`."""
LARGEST_BYTES = 1 << 33
"""A CSV file that is larger (8 GiB) isn't read."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (full width)


def write_csv(
    frame: pd.DataFrame,
    path: Path,
    *,
    spreadsheet_safe: bool = False,
    digits: int | None = None,
) -> Path:
    """Write a frame as CSV, without its row labels, whole or not at all.

    Parameters
    ----------
    frame
        Columns of text, numbers, truth values or categories.
    path
        The file; one that is there is replaced.
    spreadsheet_safe
        Put ``'`` before texts (and names of columns) that a spreadsheet would take for a formula:
        those that begin with ``= + - @``, a tab or a line break. They don't read back as they were.
    digits
        Round floats to so many significant digits; by default none is lost.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    TableError
        If a text can't be written as UTF-8.
    """
    import pyarrow as pa
    from pyarrow import csv

    try:
        columns = [
            _column(frame.iloc[:, at], spreadsheet_safe=spreadsheet_safe, digits=digits)
            for at in range(frame.shape[1])
        ]
        names = [_neutral(str(name)) if spreadsheet_safe else str(name) for name in frame.columns]
        table = pa.Table.from_arrays(columns, names=names)
        with new_file(path) as file:
            csv.write_csv(table, file, csv.WriteOptions(quoting_style="needed"))
    except UnicodeEncodeError as error:
        raise TableError(
            f"{shown(error.object)} isn't Unicode text", where=str(path), remedy="rename it"
        ) from error
    return path


def read_index_csv(path: Path | str, groups: Sequence[str] = PHONE_GROUPS) -> pd.DataFrame:
    """Read what `IndexTable.to_csv` wrote.

    Parameters
    ----------
    path
        The file, written without ``spreadsheet_safe``.
    groups
        The groups of phones in order (``table.inventory.groups``), which the file doesn't hold; the
        paper's by default.

    Returns
    -------
    pd.DataFrame
        Equal to `IndexTable.to_pandas` of the table: values, order and dtypes. Categories that no
        row has aren't in the file.

    Raises
    ------
    TableError
        If the file is missing, larger than 8 GiB, cut off within a line or no such CSV, has another
        group of phones, or rows that no table has.
    """
    given = str(path)
    try:
        return _as_flat(_parsed(_whole(Path(path))), groups)
    except TableError as error:
        raise error.at(given) from error
    except MemoryError:
        raise TableError(
            "it is too large for the memory", where=given, remedy="save the table as Parquet"
        ) from None


def _as_flat(table: pa.Table, groups: Sequence[str]) -> pd.DataFrame:
    flat = pd.DataFrame(
        {
            name: _as_dtype(table.column(name).combine_chunks(), name, dtype)
            for name, dtype in FLAT_COLUMNS.items()
        }
    )
    strange = sorted(set(flat["phone_group"].dropna()) - set(groups))
    if strange:
        raise TableError(
            f"a phone_group is {shown(strange[0])}",
            remedy=f"give the table's groups in order; here they are {', '.join(groups)}",
        )
    flat = flat.astype({"phone_group": group_dtype(groups)})
    check_flat(flat)
    return flat


def _parsed(content: bytes) -> pa.Table:
    """Return the columns of a flat frame as Arrow has them."""
    import pyarrow as pa

    types = {name: _arrow_type(dtype) for name, dtype in FLAT_COLUMNS.items()}
    try:
        table = _arrow_table(content, types)
        names = table.column_names
        if b"0x" in content or b"0X" in content:  # Arrow takes these digits for a number, too
            _refuse_hexadecimal(_arrow_table(content, dict.fromkeys(types, pa.string())))
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, TableError):
            raise
        what = " ".join(str(error).split())[:120]
        raise TableError(
            f"not the CSV of an index table ({what})", remedy="write it anew"
        ) from error
    if names != list(FLAT_COLUMNS):
        raise TableError(
            f"columns are {str(names)[:120]}",
            remedy=f"an index table's are {list(FLAT_COLUMNS)}",
        )
    return table


def _arrow_table(content: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(content),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _refuse_hexadecimal(texts: pa.Table) -> None:
    import pyarrow.compute as pc

    for name, dtype in FLAT_COLUMNS.items():
        if "int" in dtype and name in texts.column_names:
            wrong = pc.match_substring(texts.column(name), "x", ignore_case=True)
            row = pc.index(wrong, value=True).as_py()
            if row >= 0:
                raise TableError(
                    f"{name} is {shown(texts.column(name)[row].as_py())} in row {row}",
                    remedy="write numbers in decimal",
                )


def _whole(path: Path) -> bytes:
    """Return what a file holds, unless it is none, too large or ends within a line."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise TableError("that is no regular file", remedy="give a CSV file")
        if status.st_size > LARGEST_BYTES:
            raise TableError("it is larger than 8 GiB", remedy="save the table as Parquet")
        content = path.read_bytes()
    except OSError as error:
        what = error.strerror or str(error)
        raise TableError(what, remedy="give a file that can be read") from error
    except ValueError as error:
        if isinstance(error, TableError):
            raise
        raise TableError(str(error), remedy="give the name of a file") from error
    if not content.endswith(b"\n") or content.count(b'"') % 2:
        raise TableError("it is cut off", remedy="write it anew")
    return content


def _column(column: pd.Series[Any], *, spreadsheet_safe: bool, digits: int | None) -> pa.Array:
    """Return a column as Arrow has it, missing values as nulls."""
    import pyarrow as pa

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = pa.array(column.cat.codes.to_numpy(), mask=column.isna().to_numpy())
        values = _column(
            column.cat.categories.to_series(), spreadsheet_safe=spreadsheet_safe, digits=digits
        )
        return values.take(codes)
    if digits is not None and pd.api.types.is_float_dtype(column.dtype):
        column = pd.Series(_rounded(column.to_numpy(dtype="float64", na_value=np.nan), digits))
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "mixed":
        column = column.map(str, na_action="ignore")
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # cells of several kinds: each as its text
        array = pa.Array.from_pandas(column.map(str, na_action="ignore").astype(object))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if spreadsheet_safe and (
        pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    ):
        texts = [text if text is None else _neutral(text) for text in array.to_pylist()]
        array = pa.array(texts, type=array.type)
    return array


def _neutral(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return the floats nearest to the decimals with so many significant digits."""
    return np.array([float(f"{value:.{digits}g}") for value in values.tolist()])


def _arrow_type(dtype: str) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if dtype in {"category", "group"} else pa.type_for_alias(dtype)


def _as_dtype(array: pa.Array, name: str, dtype: str) -> pd.Series[Any]:
    """Return a column as the flat frame has it."""
    if dtype not in {"category", "group"}:
        if array.null_count and "int" in dtype:
            row = array.is_null().index(True).as_py()
            raise TableError(f"{name} is missing in row {row}", remedy="write it anew")
        return pd.Series(array.to_numpy(zero_copy_only=False).astype(dtype))
    texts = array.to_pandas().astype("str")
    return pd.Series(texts if dtype == "group" else texts.astype("category"))
