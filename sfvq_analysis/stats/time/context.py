"""How much a phone's neighbours show in its indices: I(index; neighbour | phone).

Coarticulation makes the onset of a phone depend on the phone before and its offset on the phone
after. Information, null and interval are those of `stats.arithmetic.conditional`, in nats; the
label of a token is the phone next to it. They don't change when codes are relabelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.arithmetic.conditional import (
    COLUMNS,
    Labelled,
    Units,
    conditional_information,
)
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import value_codes
from sfvq_analysis.stats.inference import Inference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions

Side = Literal["left", "right", "both"]
PARTS = ("onset", "middle", "offset")


def context_dependence(
    table: Reducible,
    *,
    side: Side = "both",
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how much the phone before or after tells of a phone's indices.

    Parameters
    ----------
    table
        A table or its reductions.
    side
        ``"left"``: the phone before; ``"right"``: the one after; ``"both"``: each in turn.
        Tokens whose neighbour is missing, unknown or deleted by the folding are left out; a
        neighbour needn't own a frame.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        Four rows a side: ``side``; ``part`` (``all`` of the phone, and its thirds ``onset``,
        ``middle``, ``offset``: frame i of n is in third floor(3 (i + 0.5) / n)); ``plug_in``,
        ``null_mean``, ``null_sd``, ``corrected`` with its interval ``low``, ``high``; ``share`` of
        H(index | phone); ``p`` (large is extreme); ``n_frames``, ``n_tokens``; ``unit``,
        ``n_units``, ``n_permutations``; ``reason`` why something is NaN.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    check_option("side", side, ("left", "right", "both"))
    inference = inference or Inference()
    reductions = as_reductions(table)
    phone = _phones(reductions, phone_set)
    units = Units(reductions.unit, len(reductions.units))
    rows = []
    for one in ("left", "right") if side == "both" else (side,):
        neighbour = _neighbours(reductions, phone, 1 if one == "right" else -1)
        whole, thirds = _labelled(reductions, phone, neighbour)
        purpose = f"{one} neighbours"
        found = conditional_information(whole, 1, units, purpose, inference)
        found += conditional_information(thirds, 3, units, purpose, inference)
        for part, row in zip(("all", *PARTS), found, strict=True):
            reason = row["reason"].replace(
                "no labelled frame", f"no labelled frame with a phone on its {one}"
            )
            rows.append({"side": one, "part": part, **row, "reason": reason})
    texts = dict.fromkeys(("side", "part", "unit", "reason"), "str")
    return pd.DataFrame(rows, columns=["side", "part", *COLUMNS]).astype(texts)


def _phones(reductions: Reductions, phone_set: Folding) -> NDArray[np.int64]:
    """Return every token's phone as a number, -1 for none; a neighbour needs no frame."""
    phone = reductions.tokens["phone"]
    phones = list(phone.cat.categories)
    _, codes = value_codes(phones, "phone", phone_set, reductions.inventory)
    return np.asarray(np.append(codes, -1)[phone.cat.codes.to_numpy()], dtype=np.int64)


def _neighbours(
    reductions: Reductions, phone: NDArray[np.int64], step: Literal[-1, 1]
) -> NDArray[np.int64]:
    """Return the phone next to every token, -1 for none."""
    ordinal = reductions.tokens["ordinal"].to_numpy()
    utterance = reductions.tokens["utterance"].to_numpy()
    beside = (np.diff(ordinal) == 1) & (np.diff(utterance) == 0)
    found = np.full(len(phone), -1, dtype=np.int64)
    if step == 1:
        found[:-1][beside] = phone[1:][beside]
    else:
        found[1:][beside] = phone[:-1][beside]
    return found


def _labelled(
    reductions: Reductions, phone: NDArray[np.int64], neighbour: NDArray[np.int64]
) -> tuple[Labelled, Labelled]:
    """Return the tokens that have a phone, a neighbour and a frame: as one part, and in thirds."""
    n_frames = reductions.tokens["n_frames"].to_numpy().astype(np.int64)
    kept = (phone >= 0) & (neighbour >= 0) & (n_frames > 0)
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    runs = reductions.runs
    token = number[runs["token"].to_numpy()]
    index, length = (runs[name].to_numpy().astype(np.int64) for name in ("index", "length"))
    token, index, length = token[token >= 0], index[token >= 0], length[token >= 0]
    row = reductions.tokens["utterance"].to_numpy()[kept]
    unit = reductions.utterances["unit"].to_numpy()[row].astype(np.int64)
    of_token = (phone[kept], neighbour[kept], unit)
    whole = Labelled(*of_token, token, index, np.zeros_like(token), length)
    frame_token, frame_index = np.repeat(token, length), np.repeat(index, length)
    n = n_frames[kept]
    place = np.arange(len(frame_token)) - np.repeat(np.cumsum(n) - n, n)
    third = (3 * (2 * place + 1)) // (2 * n[frame_token])
    thirds = Labelled(*of_token, frame_token, frame_index, third, np.ones_like(third))
    return whole, thirds
