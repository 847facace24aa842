"""Spectrograms of all speakers as if they had one vocal tract: found without labels.

Of the stretches of the frequency axis (`sfvq_analysis.training.voice.augmentation`) each utterance
gets the one whose cepstra, with two neighbours on each side, are nearest to a codebook of all
utterances' cepstra; then the codebook is made anew, larger, from what came out, and so on. It is
vocal tract length normalisation (Lee & Rose 1996) with clusters in the place of an acoustic model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve import nearest_codeword
from sfvq_analysis.encoders.convolutional import n_latents
from sfvq_analysis.encoders.mel import cepstrum, normalised, with_context
from sfvq_analysis.training.metric import Metric
from sfvq_analysis.training.voice.augmentation import stretchings
from sfvq_analysis.training.voice.clusters import clusters_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]

_SIZES = (64, 128, 256, 256, 256)
_CONTEXT, _WHITENING = 2, 0.5


def alike(mels: Sequence[Float32], seed: int) -> list[Float32]:
    """Return every utterance's log-mels, (frames, 80), less their mean, with its stretch undone.

    Parameters
    ----------
    mels
        Of each utterance, shape (frames, 80).
    seed
        Of k-means.
    """
    centred = [normalised(mel, "mean") for mel in mels]
    current = centred
    for number, size in enumerate(_SIZES):
        features = np.concatenate([_with_neighbours(mel) for mel in current])
        metric = Metric.of(features, _WHITENING)
        codebook = clusters_of(metric.warped(features), size, seed + number)
        current = [_nearest_stretch(mel, metric, codebook) for mel in centred]
    return current


def cepstra_of(mel: Float32) -> Float32:
    """Return 13 cepstra of the `middle_frames`, shape (n_latents, 13).

    Mean and variance of the utterance are removed.
    """
    return normalised(cepstrum(middle_frames(mel)), "utterance")


def middle_frames(mel: Float32) -> Float32:
    """Return the mean of the two frames in the middle of what each latent sees, (n_latents, 80)."""
    n = n_latents(len(mel))
    middle: Float32 = mel[1 : 2 * n + 1].reshape(n, 2, mel.shape[1]).mean(axis=1)
    return middle


def _with_neighbours(mel: Float32) -> Float32:
    return with_context(cepstra_of(mel), _CONTEXT)


def _nearest_stretch(mel: Float32, metric: Metric, codebook: NDArray[np.float64]) -> Float32:
    """Return an utterance's log-mels in the stretch that is nearest to a codebook."""
    best, least = mel, np.inf
    for matrix in stretchings():
        stretched = (mel @ matrix.T).astype(np.float32)
        _, distances = nearest_codeword(metric.warped(_with_neighbours(stretched)), codebook)
        distance = float(distances.mean(dtype=np.float64)) if len(distances) else 0.0
        if distance < least:
            best, least = stretched, distance
    return best
