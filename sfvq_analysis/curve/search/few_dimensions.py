"""`Direct`, `Pruned`: search in blocks of frames of few dimensions, as they are, in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.geometry import TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

    Frames = NDArray[np.floating[Any]]

MOST_DIRECT = 4
"""Up to so many dimensions."""


class Direct:
    """Goes through all segments in float64, for few dimensions."""

    def __init__(self, geometry: Geometry, size: int) -> None:
        wider = ((0, 0), (0, MOST_DIRECT - geometry.corners.shape[1]))
        self._corners, self._steps = np.pad(geometry.corners, wider), np.pad(geometry.steps, wider)
        self._centre = geometry.centre
        # by the longest: by its own length, a short segment would be told from others by rounding
        self._tie = TIE * float(geometry.lengths.max(initial=0.0))
        self._rows = np.empty((MOST_DIRECT, size))
        self._squared = np.empty(size)

    def search(self, frames: Frames, codes: Codes, *, on_curve: bool) -> bool:
        """Fill in the codes of a block; False if a frame isn't usable."""
        from sfvq_analysis.curve.search import direct

        rows = direct.of_fewer(self._rows, len(frames))
        if not direct.spread(frames, self._centre, rows):
            return False
        self._find(rows, codes, on_curve=on_curve)
        return True

    def _find(self, rows: NDArray[np.float64], codes: Codes, *, on_curve: bool) -> None:
        from sfvq_analysis.curve.search.direct import nearest_directly, project_directly

        squared = self._squared[: rows.shape[1]]
        if on_curve:
            project_directly(rows, self._corners, self._steps, self._tie, squared, codes)
        nearest_directly(rows, self._corners, squared, codes)


class Pruned(Direct):
    """Goes through those stretches of many corners that may be nearest."""

    def __init__(self, geometry: Geometry, size: int) -> None:
        from sfvq_analysis.curve.search.balls import Clusters, Stretches
        from sfvq_analysis.curve.search.pruned import Lists, Nearest

        super().__init__(geometry, size)
        self._clusters = Clusters.of(self._corners)
        self._stretches = Stretches.of(self._corners, self._steps, self._tie)
        self._no_segments = Stretches.of(self._corners, self._steps[:0], self._tie)
        self._lists = Lists.empty(len(self._clusters.within), size)
        self._nearest = Nearest.empty(size)

    def _find(self, rows: NDArray[np.float64], codes: Codes, *, on_curve: bool) -> None:
        from sfvq_analysis.curve.search.direct import write_segments
        from sfvq_analysis.curve.search.pruned import search_pruned

        size = rows.shape[1]
        lists, nearest = self._lists.first(size), self._nearest.first(size)
        stretches = self._stretches if on_curve else self._no_segments
        search_pruned(rows, stretches, self._clusters, lists, nearest)
        codes.codeword[:], codes.codeword_distortion[:] = nearest.corner, nearest.square
        if on_curve:
            codes.segment[:] = nearest.segment
            write_segments(rows, self._corners, self._steps, codes)
