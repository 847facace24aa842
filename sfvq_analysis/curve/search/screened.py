"""`Screened`: search in blocks of frames, by one matrix product of a library's a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.geometry import round_off
from sfvq_analysis.curve.search.few_dimensions import NONE_IN_DOUBT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.products import Product

    Frames = NDArray[np.floating[Any]]
    Doubtful = NDArray[np.integer[Any]]

_LINE = 16  # float32 of a line of the cache


class Screened:
    """Screens in float32, from one matrix product a block."""

    def __init__(self, geometry: Geometry, multiply: Product, size: int) -> None:
        n_corners, dim = geometry.corners.shape
        self._geometry, self._multiply = geometry, multiply
        self._round_off = round_off(dim)
        self._arrays = _arrays(size, n_corners, dim)

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> Doubtful | None:
        """Fill in the codes of a block; none is in doubt. None if a frame isn't usable."""
        from sfvq_analysis.curve.search import kernels

        if len(frames) != self._arrays[0].shape[0]:  # the last block
            self._arrays = _arrays(len(frames), *self._geometry.corners.shape)
        centred, products, slack, scratch = self._arrays
        if not kernels.centre_frames(frames, self._geometry, self._round_off, centred, slack):
            return None
        products = self._multiply(self._geometry.minus_two, centred, products)
        search = kernels.search_curve if on_curve else kernels.search_codebook
        search(frames, self._geometry, products, slack, scratch, codes)
        return NONE_IN_DOUBT


def _arrays(size: int, n_corners: int, dim: int) -> tuple[Any, ...]:
    """Return room for centred frames, products, their round-off and the search's scratch."""
    from sfvq_analysis.curve.deciding import PROJECTED
    from sfvq_analysis.curve.search.scanning import CHUNK, Least, Scratch

    n_chunks = -(-n_corners // CHUNK)
    real = np.float32
    segment, corner = (
        Least(np.empty(size, real), np.empty(size, real), np.empty(size, np.int32))
        for _ in range(2)
    )
    scratch = Scratch(
        np.empty((n_chunks, size), real),
        np.empty((n_chunks, size), real),
        segment,
        corner,
        np.zeros(PROJECTED),
    )
    return (
        np.empty((size, dim), real),
        _aligned(n_corners, size),
        np.empty(size, real),
        scratch,
    )


def _aligned(n_rows: int, n_columns: int) -> NDArray[np.float32]:
    """Return room that begins where a line of the cache does: products take a tenth less there."""
    wider = np.empty(n_rows * n_columns + _LINE, np.float32)
    first = -wider.ctypes.data // wider.itemsize % _LINE
    return wider[first : first + n_rows * n_columns].reshape(n_rows, n_columns)
