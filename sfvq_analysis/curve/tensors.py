"""The same search by tensor operations, on the device of the frames.

For frames on a GPU, and for machines without numba. Screening is in float32 as on the CPU, from two
products a block. With corners c~_k and directions u_k = (c_{k+1} - c_k) / l_k of segments of length
l_k, the value of corner k is e_k = |c~_k|² - 2 c~_k·x~, that of segment k is e_k - a² with
a = clamp(u_k·x~ - u_k·c~_k, 0, l_k). For a frame beyond the far corner that is too much, but the
next segment has this corner, too, and the last segment gets the value of its own. What is within
the round-off is computed anew in float64. Codes stay on the device till all are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sfvq_analysis.curve.checks import as_floats, as_frames, blocks
from sfvq_analysis.curve.products import float32_precision
from sfvq_analysis.curve.screening import round_off

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

_SCRATCH = {"cpu": 1 << 18, "cuda": 1 << 25}  # products of a block, K * B
_CANDIDATES = 1 << 22  # candidates times dimensions, looked at together in float64
_FARTHEST = 1e18
_ROUND_OFF = {"highest": 2.0**-23, "high": 2.0**-10, "medium": 2.0**-7}
_TIE = 1e-13


def as_tensor(frames: Tensor) -> Tensor:
    """Return frames as a float32 or float64 tensor of shape (n_frames, dim), on their device."""
    if frames.ndim != 2:
        as_frames(np.empty(tuple(frames.shape), dtype=np.float32))  # raises
    if not frames.is_floating_point():
        return frames.detach().double()
    return frames.detach().to(torch.promote_types(frames.dtype, torch.float32))


def search_tensors(
    frames: Tensor | NDArray[Any], geometry: Geometry, codes: Codes, *, on_curve: bool
) -> bool:
    """Fill in the codes of frames, shape (n_frames, dim); False if some frame isn't usable."""
    device = frames.device if isinstance(frames, Tensor) else torch.device("cpu")
    constants = _Constants.of(geometry, device)
    scratch = _SCRATCH.get(device.type, _SCRATCH["cpu"])
    found = [torch.from_numpy(column).to(device) for column in codes]
    with torch.no_grad(), torch.autocast(device.type, enabled=False):
        for part in blocks(len(frames), max(scratch // len(geometry.corners), 64)):
            block = frames[part]
            if not isinstance(block, Tensor):
                block = torch.from_numpy(as_floats(block).copy())
            columns = _search_block(block, constants, on_curve=on_curve)
            if columns is None:
                return False
            for column, values in zip(found, columns, strict=True):
                if values is not None:
                    column[part] = values
    for array, held in zip(codes, found, strict=True):
        array[:] = held.cpu().numpy()
    return True


class _Constants(NamedTuple):
    """`Geometry` as tensors on a device, and what a segment's value is made of."""

    corners: Tensor
    steps: Tensor
    lengths: Tensor
    centre: Tensor
    scale: Tensor
    minus_two: Tensor
    squares: Tensor
    reach: Tensor
    directions: Tensor
    starts: Tensor
    extents: Tensor

    @classmethod
    def of(cls, geometry: Geometry, device: torch.device) -> _Constants:
        extents = geometry.scale * np.sqrt(geometry.lengths)
        extents[geometry.spans == 0] = 0.0
        inverse = np.divide(geometry.scale, extents, out=np.zeros_like(extents), where=extents > 0)
        directions = geometry.steps * inverse[:, None]
        centred = geometry.scale * (geometry.corners[:-1] - geometry.centre)
        arrays = {
            **geometry._asdict(),
            "directions": directions.astype(np.float32),
            "starts": -np.einsum("kd,kd->k", directions, centred).astype(np.float32),
            "extents": extents.astype(np.float32),
        }
        return cls(*(torch.as_tensor(arrays[name]).to(device) for name in cls._fields))


def _search_block(
    frames: Tensor, constants: _Constants, *, on_curve: bool
) -> tuple[Tensor | None, ...] | None:
    """Return the columns of `Codes`, or None if some frame isn't usable."""
    offset = frames - constants.centre  # in float64
    norms = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
    if not bool((norms <= _FARTHEST).all()):
        return None
    centred = offset.mul_(constants.scale).float()  # (b, d)
    norms = (norms * constants.scale).float()
    eps = _ROUND_OFF[float32_precision(torch)]
    slack = 2 * round_off(frames.shape[1], eps) * (norms + constants.reach) ** 2
    ends = torch.addmm(constants.squares, centred, constants.minus_two.T)  # (b, K)
    codeword, nearest = _nearest(frames, ends, slack, constants)
    if not on_curve:
        return codeword, None, None, None, nearest
    along = torch.addmm(constants.starts, centred, constants.directions.T)  # (b, K-1)
    along.clamp_(torch.zeros_like(constants.extents), constants.extents)
    last = ends[:, -1].clone()
    values = ends[:, :-1].addcmul_(along, along, value=-1)
    values[:, -1] = torch.minimum(values[:, -1], last)
    segment, t, distortion = _on_segments(frames, values, slack, constants)
    return codeword, segment, t, distortion, nearest


def _candidates(values: Tensor, slack: Tensor, dim: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (row, column) of values (b, n) within slack of their row's least, some at a time."""
    row, column = (values <= values.amin(dim=1, keepdim=True) + slack).nonzero(as_tuple=True)
    size = max(_CANDIDATES // dim, 1)
    yield from zip(torch.split(row, size), torch.split(column, size), strict=True)


def _nearest(
    frames: Tensor, ends: Tensor, slack: Tensor, constants: _Constants
) -> tuple[Tensor, Tensor]:
    """Return nearest corner and squared distance, decided in float64."""
    row, k, squared = _joined(
        (row, k, (frames[row] - constants.corners[k]).square().sum(dim=1))
        for row, k in _candidates(ends, slack, frames.shape[1])
    )
    least = _least_by_row(row, squared, len(frames))
    return _least_by_row(
        row, torch.where(squared <= least[row], k, len(ends.T)), len(frames)
    ), least


def _on_segments(
    frames: Tensor, values: Tensor, slack: Tensor, constants: _Constants
) -> tuple[Tensor, Tensor, Tensor]:
    """Return nearest segment, t and squared distance, decided in float64."""
    row, k, t, squared = _joined(
        (row, k, *_on_segment(frames[row], k, constants))
        for row, k in _candidates(values, slack, frames.shape[1])
    )
    least = _least_by_row(row, squared, len(frames))
    near = squared <= least[row] + _TIE * (least[row] + constants.lengths[k])
    position = _least_by_row(row, torch.where(near, k + t, torch.inf), len(frames))
    last = values.shape[1] - 1
    segment = position.long().clamp(max=last)
    t = (position - segment).float()
    at_corner = (t == 1) & (segment < last)  # the start of its segment
    return segment + at_corner, t.masked_fill(at_corner, 0.0), least


def _on_segment(frames: Tensor, k: Tensor, constants: _Constants) -> tuple[Tensor, Tensor]:
    """Return t and squared distance of frames (n, dim) on segments k (n,)."""
    step, length = constants.steps[k], constants.lengths[k]
    offset = frames - constants.corners[k]
    t = torch.where(length > 0, (offset * step).sum(dim=1) / length, 0.0).clamp_(0, 1)
    return t, (offset - t[:, None] * step).square().sum(dim=1)


def _joined(parts: Iterable[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def _least_by_row(row: Tensor, values: Tensor, n_rows: int) -> Tensor:
    """Return the least of the values of each row; every row has one."""
    out = values.new_zeros(n_rows)
    return out.scatter_reduce_(0, row, values, "amin", include_self=False)
