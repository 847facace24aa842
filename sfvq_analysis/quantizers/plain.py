"""Plain vector quantization: every frame to its nearest codeword."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sfvq_analysis.curve import Codes, nearest_codeword
from sfvq_analysis.errors import check_option
from sfvq_analysis.quantizers.base import Mode, Quantizer, nearest_row

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


class PlainVQ(Quantizer):
    """A codebook without order.

    Examples
    --------
    >>> vq = PlainVQ([[0.0, 0.0], [4.0, 0.0]])
    >>> vq.encode([[3.0, 1.0]]).codeword
    array([1], dtype=int32)
    """

    kind: ClassVar[str] = "vq"

    def encode(self, frames: ArrayLike | Tensor, mode: Mode = "exact") -> Codes:
        """Return the nearest codeword of each frame; both modes are the same here.

        Parameters
        ----------
        frames
            Shape (n_frames, dim).
        mode
            As in `SpaceFillingVQ.encode`.

        Raises
        ------
        QuantizerError
            If frames don't fit the codebook or aren't finite.
        """
        check_option("mode", mode, ("exact", "published"))
        codeword, distortion = nearest_codeword(frames, self.corners())
        n_frames = len(codeword)
        return Codes(
            codeword,
            np.full(n_frames, -1, dtype=np.int32),
            np.full(n_frames, np.nan, dtype=np.float32),
            distortion,
            distortion,
        )

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """Return the codewords of codes, shape (n_frames, dim)."""
        return self.corners()[codes.codeword]

    def _nearest(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        index = nearest_row(flat, self.codebook)
        return index, self.codebook[index]
