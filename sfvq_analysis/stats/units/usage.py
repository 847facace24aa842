"""How much an index says about the phone, and how much of the codebook is used.

PNMI = I(phone; index) / H(phone), over all labelled frames, pauses and silence included (Hsu et
al., HuBERT, 2021). It doesn't change when codes are relabelled and so says nothing about their
order; `arc_pnmi` does: it cuts the axis into equal arcs of neighbouring codes first. Usage is over
all frames, labelled or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import entropy

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.arithmetic.contingency import normalised_information
from sfvq_analysis.stats.counting.reductions import as_reductions
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reducible


def pnmi(counts: pd.DataFrame) -> float:
    """Return the phone-normalised mutual information of joint counts.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.phone_counts`: a row a phone, a column an index.

    Returns
    -------
    float
        In 0 … 1; NaN where there are fewer than two phones.

    Examples
    --------
    >>> round(pnmi(pd.DataFrame([[5, 0, 0], [0, 2, 3]])), 9)
    1.0
    """
    return float(normalised_information(counts.to_numpy(dtype=np.float64)))


def arc_pnmi(counts: pd.DataFrame, n_arcs: int = 16) -> float:
    """Return the PNMI after the axis is cut into equal arcs of neighbouring codes.

    Parameters
    ----------
    counts
        A row a phone, a column an index.
    n_arcs
        How many; must divide the number of indices.

    Raises
    ------
    OptionError
        If it doesn't.
    """
    size = counts.shape[1]
    if n_arcs < 1 or size % n_arcs:
        raise OptionError(f"n_arcs is {n_arcs}", remedy=f"use a divisor of {size}")
    arcs = counts.to_numpy().reshape(len(counts), n_arcs, size // n_arcs).sum(axis=2)
    return pnmi(pd.DataFrame(arcs, index=counts.index))


def code_frames(table: Reducible) -> NDArray[np.int64]:
    """Return how many frames each code has, labelled or not, shape (K,)."""
    if isinstance(table, IndexTable):
        return np.bincount(table.frames["codeword"], minlength=table.codebook_size)
    return as_reductions(table).code_frames()


def usage(table: Reducible) -> pd.DataFrame:
    """Return how the codebook is used, over all frames, as one row.

    Columns: ``codebook_size``, ``n_frames``, ``used`` (codes with a frame), ``dead``,
    ``perplexity`` (2 to the entropy of the index in bits), ``top_share`` (of the commonest code).
    """
    counts = code_frames(table)
    used, total = int((counts > 0).sum()), int(counts.sum())
    return pd.DataFrame(
        {
            "codebook_size": [table.codebook_size],
            "n_frames": [total],
            "used": [used],
            "dead": [table.codebook_size - used],
            "perplexity": [float(np.exp(entropy(_share(counts)))) if total else float("nan")],
            "top_share": [float(_share(counts).max()) if total else float("nan")],
        }
    )


def dead_codes(table: Reducible) -> pd.DataFrame:
    """Return the codes that have no frame, as ranges of the axis.

    Columns: ``first`` and ``last`` (both dead) and ``n_codes`` of each longest run of dead codes,
    in order; no row if there is none.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0", sentence="sa1")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> int(dead_codes(table)["n_codes"].sum()) == int(usage(table).loc[0, "dead"])
    True
    """
    dead = np.pad(code_frames(table) == 0, 1).astype(np.int8)
    change = np.diff(dead)
    first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1) - 1
    return pd.DataFrame({"first": first, "last": last, "n_codes": last - first + 1}, dtype="int32")


def _share(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = counts / max(counts.sum(), 1)
    return share
