"""Torch files of tensors, and tensors as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.arrays.zips import check_zip
from sfvq_analysis.errors import in_line
from sfvq_analysis.weights import is_dense, read_torch_weights

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from sfvq_analysis.errors import SfvqError

_ZIP = b"PK\x03\x04"
_REMEDY = "store a dense tensor of floats with torch.save(tensor.cpu().contiguous(), …)"


def read_tensors(path: Path, refusal: type[SfvqError]) -> Any:
    """Read a torch file that holds tensors, numbers, texts and containers of them, nothing else.

    Like `sfvq_analysis.weights.read_torch_weights`, after what it doesn't check is checked: the
    file's own word for its size (torch stores without compression, but would inflate), and the
    checksums (it stores but doesn't read them).

    Raises
    ------
    refusal
        If it isn't one, is damaged, or carries code.
    """
    with path.open("rb") as file:
        zipped = file.read(len(_ZIP)) == _ZIP  # as torch tells
    if zipped:
        check_zip(path, refusal)
    return read_torch_weights(path, refusal)


def array_of(tensor: Tensor, refusal: type[SfvqError]) -> NDArray[Any]:
    """Return a tensor as an array; float16, bfloat16 and narrower become float32.

    Raises
    ------
    refusal
        If it isn't a dense tensor, or its shape is larger than the memory behind it.
    """
    import torch

    if not is_dense(tensor):
        raise refusal("it holds a sparse, quantized or empty-handed tensor", remedy=_REMEDY)
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise refusal(
            f"its tensor of shape {tuple(tensor.shape)} repeats the same numbers", remedy=_REMEDY
        )
    try:
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        if plain.is_floating_point() and plain.dtype is not torch.float64:
            plain = plain.float()
        return np.asarray(plain.contiguous().numpy())
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise refusal(f"its tensor can't be read ({in_line(error)})", remedy=_REMEDY) from error
