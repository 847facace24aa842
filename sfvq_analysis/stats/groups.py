"""How far apart the groups' index histograms are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sfvq_analysis.stats.densities import js_distance
from sfvq_analysis.stats.histograms import histogram_matrix


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
    density = wide.to_numpy(dtype=np.float64)
    distance = js_distance(density[:, None], density[None])
    names = list(wide.index)
    return pd.DataFrame(distance, index=names, columns=names)
