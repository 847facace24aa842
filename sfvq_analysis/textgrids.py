"""An utterance as a Praat TextGrid: phones, words, and the index as a tier beside them.

Files are written in Praat's long text format, in UTF-8. A time is the shortest decimal of the
double nearest to it, which is what Praat writes and computes with: reading a file gives the same
samples again, at any rate. Time without a label is an interval with an empty one, since Praat's
tiers have no gaps. (PyPI's ``textgrid`` leaves quotes in names of tiers as they are when it writes,
and rounds when it reads; its objects, which hold what is put in, are what `to_textgrid` returns.)
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import textgrid

from sfvq_analysis.errors import TableError, shown
from sfvq_analysis.files import new_file
from sfvq_analysis.safe_names import safe_relatives
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

_TIERS = ("phone", "word")
_INDEX = "index"
_UNWRITABLE = re.compile("[\r\0\ud800-\udfff]")  # Praat reads CR as LF, and takes NUL away


class _Interval(NamedTuple):
    """A label from `start` to `stop`, in seconds."""

    start: Fraction
    stop: Fraction
    label: str


class _Grid(NamedTuple):
    """What a TextGrid says: intervals in order and free of overlap, by tier, up to `stop`."""

    stop: Fraction
    tiers: dict[str, list[_Interval]]


def to_textgrid(
    table: IndexTable | Mapping[str, IndexTable], utterance: str, path: Path | str | None = None
) -> textgrid.TextGrid:
    """Return an utterance's tiers ``phone``, ``word`` (where labelled) and ``index``.

    In the index tier a run of frames with one codeword is one interval; a frame reaches from
    halfway to its neighbour before to halfway to the one after it.

    Parameters
    ----------
    table
        Holds the utterance; or several tables of one corpus by name, which give a tier
        ``index <name>`` each.
    utterance
        Its id.
    path
        Where to write the TextGrid, if anywhere; whole or not at all.

    Returns
    -------
    textgrid.TextGrid
        Times in seconds. Words that overlap are cut at the start of the next (Praat's interval
        tiers can't overlap; of words with one start the last one is left); labels beyond the
        audio's end stretch the TextGrid.

    Raises
    ------
    TableError
        If there is no table, a table has no such utterance, or it has no frame; if tables differ
        in its labels; if a label can't be written (CR, NUL, half a surrogate pair).
    """
    grid = _grid(_by_tier(table), utterance)
    if path is not None:
        _write(grid, Path(path), utterance)
    return _as_object(grid, utterance)


def write_textgrids(table: IndexTable | Mapping[str, IndexTable], folder: Path) -> None:
    """Write a TextGrid for every utterance that has a frame (in each table), named by its id.

    Names are those of `sfvq_analysis.safe_names`: below the folder, whatever utterances are called.

    Raises
    ------
    TableError
        As `to_textgrid`.
    """
    tables = _by_tier(table)
    ids = next(iter(tables.values())).utterances["utterance"]
    for utterance, path in safe_relatives(ids, ".TextGrid").items():
        if all(one.utterance(utterance)["n_frames"] > 0 for one in tables.values()):
            _write(_grid(tables, utterance), folder / path, utterance)


def _by_tier(table: IndexTable | Mapping[str, IndexTable]) -> dict[str, IndexTable]:
    """Return the tables by the name that their index tier gets."""
    if isinstance(table, IndexTable):
        return {_INDEX: table}
    if not table:
        raise TableError("there is no table", remedy="give one at least")
    return {f"{_INDEX} {name}": one for name, one in table.items()}


def _grid(tables: Mapping[str, IndexTable], utterance: str) -> _Grid:
    """Return labels and index of one utterance."""
    first = next(iter(tables.values()))
    row = first.utterance(utterance)
    rate = int(row["sample_rate"])
    audio_end = Fraction(int(row["n_samples"]), rate)
    segments = _rows_of(first.segments, row)
    tiers = {
        tier: _labelled(labels, rate)
        for tier in _TIERS
        if len(labels := segments[segments["tier"] == tier])
    }
    for name, table in tables.items():
        _check_same_labels(table, utterance, segments, rate)
        frames = _rows_of(table.frames, table.utterance(utterance))
        if frames.empty:
            raise TableError(f"utterance {utterance!r} has no frame", remedy="choose a longer one")
        tiers[name] = _index(frames, table, audio_end)
    stops = [intervals[-1].stop for intervals in tiers.values()]
    longest = Fraction(int(segments["stop"].max()), rate) if len(segments) else audio_end
    return _Grid(max(audio_end, longest, *stops), tiers)


def _rows_of(frame: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return an utterance's rows of a table's frame, which follow the order of utterances."""
    codes = frame["utterance"].cat.codes.to_numpy()
    number = codes.dtype.type(row.name)  # row labels are 0, 1, …
    first, last = (int(np.searchsorted(codes, number, side)) for side in ("left", "right"))
    return frame.iloc[first:last]


def _check_same_labels(
    table: IndexTable, utterance: str, segments: pd.DataFrame, rate: int
) -> None:
    """Raise a TableError unless a table has these labels for the utterance."""
    row = table.utterance(utterance)
    mine = _rows_of(table.segments, row)
    columns = ["tier", "start", "stop", "label"]
    same = [list(mine[name]) == list(segments[name]) for name in columns]
    if not all(same) or int(row["sample_rate"]) != rate:
        raise TableError(
            f"tables differ in the labels of utterance {utterance!r}",
            remedy="give tables of one corpus",
        )


def _labelled(labels: pd.DataFrame, rate: int) -> list[_Interval]:
    labels = labels.sort_values("start", kind="stable")
    starts, stops = labels["start"].to_numpy(), labels["stop"].to_numpy()
    limits = np.append(starts[1:], np.iinfo(np.int64).max)
    return [
        _Interval(Fraction(int(start), rate), Fraction(int(stop), rate), str(label))
        for start, stop, label in zip(
            starts, np.minimum(stops, limits), labels["label"], strict=True
        )
        if start < stop
    ]


def _index(frames: pd.DataFrame, table: IndexTable, audio_end: Fraction) -> list[_Interval]:
    codeword, centre = frames["codeword"].to_numpy(), frames["centre"].to_numpy()
    first = np.flatnonzero(np.diff(codeword, prepend=-1))
    rate, half = table.grid.sample_rate, Fraction(table.grid.hop, 2)
    edges = [max(Fraction(0), (int(centre[at]) - half) / rate) for at in first]
    last = (int(centre[-1]) + half) / rate
    if audio_end > edges[-1]:  # else frames go on past the audio
        last = min(audio_end, last)
    return [
        _Interval(low, high, str(codeword[at]))
        for at, (low, high) in zip(first, pairwise([*edges, last]), strict=True)
    ]


def _as_object(grid: _Grid, name: str) -> textgrid.TextGrid:
    made = textgrid.TextGrid(name=name, minTime=0.0, maxTime=float(grid.stop))
    for tier, intervals in grid.tiers.items():
        one = textgrid.IntervalTier(name=tier, minTime=0.0, maxTime=float(grid.stop))
        for start, stop, label in intervals:
            one.add(float(start), float(stop), label)
        made.append(one)
    return made


def _write(grid: _Grid, path: Path, utterance: str) -> None:
    try:
        content = "".join(f"{line}\n" for line in _lines(grid)).encode()
    except TableError as error:
        raise error.at(f"utterance {utterance!r}") from error
    with new_file(path) as file:
        file.write(content)


def _lines(grid: _Grid) -> Iterable[str]:
    """Return the lines of a TextGrid in Praat's long format, indented as Praat does."""
    yield from ('File type = "ooTextFile"', 'Object class = "TextGrid"', "")
    yield from _span(Fraction(0), grid.stop, "")
    yield from ("tiers? <exists> ", f"size = {len(grid.tiers)} ", "item []: ")
    for number, (tier, intervals) in enumerate(grid.tiers.items(), start=1):
        filled = list(_without_gaps(intervals, grid.stop))
        yield f"    item [{number}]:"
        yield '        class = "IntervalTier" '
        yield f"        name = {_quoted(tier)} "
        yield from _span(Fraction(0), grid.stop, " " * 8)
        yield f"        intervals: size = {len(filled)} "
        for ordinal, (start, stop, label) in enumerate(filled, start=1):
            yield f"        intervals [{ordinal}]:"
            yield from _span(start, stop, " " * 12)
            yield f"            text = {_quoted(label)} "


def _span(start: Fraction, stop: Fraction, indent: str) -> tuple[str, str]:
    return f"{indent}xmin = {_decimal(start)} ", f"{indent}xmax = {_decimal(stop)} "


def _without_gaps(intervals: list[_Interval], stop: Fraction) -> Iterable[_Interval]:
    reached = Fraction(0)
    for interval in intervals:
        if interval.start > reached:
            yield _Interval(reached, interval.start, "")
        yield interval
        reached = interval.stop
    if stop > reached:
        yield _Interval(reached, stop, "")


def _quoted(text: str) -> str:
    if _UNWRITABLE.search(text):
        raise TableError(
            f"{shown(text)} can't stand in a TextGrid",
            remedy="take CR, NUL and halves of surrogate pairs out of it",
        )
    return '"' + text.replace('"', '""') + '"'


def _decimal(seconds: Fraction) -> str:
    return np.format_float_positional(float(seconds), trim="-")
