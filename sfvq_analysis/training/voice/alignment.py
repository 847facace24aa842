"""Features of all utterances laid over one another, each by an affine map of its own.

In turn, features are clustered, and each utterance gets the map that takes its features nearest to
the centres of the clusters they are in: ridge regression, drawn towards the identity. What speaker
and recording do to features is mostly such a map (the unsupervised form of feature-space maximum
likelihood linear regression; Gales 1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve import nearest_codeword
from sfvq_analysis.encoders.mel import with_context
from sfvq_analysis.training.voice.clusters import clusters_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]


class Alignment(NamedTuple):
    """How features are aligned.

    Attributes
    ----------
    clusters
        How many.
    rounds
        How often they are found anew.
    context
        Neighbours on each side that a frame is clustered with.
    ridge, bias_ridge
        How strongly the map is drawn to the identity, in sums of squares of a dimension, and its
        shift to 0, in frames.
    """

    clusters: int
    rounds: int
    context: int
    ridge: float
    bias_ridge: float


def aligned(features: Sequence[Float32], how: Alignment, seed: int) -> list[Float32]:
    """Return the features of each utterance, (n, dim), after its map.

    The standard deviation of every dimension over all utterances stays what it was.

    Parameters
    ----------
    features
        Of each utterance, shape (n, dim).
    how
        Clusters, rounds and ridge.
    seed
        Of k-means.
    """
    spread = np.concatenate(features).std(axis=0)
    current = list(features)
    for number in range(how.rounds):
        wide = [with_context(part, how.context) for part in current]
        centres = clusters_of(np.concatenate(wide), how.clusters, seed + number)
        current = [
            _mapped(own, around, centres, how) for own, around in zip(features, wide, strict=True)
        ]
        scale = spread / np.maximum(np.concatenate(current).std(axis=0), np.finfo(np.float32).tiny)
        current = [(part * scale).astype(np.float32) for part in current]
    return current


def _mapped(own: Float32, around: Float32, centres: NDArray[np.float64], how: Alignment) -> Float32:
    """Return an utterance's features (n, dim) mapped towards the centres they are nearest to."""
    if len(own) == 0:
        return own
    dim = own.shape[1]
    middle = centres[:, how.context * dim : (how.context + 1) * dim]
    target = middle[nearest_codeword(around, centres)[0]]
    source = np.hstack([own, np.ones((len(own), 1))]).astype(np.float64)
    ridge = np.diag([how.ridge] * dim + [how.bias_ridge])
    identity = np.eye(dim + 1, dim)
    weights = np.linalg.solve(source.T @ source + ridge, source.T @ target + ridge @ identity)
    mapped: Float32 = (source @ weights).astype(np.float32)
    return mapped
