"""The search by kernels of a GPU (`sfvq_analysis.curve.devices.triton_kernels`).

No product is stored, and nothing waits for the GPU till all is found.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from sfvq_analysis.curve.checks import blocks
from sfvq_analysis.curve.devices.tensors import fetch
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from sfvq_analysis.curve.codes import Codes
    from sfvq_analysis.curve.devices.swept_geometry import SweptGeometry
    from sfvq_analysis.curve.prepared import Prepared

_TOGETHER = 1 << 22  # frames; scratch is twelve bytes for each
_SWEPT = {"FRAMES": 64, "CORNERS": 32}  # of a program
_SWEEPING = {"num_warps": 4, "num_stages": 2}
_AT_ONCE, _PART, _NARROWEST = 64, 32, 16  # dimensions: that fit, a part of more, a product's fewest
_DECIDED = {"FRAMES": 16, "CORNERS": 64}
_MOST_DECIDING = 1024  # programs
_SETTLED = {"FRAMES": 64, "COLUMNS": 16}


def on_gpu(frames: Tensor | NDArray[Any]) -> Tensor:
    """Return frames that kernels can be run on, or raise an OptionError."""
    interpreted = os.environ.get("TRITON_INTERPRET") == "1"  # by NumPy, where there is no GPU
    if not (isinstance(frames, torch.Tensor) and (frames.is_cuda or interpreted)):
        raise OptionError(
            "kernels is 'triton', and the frames are not on a GPU",
            remedy="give a tensor that is, or use 'auto'",
        )
    if find_spec("triton") is None:
        raise OptionError(
            "kernels is 'triton', which is not installed",
            remedy="pip install triton, or use 'auto'",
        )
    return frames


def search_on_gpu(frames: Tensor, codebook: Prepared, codes: Codes, *, on_curve: bool) -> bool:
    """Fill in the codes of frames, shape (n_frames, dim); False if some frame isn't usable."""
    found = found_on_gpu(frames, codebook.swept(frames), on_curve=on_curve)
    if found is None:
        return False
    fetch(found, codes, on_curve=on_curve)
    return True


def found_on_gpu(
    frames: Tensor, geometry: SweptGeometry, *, on_curve: bool
) -> tuple[Tensor, ...] | None:
    """Return the columns of `Codes` of frames (n_frames, dim), on their device.

    Those are codeword, segment, t, distortion and codeword_distortion, or only the first and the
    last, if the curve isn't asked for; None if some frame isn't usable.
    """
    n_frames = len(frames)
    index = frames.new_empty((2 if on_curve else 1, n_frames), dtype=torch.int32)
    real = frames.new_empty((3 if on_curve else 1, n_frames), dtype=torch.float32)
    unusable = [
        _search(frames[part], geometry, index[:, part], real[:, part])
        for part in blocks(n_frames, _TOGETHER)
    ]
    if unusable and bool(torch.stack(unusable).any()):
        return None
    if not on_curve:
        return index[0], real[0]
    return index[0], index[1], real[0], real[1], real[2]


def _search(frames: Tensor, geometry: SweptGeometry, index: Tensor, real: Tensor) -> Tensor:
    """Fill in codes, and return whether some frame isn't usable, without waiting for it."""
    from sfvq_analysis.curve.devices import triton_kernels as kernels

    g = geometry
    n_frames, dim = frames.shape
    on_curve = len(index) > 1
    codeword, segment = index if on_curve else (*index, *index)  # what isn't written isn't used
    t, distortion, to_codeword = real if on_curve else (*real, *real, *real)
    other_codeword, other_segment, listed = frames.new_empty((3, n_frames), dtype=torch.int32)
    candidates = codeword, other_codeword, segment, other_segment
    found = frames.new_zeros(2, dtype=torch.int32)
    strides = frames.stride()
    size = len(g.corners)
    at_once = dim <= _AT_ONCE
    columns = max(1 << (dim - 1).bit_length(), _NARROWEST) if at_once else _PART
    with torch.cuda.device(frames.get_device()):  # where Triton runs; none is -1
        kernels.sweep[_programs(n_frames, _SWEPT),](
            frames, g.centre, g.scale, g.corner_heads, g.corner_tails, g.direction_heads,
            g.direction_tails, g.squares, g.starts, g.extents, g.limits, *candidates, listed,
            found, n_frames, *strides, dim, size, **_SWEPT, COLUMNS=columns, AT_ONCE=at_once,
            ON_CURVE=on_curve, **_SWEEPING,
        )  # fmt: skip
        kernels.decide[min(_programs(n_frames, _DECIDED), _MOST_DECIDING),](
            frames, g.corners_by_column, g.steps_by_column, g.lengths, *candidates, listed, found,
            g.tie, *strides, dim, size, **_DECIDED, ON_CURVE=on_curve,
        )  # fmt: skip
        kernels.settle[_programs(n_frames, _SETTLED),](
            frames, g.corners, g.steps, g.lengths, *candidates, g.tie, t, distortion, to_codeword,
            n_frames, *strides, dim, size, **_SETTLED, ON_CURVE=on_curve,
        )  # fmt: skip
    return found[1]


def _programs(n_frames: int, shape: dict[str, int]) -> int:
    return -(-n_frames // shape["FRAMES"])
