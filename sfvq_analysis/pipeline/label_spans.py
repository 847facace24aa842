"""Latents and the spans of their labels, checked; see `sfvq_analysis.pipeline.label_rows`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Labels: TypeAlias = Sequence[object] | Mapping[str, Sequence[object]] | pd.DataFrame

_SPAN_COLUMNS = ("utterance", "start", "stop", "label")


def parts_and_spans(
    latents: ArrayLike | Mapping[str, ArrayLike], labels: Labels
) -> tuple[dict[str, NDArray[np.float32]], pd.DataFrame]:
    """Return latents by utterance, sorted, and the spans of their labels in frames."""
    if isinstance(latents, Mapping):
        parts = {_named(name): _checked(f"latents[{shown(name)}]", latents[name])
                 for name in sorted(latents, key=str)}  # fmt: skip
        if len({part.shape[1] for part in parts.values()}) != 1:
            raise OptionError("latents hold no array, or arrays of several dimensions")
        if isinstance(labels, pd.DataFrame):
            return parts, _checked_spans(labels, parts)
        if not isinstance(labels, Mapping) or {*labels} != {*parts}:
            raise OptionError(
                "labels aren't those of the latents",
                remedy="give a dictionary with the same names, or a frame of spans",
            )
        runs = [_runs(name, labels[name], len(part)) for name, part in parts.items()]
        return parts, pd.concat(runs, ignore_index=True)
    rows = _checked("latents", latents)
    if isinstance(labels, pd.DataFrame):
        names = labels["utterance"].unique() if "utterance" in labels else []
        if len(names) != 1:
            raise OptionError(
                f"labels name {len(names)} utterances, latents are one array",
                remedy="give a dictionary of arrays by utterance",
            )
        parts = {_named(names[0]): rows}
        return parts, _checked_spans(labels, parts)
    texts = _texts("labels", labels, len(rows))
    width = len(str(max(len(rows) - 1, 0)))
    named = [f"{number:0{width}d}" for number in range(len(rows))]
    spans = pd.DataFrame({"utterance": named, "start": 0, "stop": 1, "label": texts})
    return dict(zip(named, rows[:, None], strict=True)), spans[spans["label"] != ""]


def _named(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise OptionError(f"an utterance is called {shown(name)}", remedy="name it by text")
    return name


def _checked(name: str, values: ArrayLike) -> NDArray[np.float32]:
    """Return latents as float32 of shape (n, dim)."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # lists of several lengths
        raise OptionError(f"{name} is no array", remedy="give shape (n, dim)") from error
    if array.dtype.kind not in "fiu" or array.ndim != 2 or 0 in array.shape:
        raise OptionError(
            f"{name} is {array.dtype} of shape {array.shape}",
            remedy="give numbers of shape (n, dim), n and dim at least 1",
        )
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(floats).all(axis=1))
    if len(wrong):
        raise OptionError(
            f"{name} holds NaN, infinity or what float32 can't hold in row {wrong[0]}",
            remedy="mend the latents, or leave these rows out",
        )
    return floats


def _texts(name: str, labels: object, n_rows: int) -> list[str]:
    """Return one text a row, empty where there is no label."""
    if isinstance(labels, (str, bytes, Mapping)) or not hasattr(labels, "__len__"):
        raise OptionError(f"{name} is {shown(labels)}", remedy="give a sequence, a label a row")
    values = list(labels)  # type: ignore[call-overload]
    if len(values) != n_rows:
        raise OptionError(
            f"{name} has {len(values)} labels, the latents {n_rows} rows",
            remedy="give one label a row, None where there is none",
        )
    return [_text(value, f"{name}, row {row}") for row, value in enumerate(values)]


def _text(value: object, place: str) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case Integral():
            return str(int(value))
        case Real() if np.isnan(float(value)):
            return ""
        case Real() if float(value).is_integer():
            return str(int(float(value)))
    if value is pd.NA or value is pd.NaT:
        return ""
    raise OptionError(
        f"a label is {shown(value)}", where=place, remedy="give text or whole numbers"
    )


def _runs(name: str, labels: object, n_rows: int) -> pd.DataFrame:
    """Return spans of neighbouring rows of one label."""
    texts = np.array(_texts(f"labels[{shown(name)}]", labels, n_rows), dtype=object)
    first = np.flatnonzero(np.append(True, texts[1:] != texts[:-1]))
    stop = np.append(first[1:], n_rows)
    spans = pd.DataFrame({"utterance": name, "start": first, "stop": stop, "label": texts[first]})
    return spans[spans["label"] != ""]


def _checked_spans(labels: pd.DataFrame, parts: Mapping[str, NDArray[np.float32]]) -> pd.DataFrame:
    """Return spans in order, all of them inside their utterance and none over another."""
    missing = [name for name in _SPAN_COLUMNS if name not in labels]
    if missing:
        raise OptionError(f"labels lack the columns {missing}", remedy=f"give {_SPAN_COLUMNS}")
    order = {name: at for at, name in enumerate(parts)}
    rows = []
    for row, (name, start, stop, label) in enumerate(
        labels[list(_SPAN_COLUMNS)].itertuples(index=False, name=None)
    ):
        place = f"labels, row {row}"
        if name not in order:
            raise OptionError(f"no latents of utterance {shown(name)}", where=place)
        first, last = _whole(start), _whole(stop)
        if first is None or last is None or not 0 <= first < last <= len(parts[name]):
            raise OptionError(
                f"span is [{shown(start)}, {shown(stop)}) of {len(parts[name])} frames",
                where=place,
                remedy="give whole numbers, start before stop, inside the utterance",
            )
        rows.append((order[name], first, last, name, _text(label, place), row))
    rows.sort()
    for one, other in pairwise(rows):
        if one[0] == other[0] and other[1] < one[2]:
            raise OptionError(
                f"spans of rows {one[5]} and {other[5]} of {shown(one[3])} overlap",
                where="labels",
                remedy="give every frame one label",
            )
    spans = [(name, start, stop, label) for _, start, stop, name, label, _ in rows]
    return pd.DataFrame(spans, columns=list(_SPAN_COLUMNS))


def _whole(value: object) -> int | None:
    """Return a whole number, which a column with a gap has as a float, None for anything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        return None
    return int(float(value)) if float(value).is_integer() else None
