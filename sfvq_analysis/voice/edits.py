"""Changes of codes on the way from one voice to another, to hear what a direction means."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.curve import point_at
from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import SpaceFillingVQ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.curve import Codes
    from sfvq_analysis.quantizers import Quantizer


class Places(NamedTuple):
    """Where frames are on the axis: exact position and nearest codeword, shape (n,) each."""

    position: NDArray[np.float64]
    codeword: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shift:
    """All codes move along the axis.

    Attributes
    ----------
    by
        How far, in indices; they stop at the ends. In a plain codebook, whose codes are whole,
        they move by the nearest whole number.

    Raises
    ------
    OptionError
        If it isn't finite.
    """

    by: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.by):
            raise OptionError(f"shift is {self.by}", remedy="use a finite number of indices")

    def applied(self, places: Places, last: int) -> Places:
        """Return where frames are after it, on an axis 0 … last."""
        moved = np.clip(places.position + self.by, 0, last)
        return Places(moved, nearest_index(np.clip(places.codeword + self.by, 0, last)))


@dataclass(frozen=True, slots=True)
class Clamp:
    """Codes outside a range go to its nearer end.

    Attributes
    ----------
    low, high
        Ends of the range, indices. In a plain codebook the indices within it count; where there is
        none, the one below.

    Raises
    ------
    OptionError
        If `low` is above `high`, or, when it is applied, one isn't on the axis.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise OptionError(
                f"range is {self.low:g} to {self.high:g}", remedy="name the lower end first"
            )

    def applied(self, places: Places, last: int) -> Places:
        """Return where frames are after it, on an axis 0 … last."""
        low, high = self.low, self.high
        check_on_axis("clamp", low, last)
        check_on_axis("clamp", high, last)
        codeword = np.clip(places.codeword, math.ceil(low), math.floor(high))
        return Places(np.clip(places.position, low, high), codeword)


@dataclass(frozen=True, slots=True)
class Replace:
    """Frames of one index go to another.

    Attributes
    ----------
    index
        Which frames.
    by
        Where to: an index, or in a curve a place between two.

    Raises
    ------
    OptionError
        If `index` isn't an integer, or, when it is applied, one of both isn't on the axis.
    """

    index: int
    by: float

    def __post_init__(self) -> None:
        if not isinstance(self.index, Integral):
            raise OptionError(f"index is {self.index!r}", remedy="use an integer")

    def applied(self, places: Places, last: int) -> Places:
        """Return where frames are after it, on an axis 0 … last."""
        check_on_axis("index", self.index, last)
        check_on_axis("index", self.by, last)
        there = places.codeword == self.index
        return Places(
            np.where(there, float(self.by), places.position),
            np.where(there, nearest_index(np.array(self.by)), places.codeword),
        )


Edit = Shift | Clamp | Replace


def edited_points(
    quantizer: Quantizer, codes: Codes, edits: Sequence[Edit] = ()
) -> NDArray[np.float32]:
    """Return the points that codes decode to after some edits, shape (n, dim).

    Parameters
    ----------
    quantizer
        Whose codes they are.
    codes
        Of n frames.
    edits
        Applied one after the other. `Replace` goes by the nearest codeword of each frame, which
        moves as its position does; the position on a curve is the exact one.

    Raises
    ------
    OptionError
        If an edit names a place that isn't on the axis.

    Examples
    --------
    >>> curve = SpaceFillingVQ([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])
    >>> codes = curve.encode([[1.0, 0.0], [4.0, 3.0]])
    >>> edited_points(curve, codes, [Shift(0.5), Clamp(0, 1)]).tolist()
    [[3.0, 0.0], [4.0, 0.0]]
    """
    if not edits:
        return quantizer.decode(codes)
    codeword = codes.codeword.astype(np.int64)
    on_curve = isinstance(quantizer, SpaceFillingVQ)
    places = Places(codes.position if on_curve else codeword.astype(np.float64), codeword)
    for edit in edits:
        places = edit.applied(places, quantizer.codebook_size - 1)
    return points_at(quantizer, places.position if on_curve else places.codeword.astype(np.float64))


def points_at(quantizer: Quantizer, position: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the points at positions 0 … K - 1 of the axis, shape (n, dim).

    Of a curve those between corners too; of a plain codebook the codeword of the nearest index.
    """
    if isinstance(quantizer, SpaceFillingVQ):
        return point_at(quantizer.corners(), position).astype(np.float32)
    return quantizer.corners()[np.minimum(nearest_index(position), quantizer.codebook_size - 1)]


def nearest_index(position: NDArray[Any]) -> NDArray[np.int64]:
    """Return the whole number nearest to each position, the higher of two: steps stay even."""
    return np.floor(np.asarray(position, dtype=np.float64) + 0.5).astype(np.int64)


def check_on_axis(name: str, position: float, last: int) -> None:
    """Raise an OptionError unless a position is on an axis 0 … last."""
    if not 0 <= position <= last:
        raise OptionError(f"{name} is {position:g}", remedy=f"use 0 … {last}")
