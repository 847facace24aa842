"""An utterance as a Praat TextGrid: phones, words, and the index as a tier beside them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import textgrid

from sfvq_analysis.errors import TableError

if TYPE_CHECKING:
    import pandas as pd

    from sfvq_analysis.tables import IndexTable

_TIERS = ("phone", "word")


def to_textgrid(
    table: IndexTable, utterance: str, path: Path | str | None = None
) -> textgrid.TextGrid:
    """Return an utterance's tiers ``phone``, ``word`` (where labelled) and ``index``.

    In the index tier a run of frames with one codeword is one interval; a frame reaches from
    halfway to its neighbour before to halfway to the one after it.

    Parameters
    ----------
    table
        Holds the utterance.
    utterance
        Its id.
    path
        Where to write the TextGrid, if anywhere.

    Returns
    -------
    textgrid.TextGrid
        Times in seconds. Words that overlap are cut at the start of the next (Praat's interval
        tiers can't overlap); labels beyond the audio's end stretch the TextGrid.

    Raises
    ------
    TableError
        If the table has no such utterance, or it has no frame.
    """
    row = table.utterance(utterance)
    segments, frames = table.of_utterance(utterance)
    if frames.empty:
        raise TableError(f"utterance {utterance!r} has no frame", remedy="choose a longer one")
    rate = int(row["sample_rate"])
    end = Fraction(max(int(row["n_samples"]), int(segments["stop"].max())), rate)
    grid = textgrid.TextGrid(name=utterance, minTime=0.0, maxTime=float(end))
    for tier in _TIERS:
        labels = segments[segments["tier"] == tier]
        if len(labels):
            grid.append(_label_tier(tier, labels, rate, end))
    grid.append(_index_tier(frames, table, Fraction(int(row["n_samples"]), rate), end))
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        grid.write(str(path))
    return grid


def write_textgrids(table: IndexTable, folder: Path) -> None:
    """Write a TextGrid for every utterance that has a frame, named by its id."""
    with_frames = table.utterances["n_frames"] > 0
    for utterance in table.utterances["utterance"][with_frames]:
        to_textgrid(table, utterance, folder / f"{utterance}.TextGrid")


def _label_tier(name: str, labels: pd.DataFrame, rate: int, end: Fraction) -> textgrid.IntervalTier:
    tier = textgrid.IntervalTier(name=name, minTime=0.0, maxTime=float(end))
    starts, stops = labels["start"].to_numpy(), labels["stop"].to_numpy()
    limits = np.append(starts[1:], np.iinfo(np.int64).max)
    for start, stop, label in zip(starts, np.minimum(stops, limits), labels["label"], strict=True):
        if start < stop:
            tier.add(
                float(Fraction(int(start), rate)), float(Fraction(int(stop), rate)), str(label)
            )
    return tier


def _index_tier(
    frames: pd.DataFrame, table: IndexTable, audio_end: Fraction, end: Fraction
) -> textgrid.IntervalTier:
    tier = textgrid.IntervalTier(name="index", minTime=0.0, maxTime=float(end))
    codeword, centre = frames["codeword"].to_numpy(), frames["centre"].to_numpy()
    first = np.flatnonzero(np.diff(codeword, prepend=-1))
    half = Fraction(table.grid.hop, 2)
    edges = [max(Fraction(0), (int(centre[at]) - half) / table.grid.sample_rate) for at in first]
    last = min(audio_end, (int(centre[-1]) + half) / table.grid.sample_rate)
    for at, (low, high) in zip(first, pairwise([*edges, last]), strict=True):
        tier.add(float(low), float(high), str(codeword[at]))
    return tier
