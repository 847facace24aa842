"""Spectrograms as another throat or recording would have given them, for latents to be alike in.

What is said survives; what survives is what latents learn to tell. Each window of normalised
log-mels is altered in four ways:

- its frequency axis is stretched by a factor between .84 and 1.19, linearly up to a corner near
  6 kHz and then so that 8 kHz stays where it is (vocal tract length perturbation; Jaitly & Hinton
  2013);
- only the first 13, 16, 20, 30 or all coefficients of the cosine transform over bands are kept,
  so that the voice's harmonics go;
- it is multiplied by a number between .8 and 1.2;
- white noise is added, of a tenth of the batch's standard deviation at most.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sfvq_analysis.encoders.mel import F_MIN, N_MELS, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STRETCHES = np.linspace(0.84, 1.19, 15)
_KEPT = (13, 16, 20, 30, N_MELS)
_CORNER_HZ, _TOP_HZ = 6000.0, SAMPLE_RATE / 2
_CONTRAST, _NOISE = 0.2, 0.1


def augmented(mel: Tensor, reach: float = 1.0) -> Tensor:
    """Return windows of normalised log-mels altered at random, shape (batch, frames, 80).

    Drawn from torch's own generator, as dropout is.

    Parameters
    ----------
    mel
        Shape (batch, frames, 80).
    reach
        Share of the stretches that are drawn from, those nearest to none.
    """
    n, middle = len(mel), len(_STRETCHES) // 2
    farthest = round(reach * middle)
    stretch = middle + torch.randint(-farthest, farthest + 1, (n,))
    kept = torch.randint(len(_KEPT), (n,))
    matrices = _bank()[stretch, kept].to(mel)  # (b, m, m)
    altered = torch.bmm(mel, matrices.transpose(1, 2))  # (b, t, m)
    altered = altered * (1 + _CONTRAST * (2 * torch.rand(n, 1, 1).to(mel) - 1))
    share = _NOISE * torch.rand(n, 1, 1).to(mel)
    return altered + share * altered.std() * torch.randn_like(altered)


@cache
def stretchings() -> tuple[NDArray[np.float64], ...]:
    """Return the matrices that stretch the frequency axis of log-mels, each (80, 80)."""
    return tuple(_stretching(by) for by in _STRETCHES)


@cache
def _bank() -> Tensor:
    """Return the matrix of every stretch and smoothing, shape (15, 5, 80, 80)."""
    smoothings = [_smoothing(n) for n in _KEPT]
    matrices = [[smooth @ stretching for smooth in smoothings] for stretching in stretchings()]
    return torch.from_numpy(np.array(matrices, dtype=np.float32))


def _stretching(by: float) -> NDArray[np.float64]:
    """Return the matrix that gives each band the value at `by` times its frequency, (80, 80)."""
    import librosa

    centres = librosa.mel_frequencies(N_MELS + 2, fmin=F_MIN, fmax=_TOP_HZ)[1:-1]
    corner = _CORNER_HZ * min(1.0, 1 / by)
    beyond = corner * by + (_TOP_HZ - corner * by) * (centres - corner) / (_TOP_HZ - corner)
    source = np.where(centres <= corner, centres * by, beyond)
    place = np.interp(source, centres, np.arange(N_MELS))
    return np.stack([np.interp(place, np.arange(N_MELS), unit) for unit in np.eye(N_MELS)], axis=1)


def _smoothing(n_kept: int) -> NDArray[np.float64]:
    """Return the projection on the first coefficients of the cosine transform, (80, 80)."""
    from scipy.fft import dct

    basis = dct(np.eye(N_MELS), axis=0, norm="ortho")[:n_kept]  # (n, 80)
    projection: NDArray[np.float64] = basis.T @ basis
    return projection
