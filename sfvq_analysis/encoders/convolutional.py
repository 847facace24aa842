"""The convolutional encoder of the paper's voice conversion model, as a torch module.

Layers (van Niekerk, Nortje, Kamper 2020)
-----------------------------------------
On `channels` channels: convolutions of width 3 (unpadded), 3, 4 (stride 2), 3 and 3, the last four
padded by 1, each without bias and followed by BatchNorm and ReLU; then one of width 1 to `dim`
dimensions. They are the module ``encoder``, so that the state dict has the names of the public
checkpoints, ``encoder.0.weight`` to ``encoder.15.bias``.

Geometry
--------
T mel frames give floor(T / 2) - 1 latents; latent j sees the 16 mel frames 2j - 6 to 2j + 9. Near
the edges of what the net is given, it sees zeros in the hidden layers instead: a latent is free of
them if there are `EDGE` others between it and the edge.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sfvq_analysis.encoders.mel import N_MELS, NORMALISATIONS, Normalisation
from sfvq_analysis.errors import EncoderError, OptionError, check_count, check_option
from sfvq_analysis.weights import load_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEPTIVE_FRAMES = 16
"""Mel frames that one latent sees."""
EDGE = 3
"""Latents at an edge of what the net is given that see the padding of the hidden layers."""
_FEWEST_FRAMES = 4
_WIDEST = 1 << 16


@dataclass(frozen=True, slots=True)
class VQVAEConfig:
    """Shape of the encoder and what is done around it; JSON-able by `dataclasses.asdict`.

    Parameters
    ----------
    channels
        Of every hidden layer; 768 as published.
    dim
        Dimensions of a latent; 64 as published.
    n_mels
        Bands of the log-mels.
    normalise
        What is done to the log-mels of an utterance, per band, before the net: see
        `sfvq_analysis.encoders.utterance_mel.UtteranceMel`. ``"none"`` as published.
    centred
        Whether the utterance's mean is taken off every dimension of the latents at the end.

    Raises
    ------
    OptionError
        If a number isn't an integer from 1 to 65536, or another value isn't one of its options.
    """

    channels: int = 768
    dim: int = 64
    n_mels: int = N_MELS
    normalise: Normalisation = "none"
    centred: bool = False

    def __post_init__(self) -> None:
        for name in ("channels", "dim", "n_mels"):
            check_count(name, getattr(self, name), at_most=_WIDEST)
        check_option("normalise", self.normalise, NORMALISATIONS)
        if not isinstance(self.centred, bool):
            raise OptionError(f"centred is {self.centred!r}", remedy="use True or False")


class ConvolutionalEncoder(nn.Module):
    """Log-mels to latents; see the module's docstring for layers and geometry.

    Parameters
    ----------
    config
        Its ``channels``, ``dim`` and ``n_mels`` make the net. What else it says is done around the
        net, by `sfvq_analysis.encoders.vqvae.VQVAEEncoder` and in training.
    """

    def __init__(self, config: VQVAEConfig) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        convolutions = (
            nn.Conv1d(config.n_mels, width, 3, bias=False),
            nn.Conv1d(width, width, 3, padding=1, bias=False),
            nn.Conv1d(width, width, 4, stride=2, padding=1, bias=False),
            nn.Conv1d(width, width, 3, padding=1, bias=False),
            nn.Conv1d(width, width, 3, padding=1, bias=False),
        )
        blocks = ((conv, nn.BatchNorm1d(width), nn.ReLU(inplace=True)) for conv in convolutions)
        layers = [layer for block in blocks for layer in block]
        self.encoder = nn.Sequential(*layers, nn.Conv1d(width, config.dim, 1))

    @classmethod
    def from_weights(cls, config: VQVAEConfig, weights: Mapping[str, Any]) -> ConvolutionalEncoder:
        """Return a net with given weights, in evaluation mode.

        Parameters
        ----------
        config
            Shape of the net.
        weights
            Arrays or tensors, ``encoder.0.weight`` to ``encoder.15.bias``.

        Raises
        ------
        EncoderError
            If a name is missing or unknown, a shape is another, or a value isn't finite.
        """
        with torch.device("meta"):  # no weights are drawn
            net = cls(config)
        load_weights(net, weights, EncoderError)
        return net.eval()

    @property
    def last(self) -> nn.Conv1d:
        """The linear layer that gives the latents."""
        layer = self.encoder[-1]
        assert isinstance(layer, nn.Conv1d)  # noqa: S101 -- made so above
        return layer

    def forward(self, mel: Tensor) -> Tensor:
        """Return the latents of log-mels.

        Parameters
        ----------
        mel
            Shape (batch, n_mels, frames), at least 4 frames.

        Returns
        -------
        Tensor, shape (batch, frames // 2 - 1, dim)

        Raises
        ------
        EncoderError
            If `mel` doesn't have that shape.
        """
        bands = self.config.n_mels
        if mel.ndim != 3 or mel.shape[1] != bands or mel.shape[2] < _FEWEST_FRAMES:
            raise EncoderError(
                f"log-mels have shape {tuple(mel.shape)}",
                remedy=f"give (batch, {bands}, at least {_FEWEST_FRAMES} frames)",
            )
        latents: Tensor = self.encoder(mel).transpose(1, 2)  # (b, n, dim)
        return latents


def n_latents(n_mel_frames: int) -> int:
    """How many latents so many mel frames give."""
    return max(0, n_mel_frames // 2 - 1)


def folded(net: ConvolutionalEncoder) -> nn.Sequential:
    """Return a copy of a net's layers for evaluation, on the CPU.

    BatchNorm, by its running statistics, is folded into the convolutions in float64. The net keeps
    its mode, and what becomes of it later doesn't reach the copy.
    """
    layers: list[Any] = list(copy.deepcopy(net.encoder).cpu().double().eval())
    together: list[nn.Module] = []
    for convolution, norm, relu in zip(layers[:-1:3], layers[1::3], layers[2::3], strict=True):
        together += [fuse_conv_bn_eval(convolution, norm), relu]
    return nn.Sequential(*together, layers[-1]).float().requires_grad_(requires_grad=False)
