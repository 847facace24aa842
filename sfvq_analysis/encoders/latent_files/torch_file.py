"""``.pt``: a tensor, or a dict of tensors by name. Files that carry code are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.arrays import array_of, read_tensors
from sfvq_analysis.encoders.latent_files.source import UNNAMED, LatentFile
from sfvq_analysis.errors import EncoderError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor


class TorchFile(LatentFile):
    """A tensor without a name, or a dict of tensors; other values of the dict are passed over.

    All of the file is read when it is opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._tensors = _named(read_tensors(path, EncoderError))

    @property
    def keys(self) -> list[str]:
        """Names of the tensors; one empty name if the file is a tensor."""
        return list(self._tensors)

    def __contains__(self, key: str) -> bool:
        return key in self._tensors

    def read(self, key: str) -> NDArray[Any]:
        """Return a tensor as an array."""
        return array_of(self._tensors[key], EncoderError)


def _named(stored: Any) -> dict[str, Tensor]:
    import torch

    if isinstance(stored, torch.Tensor):
        return {UNNAMED: stored}
    if not isinstance(stored, dict):
        raise EncoderError(
            f"it holds a {type(stored).__name__}", remedy="store a tensor or a dict of tensors"
        )
    return {
        name: value
        for name, value in stored.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
