"""Frames that count and frames that don't: from (batch, time, …) to rows, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch

from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from torch import Tensor

_Array = TypeVar("_Array")


def counted(z: Tensor, mask: Tensor | None, dim: int) -> Tensor:
    """Return the latents that count, shape (n, dim), checked.

    Parameters
    ----------
    z
        Shape (batch, time, dim).
    mask
        Shape (batch, time), bool, True where a frame counts; None if all do.
    dim
        Of the codebook.

    Raises
    ------
    QuantizerError
        If shapes or the mask's dtype are others, or a latent that counts isn't finite.
    """
    if z.ndim != 3 or z.shape[-1] != dim:
        raise QuantizerError(
            f"latents have shape {tuple(z.shape)}", remedy=f"give (batch, time, {dim})"
        )
    if mask is not None and (mask.dtype != torch.bool or mask.shape != z.shape[:2]):
        raise QuantizerError(
            f"mask is {mask.dtype} of shape {tuple(mask.shape)}",
            remedy=f"give torch.bool of shape {tuple(z.shape[:2])}, True where a frame counts",
        )
    flat = z.reshape(-1, dim) if mask is None else z[mask]
    if not torch.isfinite(flat).all():
        raise QuantizerError("latents hold NaN or infinity", remedy="mend the latents")
    return flat


def spread(rows: Tensor, shape: torch.Size, mask: Tensor | None, *, filler: int) -> Tensor:
    """Return rows (n, …) at the frames that count and a filler at the others.

    Parameters
    ----------
    rows
        Shape (n, …).
    shape
        (batch, time).
    mask
        As for `counted`.
    filler
        What the others get.

    Returns
    -------
    Tensor, shape (batch, time, …)
    """
    if mask is None:
        return rows.reshape(*shape, *rows.shape[1:])
    full = rows.new_full((*shape, *rows.shape[1:]), filler)
    full[mask] = rows
    return full


def unmasked(codewords: _Array) -> _Array:
    """Return codewords, unless numbers of them are masked: an array made of them knows no mask.

    Raises
    ------
    QuantizerError
        If it is a `numpy.ma.MaskedArray`, or a list that holds one, in which a number is masked.
    """
    parts = codewords if isinstance(codewords, list | tuple) else [codewords]
    if any(np.ma.is_masked(part) for part in parts):
        raise QuantizerError("numbers of the codebook are masked", remedy="leave those rows out")
    return codewords
