"""What histograms are made of: whole numbers, which add up over the shards of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sfvq_analysis.stats.counting.labelled import labelled_frames, phone_tokens
from sfvq_analysis.tables.concatenation import below

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.tables import Indexed, IndexTable


class Tally(NamedTuple):
    """Frames and tokens counted by some properties.

    Attributes
    ----------
    frames
        The properties, ``speaker``, ``size``, ``index`` and ``count``: how many frames of tokens
        with `size` frames have that index; sorted.
    tokens
        The properties, ``n_tokens`` and ``n_owning`` (tokens with a frame); sorted.
    """

    frames: pd.DataFrame
    tokens: pd.DataFrame


def tally(
    table: Indexed,
    keys: Sequence[str],
    *,
    trim: float,
    exclude: Collection[str],
    phone_set: Folding,
) -> Tally:
    """Count frames and tokens by properties.

    Parameters
    ----------
    table
        A table; or a dataset, whose shards are counted one after the other.
    keys
        The properties; rows in which one is missing are left out.
    trim, exclude, phone_set
        As in `sfvq_analysis.stats.counting.labelled.labelled_frames`.
    """
    counted = [
        _of_table(one, list(keys), trim=trim, exclude=exclude, phone_set=phone_set)
        for one in table.tables()
    ]
    frames, tokens = (below(parts) for parts in zip(*counted, strict=True))
    return Tally(_added(frames, ["count"]), _added(tokens, ["n_tokens", "n_owning"]))


def _of_table(
    table: IndexTable,
    keys: list[str],
    *,
    trim: float,
    exclude: Collection[str],
    phone_set: Folding,
) -> Tally:
    columns = list(dict.fromkeys([*keys, "speaker"]))
    frames = labelled_frames(table, columns, trim=trim, exclude=exclude, phone_set=phone_set)
    frames = frames.dropna(subset=keys)
    tokens = phone_tokens(table, keys, exclude=exclude, phone_set=phone_set).dropna(subset=keys)
    sizes = frames.groupby("segment")["segment"].transform("size")
    of_frames = frames.assign(size=sizes, count=1)[[*columns, "size", "index", "count"]]
    owning = frames.drop_duplicates("segment")[keys].assign(n_tokens=0, n_owning=1)
    of_tokens = pd.concat(
        [tokens[keys].assign(n_tokens=1, n_owning=0), owning], ignore_index=True
    ).astype({name: tokens[name].dtype for name in keys})
    return Tally(_added(of_frames, ["count"]), _added(of_tokens, ["n_tokens", "n_owning"]))


def _added(frame: pd.DataFrame, numbers: list[str]) -> pd.DataFrame:
    """Return the distinct rows of all other columns, sorted, with these added."""
    others = [name for name in frame if name not in numbers]
    return frame.groupby(others, observed=True, sort=True)[numbers].sum().reset_index()
