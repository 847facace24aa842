r"""CSV that keeps what it is given: text, missing values and numbers can be told apart.

Format
------
RFC 4180 in UTF-8 with a header and ``\n`` at the end of a line. Text is in quotes, always, so that
``"NA"`` and ``""`` are texts and an empty field is what is missing (None, NA, NaN). Numbers are
bare, the shortest that read back as the same float; ``true`` and ``false``, ``inf`` and ``-inf``.
`read_index_csv` reads the flat frame of an index table back as it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import TableError, shown
from sfvq_analysis.files import new_file
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.tables.contract import FRAME_COLUMNS, group_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

FLAT_COLUMNS: Mapping[str, str] = {
    **FRAME_COLUMNS,
    "position": "float64",
    "seconds": "float64",
    **dict.fromkeys(("speaker", "sex", "dialect", "sentence", "split"), "category"),
}
"""Columns and dtypes of `IndexTable.to_pandas`."""

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
        If the file is missing, cut off within a line or no such CSV, or has another group of
        phones.
    """
    import pyarrow as pa
    from pyarrow import csv

    given = str(path)
    types = {name: _arrow_type(dtype) for name, dtype in FLAT_COLUMNS.items()}
    content = _whole(Path(path))
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, ValueError) as error:
        what = " ".join(str(error).split())[:120]
        raise TableError(
            f"not the CSV of an index table ({what})", where=given, remedy="write it anew"
        ) from error
    if table.column_names != list(FLAT_COLUMNS):
        raise TableError(
            f"columns are {str(table.column_names)[:120]}",
            where=given,
            remedy=f"an index table's are {list(FLAT_COLUMNS)}",
        )
    flat = pd.DataFrame(
        {
            name: _as_dtype(table.column(name).combine_chunks(), name, dtype, given)
            for name, dtype in FLAT_COLUMNS.items()
        }
    )
    strange = sorted(set(flat["phone_group"].dropna()) - set(groups))
    if strange:
        raise TableError(
            f"a phone_group is {shown(strange[0])}",
            where=given,
            remedy=f"give the table's groups in order; here they are {', '.join(groups)}",
        )
    return flat.astype({"phone_group": group_dtype(groups)})


def _whole(path: Path) -> bytes:
    """Return what a file holds, unless it ends within a line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(
            error.strerror or str(error), where=str(path), remedy="give a file that can be read"
        ) from error
    if not content.endswith(b"\n") or content.count(b'"') % 2:
        raise TableError("it is cut off", where=str(path), remedy="write it anew")
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


def _as_dtype(array: pa.Array, name: str, dtype: str, path: str) -> pd.Series[Any]:
    """Return a column as the flat frame has it."""
    if dtype not in {"category", "group"}:
        if array.null_count and "int" in dtype:
            row = array.is_null().index(True).as_py() + 1
            raise TableError(f"{name} is missing in row {row}", where=path, remedy="write it anew")
        return pd.Series(array.to_numpy(zero_copy_only=False).astype(dtype))
    texts = array.to_pandas().astype("str")
    return pd.Series(texts if dtype == "group" else texts.astype("category"))
