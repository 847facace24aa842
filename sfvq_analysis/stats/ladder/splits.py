"""How the meaning of each index of a bit ladder splits; see `sfvq_analysis.stats.ladder.ladder`."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_between
from sfvq_analysis.stats.arithmetic.contingency import entropy_of
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.ladder.tables import checked_tables, few_draws, index_of
from sfvq_analysis.stats.units.meanings import index_meanings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.inference import Inference
    from sfvq_analysis.tables import IndexTable

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def ladder_splits(
    tables: Mapping[int, IndexTable],
    *,
    phone_set: Folding = 61,
    min_share: float = 0.05,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return to which indices the frames of an index go at the next bit rate, and what they mean.

    Parameters
    ----------
    tables, phone_set, inference
        As in `sfvq_analysis.stats.bit_ladder`.
    min_share
        Children that get a smaller share of their parent's frames have no row; they are in the
        information all the same.

    Returns
    -------
    pd.DataFrame
        A row for each ``bits``, ``index`` and ``child`` (an index at ``child_bits``):

        - ``n_frames`` that have both, ``share`` of the parent's;
        - ``phone_group``, ``group_share``, ``top_1``, ``share_1``: what these frames are, as in
          `sfvq_analysis.stats.index_meanings`;
        - the same for all children of a parent: ``parent_n_frames``, ``n_children`` (all of them),
          and what the split tells, I(phone; child | parent), in bits: ``plug_in``, ``null_mean``,
          ``corrected``; NaN where the parent has no labelled frame.

    Notes
    -----
    The null permutes labels over the segments that have frames at the parent, with those frames
    only: it keeps what the parent tells. Labels permuted within utterances would fill a parent with
    phones that it doesn't hold, and correct for far too much.

    Raises
    ------
    OptionError
        As `bit_ladder`, or if `min_share` isn't in 0 … 1.
    """
    check_between("min_share", min_share, 0, 1)
    inference = few_draws(inference)
    parts = [
        _splits(above, below, phone_set, inference)
        for above, below in pairwise(checked_tables(tables).items())
    ]
    if not parts:
        raise OptionError("one bit rate is given", remedy="give tables of two or more")
    found = pd.concat(parts, ignore_index=True)
    return found[found["share"] >= min_share].reset_index(drop=True)


def _splits(
    above: tuple[int, IndexTable],
    below: tuple[int, IndexTable],
    phone_set: Folding,
    inference: Inference,
) -> pd.DataFrame:
    """Return all rows of `ladder_splits` between two bit rates."""
    (bits, table), (child_bits, finer) = above, below
    size = finer.codebook_size
    joint = index_of(table) * size + index_of(finer)
    pairs, pair, n_frames = np.unique(joint, return_inverse=True, return_counts=True)
    parent, child = np.divmod(pairs, size)
    reductions = reduce(_recoded(table, pair, len(pairs)))
    meanings = index_meanings(reductions, phone_set=phone_set, n_top=1).iloc[: len(pairs)]
    siblings = np.unique(parent, return_inverse=True)[1]
    of_parent = np.bincount(siblings, n_frames).astype(np.int64)
    told, null = _information(reductions, siblings, phone_set, inference)
    return pd.DataFrame(
        {
            "bits": bits,
            "index": parent.astype(np.int32),
            "child_bits": child_bits,
            "child": child.astype(np.int32),
            "n_frames": n_frames,
            "share": n_frames / of_parent[siblings],
            "phone_group": meanings["phone_group"],
            "group_share": meanings["group_share"],
            "top_1": meanings["top_1"].astype("str"),
            "share_1": meanings["share_1"],
            "parent_n_frames": of_parent[siblings],
            "n_children": np.bincount(siblings)[siblings],
            "plug_in": told[siblings],
            "null_mean": null[siblings],
            "corrected": (told - null)[siblings],
        }
    )


def _information(
    reductions: Reductions, parent: Ints, phone_set: Folding, inference: Inference
) -> tuple[Floats, Floats]:
    """Return I(phone; child | parent), bits, of each parent, and its mean under the null.

    Parameters
    ----------
    reductions
        Of the table whose index is the pair.
    parent
        Number of each pair's parent, ascending, shape (n_pairs,).
    phone_set, inference
        As in `ladder_splits`.
    """
    from sfvq_analysis.stats.inference.relabelling_kernels import add_up, shuffle_within

    names, code = token_values(reductions, "phone", phone_set)
    code = np.append(code, -1)  # of frames that no known phone owns
    kept = code[reductions.runs["token"].to_numpy()] >= 0
    token, pair, length = (
        reductions.runs[name].to_numpy()[kept] for name in ("token", "index", "length")
    )
    pieces, piece = np.unique(parent[pair] * len(code) + token, return_inverse=True)
    owner, token = np.divmod(pieces, len(code))
    n_parents = int(parent.max(initial=-1)) + 1
    first = np.searchsorted(owner, np.arange(n_parents + 1))
    labels = code[token]
    rng = inference.generator("splits")

    def told() -> Floats:
        counts = np.zeros((len(names), len(parent)), dtype=np.int64)
        add_up(labels, piece, pair, length, counts)
        return _told(counts, parent, n_parents)

    observed, null = told(), np.zeros(n_parents)
    for _ in range(inference.n_permutations):
        shuffle_within(labels, first, rng)
        null += told()
    return observed, null / (inference.n_permutations or np.nan)


def _told(counts: Ints, parent: Ints, n_parents: int) -> Floats:
    """Return I(phone; child | parent), bits, of counts of phone and pair."""
    of_pair = counts.T  # (n_pairs, n_phones)
    first = np.searchsorted(parent, np.arange(n_parents))
    of_parent = np.add.reduceat(of_pair, first) if n_parents else of_pair
    left = np.bincount(parent, np.nan_to_num(entropy_of(of_pair)) * of_pair.sum(axis=1), n_parents)
    mean_left = left / np.maximum(of_parent.sum(axis=1), 1)
    return np.asarray(np.maximum(entropy_of(of_parent) - mean_left, 0.0) / np.log(2))


def _recoded(table: IndexTable, index: Ints, size: int) -> IndexTable:
    """Return a table with other indices, as those of a plain codebook."""
    codes = {"codeword": index.astype(np.int32), "curve_segment": np.int32(-1)}
    frames = table.frames.assign(**codes, t=np.float32(np.nan))
    return replace(table, frames=frames, codebook_size=max(size, 2))
