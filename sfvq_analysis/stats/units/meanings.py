"""What each index stands for, and where on the axis each phone is: joint counts, divided.

Counts are of the labelled frames; an index without any stands for nothing that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_count, check_option
from sfvq_analysis.stats.arithmetic.contingency import entropy_of
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts, value_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By, UnitCounts

Given = Literal["index", "phone"]


def conditional(
    table: Reducible,
    given: Given = "index",
    *,
    by: By = "phone",
    phone_set: Folding = 61,
) -> pd.DataFrame:
    """Return P(phone | index) or P(index | phone).

    Parameters
    ----------
    table
        A table or its reductions.
    given
        ``"index"``: every column sums to 1, and is NaN for an index without a labelled frame.
        ``"phone"``: every row sums to 1, and such an index is 0.
    by
        ``"phone"`` or ``"phone_group"``: what "phone" above means.
    phone_set
        Fold phones to 61, 48 or 39.

    Returns
    -------
    pd.DataFrame
        A row a phone that owns a frame (in alphabetical order; groups in the paper's), a column an
        index 0 … K - 1.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    check_option("given", given, ("index", "phone"))
    counts = unit_counts(table, by, phone_set=phone_set)
    total = counts.total()
    share = densities(total.T).T if given == "index" else densities(total)
    return pd.DataFrame(
        share,
        index=pd.Index(counts.values, name=by, dtype="str"),
        columns=pd.RangeIndex(counts.codebook_size, name="index"),
    )


def index_meanings(
    table: Reducible,
    *,
    by: By = "phone",
    phone_set: Folding = 61,
    n_top: int = 3,
) -> pd.DataFrame:
    """Return what each index stands for.

    The entropy of a rare index is low because it is rare: n frames can show log2 n bits at most.
    How well indices name phones, corrected for that, is ``phone_purity`` of
    `sfvq_analysis.stats.units.information`.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone"`` or ``"phone_group"``: what "phone" below means.
    phone_set
        Fold phones to 61, 48 or 39.
    n_top
        How many of the commonest phones to name.

    Returns
    -------
    pd.DataFrame
        A row each index 0 … K - 1:

        - ``index``; ``n_frames`` that are labelled, ``share`` of all labelled frames; ``n_tokens``
          (segments that have a frame at the index), ``n_units`` (speakers; utterances where there
          is one speaker);
        - ``phone_group`` with most of its frames, and ``group_share`` of the labelled frames, those
          of phones in no group included;
        - ``top_1``, ``share_1`` … ``top_n``, ``share_n``: its commonest phones, the first in the
          order of `conditional` among equally common ones;
        - ``entropy`` of P(phone | index) and ``baseline_entropy`` of P(phone), bits.

        What an index without labelled frames would stand for is NaN or NA.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> meanings = index_meanings(table, n_top=1)
    >>> len(meanings), meanings.loc[9, "phone_group"], meanings.loc[9, "top_1"]
    (256, 'silence', 'h#')
    """
    check_count("n_top", n_top)
    reductions = as_reductions(table)
    counts = unit_counts(reductions, by, phone_set=phone_set)
    total = counts.total()
    n_frames = total.sum(axis=0)
    columns: dict[str, Any] = {
        "index": np.arange(counts.codebook_size, dtype=np.int32),
        "n_frames": n_frames,
        "share": densities(n_frames),
        "n_tokens": _tokens_of_indices(reductions, by, phone_set),
        "n_units": _units_of_indices(counts),
        **_groups_of_indices(reductions, n_frames),
        **_commonest(total, counts.values, n_top),
        "entropy": entropy_of(total.T) / np.log(2),
        "baseline_entropy": entropy_of(total.sum(axis=1)) / np.log(2),
    }
    return pd.DataFrame(columns)


def _tokens_of_indices(reductions: Reductions, by: By, phone_set: Folding) -> NDArray[np.int64]:
    """Return how many tokens that have a value have a frame at each index, shape (K,)."""
    at = reductions.tokens_at_indices()
    _, code = value_codes(list(at.index), by, phone_set, reductions.inventory)
    found: NDArray[np.int64] = at.to_numpy()[code >= 0].sum(axis=0)
    return found


def _units_of_indices(counts: UnitCounts) -> NDArray[np.int64]:
    """Return how many units have a labelled frame at each index, shape (K,)."""
    unit, cell = counts.matrix.nonzero()
    size = counts.codebook_size
    pairs = np.unique(unit.astype(np.int64) * size + cell % size)
    return np.bincount(pairs % size, minlength=size)


def _groups_of_indices(reductions: Reductions, n_frames: NDArray[np.int64]) -> dict[str, Any]:
    """Return each index's commonest group and the share of its labelled frames that it has."""
    groups = unit_counts(reductions, "phone_group")
    found = _commonest(groups.total(), groups.values, 1)
    most = groups.total().max(axis=0, initial=0)
    known = most > 0
    share = np.where(known, most / np.where(known, n_frames, 1), np.nan)
    return {
        "phone_group": found["top_1"].set_categories(
            list(reductions.inventory.groups), ordered=True
        ),
        "group_share": share,
    }


def _commonest(counts: NDArray[np.int64], values: tuple[str, ...], n_top: int) -> dict[str, Any]:
    """Return names and shares of the commonest values of each index, in columns."""
    order = np.argsort(-counts, axis=0, kind="stable")[:n_top]
    share = np.take_along_axis(densities(counts.T).T, order, axis=0)
    columns: dict[str, Any] = {}
    for rank in range(n_top):
        there = rank < len(order)
        of_rank = share[rank] if there else np.full(counts.shape[1], np.nan)
        known = of_rank > 0
        code = np.where(known, order[rank], -1) if there else np.full(counts.shape[1], -1)
        columns[f"top_{rank + 1}"] = pd.Categorical.from_codes(code, list(values))
        columns[f"share_{rank + 1}"] = np.where(known, of_rank, np.nan)
    return columns
