"""`Screened`: search in blocks of frames, by one matrix product of a library's a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.geometry import round_off
from sfvq_analysis.curve.lines import on_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry
    from sfvq_analysis.curve.products import Product

    Frames = NDArray[np.floating[Any]]


class Screened:
    """Screens in float32, from one matrix product a block."""

    def __init__(self, geometry: Geometry, multiply: Product, size: int) -> None:
        n_corners, dim = geometry.corners.shape
        self._geometry, self._multiply = geometry, multiply
        self._round_off = round_off(dim)
        self._arrays = _arrays(size, n_corners, dim)

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> bool:
        """Fill in the codes of a block; False if a frame isn't usable."""
        from sfvq_analysis.curve.search import kernels

        if len(frames) != self._arrays[0].shape[0]:  # the last block
            self._arrays = _arrays(len(frames), *self._geometry.corners.shape)
        centred, products, slack, scratch = self._arrays
        if not kernels.centre_frames(frames, self._geometry, self._round_off, centred, slack):
            return False
        products = self._multiply(self._geometry.minus_two, centred, products)
        search = kernels.search_curve if on_curve else kernels.search_codebook
        search(frames, self._geometry, products, slack, scratch, codes)
        return True


def _arrays(size: int, n_corners: int, dim: int) -> tuple[Any, ...]:
    """Return room for centred frames, products, their round-off and the search's scratch."""
    from sfvq_analysis.curve.search.scanning import Scratch

    shapes = (size, dim), (n_corners, size), size
    wanted = ((shape, np.float32) for shape in shapes)
    return *on_lines(*wanted), Scratch.of(n_corners, size)
