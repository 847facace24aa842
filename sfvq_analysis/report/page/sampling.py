"""Which utterances and frames a page shows: drawn from all, evenly over speakers, with a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

Kind = Literal["typical", "random", "worst"]
KINDS: tuple[Kind, ...] = ("typical", "random", "worst")


def shown_utterances(table: IndexTable, at_most: int, seed: int) -> list[str]:
    """Return utterances of as many speakers as can be, the sexes in turn, in the table's order.

    Examples
    --------
    >>> from sfvq_analysis.tables import simulated_table
    >>> shown_utterances(simulated_table(), 3, seed=0)
    ['f0003_sa1', 'f0012_sa1', 'm0014_si44']
    """
    rng = np.random.default_rng(seed)
    heard = table.utterances[table.utterances["n_frames"] > 0]
    mixed = heard.iloc[rng.permutation(len(heard))].reset_index(drop=True)
    round_of_speaker = mixed.groupby("speaker", sort=False).cumcount()
    first = round_of_speaker == 0
    turn = mixed["sex"].where(first).groupby([mixed["sex"], round_of_speaker]).cumcount()
    order = mixed.assign(round=round_of_speaker, turn=turn).sort_values(
        ["round", "turn", "sex"], kind="stable"
    )
    chosen = set(order["utterance"].head(at_most))
    return [str(one) for one in heard["utterance"] if one in chosen]


def example_frames(table: IndexTable, codes: NDArray[np.int64], n: int, seed: int) -> pd.DataFrame:
    """Return frames of each code: nearest to its codeword, drawn at random, farthest from it.

    Parameters
    ----------
    table
        The table.
    codes
        Those to illustrate.
    n
        How many of each kind at most, each from another utterance.
    seed
        Of the random ones.

    Returns
    -------
    pd.DataFrame
        ``code``, ``kind``, ``row`` (of ``table.frames``), code by code and kind by kind.
    """
    frames = table.frames
    code = frames["codeword"].to_numpy()
    far = frames["codeword_distortion"].to_numpy(np.float64)
    keys = {"typical": far, "random": np.random.default_rng(seed).random(len(far)), "worst": -far}
    utterance = frames["utterance"].cat.codes.to_numpy()
    parts = []
    for kind in KINDS:
        order = np.lexsort((keys[kind], code))
        ranked = pd.DataFrame(
            {"code": code[order], "utterance": utterance[order], "row": order, "kind": kind}
        )
        ranked = ranked[ranked["code"].isin(codes)].drop_duplicates(["code", "utterance"])
        parts.append(ranked.groupby("code").head(n))
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values("code", kind="stable", ignore_index=True)[["code", "kind", "row"]]


def spread_codes(table: IndexTable, at_most: int) -> NDArray[np.int64]:
    """Return used codes, all or so many evenly along the axis."""
    used = np.unique(table.frames["codeword"].to_numpy()).astype(np.int64)
    if len(used) <= at_most:
        return used
    return used[np.linspace(0, len(used) - 1, at_most).round().astype(np.int64)]
