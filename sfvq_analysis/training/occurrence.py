"""Occurrence normalisation of a curve: every codeword is to be used equally often.

Frames are projected on the curve and sorted by their place on it; the sequence is cut into K chunks
of M / K frames, and what a chunk holds becomes a codeword. So codewords stand close where the curve
is busy and far apart where it is not, and the order is kept.

References
----------
M. H. Vali, T. Bäckström, "Privacy PORCUPINE: Anonymization of Speaker Attributes Using Occurrence
Normalization for Space-Filling Vector Quantization", Interspeech 2024, 2230-2234.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np

from sfvq_analysis.curve.checks import as_frames
from sfvq_analysis.encoders import Features, config_digest
from sfvq_analysis.errors import QuantizerError, check_option
from sfvq_analysis.quantizers import Quantizer, SpaceFillingVQ

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Means = Literal["mapped", "frames"]
_BLOCK = 1 << 14


def normalise_occurrence(
    quantizer: Quantizer, features: Features | ArrayLike, *, means: Means = "mapped"
) -> SpaceFillingVQ:
    """Return a curve whose codewords are means of K equal chunks of frames sorted along another.

    Chunks differ by one frame where K doesn't divide M. Occupancy is even by construction if frames
    are coded by their place on the old curve. Coded by the nearest codeword, as
    `SpaceFillingVQ.encode` does, it is more even than it was, but not even: a frame's nearest
    codeword need not be that of its chunk.

    Parameters
    ----------
    quantizer
        A curve of K corners; not changed.
    features
        At least K frames, shape (M, dim); those that occurrences shall be even on.
    means
        ``"mapped"``: a codeword is the mean of its chunk's points *on the curve*, the published
        method. ``"frames"``: of the frames themselves, which has the smaller error and leaves the
        old curve.

    Returns
    -------
    SpaceFillingVQ
        Of K corners. Its provenance is that of the quantizer, ``fit`` with ``occurrence``: what was
        done. The stages go.

    Raises
    ------
    QuantizerError
        If the quantizer is no curve; if frames don't fit it, aren't finite, come from another
        encoder than it was fitted on, or are fewer than K.
    OptionError
        If `means` is neither.

    Examples
    --------
    >>> frames = np.array([[0.0], [0.1], [0.2], [0.3], [0.4], [3.0]])
    >>> curve = SpaceFillingVQ([[0.0], [1.5], [3.0]])
    >>> normalise_occurrence(curve, frames).corners().round(2)
    array([[0.05],
           [0.25],
           [1.7 ]], dtype=float32)
    """
    check_option("means", means, ("mapped", "frames"))
    if not isinstance(quantizer, SpaceFillingVQ):
        raise QuantizerError(
            f"a {quantizer.kind} codebook has no curve to sort frames along",
            where=quantizer.source or None,
            remedy="give a space-filling one",
        )
    if isinstance(features, Features):
        _check_encoder(quantizer, features)
        features = features.values
    frames = as_frames(features)
    if len(frames) < quantizer.codebook_size:
        raise QuantizerError(
            f"{len(frames)} frames can't fill {quantizer.codebook_size} codewords",
            remedy="give more frames, at least one for each",
        )
    order = _along(quantizer, frames)
    chunks = np.array_split(order, quantizer.codebook_size)
    codewords = np.stack([_mean(quantizer, frames[chunk], means) for chunk in chunks])
    done = {"n_frames": len(frames), "means": means}
    fit = {**quantizer.provenance.fit, "occurrence": done}
    provenance = dataclasses.replace(quantizer.provenance, fit=fit)
    return type(quantizer)(codewords, provenance, gradients=quantizer.gradients)


def _along(quantizer: SpaceFillingVQ, frames: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return the order of frames along the curve.

    Frames that a corner is nearest to share its place; they are sorted by how far they lean from
    the corner before it to the one after, so that the order in which frames arrive says nothing.
    """
    corners = quantizer.corners().astype(np.float64)
    last = len(corners) - 1
    index = np.arange(len(corners))
    lean_on = corners[np.minimum(index + 1, last)] - corners[np.maximum(index - 1, 0)]
    position, lean = np.empty(len(frames)), np.empty(len(frames))
    for start in range(0, len(frames), _BLOCK):
        block = slice(start, start + _BLOCK)
        codes = quantizer.encode(frames[block])
        position[block] = codes.position
        away = frames[block] - corners[codes.codeword]
        lean[block] = np.einsum("nd,nd->n", away, lean_on[codes.codeword])
    return np.lexsort((lean, position))


def _mean(
    quantizer: SpaceFillingVQ, frames: NDArray[np.floating], means: Means
) -> NDArray[np.float64]:
    """Return the codeword of a chunk."""
    points = quantizer.decode(quantizer.encode(frames)) if means == "mapped" else frames
    mean: NDArray[np.float64] = points.mean(axis=0, dtype=np.float64)
    return mean


def _check_encoder(quantizer: SpaceFillingVQ, features: Features) -> None:
    fitted_on = config_digest(quantizer.provenance.encoder)
    if fitted_on and features.encoder and fitted_on != config_digest(features.encoder):
        raise QuantizerError(
            f"the quantizer was fitted on the encoder {dict(quantizer.provenance.encoder)}, not on "
            f"{dict(features.encoder)}",
            where=quantizer.source or None,
            remedy="give frames of that encoder",
        )
