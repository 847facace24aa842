"""`DeviceGeometry`: a codebook's constants as tensors, on the device of the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from sfvq_analysis.curve.geometry import Geometry


class DeviceGeometry(NamedTuple):
    """`Geometry` of K corners as tensors on a device, and what a segment's value is made of.

    With corners c~_k, centred and scaled, and directions u_k = (c~_{k+1} - c~_k) / l_k of segments
    of length l_k, the value of corner k is e_k = |c~_k|² - 2 c~_k·x~, that of segment k is e_k - a²
    with a = clamp(u_k·x~ - u_k·c~_k, 0, l_k). For a frame beyond the far corner that is too much,
    but the next segment has this corner, too; the last corner counts as a segment without length.

    Attributes
    ----------
    corners, steps, lengths, scale, farthest, minus_two, squares, reach
        As in `Geometry`.
    shift
        What is added to scaled frames to centre them (dim,), in float64.
    directions, starts, extents
        u_k (K, dim), -u_k·c~_k and l_k (K,), in float32, 0 for the last corner.
    nothing
        Zeros (K,), the least a is clamped to.
    """

    corners: Tensor
    steps: Tensor
    lengths: Tensor
    scale: Tensor
    farthest: Tensor
    shift: Tensor
    minus_two: Tensor
    squares: Tensor
    reach: Tensor
    directions: Tensor
    starts: Tensor
    extents: Tensor
    nothing: Tensor

    @classmethod
    def of(cls, geometry: Geometry, device: torch.device) -> DeviceGeometry:
        """Take a codebook's constants to a device."""
        extents = geometry.scale * np.sqrt(geometry.lengths)
        extents[geometry.spans == 0] = 0.0
        inverse = np.divide(geometry.scale, extents, out=np.zeros_like(extents), where=extents > 0)
        directions = geometry.steps * inverse[:, None]
        centred = geometry.scale * (geometry.corners[:-1] - geometry.centre)
        starts = -np.einsum("kd,kd->k", directions, centred)
        arrays = {
            **geometry._asdict(),
            "shift": -geometry.scale * geometry.centre,
            "directions": _with_last_corner(directions),
            "starts": _with_last_corner(starts),
            "extents": _with_last_corner(extents),
            "nothing": np.zeros(len(extents) + 1, np.float32),
        }
        return cls(*(torch.as_tensor(arrays[name]).to(device) for name in cls._fields))


def _with_last_corner(of_segments: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return float32 with one segment more, which has no length."""
    wider = np.zeros((len(of_segments) + 1, *of_segments.shape[1:]), np.float32)
    wider[:-1] = of_segments
    return wider
