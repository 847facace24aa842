"""What the statistics are computed from: frames with properties, and counts by phone and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, unknown_option
from sfvq_analysis.phones import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.tables import IndexTable

FRAME_PROPERTIES = ("phone", "phone_group")
UTTERANCE_PROPERTIES = ("utterance", "speaker", "sex", "dialect", "sentence", "split")
PROPERTIES = (*FRAME_PROPERTIES, *UTTERANCE_PROPERTIES)


def labelled_frames(
    table: IndexTable,
    columns: Sequence[str],
    *,
    trim: float = 0.0,
    exclude: Collection[str] = (),
    phone_set: Folding = 61,
) -> pd.DataFrame:
    """Return the frames that a phone owns, with the asked-for properties beside their codes.

    Parameters
    ----------
    table
        The index table; not changed.
    columns
        Properties of `PROPERTIES`.
    trim
        Leave out frames whose centre is nearer than so many seconds to an edge of their phone.
    exclude
        Leave out frames of these phones (raw labels), or of these groups.
    phone_set
        Fold ``phone`` to 61, 48 or 39 phones; frames of phones that a folding deletes go.

    Returns
    -------
    pd.DataFrame
        Columns ``index``, ``segment`` (a number for the token that owns the frame, unique in the
        table) and `columns`.
    """
    _check_options(columns, trim)
    frames = table.frames
    keep = frames["phone_segment"].to_numpy() >= 0
    tokens, segment = _tokens(table)
    if trim > 0:
        keep &= _away_from_edges(table, tokens, segment, trim)
    for name in exclude:
        keep &= ~(
            (frames["phone"] == name) | (frames["phone_group"].astype(object) == name)
        ).to_numpy()
    chosen = {
        "index": frames["codeword"].to_numpy()[keep],
        "segment": segment[keep],
        **{name: property_of_frames(table, name)[keep] for name in columns},
    }
    return _folded(pd.DataFrame(chosen), phone_set)


def phone_tokens(
    table: IndexTable, columns: Sequence[str], phone_set: Folding = 61
) -> pd.DataFrame:
    """Return every phone segment with the asked-for properties and the ``n_frames`` it owns."""
    _check_options(columns, 0.0)
    tokens, _ = _tokens(table)
    row = tokens["utterance"].cat.codes.to_numpy()
    properties: dict[str, object] = {"n_frames": tokens["n_frames"].to_numpy()}
    for name in columns:
        if name == "phone":
            properties[name] = tokens["label"].cat.remove_unused_categories().array
        elif name == "phone_group":
            properties[name] = tokens["phone_group"].array
        else:
            properties[name] = table.utterances[name].astype("category").iloc[row].array
    return _folded(pd.DataFrame(properties), phone_set)


def property_of_frames(table: IndexTable, name: str) -> pd.Categorical:
    """Return a property of every frame as a categorical."""
    if name in FRAME_PROPERTIES:
        values: pd.Categorical = table.frames[name].array
        return values
    row = table.frames["utterance"].cat.codes.to_numpy()
    of_utterance: pd.Categorical = table.utterances[name].astype("category").array
    return of_utterance[row]


def phone_counts(table: IndexTable, phone_set: Folding = 61) -> pd.DataFrame:
    """Return the joint counts of phone and index over all labelled frames.

    Parameters
    ----------
    table
        The index table.
    phone_set
        61 keeps raw labels; 48 and 39 fold them.

    Returns
    -------
    pd.DataFrame
        A row each phone that owns a frame, a column each index 0 … K - 1, unused ones included.
    """
    frames = labelled_frames(table, ["phone"], phone_set=phone_set)
    phones = frames["phone"].cat.remove_unused_categories()
    size = (len(phones.cat.categories), table.codebook_size)
    cells = np.ravel_multi_index((phones.cat.codes, frames["index"]), size)
    counts = np.bincount(cells, minlength=size[0] * size[1]).reshape(size)
    return pd.DataFrame(
        counts,
        index=pd.Index(phones.cat.categories, name="phone"),
        columns=pd.RangeIndex(size[1], name="index"),
    )


def _check_options(columns: Sequence[str], trim: float) -> None:
    for name in columns:
        if name not in PROPERTIES:
            raise unknown_option("by", name, PROPERTIES)
    if not trim >= 0:
        raise OptionError(f"trim is {trim!r} seconds", remedy="use 0 or more")


def _tokens(table: IndexTable) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the phone segments, and every frame's owner by its position among them, or -1."""
    tokens = table.segments[table.segments["tier"] == "phone"].reset_index(drop=True)
    n_utterances = len(table.utterances)
    first = np.searchsorted(tokens["utterance"].cat.codes.to_numpy(), np.arange(n_utterances))
    ordinal = table.frames["phone_segment"].to_numpy()
    position = first[table.frames["utterance"].cat.codes.to_numpy()] + ordinal
    return tokens, np.where(ordinal >= 0, position, -1)


def _away_from_edges(
    table: IndexTable, tokens: pd.DataFrame, segment: NDArray[np.int64], trim: float
) -> NDArray[np.bool_]:
    rate = table.utterances["sample_rate"].to_numpy()
    rate = rate[table.frames["utterance"].cat.codes.to_numpy()]
    centre = table.frames["centre"].to_numpy() / table.grid.sample_rate
    start, stop = (tokens[edge].to_numpy()[segment] / rate for edge in ("start", "stop"))
    away: NDArray[np.bool_] = (centre - start >= trim) & (stop - centre >= trim)
    return away


def _folded(frame: pd.DataFrame, phone_set: Folding) -> pd.DataFrame:
    if phone_set == 61 or "phone" not in frame:
        return frame
    phones = frame["phone"].cat
    to = {label: fold(label, phone_set, unknown="na") for label in phones.categories}
    names = sorted({name for name in to.values() if name is not None})
    code = np.array([names.index(name) if name else -1 for name in to.values()] + [-1])
    folded = pd.Categorical.from_codes(code[phones.codes], categories=names)
    return frame.assign(phone=folded)[code[phones.codes] >= 0].reset_index(drop=True)
