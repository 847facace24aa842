"""What must be true of a flat frame, as `IndexTable.to_pandas` makes it, that comes from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.tables.contract import check_codes, refuse_rows
from sfvq_analysis.tables.values import check_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

OF_UTTERANCES = ("speaker", "sex", "dialect", "sentence", "split")
"""Columns that say something of a frame's utterance."""


def check_flat(flat: pd.DataFrame) -> None:
    """Raise a TableError unless rows are a table's: its codes, frames counted, times on a grid.

    The size of the codebook isn't known: codes have no upper bound.
    """
    if flat.empty:
        return
    check_codes(flat, max(2, int(flat[["codeword", "curve_segment"]].max().max()) + 2))
    _check_position(flat)
    first = _check_utterances(flat)
    _check_times(flat, first)
    _check_phones(flat)


def _check_position(flat: pd.DataFrame) -> None:
    right = (flat["curve_segment"] + flat["t"].astype("float64")).to_numpy()
    found = flat["position"].to_numpy()
    same = (found == right) | (np.isnan(found) & np.isnan(right))
    refuse_rows(flat["position"], ~same, "curve_segment + t")


def _check_utterances(flat: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows are the first of their utterance, each of which stands in one place."""
    utterance = flat["utterance"]
    check_ids(pd.Series(utterance.cat.categories, dtype="str", name="utterance"))
    for name in ("utterance", *OF_UTTERANCES):
        refuse_rows(flat[name], flat[name].isna().to_numpy(), "text, maybe empty")
    codes = utterance.cat.codes.to_numpy().astype(np.int64)
    step = np.diff(codes, prepend=codes[:1] - 1)
    refuse_rows(utterance, step < 0, "at or after the one above: utterances are sorted")
    first: NDArray[np.bool_] = step != 0
    starts = np.flatnonzero(first)
    counted = np.arange(len(flat)) - np.repeat(starts, np.diff(starts, append=len(flat)))
    wrong = flat["frame"].to_numpy() != counted
    refuse_rows(flat["frame"], wrong, "0, 1, … in its utterance")
    for name in OF_UTTERANCES:
        changed = np.diff(flat[name].cat.codes.to_numpy().astype(np.int64), prepend=-1) != 0
        refuse_rows(flat[name], changed & ~first, "the same throughout an utterance")
    return first


def _check_times(flat: pd.DataFrame, first: NDArray[np.bool_]) -> None:
    """Refuse centres that no hop and offset give, and seconds that no rate gives."""
    frame, centre, seconds = (flat[name].to_numpy() for name in ("frame", "centre", "seconds"))
    refuse_rows(flat["centre"], centre < 0, ">= 0")
    hop = max(1, int((centre - centre[0])[~first][0])) if not first.all() else 1
    refuse_rows(flat["centre"], centre != centre[0] + hop * frame, "offset + hop · frame")
    last = int(centre.argmax())
    known = centre[last] > 0 and np.isfinite(seconds[last]) and seconds[last] > 0
    rate = max(1.0, np.rint(centre[last] / seconds[last])) if known else 1.0
    refuse_rows(flat["seconds"], ~(seconds == centre / rate), "centre / sample rate")


def _check_phones(flat: pd.DataFrame) -> None:
    """Refuse phones of frames that no segment owns."""
    segment = flat["phone_segment"].to_numpy()
    refuse_rows(flat["phone_segment"], segment < -1, "a phone's ordinal, or -1")
    for name in ("phone", "phone_group"):
        named = flat[name].notna().to_numpy() & (segment < 0)
        refuse_rows(flat[name], named, "missing where phone_segment is -1")
