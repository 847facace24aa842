"""What a codebook's geometry says, whatever is read with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from scipy.spatial.distance import cdist

from sfvq_analysis.curve.checks import checked_corners

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def corner_distances(codebook: ArrayLike) -> pd.DataFrame:
    """Return the Euclidean distances between codewords, shape (K, K), in index order.

    Parameters
    ----------
    codebook
        Shape (K, dim).

    Raises
    ------
    QuantizerError
        If it isn't finite or not of that shape.

    Examples
    --------
    >>> corner_distances([[0.0, 0.0], [3.0, 4.0]]).to_numpy().tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    corners = checked_corners(codebook, at_least=1)
    index = pd.RangeIndex(len(corners), name="index")
    return pd.DataFrame(cdist(corners, corners), index=index, columns=index)
