"""The tables of a bit ladder, checked; see `sfvq_analysis.stats.ladder.ladder`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.inference import Inference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

MOST_PERMUTATIONS = 100
"""Draws of the label null: its mean alone is used, and known to a tenth of its deviation."""


def index_of(table: IndexTable) -> NDArray[np.int64]:
    """Return the index of every frame."""
    index: NDArray[np.int64] = table.frames["codeword"].to_numpy().astype(np.int64)
    return index


def few_draws(inference: Inference | None) -> Inference:
    """Return options with at most `MOST_PERMUTATIONS` draws."""
    inference = inference or Inference()
    return replace(inference, n_permutations=min(inference.n_permutations, MOST_PERMUTATIONS))


def checked_tables(tables: Mapping[int, IndexTable]) -> dict[int, IndexTable]:
    """Return the tables in order of bits.

    Raises
    ------
    OptionError
        If there is none, they aren't of the same frames, or a table of b bits hasn't 2^b codes.
    """
    if not tables:
        raise OptionError("no table is given", remedy="give one for each bit rate")
    ordered = dict(sorted(tables.items()))
    first = next(iter(ordered.values()))
    for bits, table in ordered.items():
        if table.codebook_size != 2**bits:
            raise OptionError(
                f"the table of {bits} bits has {table.codebook_size} codes",
                remedy=f"give one of {2**bits}",
            )
        same = [
            first.utterances[name].equals(table.utterances[name])
            for name in ("utterance", "n_frames")
        ]
        if not all(same):
            raise OptionError(
                f"the table of {bits} bits has other frames than the first",
                remedy="read the same corpus with the same encoder",
            )
    return ordered
