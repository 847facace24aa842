"""Clusters of the frames of a corpus, for what is learnt from them without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.training.clusters import k_means, thinned

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST, _SWEEPS = 1 << 17, 25


def clusters_of(features: NDArray[np.float32], size: int, seed: int) -> NDArray[np.float64]:
    """Return the centres of clusters, shape (size, dim), of an even sample of 2^17 frames at most.

    Parameters
    ----------
    features
        Shape (n, dim).
    size
        How many clusters.
    seed
        Of k-means; any integer >= 0.

    Raises
    ------
    VoiceError
        If the frames are too few or too much alike.
    """
    centres = k_means(thinned(features, _MOST), size, seed=seed % 2**32, sweeps=_SWEEPS)
    if centres is None:
        raise VoiceError(
            f"the speech is too short for {size} units", remedy="use fewer units or more speech"
        )
    return centres
