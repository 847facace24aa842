"""Frames and tokens with their properties, straight from a table."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_option
from sfvq_analysis.phones import PHONE_GROUPS, phone_table
from sfvq_analysis.tables import phone_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding, PhoneInventory
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
    """Return the frames that a known phone owns, with the asked-for properties beside their codes.

    Parameters
    ----------
    table
        The index table; not changed.
    columns
        Properties of `PROPERTIES`. ``phone`` is the phone symbol: spellings (``AH0``, ``ah``) are
        one phone.
    trim
        Leave out frames whose centre is nearer than so many seconds to an edge of their phone.
    exclude
        Leave out frames of these phones (before folding), or of these groups.
    phone_set
        Fold phones to 61, 48 or 39; frames of phones that a folding deletes go.

    Returns
    -------
    pd.DataFrame
        Columns ``index``, ``segment`` (a number for the token that owns the frame, unique in the
        table) and `columns`.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    _check_options(columns, trim)
    tokens, segment = _tokens(table)
    symbol, kept = _symbols(tokens, exclude, phone_set, table.inventory)
    keep = segment >= 0
    keep[keep] = kept[segment[keep]]
    if trim > 0:
        keep[keep] = _away_from_edges(table, tokens, segment, keep, trim)
    chosen: dict[str, Any] = {
        "index": table.frames["codeword"].to_numpy()[keep],
        "segment": segment[keep],
    }
    for name in columns:
        if name == "phone":
            chosen[name] = symbol[segment[keep]]
        else:
            chosen[name] = property_of_frames(table, name)[keep]
    return pd.DataFrame(chosen)


def phone_tokens(
    table: IndexTable,
    columns: Sequence[str],
    *,
    exclude: Collection[str] = (),
    phone_set: Folding = 61,
) -> pd.DataFrame:
    """Return the phone segments with the asked-for properties and the ``n_frames`` each owns.

    `exclude` and `phone_set` are those of `labelled_frames`, and leave out the same phones.
    """
    _check_options(columns, 0.0)
    tokens, _ = _tokens(table)
    symbol, kept = _symbols(tokens, exclude, phone_set, table.inventory)
    row = tokens["utterance"].cat.codes.to_numpy()[kept]
    properties: dict[str, Any] = {"n_frames": tokens["n_frames"].to_numpy()[kept]}
    for name in columns:
        if name == "phone":
            properties[name] = symbol[kept]
        elif name == "phone_group":
            properties[name] = tokens["phone_group"].array[kept]
        else:
            properties[name] = table.utterances[name].astype("category").array[row]
    return pd.DataFrame(properties)


def token_of_frames(table: IndexTable) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the phone segments of known phones, and every frame's owner among them, or -1.

    Returns
    -------
    tokens : pd.DataFrame
        ``utterance`` (row of `table.utterances`), ``phone`` (the symbol), ``phone_group``,
        ``ordinal`` (in its utterance, unknown phones counted), ``n_frames``, ``start_seconds``,
        ``stop_seconds``; in time order.
    owner : NDArray[np.int64], shape (n_frames,)
        Row of `tokens`.
    """
    segments, position = _tokens(table)
    symbol, known = _symbols(segments, (), 61, table.inventory)
    utterance = segments["utterance"].cat.codes.to_numpy()
    rate = table.utterances["sample_rate"].to_numpy()[utterance]
    tokens = pd.DataFrame(
        {
            "utterance": utterance.astype(np.int32),
            "phone": symbol,
            "phone_group": segments["phone_group"].array,
            "ordinal": segments["ordinal"].to_numpy(),
            "n_frames": segments["n_frames"].to_numpy(),
            "start_seconds": segments["start"].to_numpy() / rate,
            "stop_seconds": segments["stop"].to_numpy() / rate,
        }
    )
    number = np.append(np.where(known, np.cumsum(known) - 1, -1), -1)
    return tokens[known].reset_index(drop=True), number[position]


def property_of_frames(table: IndexTable, name: str) -> pd.Categorical:
    """Return a property of every frame as a categorical."""
    if name in FRAME_PROPERTIES:
        values: pd.Categorical = table.frames[name].array
        return values
    row = table.frames["utterance"].cat.codes.to_numpy()
    of_utterance: pd.Categorical = table.utterances[name].astype("category").array
    return of_utterance[row]


def _check_options(columns: Sequence[str], trim: float) -> None:
    for name in columns:
        check_option("by", name, PROPERTIES)
    if not 0 <= trim < math.inf:
        raise OptionError(f"trim is {trim!r} seconds", remedy="use a finite number >= 0")


def _tokens(table: IndexTable) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the phone segments, and every frame's owner by its position among them, or -1."""
    first, _, tokens = phone_rows(table.segments, len(table.utterances))
    ordinal = table.frames["phone_segment"].to_numpy()
    position = first[table.frames["utterance"].cat.codes.to_numpy()] + ordinal
    return tokens, np.where(ordinal >= 0, position, -1)


def _symbols(
    tokens: pd.DataFrame,
    exclude: Collection[str],
    phone_set: Folding,
    inventory: PhoneInventory,
) -> tuple[pd.Categorical, NDArray[np.bool_]]:
    """Return every token's phone symbol, folded, and whether the token stays."""
    check_option("phone_set", phone_set, (61, 48, 39))
    labels = tokens["label"].cat
    excluded = _excluded(exclude, inventory)
    symbols: dict[str, str | None] = {}
    for label in labels.categories:
        entry = inventory.entries.get(label)  # labels of other tiers have none
        gone = entry is None or entry.symbol in excluded or entry.group in excluded
        symbols[label] = None if entry is None or gone else entry.folded(phone_set)
    names = sorted({name for name in symbols.values() if name is not None})
    codes = [-1 if name is None else names.index(name) for name in symbols.values()]
    code = np.array([*codes, -1])[labels.codes]
    return pd.Categorical.from_codes(code, categories=names), code >= 0


def _excluded(exclude: Collection[str], inventory: PhoneInventory) -> frozenset[str]:
    if isinstance(exclude, str):
        raise OptionError(f"exclude is {exclude!r}", remedy=f"give a list: [{exclude!r}]")
    groups = {*inventory.groups, *PHONE_GROUPS}
    names = frozenset(name if name in groups else inventory.name(name) for name in exclude)
    labels = {label.strip().lower() for label in inventory.entries}
    known = {*groups, *inventory.by_symbol, *labels, *phone_table()}
    strange = sorted(name for name in names if name.lower() not in known and name not in known)
    if strange:
        raise OptionError(
            f"exclude names {', '.join(map(repr, strange))}", remedy="name phones or groups"
        )
    return names


def _away_from_edges(
    table: IndexTable,
    tokens: pd.DataFrame,
    segment: NDArray[np.int64],
    keep: NDArray[np.bool_],
    trim: float,
) -> NDArray[np.bool_]:
    """Tell, of the kept frames, which are at least `trim` seconds inside their phone; exactly."""
    frames, grid_rate = table.frames[keep], table.grid.sample_rate
    rate = table.utterances["sample_rate"].to_numpy()[frames["utterance"].cat.codes.to_numpy()]
    centre = frames["centre"].to_numpy() * rate  # in units of 1 / (rate * grid_rate) seconds
    least = {int(one): math.ceil(Fraction(str(trim)) * int(one) * grid_rate) for one in set(rate)}
    limit = np.array([least[int(one)] for one in rate], dtype=np.int64)
    start, stop = (tokens[edge].to_numpy()[segment[keep]] * grid_rate for edge in ("start", "stop"))
    away: NDArray[np.bool_] = (centre - start >= limit) & (stop - centre >= limit)
    return away
