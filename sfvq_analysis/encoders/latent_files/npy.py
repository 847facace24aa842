"""``.npy``: one array without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.arrays import read_npy
from sfvq_analysis.encoders.latent_files.source import UNNAMED, LatentFile
from sfvq_analysis.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NpyFile(LatentFile):
    """One array, without a name."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The one key, which is empty."""
        return (UNNAMED,)

    def __contains__(self, key: str) -> bool:
        return key == UNNAMED

    def read(self, key: str) -> NDArray[Any]:  # noqa: ARG002 (there is one)
        """Return the array."""
        return read_npy(self.path, EncoderError)
