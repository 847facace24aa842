"""Units to predict: clusters of features of speech, found without labels.

A latent that has to tell, through nothing but a linear map, which cluster the speech at its place
belongs to, in several codebooks of clusters at once, holds what the clusters hold and little else.
The features are cepstra with two neighbours on each side, of spectrograms that were made alike over
speakers (`vocal_tracts`, `alignment`), so that clusters are of what is said more than of who says
it; a teacher's hidden layer may be laid beside them (`teacher`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile

import numpy as np

from sfvq_analysis.curve import nearest_codeword
from sfvq_analysis.encoders.mel import normalised, with_context
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.files import new_file
from sfvq_analysis.training.metric import Metric
from sfvq_analysis.training.voice.alignment import Alignment, aligned
from sfvq_analysis.training.voice.clusters import clusters_of
from sfvq_analysis.training.voice.vocal_tracts import cepstra_of, middle_frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]

_CONTEXT, _WHITENING, _MOST_DIMS = 2, 0.5, 65
_OF_CEPSTRA = Alignment(clusters=128, rounds=6, context=1, ridge=500.0, bias_ridge=50.0)


class Units(NamedTuple):
    """Clusters of every latent.

    Attributes
    ----------
    values
        Shape (latents of all utterances, n_codebooks).
    starts
        First row of each utterance.
    sizes
        Clusters of each codebook.
    """

    values: NDArray[np.int32]
    starts: NDArray[np.int64]
    sizes: tuple[int, ...]

    def save(self, path: Path) -> None:
        """Write them to an .npz file, whole or not at all."""
        with new_file(path) as file:
            np.savez(file, values=self.values, starts=self.starts, sizes=np.array(self.sizes))

    @classmethod
    def load(cls, path: Path) -> Units:
        """Read what `save` wrote.

        Raises
        ------
        VoiceError
            If the file is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file) as stored:
                sizes = tuple(int(size) for size in stored["sizes"])
                return cls(stored["values"], stored["starts"], sizes)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise VoiceError(
                f"units are damaged ({error})", where=str(path), remedy="remove the file"
            ) from error


def units_of(features: Sequence[Float32], sizes: tuple[int, ...], seed: int) -> Units:
    """Cluster features.

    Parameters
    ----------
    features
        Of each utterance, shape (n_latents, dim).
    sizes
        Of the codebooks.
    seed
        Of k-means; each codebook has its own.

    Raises
    ------
    VoiceError
        If the speech is too short for so many.
    """
    every = np.concatenate(features)
    columns = [
        nearest_codeword(every, clusters_of(every, size, seed + number))[0]
        for number, size in enumerate(sizes)
    ]
    counts = np.array([len(part) for part in features])
    return Units(np.stack(columns, axis=1), np.cumsum(counts) - counts, sizes)


def cepstral_features(mels: Sequence[Float32], seed: int) -> list[Float32]:
    """Return aligned cepstra with their neighbours of log-mels (frames, 80), (n_latents, 65) each.

    Parameters
    ----------
    mels
        Of each utterance, made alike over speakers (`vocal_tracts.alike`) or not.
    seed
        Of k-means.
    """
    cepstra = aligned([cepstra_of(mel) for mel in mels], _OF_CEPSTRA, seed)
    return balanced([with_context(part, _CONTEXT) for part in cepstra])


def spectral_features(mels: Sequence[Float32]) -> list[Float32]:
    """Return log-mels less the utterance's mean, with their neighbours, (n_latents, 400) each.

    Loudness and broad shape of the spectrum rule distances between them. What is clustered so keeps
    the large course of the latents: silence, consonants, vowels.

    Parameters
    ----------
    mels
        Of each utterance, shape (frames, 80).
    """
    middles = [middle_frames(mel) for mel in mels]
    return [with_context(normalised(part, "mean"), _CONTEXT) for part in middles]


def joined(first: Units, second: Units) -> Units:
    """Return the codebooks of both, of the same utterances."""
    values = np.concatenate([first.values, second.values], axis=1)
    return Units(values, first.starts, (*first.sizes, *second.sizes))


def balanced(features: Sequence[Float32]) -> list[Float32]:
    """Return features along their first 65 principal axes, half whitened, of mean square norm 1.

    Parameters
    ----------
    features
        Of each utterance, shape (n, dim).
    """
    every = np.concatenate(features)
    metric = Metric.of(every, _WHITENING)
    norm = np.sqrt(np.square(metric.warped(every)[:, :_MOST_DIMS]).sum(axis=1).mean())
    scale = 1 / max(float(norm), float(np.finfo(np.float32).tiny))
    return [np.ascontiguousarray(scale * metric.warped(p)[:, :_MOST_DIMS]) for p in features]
