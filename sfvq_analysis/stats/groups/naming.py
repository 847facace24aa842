"""The axis cut into ranges that name the groups at home there.

With p_g(k) the density of group g, a range that names g gains

    Σ_{k in range} (p_g(k) - mean over groups of p(k)),

how much more of g lies there than of the average group, so that a group counts the same however
much it is spoken. A range names up to two groups, or none, and each name has a price: what the best
range of its group gains in a random order of the used codes, at the (1 - .05 / G) quantile for G
groups. The cuts and names with the most gain less price are found exactly (Viterbi), so that each
name gains more than its group's best range does by chance, with nothing to set by hand. An axis
whose order means nothing is one range without a name.

Scraps without a name between ranges then join the neighbour that loses least by it, if its names
stay above their prices and lose less than an even spread has there, width / K.

The price is that of a group's best range: a group that is at home in several places, with little in
each, may have no name.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.arithmetic.parting import range_gain
from sfvq_analysis.stats.groups.ranges import stretches
from sfvq_analysis.stats.inference import permuted_codes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.inference import Inference

_CHANCE = 0.05
_TIE = 1e-9  # a gain must be above its price, not equal to it


def name_indices(
    total: NDArray[np.int64], eligible: NDArray[np.int64], inference: Inference
) -> NDArray[np.bool_]:
    """Return which groups each index is named by, shape (n_groups, K).

    Parameters
    ----------
    total
        Counts of the index by group, shape (n_groups, K).
    eligible
        Places of the groups that may be names; those without a count are left out. With fewer than
        two nothing is named.
    inference
        Number of random orders, at least 1, and their seed.
    """
    named = np.zeros(total.shape, dtype=np.bool_)
    present = eligible[total[eligible].any(axis=1)]
    if len(present) < 2:
        return named
    density = densities(total[present])
    excess = density - density.mean(axis=0)
    draws = permuted_codes(total.any(axis=0), inference)
    level = 1 - _CHANCE / len(present)
    price = [float(np.quantile(range_gain(one[draws]), level, method="higher")) for one in excess]
    sets = [(), *((one,) for one in range(len(present))), *combinations(range(len(present)), 2)]
    members = np.array([np.isin(range(len(present)), one) for one in sets])
    path = _best_path(members @ excess, members @ (np.array(price) + _TIE))
    named[present] = members[path].T
    for first, last in stretches(path == 0):
        _join(named, (first, last), dict(zip(present.tolist(), excess, strict=True)), price)
    return named


def _join(
    named: NDArray[np.bool_],
    unnamed: tuple[int, int],
    excess: dict[int, NDArray[np.float64]],
    price: list[float],
) -> None:
    """Give a range without a name the names of a neighbour, in place, where that costs little."""
    first, last = unnamed
    dear = dict(zip(excess, price, strict=True))
    best = (last - first + 1) / named.shape[1]
    joined = None
    for beside in (first - 1, last + 1):
        if not 0 <= beside < named.shape[1] or not named[:, beside].any():
            continue
        same = (named == named[:, [beside]]).all(axis=0)
        same[first : last + 1] = True
        whole = next(one for one in stretches(same) if one[0] <= first <= one[1])
        groups = np.flatnonzero(named[:, beside]).tolist()
        loss = -sum(excess[group][first : last + 1].sum() for group in groups)
        stay = all(excess[one][whole[0] : whole[1] + 1].sum() > dear[one] for one in groups)
        if stay and loss < best:
            best, joined = loss, named[:, beside].copy()
    if joined is not None:
        named[:, first : last + 1] = joined[:, None]


def _best_path(gain: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the state of each index with the most gain, entering a state having its cost.

    Parameters
    ----------
    gain
        Of each state at each index, shape (n_states, K).
    cost
        Of entering each state, at the start or from another one, shape (n_states,).
    """
    size = gain.shape[1]
    came_from = np.zeros((size, len(cost)), dtype=np.int64)
    best = gain[:, 0] - cost
    for index in range(1, size):
        before = int(best.argmax())
        stays = best >= best[before] - cost
        came_from[index] = np.where(stays, np.arange(len(cost)), before)
        best = np.where(stays, best, best[before] - cost) + gain[:, index]
    path = np.empty(size, dtype=np.int64)
    path[-1] = best.argmax()
    for index in range(size - 1, 0, -1):
        path[index - 1] = came_from[index, path[index]]
    return path
