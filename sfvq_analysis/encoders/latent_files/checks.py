"""What latents must be, whatever file they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.arrays import first_not_finite
from sfvq_analysis.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REMEDY = "store floats of shape (n_frames, dim)"


def checked_latents(
    array: NDArray[Any], dim: int | None = None, *, empty: bool = False
) -> NDArray[np.float32]:
    """Return latents as float32 of shape (n_frames, dim), in C order.

    Parameters
    ----------
    array
        As it is stored.
    dim
        Dimensions that a frame must have; any by default.
    empty
        Whether there may be no frames.

    Raises
    ------
    EncoderError
        If they aren't floats of that shape, or one isn't finite, also in float32.
    """
    if array.dtype.kind != "f" or array.ndim != 2:
        raise EncoderError(
            f"latents are {array.dtype} of shape {array.shape}", remedy=_advice(array)
        )
    n_frames, n_dimensions = array.shape
    if n_dimensions == 0 or (n_frames == 0 and not empty):
        raise EncoderError(f"latents are empty, of shape {array.shape}", remedy=_REMEDY)
    if dim is not None and n_dimensions != dim:
        turned = n_frames == dim
        raise EncoderError(
            f"latents have {n_dimensions} dimensions, not {dim}",
            remedy="transpose them" if turned else "store the latents of one layer only",
        )
    _check_finite(array, "NaN or infinity")
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(array, dtype=np.float32)
    _check_finite(values, "numbers too large for float32")
    return values


def _advice(array: NDArray[Any]) -> str:
    if array.dtype.kind == "f" and array.ndim == 3 and len(array) == 1:
        return "take off the axis of the batch: store array[0], of shape (n_frames, dim)"
    return _REMEDY


def _check_finite(values: NDArray[Any], what: str) -> None:
    row = first_not_finite(values)
    if row is not None:
        raise EncoderError(
            f"latents hold {what}, the first at frame {row}",
            remedy="mend the latents or the encoder",
        )
