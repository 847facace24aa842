"""Gradients through a quantizer, whose choice of codeword has none.

Notation: z a latent, z^ = Σ_j w_j c_j the point it goes to, c_j the codewords concerned (one of a
plain codebook, w = 1; the two corners of a segment, w = 1 - l and l), sg[·] a stopped factor,
g the gradient of the output. What comes out, and what backpropagation then gives:

``noise``
    z + |z - z^| v/|v|, v ~ N(0, I) (NSVQ). With e = (z - z^)/|z - z^| and s = g·v/|v|:
    dz = g + s e, dc_j = -w_j s e.
``diveq``, ``diveq_deterministic``
    z + Σ_j w_j |c_j - z| sg[u_j], u_j the unit vector of c_j - z + noise, the noise of standard
    deviation 1e-3 or none. With e_j = (z - c_j)/|z - c_j|:
    dz = g + Σ_j w_j (g·u_j) e_j, dc_j = -w_j (g·u_j) e_j.
    Without noise e_j = -u_j, and the output is z^: the codewords get the part of g along u_j.
``straight_through``
    z + sg[z^ - z]: dz = g, dc_j = 0.

Where a distance is 0, its gradient is taken as 0.

References
----------
M. H. Vali, T. Bäckström, NSVQ: Noise substitution in vector quantization for machine learning,
IEEE Access 2022. M. H. Vali et al., DiVeQ: Differentiable vector quantization using the
reparameterization trick, ICLR 2026. A. van den Oord et al., Neural discrete representation
learning, NeurIPS 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch

from sfvq_analysis.errors import OptionError, check_option, unknown_option

if TYPE_CHECKING:
    from torch import Tensor

Estimator = Literal["noise", "diveq", "diveq_deterministic", "straight_through"]
ESTIMATORS: tuple[str, ...] = get_args(Estimator)
DIVEQ_NOISE = 1e-3
"""Standard deviation of the noise on the direction of DiVeQ."""


@dataclass(frozen=True, slots=True)
class Gradients:
    """How a quantizer inside a model is trained.

    Attributes
    ----------
    estimator
        What passes the gradient of the output: see `sfvq_analysis.quantizers.estimators`.
    commitment
        Share of the gradient of the loss that reaches the latents (.25 in van den Oord et al.);
        the codebook gets all of it.
    decay
        Of the running means that move a plain codebook with ``"straight_through"``.

    Raises
    ------
    OptionError
        If the estimator is unknown or a number out of range.

    Examples
    --------
    >>> Gradients("straight_through", commitment=0.25)
    Gradients(estimator='straight_through', commitment=0.25, decay=0.999)
    """

    estimator: Estimator = "noise"
    commitment: float = 1.0
    decay: float = 0.999

    def __post_init__(self) -> None:
        check_option("estimator", self.estimator, ESTIMATORS)
        if not 0 <= self.commitment < math.inf:
            raise OptionError(f"commitment is {self.commitment!r}", remedy="use a number >= 0")
        if not 0 <= self.decay < 1:
            raise OptionError(f"decay is {self.decay!r}", remedy="use a number in [0, 1)")


class Mixture(NamedTuple):
    """The codewords that each of n latents goes to, and their shares.

    `weights` has shape (n, m) and rows that sum to 1, `codewords` shape (n, m, dim).
    """

    weights: Tensor
    codewords: Tensor

    @property
    def point(self) -> Tensor:
        """The quantized points, shape (n, dim)."""
        return (self.weights[..., None] * self.codewords).sum(dim=1)


def estimate(z: Tensor, mixture: Mixture, estimator: Estimator) -> Tensor:
    """Return the output of one of the estimators, with noise from torch's own generator.

    Parameters
    ----------
    z
        Latents, shape (n, dim).
    mixture
        Where they go.
    estimator
        Which.
    """
    match estimator:
        case "noise":
            return noise_substitution(z, mixture, torch.randn_like(z))
        case "diveq":
            return diveq(z, mixture, DIVEQ_NOISE * torch.randn_like(mixture.codewords))
        case "diveq_deterministic":
            return diveq(z, mixture, torch.zeros_like(mixture.codewords))
        case "straight_through":
            return straight_through(z, mixture)
        case _:
            raise unknown_option("estimator", estimator, ESTIMATORS)


def noise_substitution(z: Tensor, mixture: Mixture, noise: Tensor) -> Tensor:
    """Return z + |z - z^| v/|v|, shape (n, dim), v the noise, of the same shape."""
    return z + _norm(z - mixture.point) * _unit(noise)


def diveq(z: Tensor, mixture: Mixture, noise: Tensor) -> Tensor:
    """Return z + Σ_j w_j |c_j - z| sg[u_j], shape (n, dim).

    Parameters
    ----------
    z
        Shape (n, dim).
    mixture
        With two codewords this is SF-DiVeQ, with one DiVeQ.
    noise
        Added to c_j - z before its direction u_j is taken, shape (n, m, dim).
    """
    away = mixture.codewords - z[:, None]  # (n, m, d)
    direction = _unit(away + noise).detach()
    return z + (mixture.weights[..., None] * _norm(away) * direction).sum(dim=1)


def straight_through(z: Tensor, mixture: Mixture) -> Tensor:
    """Return z + sg[z^ - z], shape (n, dim), added up so that its values are z^ to the last bit."""
    return mixture.point.detach() + (z - z.detach())


def _norm(vectors: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return norm


def _unit(vectors: Tensor) -> Tensor:
    """Return vectors divided by their norms; 0 stays 0."""
    return vectors / _norm(vectors).clamp_min(torch.finfo(vectors.dtype).tiny)
