"""Where codewords start, and where dead ones go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve import project, quieter_end_first
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]


def random_line(size: int, dim: int, seed: int) -> Float64:
    """Return even places on a line through the origin, shape (size, dim).

    Its half has the length of a latent of unit variance, its direction is drawn.
    """
    direction = np.random.default_rng(seed).normal(size=dim)
    line: Float64 = np.linspace(-1, 1, size)[:, None] * direction
    return line


def principal_line(latents: NDArray[np.floating], size: int) -> Float64:
    """Return places on the latents' first principal axis, shape (size, dim).

    They stand at even quantiles of the projections, so that each has as many latents; the end of
    the smaller norm comes first.

    Parameters
    ----------
    latents
        Shape (n, dim).
    size
        How many.
    """
    if len(latents) < 2:
        raise QuantizerError(f"{len(latents)} latents", remedy="give two or more to start a curve")
    mean = latents.mean(axis=0, dtype=np.float64)
    centred = latents - mean
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    quantiles = np.quantile(centred @ axis, (np.arange(size) + 0.5) / size)
    line: Float64 = mean + quantiles[:, None] * axis
    return line if quieter_end_first(line) else line[::-1]


def drawn_latents(latents: NDArray[np.floating], at_most: int, seed: int) -> NDArray[np.floating]:
    """Return distinct latents in random order, `at_most` of them or as many as there are.

    Parameters
    ----------
    latents
        Shape (n, dim).
    at_most
        How many are wanted.
    seed
        Of the draw.
    """
    distinct = np.unique(latents, axis=0)
    return np.random.default_rng(seed).permutation(distinct)[:at_most]


def respread(corners: Float64, dead: NDArray[np.intp], latents: NDArray[np.floating]) -> Float64:
    """Return a curve whose dead corners were taken out and put back where they are of use.

    Without its dead corners the curve runs straight from one that lives to the next. Then, once for
    each, the segment with the largest n L² gets a corner in its middle, n the latents whose nearest
    point on the curve is on it, L its length; both halves count as half as busy. Latents spread
    along a segment stand n L²/12 from its dithered point at best and n L²/3 at worst, so that this
    is where a split saves most. A split leaves the curve where it is, and the order of the corners
    that live is kept.

    Parameters
    ----------
    corners
        Shape (K, dim).
    dead
        Which are dead; two or more must live.
    latents
        Shape (n, dim), n >= 1.

    Returns
    -------
    NDArray[np.float64], shape (K, dim)

    Examples
    --------
    >>> curve = np.array([[0.0], [1.0], [9.0], [2.0]])
    >>> respread(curve, np.array([2]), np.array([[1.4], [1.6]]))
    array([[0. ],
           [1. ],
           [1.5],
           [2. ]])
    """
    living = np.delete(corners, dead, axis=0)
    segment = project(latents, living).segment
    busy = np.bincount(segment, minlength=len(living) - 1).astype(np.float64)
    for _ in dead:
        squares = np.square(np.diff(living, axis=0)).sum(axis=1)
        split = int((busy * squares).argmax())
        living = np.insert(living, split + 1, living[split : split + 2].mean(axis=0), axis=0)
        busy[split] /= 2
        busy = np.insert(busy, split, busy[split])
    return living
