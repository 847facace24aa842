"""Latents made alike in all directions, without a change of what the model does.

The encoder's last layer is linear, and so is the decoder's first: a matrix in the one and its
inverse in the other leave the spectrogram as it was. Distances between latents, and so codebooks,
change: directions in which latents vary little come to count. One direction may be stretched again:
that of the large course of speech, from silence to vowels, which spectrograms vary along the most
and an axis is best laid out by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.voice.model import VoiceNets

_FLOOR = 1e-4


def whitening_matrix(latents: Iterable[NDArray[np.float32]], power: float) -> NDArray[np.float64]:
    """Return the symmetric matrix that whitens latents, shape (dim, dim).

    Axis i of variance v_i is divided by max(v_i, 1e-4 v_0)^(power / 2), v_0 the largest; then all
    by one number, so that the mean variance stays.

    Parameters
    ----------
    latents
        Of each utterance, shape (n, dim).
    power
        0 … 1; 0 gives the identity.
    """
    n, total, products = 0, np.zeros(()), np.zeros(())
    for part in latents:
        wide = part.astype(np.float64)
        n, total, products = n + len(wide), total + wide.sum(axis=0), products + wide.T @ wide
    covariance = products / n - np.outer(total / n, total / n)
    variances, axes = np.linalg.eigh(covariance)
    variances = np.maximum(variances, 0)
    floor = _FLOOR * variances[-1] or 1.0  # 1 where all latents are the same
    scales = np.maximum(variances, floor) ** (-power / 2)
    scales *= np.sqrt(variances.sum() / (variances * scales**2).sum()) if variances[-1] else 1.0
    matrix: NDArray[np.float64] = (axes * scales) @ axes.T
    return matrix


def course_matrix(
    pairs: Iterable[tuple[NDArray[np.float32], NDArray[np.float32]]], factor: float
) -> NDArray[np.float64]:
    """Return the symmetric matrix that stretches latents along the course of speech, (dim, dim).

    The course is the first principal axis of spectrogram frames; u is the direction of the latents
    that tells it best, linearly. The matrix is I + (factor - 1) u u^T.

    Parameters
    ----------
    pairs
        Latents of each utterance, shape (n, dim), and the spectrogram frames that they stand for,
        less the utterance's mean, shape (n, n_mels).
    factor
        1: as they are.
    """
    dim, n, total, products = 0, 0, np.zeros(()), np.zeros(())
    for latents, frames in pairs:
        dim = latents.shape[1]
        both = np.hstack([latents, frames]).astype(np.float64)
        n, total, products = n + len(both), total + both.sum(axis=0), products + both.T @ both
    covariance = products / n - np.outer(total / n, total / n)
    course = np.linalg.eigh(covariance[dim:, dim:])[1][:, -1]
    direction = np.linalg.lstsq(covariance[:dim, :dim], covariance[:dim, dim:] @ course)[0]
    length = np.linalg.norm(direction)
    u = direction / (length or 1.0)  # latents that are all the same have none
    matrix: NDArray[np.float64] = np.eye(dim) + (factor - 1) * np.outer(u, u)
    return matrix


def whiten(nets: VoiceNets, quantizer: Quantizer, matrix: NDArray[np.float64]) -> None:
    """Multiply the latents by a matrix, in place, in the networks and in the codebook."""
    there, back = torch.from_numpy(matrix), torch.from_numpy(np.linalg.inv(matrix))
    last, first = nets.encoder.last, nets.decoder.enter
    with torch.no_grad():
        last.weight.copy_(torch.einsum("ij,jck->ick", there, last.weight.double()))
        if last.bias is not None:
            last.bias.copy_(there @ last.bias.double())
        first.weight.copy_(torch.einsum("cjk,ji->cik", first.weight.double(), back))
        quantizer.codebook.copy_(quantizer.codebook.double() @ there.T)
