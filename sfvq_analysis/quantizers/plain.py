"""Plain vector quantization: every frame to its nearest codeword."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import Tensor, distributed

from sfvq_analysis.curve import Codes, nearest_codeword
from sfvq_analysis.errors import QuantizerError, check_option
from sfvq_analysis.quantizers.base import Mode, Provenance, Quantizer, nearest_row
from sfvq_analysis.quantizers.estimators import Gradients, Mixture
from sfvq_analysis.quantizers.starts import drawn_latents

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SMOOTHING = 1e-5


class PlainVQ(Quantizer):
    """A codebook without order.

    With the estimator ``"straight_through"`` the codebook takes no gradient. In training mode it
    follows running means (van den Oord et al. 2017, appendix A.1) of the batches' counts n_k and
    sums S_k by nearest codeword, with the smoothing of the public ZeroSpeech code, ε = 1e-5:
    N_k <- d N_k + (1 - d) n_k, M_k <- d M_k + (1 - d) S_k, N_k <- (N_k + ε) N/(N + K ε) with
    N = Σ_k N_k, c_k = M_k / N_k. They start as if each codeword had one frame, itself. A codeword
    without frames drifts to the origin in the long run: `revive` it. The buffers ``running_counts``
    and ``running_sums`` are part of ``state_dict``, but not of a quantizer's checkpoint or digest.

    Parameters
    ----------
    codebook
        Shape (K, dim), K >= 2.
    provenance
        Where it comes from.
    gradients
        How it is trained inside a model.

    Examples
    --------
    >>> vq = PlainVQ([[0.0, 0.0], [4.0, 0.0]])
    >>> vq.encode([[3.0, 1.0]]).codeword
    array([1], dtype=int32)
    """

    kind: ClassVar[str] = "vq"
    running_counts: Tensor
    running_sums: Tensor

    def __init__(
        self,
        codebook: ArrayLike,
        provenance: Provenance | None = None,
        *,
        gradients: Gradients | None = None,
    ) -> None:
        super().__init__(codebook, provenance, gradients=gradients)
        if self._by_running_means:
            self.codebook.requires_grad = False
            self.register_buffer("running_counts", torch.ones(self.codebook_size))
            self.register_buffer("running_sums", self.codebook.detach().clone())

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

    @staticmethod
    def _random_codewords(size: int, dim: int, seed: int) -> NDArray[np.float64]:
        return np.random.default_rng(seed).normal(size=(size, dim))

    def _place(self, flat: Tensor) -> tuple[Tensor, Mixture]:
        codebook = self.codebook.to(flat.dtype)
        index = nearest_row(flat, codebook)
        return index, Mixture(flat.new_ones(len(flat), 1), codebook[index][:, None])

    def _follow(self, flat: Tensor, index: Tensor) -> None:
        """Move the running counts and sums by a batch, and the codebook to their quotients."""
        if not self._by_running_means:
            return
        with torch.no_grad():
            counts = torch.bincount(index, minlength=self.codebook_size).to(self.running_counts)
            sums = torch.zeros_like(self.running_sums)
            sums.index_add_(0, index, flat.to(sums.dtype))
            for running, batch in ((self.running_counts, counts), (self.running_sums, sums)):
                running.lerp_(_over_processes(batch), 1 - self.gradients.decay)
            total = self.running_counts.sum()
            smoothing = total / (total + self.codebook_size * _SMOOTHING)
            self.running_counts.add_(_SMOOTHING).mul_(smoothing)
            self.codebook.copy_(self.running_sums / self.running_counts[:, None])

    @property
    def _by_running_means(self) -> bool:
        return self.gradients.estimator == "straight_through"

    def _started(self, latents: NDArray[np.floating], seed: int) -> NDArray[np.floating]:
        drawn = drawn_latents(latents, self.codebook_size, seed)
        if len(drawn) < self.codebook_size:
            raise QuantizerError(
                f"the latents have {len(drawn)} distinct values for {self.codebook_size} codewords",
                remedy="give more latents",
            )
        return drawn

    def _revive(self, latents: NDArray[np.floating], dead: NDArray[np.intp], seed: int) -> int:
        drawn = drawn_latents(latents, len(dead), seed)
        self._assign(dead[: len(drawn)], drawn)
        return len(drawn)

    def _assign(self, index: NDArray[np.intp], codewords: NDArray[np.floating]) -> None:
        super()._assign(index, codewords)
        if self._by_running_means:
            rows = torch.from_numpy(index)
            self.running_counts[rows] = 1.0
            self.running_sums[rows] = self.codebook.detach()[rows]


def _over_processes(batch: Tensor) -> Tensor:
    """Return the sum over the processes that train together, if there are any."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(batch)
    return batch
