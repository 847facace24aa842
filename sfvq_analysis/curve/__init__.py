"""The piecewise linear curve: projection on it, growth, order, and the sums that fit it.

A curve is its corners, an array of shape (K, D). Segment k joins corner k and corner k + 1; a point
on it is ``(1 - t) c_k + t c_{k+1}``, and ``k + t`` is its position on the axis 0 … K - 1.

`projection` checks what is given and hands it on: to `search` on a processor, which takes the
fastest way for so many dimensions and corners (from coordinates, by a library's products, by
`tiles`, by `octets`), or to `devices`, where the frames are tensors. All give the same codes.
"""

from sfvq_analysis.curve.arrangement import (
    arranged,
    arrangement_cost,
    shared_frames,
    successions,
)
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.engine import Engine
from sfvq_analysis.curve.fitting import (
    CurveStatistics,
    Grid,
    MapStatistics,
    Pull,
    curve_statistics,
    map_statistics,
)
from sfvq_analysis.curve.growth import grow, point_at
from sfvq_analysis.curve.order import principal_order, quieter_end_first, shortest_path
from sfvq_analysis.curve.projection import nearest_codeword, project, roughly_nearest
from sfvq_analysis.curve.published import published_projection

__all__ = [
    "Codes",
    "CurveStatistics",
    "Engine",
    "Grid",
    "MapStatistics",
    "Pull",
    "arranged",
    "arrangement_cost",
    "curve_statistics",
    "grow",
    "map_statistics",
    "nearest_codeword",
    "point_at",
    "principal_order",
    "project",
    "published_projection",
    "quieter_end_first",
    "roughly_nearest",
    "shared_frames",
    "shortest_path",
    "successions",
]
