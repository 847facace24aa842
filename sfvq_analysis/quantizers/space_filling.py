"""Space-filling vector quantization: every frame to a point of a piecewise linear curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import nn

from sfvq_analysis.curve import Codes, grow, point_at, project, published_projection
from sfvq_analysis.curve.checks import checked_corners
from sfvq_analysis.errors import QuantizerError, unknown_option
from sfvq_analysis.quantizers.base import Mode, Provenance, Quantizer, nearest_row
from sfvq_analysis.quantizers.estimators import Gradients, Mixture
from sfvq_analysis.quantizers.starts import principal_line, random_line, respread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


class SpaceFillingVQ(Quantizer):
    """A codebook whose codewords are the corners of a curve, in order.

    In training mode latents go to the nearest point of a dithered codebook, one offset l ~ U[0, 1)
    a segment and batch. With every estimator the corners are trained by gradients: running means of
    counts and sums, as `PlainVQ` has with ``"straight_through"``, don't exist here, as each latent
    belongs to two corners and their least squares are coupled (`sfvq_analysis.curve.fitting`). With
    ``"straight_through"`` the loss alone trains them.

    Parameters
    ----------
    codebook
        Corners, shape (K, dim), K >= 2.
    provenance
        Where they come from.
    stages
        The smaller curves that this one grew from, each of shape (K', dim), K' increasing.
    gradients
        How it is trained inside a model.

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
        *,
        gradients: Gradients | None = None,
    ) -> None:
        super().__init__(codebook, provenance, gradients=gradients)
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

    def stage_quantizers(self) -> dict[int, SpaceFillingVQ]:
        """Return the curves that this one grew from, by their bits b; of 2^b corners each.

        They belong to the same encoder, and ``fit`` of their provenance says which codebook they
        are a stage of. There is none where a codebook's size is no power of two.

        Examples
        --------
        >>> sfvq = SpaceFillingVQ([[0.0], [1.0]])
        >>> _ = sfvq.grow()
        >>> {bits: stage.codebook_size for bits, stage in sfvq.stage_quantizers().items()}
        {1: 2}
        """
        if any(len(stage).bit_count() != 1 for stage in self.stages):
            return {}
        known = self.provenance
        return {
            bits: SpaceFillingVQ(
                stage,
                Provenance(known.encoder, {**known.fit, "bits": bits, "stage_of": self.digest}),
            )
            for stage in self._stages
            for bits in [len(stage).bit_length() - 1]
        }

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

    def grow(self) -> nn.Parameter:
        """Double the corners in place, without moving the curve, as `sfvq_analysis.curve.grow`.

        The curve as it was joins ``stages``. The codebook is a new parameter, of the same dtype and
        on the same device, which an optimiser must be told of.

        Returns
        -------
        nn.Parameter, shape (2K, dim)
            The new codebook.

        Examples
        --------
        >>> sfvq = SpaceFillingVQ([[0.0], [1.0]])
        >>> optimiser = torch.optim.Adam(sfvq.parameters())
        >>> optimiser.add_param_group({"params": [sfvq.grow()]})
        >>> sfvq.codebook_size, [len(stage) for stage in sfvq.stages]
        (4, [2, 4])
        """
        old = self.codebook
        self._stages = self.stages
        grown = torch.from_numpy(grow(self._wide())).to(old)
        self.codebook = nn.Parameter(grown, requires_grad=old.requires_grad)
        return self.codebook

    @staticmethod
    def _random_codewords(size: int, dim: int, seed: int) -> NDArray[np.float64]:
        return random_line(size, dim, seed)

    def _place(self, flat: Tensor) -> tuple[Tensor, Mixture]:
        """In training on the nearest dithered point, one offset a segment; else the exact one."""
        codebook = self.codebook.to(flat.dtype)
        if self.training:
            u = torch.rand(self.codebook_size - 1, 1, device=flat.device, dtype=flat.dtype)
            dithered = (1 - u) * codebook[:-1] + u * codebook[1:]  # (K-1, d)
            index, segment = nearest_row(flat, codebook), nearest_row(flat, dithered)
            t = u[segment]  # (n, 1)
        else:
            codes = self.encode(flat)
            index = torch.from_numpy(codes.codeword).long().to(flat.device)
            segment = torch.from_numpy(codes.segment).long().to(flat.device)
            t = torch.from_numpy(codes.t).to(flat)[:, None]
        ends = torch.stack([codebook[segment], codebook[segment + 1]], dim=1)  # (n, 2, d)
        return index, Mixture(torch.cat([1 - t, t], dim=1), ends)

    def start_from(self, latents: ArrayLike | Tensor, seed: int = 0) -> None:
        """Start anew as in `Quantizer.start_from`; the stages go."""
        super().start_from(latents, seed)
        self._stages = ()

    def _started(self, latents: NDArray[np.floating], seed: int) -> NDArray[np.floating]:  # noqa: ARG002 (the axis needs no draw)
        return principal_line(latents, self.codebook_size)

    def _revive(self, latents: NDArray[np.floating], dead: NDArray[np.intp], seed: int) -> int:
        if len(dead) > self.codebook_size - 2:
            self.start_from(latents, seed)
            return self.codebook_size
        self._assign(np.arange(self.codebook_size), respread(self._wide(), dead, latents))
        return len(dead)
