"""What plain and space-filling quantizers share: a codebook that knows where it came from."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from sfvq_analysis.curve.checks import (
    as_floats,
    as_frames,
    check_dimension,
    checked_corners,
    not_finite,
)
from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers.estimators import Gradients, estimate
from sfvq_analysis.quantizers.masks import counted, spread, unmasked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.curve import Codes
    from sfvq_analysis.quantizers.estimators import Mixture
    from sfvq_analysis.quantizers.usage import CodebookUsage

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
    gradients
        How it is trained inside a model; it isn't part of a checkpoint.

    Raises
    ------
    QuantizerError
        If the codebook isn't of that shape or not finite.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        codebook: ArrayLike,
        provenance: Provenance | None = None,
        *,
        gradients: Gradients | None = None,
    ) -> None:
        super().__init__()
        corners = checked_corners(unmasked(codebook), at_least=2)
        self.codebook = nn.Parameter(torch.from_numpy(np.ascontiguousarray(corners, np.float32)))
        self.provenance = provenance or Provenance()
        self._gradients = gradients or Gradients()
        self.source = ""  # the file it was read from, for messages

    @classmethod
    def random(
        cls, size: int, dim: int, seed: int = 0, *, gradients: Gradients | None = None
    ) -> Self:
        """Return a codebook made without data, for latents of about zero mean and unit variance.

        Of a plain codebook the codewords are drawn from N(0, I); a curve is a straight line in a
        random direction. Where a first batch is at hand, `start_from` is the better start.

        Parameters
        ----------
        size
            Codewords, >= 2.
        dim
            Dimensions of a latent.
        seed
            Of the draw.
        gradients
            How it is trained inside a model.
        """
        provenance = Provenance(fit={"method": "random", "seed": seed})
        return cls(cls._random_codewords(size, dim, seed), provenance, gradients=gradients)

    @property
    def gradients(self) -> Gradients:
        """How it is trained inside a model, for good: buffers depend on it."""
        return self._gradients

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

    @staticmethod
    @abstractmethod
    def _random_codewords(size: int, dim: int, seed: int) -> NDArray[np.float64]:
        """Return codewords made without data, shape (size, dim)."""

    @abstractmethod
    def _place(self, flat: Tensor) -> tuple[Tensor, Mixture]:
        """Return index (n,) of flat latents (n, dim), and the codewords they go to."""

    def _follow(self, flat: Tensor, index: Tensor) -> None:
        """Move the codebook without gradients, where that is how it is trained."""

    def forward(self, z: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Quantize latents inside a model.

        In training mode the output is that of the estimator in ``gradients``, noise substitution by
        default; in evaluation mode it is the quantized point. All is done in float32, or in float64
        if latents or codebook are, also under autocast. Noise and dither come from torch's own
        generator, as dropout's do.

        Parameters
        ----------
        z
            Shape (batch, time, dim).
        mask
            Which frames count, bool, shape (batch, time); all by default. The others are 0 in the
            output and -1 in the indices, and take part in nothing: not in the loss, nor in what
            moves the codebook. This is what the layers of vector-quantize-pytorch do.

        Returns
        -------
        quantized : Tensor, shape (batch, time, dim)
            Of the latents' dtype.
        indices : Tensor of int64, shape (batch, time)
            Nearest codeword, 0 … K - 1.
        loss : Tensor, scalar
            Mean squared error between latents and quantized points. Its gradient trains the
            codebook; ``gradients.commitment`` times it goes to `z`. The DiVeQ estimators and noise
            substitution train the codebook by the output, too, and can do without it.

        Raises
        ------
        QuantizerError
            If `z` or `mask` doesn't have that shape, `mask` isn't bool, or `z` isn't finite.
        """
        rows = counted(z, mask, self.dim)  # (n, d)
        wide = torch.promote_types(rows.dtype, self.codebook.dtype)
        flat = rows.to(torch.promote_types(wide, torch.float32))
        with torch.autocast(z.device.type, enabled=False):
            index, mixture = self._place(flat)
            point = mixture.point
            committed = flat.detach() + self.gradients.commitment * (flat - flat.detach())
            loss = (committed - point).square().sum() / max(flat.numel(), 1)
            if self.training:
                point = estimate(flat, mixture, self.gradients.estimator)
                self._follow(flat.detach(), index)
        quantized = spread(point.to(z.dtype), z.shape[:2], mask, filler=0)
        return quantized, spread(index, z.shape[:2], mask, filler=-1), loss

    # Care of the codebook between steps

    def start_from(self, latents: ArrayLike | Tensor, seed: int = 0) -> None:
        """Put the codewords where latents are, in place.

        Of a plain codebook they become distinct latents drawn at random; of a curve, places on the
        latents' first principal axis, at even quantiles.

        Parameters
        ----------
        latents
            Shape (n, dim), such as ``z.flatten(0, 1)`` of a first batch.
        seed
            Of the draw.

        Raises
        ------
        QuantizerError
            If latents don't fit the codebook, aren't finite, or are too few.
        """
        self._assign(np.arange(self.codebook_size), self._started(self._rows(latents), seed))

    def revive(self, latents: ArrayLike | Tensor, usage: CodebookUsage, seed: int = 0) -> int:
        """Move codewords that no frame used to where latents are, in place.

        A plain codeword moves onto a latent drawn at random. Dead corners of a curve are taken out
        and put back in the middle of busy, long segments, so that the order along the curve is
        kept (`sfvq_analysis.quantizers.starts.respread`); if fewer than two live, the curve is
        started anew. An optimiser's moments stay with the rows, not with the corners. Processes
        that train one codebook together must give the same latents.

        Parameters
        ----------
        latents
            Shape (n, dim), of the present encoder.
        usage
            Of this codebook, over an epoch, say.
        seed
            Of the draw.

        Returns
        -------
        int
            How many codewords moved to another place; none without latents.

        Raises
        ------
        QuantizerError
            If usage or latents don't fit the codebook, or latents aren't finite.
        """
        if len(usage.counts) != self.codebook_size:
            raise QuantizerError(
                f"usage is of {len(usage.counts)} codewords, the codebook has {self.codebook_size}",
                remedy="count the indices of this codebook",
            )
        rows = self._rows(latents)
        return self._revive(rows, usage.dead, seed) if len(rows) and len(usage.dead) else 0

    @abstractmethod
    def _started(self, latents: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
        """Return codewords where latents are, shape (K, dim)."""

    @abstractmethod
    def _revive(self, latents: NDArray[np.floating], dead: NDArray[np.intp], seed: int) -> int:
        """Move dead codewords and return how many."""

    def _assign(self, index: NDArray[np.intp], codewords: NDArray[np.floating]) -> None:
        """Overwrite some codewords (k,) by others, shape (k, dim)."""
        values = torch.from_numpy(np.ascontiguousarray(codewords)).to(self.codebook)
        with torch.no_grad():
            self.codebook[torch.from_numpy(index)] = values

    def _wide(self) -> NDArray[np.float64]:
        """Return a copy of the codebook in float64, shape (K, dim)."""
        return np.array(self.codebook.detach().cpu().double().numpy())

    def _rows(self, latents: ArrayLike | Tensor) -> NDArray[np.floating]:
        rows = as_floats(as_frames(latents))
        check_dimension(rows.shape, self._wide())
        if not np.isfinite(rows).all():
            raise not_finite(rows)
        return rows

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import quantizer_html

        return quantizer_html(self)

    def extra_repr(self) -> str:
        """Return what ``repr`` says inside the parentheses."""
        return (
            f"codebook_size={self.codebook_size}, dim={self.dim}, "
            f"estimator={self.gradients.estimator!r}, digest={self.digest!r}"
        )


def nearest_row(flat: Tensor, rows: Tensor) -> Tensor:
    """Return the nearest of rows (k, dim) to each of flat latents (n, dim), without gradients.

    The rows' mean is taken off first: `torch.cdist` multiplies out and would lose the digits of
    latents far from the origin.
    """
    flat, rows = flat.detach(), rows.detach()
    centre = rows.mean(dim=0)
    return torch.cdist(flat - centre, rows - centre).argmin(dim=1)
