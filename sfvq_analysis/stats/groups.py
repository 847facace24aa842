"""How far apart the groups' index histograms are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import rel_entr

from sfvq_analysis.stats.histograms import histogram_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jensen_shannon(histogram: pd.DataFrame) -> pd.DataFrame:
    """Return the Jensen-Shannon distances (base 2, the divergence's square root) of histograms.

    Computed on the raw densities, not the smoothed ones. The distance doesn't change when codes are
    relabelled: it says how separate two groups are, not how they lie on the axis.

    Parameters
    ----------
    histogram
        Of `sfvq_analysis.stats.index_histogram`.

    Returns
    -------
    pd.DataFrame
        Square and symmetric, in 0 … 1, a row and a column each value that has frames; the order is
        the histogram's.
    """
    wide = histogram_matrix(histogram, "density")
    density: NDArray[np.float64] = wide.to_numpy()
    distance = np.zeros((len(wide), len(wide)))
    for i in range(len(wide)):
        for j in range(i):
            distance[i, j] = distance[j, i] = _distance(density[i], density[j])
    names = list(wide.index)
    return pd.DataFrame(distance, index=names, columns=names)


def _distance(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return sqrt((KL(p|m) + KL(q|m)) / 2), m = (p + q) / 2, base 2; never below 0 by rounding."""
    middle = (p + q) / 2
    divergence = (rel_entr(p, middle).sum() + rel_entr(q, middle).sum()) / (2 * np.log(2))
    return float(np.sqrt(np.clip(divergence, 0.0, 1.0)))
