"""The same search by tensor operations, on the device of the frames.

For frames on a GPU, and for machines without numba. Screening is in float32 as on the CPU, from two
products a block: with corners, and with directions of segments (`DeviceGeometry`). What is within
the round-off is computed anew in float64. Codes stay on the device till all are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from sfvq_analysis.curve.checks import as_floats, as_frames, blocks
from sfvq_analysis.curve.devices.device_geometry import DeviceGeometry
from sfvq_analysis.curve.geometry import TIE, round_off
from sfvq_analysis.curve.products import float32_precision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.geometry import Geometry

_SCRATCH, _SCRATCH_ON_GPU = 1 << 18, 1 << 27  # products of a block, K * B; there are two of them
_BYTES_A_PRODUCT, _FEWEST = 32, 64  # with all that is worked out beside them; frames
_CANDIDATES, _CANDIDATES_ON_GPU = 1 << 22, 1 << 26  # times dimensions, together in float64
_ROUND_OFF = {"highest": 2.0**-23, "high": 2.0**-10, "medium": 2.0**-7}


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
    constants = DeviceGeometry.of(geometry, device)
    size = max(_most_products(device) // len(geometry.corners), _FEWEST)
    arrays = _arrays(codes, on_curve=on_curve)
    found = [torch.empty_like(array, device=device) for array in arrays]
    with torch.no_grad(), torch.autocast(device.type, enabled=False):
        for part in blocks(len(frames), size):
            block = frames[part]
            if not isinstance(block, Tensor):
                block = torch.from_numpy(as_floats(block).copy())
            columns = _search_block(block, constants, on_curve=on_curve)
            if columns is None:
                return False
            for column, values in zip(found, columns, strict=True):
                column[part] = values
    fetch(found, codes, on_curve=on_curve)
    return True


def fetch(found: Iterable[Tensor], codes: Codes, *, on_curve: bool) -> None:
    """Copy codes from a device; without the curve, those are codeword and its distortion."""
    for array, held in zip(_arrays(codes, on_curve=on_curve), found, strict=True):
        array.copy_(held)


def _arrays(codes: Codes, *, on_curve: bool) -> list[Tensor]:
    wanted = codes if on_curve else (codes.codeword, codes.codeword_distortion)
    return [torch.from_numpy(column) for column in wanted]


def _most_products(device: torch.device) -> int:
    """Return how many products a block has, K * B: on a GPU no more than there is room for."""
    if device.type != "cuda":
        return _SCRATCH
    free, _ = torch.cuda.mem_get_info(device)
    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return min(_SCRATCH_ON_GPU, (free + held) // _BYTES_A_PRODUCT)


def _search_block(
    frames: Tensor, constants: DeviceGeometry, *, on_curve: bool
) -> tuple[Tensor, ...] | None:
    """Return the columns of `Codes`, or None if some frame isn't usable."""
    centred = torch.empty(frames.shape, dtype=torch.float32, device=frames.device)
    torch.addcmul(constants.shift, frames, constants.scale, out=centred)  # in float64
    norms = torch.linalg.vector_norm(centred, dim=1, keepdim=True, dtype=torch.float64)
    if not bool((norms <= constants.farthest * constants.scale).all()):
        return None
    eps = _ROUND_OFF[float32_precision(torch)]
    # twice that of the values of corners: u_k·x~ errs, too, and is squared
    slack = (2 * round_off(frames.shape[1], eps) * (norms + constants.reach) ** 2).float()
    values = torch.addmm(constants.squares, centred, constants.minus_two.T)  # (b, K)
    codeword, nearest = _nearest(frames, values, slack, constants)
    if not on_curve:
        return codeword, nearest
    along = torch.addmm(constants.starts, centred, constants.directions.T)
    along.clamp_(constants.nothing, constants.extents)
    values.addcmul_(along, along, value=-1)
    segment, t, distortion = _on_segments(frames, values, slack, constants)
    return codeword, segment, t, distortion, nearest


def _candidates(values: Tensor, slack: Tensor, dim: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (row, column) of values (b, n) within slack of their row's least, some at a time."""
    row, column = (values <= values.amin(dim=1, keepdim=True) + slack).nonzero(as_tuple=True)
    size = max((_CANDIDATES_ON_GPU if values.is_cuda else _CANDIDATES) // dim, 1)
    yield from zip(torch.split(row, size), torch.split(column, size), strict=True)


def _nearest(
    frames: Tensor, ends: Tensor, slack: Tensor, constants: DeviceGeometry
) -> tuple[Tensor, Tensor]:
    """Return nearest corner and squared distance, decided in float64."""
    row, k, squared = _joined(
        (row, k, _squares(frames[row] - constants.corners[k]))
        for row, k in _candidates(ends, slack, frames.shape[1])
    )
    least = _least_by_row(row, squared, len(frames))
    return _least_by_row(
        row, torch.where(squared <= least[row], k, len(ends.T)), len(frames)
    ), least


def _on_segments(
    frames: Tensor, values: Tensor, slack: Tensor, constants: DeviceGeometry
) -> tuple[Tensor, Tensor, Tensor]:
    """Return nearest segment, t and squared distance, decided in float64."""
    last = len(constants.steps) - 1
    row, k, t, squared = _joined(
        (row, k := place.clamp(max=last), *_on_segment(frames[row], k, constants))
        for row, place in _candidates(values, slack, frames.shape[1])
    )
    least = _least_by_row(row, squared, len(frames))
    near = squared <= least[row] + TIE * (least[row] + constants.lengths[k])
    position = _least_by_row(row, torch.where(near, k + t, torch.inf), len(frames))
    segment = position.long().clamp(max=last)
    t = (position - segment).float()
    at_corner = (t == 1) & (segment < last)  # the start of its segment
    return segment + at_corner, t.masked_fill(at_corner, 0.0), least


def _on_segment(frames: Tensor, k: Tensor, constants: DeviceGeometry) -> tuple[Tensor, Tensor]:
    """Return t and squared distance of frames (n, dim) on segments k (n,)."""
    step, length = constants.steps[k], constants.lengths[k]
    offset = frames - constants.corners[k]
    t = torch.where(length > 0, torch.linalg.vecdot(offset, step) / length, 0.0).clamp_(0, 1)
    offset.addcmul_(t[:, None], step, value=-1)
    return t, _squares(offset)


def _squares(offsets: Tensor) -> Tensor:
    """Return the squared norms of rows."""
    squares: Tensor = torch.linalg.vecdot(offsets, offsets)
    return squares


def _joined(parts: Iterable[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def _least_by_row(row: Tensor, values: Tensor, n_rows: int) -> Tensor:
    """Return the least of the values of each row; every row has one."""
    out = values.new_zeros(n_rows)
    return out.scatter_reduce_(0, row, values, "amin", include_self=False)
