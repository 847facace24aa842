"""`SweptGeometry`: a codebook's constants as the kernels of a GPU take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from sfvq_analysis.curve.devices.device_geometry import DeviceGeometry
from sfvq_analysis.curve.geometry import TIE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from sfvq_analysis.curve.geometry import Geometry

_PARTED = 1.5 * 2.0**-20  # of |x~| |c~|: two tails are cut off, their product is left out
_SUMMED = 0.75 * 2.0**-23  # a dimension: three products, four at a time, and sums that are cut off


class SweptGeometry(NamedTuple):
    """`DeviceGeometry` of K corners with what the kernels of a GPU take besides.

    Attributes
    ----------
    centre, scale
        Mean corner (dim,) and a power of two (1,), in the type that frames are centred in.
    corner_heads, corner_tails, direction_heads, direction_tails
        -2 c~_k and u_k (K, dim) as sums of two numbers of 11 digits.
    squares, starts, extents
        As in `DeviceGeometry`, (K,).
    limits
        The farthest norm that is usable, the largest of a corner, and what bounds the error of two
        values, in units of (|x~| + max|c~|)² (3,): with p for the products of |x~| and |c~|, of
        which that square holds four, e_k errs by p / 2, a² by 2 p, two values by 5 p; 6 p is it.
    corners, steps, lengths
        As in `Geometry`.
    corners_by_column, steps_by_column
        The same, (dim, K) and (dim, K - 1).
    tie
        `geometry.TIE` (1,).
    """

    centre: Tensor
    scale: Tensor
    corner_heads: Tensor
    corner_tails: Tensor
    direction_heads: Tensor
    direction_tails: Tensor
    squares: Tensor
    starts: Tensor
    extents: Tensor
    limits: Tensor
    corners: Tensor
    steps: Tensor
    lengths: Tensor
    corners_by_column: Tensor
    steps_by_column: Tensor
    tie: Tensor

    @classmethod
    def of(cls, geometry: Geometry, frames: Tensor) -> SweptGeometry:
        """Take a codebook's constants to the device of frames, float32 or float64."""
        wide = frames.dtype == torch.float64
        centre, scale = (geometry.centre, geometry.scale) if wide else geometry.narrow()
        dim = geometry.corners.shape[1]
        product = _PARTED + dim * _SUMMED
        farthest = geometry.farthest * geometry.scale
        here = DeviceGeometry.of(geometry, frames.device)

        def on_device(numbers: ArrayLike) -> Tensor:
            return torch.as_tensor(np.atleast_1d(numbers), device=frames.device)

        return cls(
            on_device(centre),
            on_device(scale),
            *_parted(here.minus_two),
            *_parted(here.directions),
            here.squares,
            here.starts,
            here.extents,
            on_device([farthest, geometry.reach, 6 * product]),
            here.corners,
            here.steps,
            here.lengths,
            here.corners.T.contiguous(),
            here.steps.T.contiguous(),
            on_device(TIE),
        )


def _parted(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return heads and tails of float32, as `triton_kernels.parted` makes them."""
    heads = ((values.view(torch.int32) + 0x1000) & -0x2000).view(torch.float32)
    return heads, values - heads
