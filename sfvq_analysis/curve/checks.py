"""Frames and codebooks as arrays that fit each other, or a QuantizerError."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

_BLOCK = 1 << 14


def blocks(n_rows: int, size: int) -> Iterator[slice]:
    """Yield slices of `size` rows, the last of what is left; none for no rows."""
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


def loaded_torch() -> Any:
    """Return torch if it is loaded; None, too, while another thread loads it."""
    torch = sys.modules.get("torch")
    return None if getattr(getattr(torch, "__spec__", None), "_initializing", False) else torch


def is_tensor(frames: object) -> TypeGuard[Tensor]:
    """Tell a torch tensor, without loading torch."""
    torch = loaded_torch()
    return torch is not None and isinstance(frames, torch.Tensor)


def as_frames(frames: ArrayLike | Tensor) -> NDArray[Any]:
    """Return frames as an array of numbers of shape (n_frames, dim), their values unchecked.

    A memory map stays one, of whatever numbers. Of tensors, whole numbers become float64 and lower
    precisions than float32 (NumPy has no bfloat16) become that.
    """
    if is_tensor(frames):
        torch: Any = sys.modules["torch"]
        wide = torch.promote_types(frames.dtype, torch.float32)
        wide = wide if frames.is_floating_point() else torch.float64
        frames = frames.detach().to("cpu", wide).numpy()
    array = frames if isinstance(frames, np.ndarray) else np.asarray(frames)
    if array.dtype.kind not in "fiub":
        raise QuantizerError(f"frames are {array.dtype}", remedy="give numbers, (n_frames, dim)")
    if array.ndim != 2:
        raise QuantizerError(f"frames have shape {array.shape}", remedy="give (n_frames, dim)")
    return array


def as_floats(array: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Return numbers as a C-contiguous array of float32 or float64, a copy only where needed."""
    wide = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    return np.ascontiguousarray(array, dtype=wide)


def not_finite(frames: NDArray[np.floating]) -> QuantizerError:
    """Return the error that counts the rows with NaN or infinity and names the first."""
    parts = (np.isfinite(frames[part]).all(axis=1) for part in blocks(len(frames), _BLOCK))
    bad = np.flatnonzero(~np.concatenate(list(parts)))
    return QuantizerError(
        f"{len(bad)} of {len(frames)} frames hold NaN or infinity, the first is row {bad[0]}",
        remedy="mend the latents",
    )


def checked_corners(corners: ArrayLike, *, at_least: int) -> NDArray[np.float64]:
    """Return a codebook as float64 of shape (K, dim), or raise a QuantizerError."""
    array = np.asarray(corners, dtype=np.float64)
    if array.ndim != 2 or len(array) < at_least or array.shape[1] < 1:
        raise QuantizerError(
            f"codebook has shape {array.shape}", remedy=f"give (K, dim) with K >= {at_least}"
        )
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise QuantizerError(
            f"codebook holds NaN or infinity, the first at codeword {bad[0]}",
            remedy="mend the codebook",
        )
    return array


def check_dimension(shape: tuple[int, ...], corners: NDArray[np.float64]) -> None:
    """Raise a QuantizerError unless frames of a shape and corners have the same dimension."""
    if shape[1] != corners.shape[1]:
        raise QuantizerError(
            f"frames have {shape[1]} dimensions, the codebook {corners.shape[1]}",
            remedy="use the encoder that the codebook was fitted on",
        )
