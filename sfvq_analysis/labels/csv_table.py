"""Labels as a table: a CSV or TSV file with a header, or a pandas DataFrame.

Conventions
-----------
Columns, by their exact names, in any order::

    label                       text as it stands, spaces included; empty where nothing is labelled
    start, stop                 in seconds, or else
    start_sample, stop_sample   in samples, whole numbers
    utterance                   may be left out where the table is of one utterance
    tier                        may be left out where there is only one

Any other column is passed over. Commas, tabs or semicolons part the columns: those by which the
header has these names. Fields may stand in double quotes, with ``""`` for a quote, and may then
hold separators and line breaks. Nothing is interpreted: ``NA``, ``nan`` and ``=1+1`` are labels.
Rows of different utterances may be mixed; those of one tier are in order of time.

Whole numbers in ``start`` and ``stop`` that make labels of more than 10 s on average are refused:
they are samples or milliseconds. Written with a decimal point (``640.0``) they are seconds.
"""

from __future__ import annotations

import csv
import io
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import CorpusError, OptionError, listed, shown
from sfvq_analysis.labels.entries import Label
from sfvq_analysis.labels.table_rows import NEEDED, TIMES, Columns, Row, by_utterance, columns_of
from sfvq_analysis.labels.text import exact_number, read_text, seconds_of, whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction
    from pathlib import Path

    import pandas as pd

    from sfvq_analysis.labels.entries import Unit, Utterances

    Time = Fraction | int

_SEPARATORS = ",\t;"


def read_csv_labels(path: Path) -> Utterances:
    """Read a CSV or TSV.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, a column is missing or there twice, a row has
        more or fewer fields than the header, a quote isn't closed, a name is empty, or a time isn't
        a plain number; the message names file and line.
    """
    text = read_text(path)
    separator = _separator(text, path)
    records = _records(text, separator, path)
    line, header = next(records)
    columns = columns_of(header, f"{path}:{line}")
    rows = (
        _placed(_row_of_file, columns, fields, line, f"{path}:{line}") for line, fields in records
    )
    return by_utterance(rows, columns.unit, str(path))


def labels_of_frame(frame: pd.DataFrame) -> Utterances:
    """Return the labels of a data frame with the columns of a label CSV.

    Parameters
    ----------
    frame
        One row per label; its index doesn't matter. Names and labels are strings, seconds are
        floats (taken as the shortest decimal number that is that float) or integers, and samples
        are integers.

    Returns
    -------
    Utterances
        `Label.line` counts the rows from 1.

    Raises
    ------
    CorpusError
        As `read_csv_labels`, or if a value is missing (NaN) or of another type; the message names
        the row, counted from 1.
    OptionError
        If it isn't a data frame.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"start": [0.0, 0.1], "stop": [0.1, 0.25], "label": ["a", "s"]})
    >>> labels_of_frame(frame)[""][""].labels[1]
    Label(start=Fraction(1, 10), stop=Fraction(1, 4), text='s', line=2)
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise OptionError(f"labels are a {type(frame).__name__}", remedy="give a pandas DataFrame")
    columns = columns_of(list(frame.columns), "labels frame")
    values = [frame.iloc[:, column].to_numpy() for column in range(columns.width)]
    rows = (
        _placed(_row_of_frame, columns, row, number, f"labels frame, row {number}")
        for number, row in enumerate(zip(*values, strict=True), start=1)
    )
    return by_utterance(rows, columns.unit, "labels frame")


def _separator(text: str, path: Path) -> str:
    """Return by which character the header has the columns."""
    line, names, failure = 0, [""], None
    for separator in _SEPARATORS:
        try:
            line, header = next(_records(text, separator, path), (0, [""]))
        except CorpusError as error:  # names in quotes, parted by another character
            failure = failure or error
            continue
        if "label" in header:
            return separator
        names = max(header, names, key=len)
    if failure is not None and len(names) == 1:
        raise failure
    if not line:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    raise CorpusError(
        f"no column 'label' among {listed(names)}",
        where=f"{path}:{line}",
        remedy=NEEDED,
    )


def _records(text: str, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that aren't blank, each with the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CorpusError(
                f"row isn't CSV: {error}".replace("\t", "tab"),
                where=f"{path}:{line}",
                remedy='a field that begins with " ends with it; a quote inside is written ""',
            ) from error
        if len(fields) > 1 or (fields and fields[0].strip()):
            yield line, fields


def _placed(
    make: Callable[[Columns, Sequence[Any], int], Row],
    columns: Columns,
    values: Sequence[Any],
    line: int,
    where: str,
) -> Row:
    """Return the row, or say where it can't be read."""
    try:
        return make(columns, values, line)
    except CorpusError as error:
        raise error.at(where) from error


def _row_of_file(columns: Columns, fields: Sequence[str], line: int) -> Row:
    if len(fields) != columns.width:
        raise CorpusError(
            f"row has {len(fields)} fields, the header {columns.width}",
            remedy="put a field that holds a separator in double quotes",
        )
    texts = (fields[columns.start], fields[columns.stop])
    start, stop = (
        _time_of_text(text, name, columns.unit)
        for text, name in zip(texts, TIMES[columns.unit], strict=True)
    )
    utterance = "" if columns.utterance is None else _named(fields[columns.utterance])
    tier = "" if columns.tier is None else fields[columns.tier]
    is_whole = all(whole_number(text) is not None for text in texts)
    return Row(utterance, tier, Label(start, stop, fields[columns.label], line), is_whole)


def _named(utterance: str) -> str:
    if not utterance:
        raise CorpusError("utterance is empty", remedy="name it in every row")
    return utterance


def _time_of_text(text: str, name: str, unit: Unit) -> Time:
    if unit == "seconds":
        return seconds_of(text, name)
    whole = whole_number(text)
    if whole is None:
        raise CorpusError(f"{name} is {shown(text)}", remedy="write samples as whole numbers >= 0")
    return whole


def _row_of_frame(columns: Columns, values: Sequence[Any], line: int) -> Row:
    times = (values[columns.start], values[columns.stop])
    start, stop = (
        _time_of_value(value, name, columns.unit)
        for value, name in zip(times, TIMES[columns.unit], strict=True)
    )
    given = None if columns.utterance is None else _string(values[columns.utterance], "utterance")
    utterance = "" if given is None else _named(given)
    tier = "" if columns.tier is None else _string(values[columns.tier], "tier")
    label = _string(values[columns.label], "label")
    is_whole = all(isinstance(time, Integral) for time in times)
    return Row(utterance, tier, Label(start, stop, label, line), is_whole)


def _time_of_value(value: Any, name: str, unit: Unit) -> Time:
    if unit == "samples":
        whole = whole_number(str(value)) if isinstance(value, Integral) else None
        if whole is None:
            raise CorpusError(f"{name} is {shown(value)}", remedy="give samples as integers >= 0")
        return whole
    number = exact_number(str(value)) if isinstance(value, Real) else None
    if number is None:
        raise CorpusError(f"{name} is {shown(value)}", remedy="give seconds as finite numbers")
    return number


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise CorpusError(
            f"{name} is {shown(value)}",
            remedy='give strings: frame.astype({"' + name + '": str}), or "" where there is none',
        )
    return str(value)
