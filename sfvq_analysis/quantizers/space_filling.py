"""Space-filling vector quantization: every frame to a point of a piecewise linear curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from sfvq_analysis.curve import Codes, point_at, project, published_projection
from sfvq_analysis.curve.checks import checked_corners
from sfvq_analysis.errors import QuantizerError, unknown_option
from sfvq_analysis.quantizers.base import Mode, Provenance, Quantizer, nearest_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


class SpaceFillingVQ(Quantizer):
    """A codebook whose codewords are the corners of a curve, in order.

    Parameters
    ----------
    codebook
        Corners, shape (K, dim), K >= 2.
    provenance
        Where they come from.
    stages
        The smaller curves that this one grew from, each of shape (K', dim), K' increasing.

    References
    ----------
    M. H. Vali, T. Bäckström, Interspeech 2023, 306-310.

    Examples
    --------
    >>> sfvq = SpaceFillingVQ([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]])
    >>> codes = sfvq.encode([[3.0, 1.0]])
    >>> codes.codeword, codes.position, sfvq.decode(codes)
    (array([1], dtype=int32), array([0.75]), array([[3., 0.]], dtype=float32))
    """

    kind: ClassVar[str] = "sfvq"

    def __init__(
        self,
        codebook: ArrayLike,
        provenance: Provenance | None = None,
        stages: Sequence[ArrayLike] = (),
    ) -> None:
        super().__init__(codebook, provenance)
        self._stages = tuple(
            np.ascontiguousarray(checked_corners(stage, at_least=2), np.float32) for stage in stages
        )
        sizes = [len(stage) for stage in self.stages]
        if sizes != sorted(set(sizes)) or any(s.shape[1] != self.dim for s in self._stages):
            raise QuantizerError(
                f"stages have shapes {[stage.shape for stage in self.stages]}",
                remedy="a later stage has more corners, all have the same dimension",
            )

    @property
    def stages(self) -> tuple[NDArray[np.float32], ...]:
        """The codebook at every stage of its growth, each (K', dim); the last is the codebook."""
        return (*self._stages, self.corners())

    def encode(self, frames: ArrayLike | Tensor, mode: Mode = "exact") -> Codes:
        """Return where frames are on the curve.

        Parameters
        ----------
        frames
            Shape (n_frames, dim).
        mode
            ``"exact"``: the nearest point on the whole curve. ``"published"``: the nearer of the
            nearest points on the two segments at the nearest corner, as the paper has it.

        Raises
        ------
        QuantizerError
            If frames don't fit the codebook or aren't finite.
        OptionError
            If `mode` is neither.
        """
        match mode:
            case "exact":
                return project(frames, self.corners())
            case "published":
                return published_projection(frames, self.corners())
            case _:
                raise unknown_option("mode", mode, ("exact", "published"))

    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """Return the points on the curve that codes name, shape (n_frames, dim)."""
        return point_at(self.corners(), codes.position).astype(np.float32)

    def _nearest(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """In training the nearest dithered point, one offset a segment; else the exact one."""
        if self.training:
            u = torch.rand(self.codebook_size - 1, 1, device=flat.device, dtype=flat.dtype)
            dithered = (1 - u) * self.codebook[:-1] + u * self.codebook[1:]  # (K-1, d)
            return nearest_row(flat, self.codebook), dithered[nearest_row(flat, dithered)]
        codes = self.encode(flat)
        segment = torch.from_numpy(codes.segment).long().to(flat.device)
        t = torch.from_numpy(codes.t).to(flat)[:, None]
        point = (1 - t) * self.codebook[segment] + t * self.codebook[segment + 1]
        return torch.from_numpy(codes.codeword).long().to(flat.device), point
