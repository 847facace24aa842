"""What plain and space-filling quantizers share: a codebook that knows where it came from."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from sfvq_analysis.curve.checks import checked_corners
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.curve import Codes

Mode = Literal["exact", "published"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a codebook comes from; JSON-able, stored in its checkpoint.

    Attributes
    ----------
    encoder
        Configuration of the encoder whose frames it was fitted on; empty if unknown.
    fit
        Method, options, seed, frames and their total variance.
    log
        One row a sweep of the fit: stage, sweep, errors, usage.
    """

    encoder: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)
    log: tuple[Mapping[str, Any], ...] = ()


class Quantizer(nn.Module, ABC):
    """A codebook of K codewords of dimension dim.

    Parameters
    ----------
    codebook
        Shape (K, dim), K >= 2, finite; kept in float32.
    provenance
        Where it comes from.

    Raises
    ------
    QuantizerError
        If the codebook isn't of that shape or not finite.
    """

    kind: ClassVar[str]

    def __init__(self, codebook: ArrayLike, provenance: Provenance | None = None) -> None:
        super().__init__()
        corners = checked_corners(codebook, at_least=2)
        self.codebook = nn.Parameter(torch.from_numpy(np.ascontiguousarray(corners, np.float32)))
        self.provenance = provenance or Provenance()
        self.source = ""  # the file it was read from, for messages

    @property
    def codebook_size(self) -> int:
        """K, the number of codewords."""
        return int(self.codebook.shape[0])

    @property
    def dim(self) -> int:
        """Dimensions of a codeword."""
        return int(self.codebook.shape[1])

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that name kind and codebook."""
        state = hashlib.sha256(f"{self.kind}:{tuple(self.codebook.shape)}:".encode())
        state.update(self.corners().tobytes())
        return state.hexdigest()[:16]

    def corners(self) -> NDArray[np.float32]:
        """Return a copy of the codebook as an array in C order, shape (K, dim)."""
        return np.array(self.codebook.detach().cpu().numpy(), dtype=np.float32, order="C")

    @abstractmethod
    def encode(self, frames: ArrayLike | Tensor, mode: Mode = "exact") -> Codes:
        """Return where frames, shape (n_frames, dim), are in the codebook."""

    @abstractmethod
    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """Return the decoded points of codes, shape (n_frames, dim)."""

    @abstractmethod
    def _nearest(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Return index (n,) and quantized point (n, dim) of flat latents (n, dim)."""

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantize latents inside a model.

        The gradient passes by noise substitution (NSVQ; Vali & Bäckström 2022):
        in training mode the output is z + |z - z^| v / |v| with v ~ N(0, I), z^ the quantized
        point, so that both z and the codebook receive gradients; in evaluation mode it is z^.
        Noise and dither come from torch's own generator, as dropout's do.

        Parameters
        ----------
        z
            Shape (batch, time, dim).

        Returns
        -------
        quantized : Tensor, shape (batch, time, dim)
        indices : Tensor of int64, shape (batch, time)
            Nearest codeword, 0 … K - 1.
        loss : Tensor, scalar
            Mean squared error between z and the quantized points, which trains the codebook.

        Raises
        ------
        QuantizerError
            If `z` doesn't have that shape or isn't finite.
        """
        if z.ndim != 3 or z.shape[-1] != self.dim:
            raise QuantizerError(
                f"latents have shape {tuple(z.shape)}", remedy=f"give (batch, time, {self.dim})"
            )
        if not torch.isfinite(z).all():
            raise QuantizerError("latents hold NaN or infinity", remedy="mend the latents")
        flat = z.reshape(-1, self.dim)  # (b*t, d)
        index, point = self._nearest(flat)
        loss = (flat - point).square().sum() / max(flat.numel(), 1)
        if self.training:
            noise = torch.randn_like(flat)
            error = torch.linalg.vector_norm(flat - point, dim=1, keepdim=True)
            point = flat + error * noise / torch.linalg.vector_norm(noise, dim=1, keepdim=True)
        return point.reshape(z.shape), index.reshape(z.shape[:-1]), loss

    def extra_repr(self) -> str:
        """Return what ``repr`` says inside the parentheses."""
        return f"codebook_size={self.codebook_size}, dim={self.dim}, digest={self.digest!r}"


def nearest_row(flat: Tensor, rows: Tensor) -> Tensor:
    """Return the nearest of rows (k, dim) to each of flat latents (n, dim), without gradients.

    The rows' mean is taken off first: `torch.cdist` multiplies out and would lose the digits of
    latents far from the origin.
    """
    flat, rows = flat.detach(), rows.detach()
    centre = rows.mean(dim=0)
    return torch.cdist(flat - centre, rows - centre).argmin(dim=1)
