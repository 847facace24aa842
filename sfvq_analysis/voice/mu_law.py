"""Mu-law in 8 bits: one of 256 classes a sample, fine near silence and coarse where it is loud.

Convention (van Niekerk, Nortje, Kamper 2020), mu = 255
-------------------------------------------------------
Compressed f = sign(x) ln(1 + mu |x|) / ln(1 + mu), in [-1, 1]; class floor((f + 1) / 2 mu + 1/2).
Back: y = 2 class / mu - 1, x = sign(y) ((1 + mu)^|y| - 1) / mu. Silence is class 128, and no class
is exactly 0: the smallest sample that comes back is .000086.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.errors import VoiceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CLASSES = 256
SILENCE = 128
_MU = CLASSES - 1


def encode(samples: ArrayLike) -> NDArray[np.int64]:
    """Return the classes of samples.

    Parameters
    ----------
    samples
        Any shape, in [-1, 1].

    Returns
    -------
    NDArray[np.int64], of the same shape
        0 … 255.

    Raises
    ------
    VoiceError
        If a sample is NaN or beyond [-1, 1].

    Examples
    --------
    >>> encode([-1.0, 0.0, 0.01, 1.0])
    array([  0, 128, 157, 255])
    """
    x = np.asarray(samples, dtype=np.float64)
    loudest = np.abs(x).max(initial=0.0)
    if not loudest <= 1.0:
        raise VoiceError(f"a sample has size {loudest}", remedy="scale the audio to [-1, 1]")
    compressed = np.sign(x) * np.log1p(_MU * np.abs(x)) / np.log1p(_MU)
    classes: NDArray[np.int64] = np.floor((compressed + 1.0) / 2.0 * _MU + 0.5).astype(np.int64)
    return classes


def decode(classes: ArrayLike) -> NDArray[np.float32]:
    """Return the samples that classes stand for.

    Parameters
    ----------
    classes
        Any shape, integers 0 … 255.

    Returns
    -------
    NDArray[np.float32], of the same shape
        In [-1, 1].

    Raises
    ------
    VoiceError
        If a class is none of these.

    Examples
    --------
    >>> decode([0, 255]), encode(decode([0, 127, 128, 255]))
    (array([-1.,  1.], dtype=float32), array([  0, 127, 128, 255]))
    """
    index = np.asarray(classes)
    if index.dtype.kind not in "iu" or ((index < 0) | (index > _MU)).any():
        raise VoiceError(
            f"mu-law classes of type {index.dtype} aren't all 0 … {_MU}",
            remedy="give such integers",
        )
    y = 2.0 * index / _MU - 1.0
    return (np.sign(y) * (float(CLASSES) ** np.abs(y) - 1.0) / _MU).astype(np.float32)
