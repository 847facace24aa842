"""What the search for the nearest point needs of a codebook, computed once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FARTHEST = 1e18
"""From the centre that a frame may be, so that float32 holds its squared distance."""
SHORTEST = 1e-300
"""A squared length whose inverse is still finite."""
TIE = 1e-13
"""Squared distances that differ by less, relative to the lengths at work, are equal."""
LOWEST = -3e38
"""A score that is never reached: what all begin with, and what fills up a last tile of corners."""
_LARGEST_SQUARE = 1e30
_LARGEST_SCALED = 1e36
_LARGEST_NARROW = 1e15  # float32 holds the square of what is about 1 when scaled, and its inverse
_LITTLE = 1e-3  # of the largest coordinate from the centre
_SHORTEST_SQUARE = 1e-30  # of scaled lengths, which float32 can still invert

Screen = TypeVar("Screen", bound="Any")


class Geometry(NamedTuple):
    """Constants of a codebook with K corners; computed in float64, the screening's in float32.

    Attributes
    ----------
    corners, steps, lengths
        c_k (K, dim), c_{k+1} - c_k (K-1, dim) and its square |c_{k+1} - c_k|² (K-1,).
    centre
        Mean corner (dim,), which is taken off before any product; rounded to float32 where that
        moves it little, so that it can be taken off float32 frames without going to float64.
    scale
        Power of two that everything below is multiplied by, so that the farthest corner is about 1
        from the centre.
    minus_two, squares
        -2 c~_k (K, dim) and |c~_k|² (K,), c~ the centred corner, in float32.
    spans, half_inverses
        |c_{k+1} - c_k|² and half its inverse (K-1,), 0 for a segment without length, in float32.
    reach
        The largest norm of a centred corner.
    farthest
        From the centre that a frame may be: float32 holds its squared distance, and it scaled.
    """

    corners: NDArray[np.float64]
    steps: NDArray[np.float64]
    lengths: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: float
    minus_two: NDArray[np.float32]
    squares: NDArray[np.float32]
    spans: NDArray[np.float32]
    half_inverses: NDArray[np.float32]
    reach: float
    farthest: float

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> Geometry:
        """Prepare a codebook, shape (K, dim).

        Raises
        ------
        QuantizerError
            If corners are farther from their mean than float32 can square.
        """
        (kept,) = on_lines((corners.shape, np.float64))
        kept[:] = corners  # in C order, and so is all that follows: loops are compiled for that
        centre = _centre_of(kept)
        centred = kept - centre
        squares = (centred**2).sum(axis=1)
        if squares.max() > _LARGEST_SQUARE:
            raise QuantizerError(
                f"codewords are up to {np.sqrt(squares.max()):.3g} from their mean",
                remedy="scale latents and codebook down",
            )
        reach = float(np.sqrt(squares.max()))
        scale = float(2.0 ** -np.rint(np.log2(reach))) if reach > 0 else 1.0
        steps = np.diff(kept, axis=0)
        lengths = (steps**2).sum(axis=1)
        spans = lengths * scale**2
        spans[spans < _SHORTEST_SQUARE] = 0.0
        inverse = np.divide(0.5, spans, out=np.zeros_like(spans), where=spans > 0)
        return cls(
            corners=kept,
            steps=steps,
            lengths=lengths,
            centre=centre,
            scale=scale,
            minus_two=(-2 * scale * centred).astype(np.float32),
            squares=(squares * scale**2).astype(np.float32),
            spans=spans.astype(np.float32),
            half_inverses=inverse.astype(np.float32),
            reach=reach * scale,
            farthest=min(FARTHEST, _LARGEST_SCALED / scale),
        )

    def narrow(self) -> tuple[NDArray[np.floating[Any]], np.floating[Any]]:
        """Return centre and scale, in float32 if that holds them, and the squares of the scaled.

        Then float32 frames needn't go to float64 to be centred.
        """
        with np.errstate(over="ignore"):
            same = np.array_equal(self.centre.astype(np.float32), self.centre)
        held = same and 1 / _LARGEST_NARROW < self.scale < _LARGEST_NARROW
        kind = np.float32 if held else np.float64
        return self.centre.astype(kind), kind(self.scale)


def in_float64(screen: Screen) -> Screen:
    """Return corners as a search takes them, with centre and scale in float64.

    For frames in float64, whatever `Geometry.narrow` says: loops needn't be compiled for both.
    """
    centre, scale = screen.centre.astype(np.float64), np.float64(screen.scale)
    wide: Screen = screen._replace(centre=centre, scale=scale)
    return wide


def round_off(dim: int, eps: float = float(np.finfo(np.float32).eps)) -> float:
    """Return what bounds the error of screened values, in units of (|x~| + max|c~|)².

    (4 + 4 √dim) eps: products of random round-off err by 6 √dim eps / 2 · |x~| |c~| at most, but
    for one in 3e7 (Higham & Mary 2019), a value holds two of them twice, and |x~| |c~| is at most
    a quarter of the square.
    """
    return (4 + 4 * math.sqrt(dim)) * eps


def _centre_of(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = corners.mean(axis=0)
    with np.errstate(over="ignore"):
        rounded = centre.astype(np.float32).astype(np.float64)
    moved, reach = np.abs(rounded - centre).max(), np.abs(corners - centre).max()
    return rounded if moved <= _LITTLE * reach else centre
