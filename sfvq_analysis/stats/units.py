"""How much an index says about the phone, and how much of the codebook is used.

PNMI = I(phone; index) / H(phone), over all labelled frames, pauses and silence included (Hsu et
al., HuBERT, 2021). It doesn't change when codes are relabelled and so says nothing about their
order; `arc_pnmi` does: it cuts the axis into equal arcs of neighbouring codes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import entropy

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.contingency import normalised_information

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable


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


def usage(table: IndexTable) -> pd.DataFrame:
    """Return how the codebook is used, over all frames, as one row.

    Columns: ``codebook_size``, ``n_frames``, ``used`` (codes with a frame), ``dead``,
    ``perplexity`` (2 to the entropy of the index in bits), ``top_share`` (of the commonest code).
    """
    counts = np.bincount(table.frames["codeword"], minlength=table.codebook_size)
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


def _share(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    share: NDArray[np.float64] = counts / max(counts.sum(), 1)
    return share
