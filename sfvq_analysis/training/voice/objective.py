"""What is minimised: the spectrogram's error, the quantizer's loss, and the units' if wanted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from sfvq_analysis.training.voice.augmentation import augmented

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.training.voice.options import TrainOptions
    from sfvq_analysis.voice.model import VoiceNets


class Batch(NamedTuple):
    """Tensors of one step.

    Attributes
    ----------
    heard
        What the encoder is given, shape (batch, frames, n_mels): normalised; or
        the latents themselves, (batch, n, dim), where the encoder is frozen.
    mel
        What is to be decoded, shape (batch, frames, n_mels).
    reference
        Another stretch of the same speaker, shape (batch, frames, n_mels).
    units
        Clusters of each latent, shape (batch, n, codebooks); no codebooks where none are wanted.
    """

    heard: Tensor
    mel: Tensor
    reference: Tensor
    units: Tensor


class Losses(NamedTuple):
    """Mean losses of a batch, each a scalar, and the codes.

    Attributes
    ----------
    total
        Their weighted sum.
    reconstruction
        Mean squared error of the spectrogram, in units of its variance over the training speech.
    quantizer
        Mean squared error of the latents, as the quantizer states it.
    units
        Cross-entropy of the units, in units of that of guessing.
    indices
        Codewords, shape (batch, n).
    """

    total: Tensor
    reconstruction: Tensor
    quantizer: Tensor
    units: Tensor
    indices: Tensor

    def detached(self) -> Losses:
        """Return the same values without what they came from."""
        return Losses(*(part.detach() for part in self))


class UnitHeads(nn.Module):
    """A linear map from latents to the clusters of each codebook."""

    def __init__(self, dim: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.scores = nn.Linear(dim, sum(sizes)) if self.sizes else None

    def forward(self, latents: Tensor, units: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the mean cross-entropy over codebooks, each divided by log of its size.

        Parameters
        ----------
        latents
            Shape (batch, n, dim).
        units
            Shape (batch, n, codebooks); no codebooks, as of held-out speech, give 0.
        mask
            Which latents count, bool (batch, n); all by default. None of them gives 0.
        """
        if self.scores is None or units.shape[2] == 0:
            return latents.new_zeros(())
        if mask is None:
            mask = torch.ones(units.shape[:2], dtype=torch.bool, device=units.device)
        wanted = units[mask]  # (m, codebooks)
        parts = self.scores(latents[mask]).float().split(self.sizes, dim=1)
        losses = [
            nn.functional.cross_entropy(scores, wanted[:, number], reduction="sum")
            / (max(len(wanted), 1) * math.log(size))
            for number, (scores, size) in enumerate(zip(parts, self.sizes, strict=True))
        ]
        return torch.stack(losses).mean()


class JointObjective(nn.Module):
    """Encoder, bottleneck and decoder together.

    Parameters
    ----------
    nets
        Encoder, decoder and speaker encoder.
    quantizer
        The bottleneck.
    options
        Weights, jitter, units.
    variance
        Of the training spectrograms.
    """

    def __init__(
        self, nets: VoiceNets, quantizer: Quantizer, options: TrainOptions, variance: float
    ) -> None:
        super().__init__()
        self.nets, self.quantizer = nets, quantizer
        sizes = (*options.unit_sizes, *options.band_unit_sizes) if options.units else ()
        self.heads = UnitHeads(nets.config.encoder.dim, sizes)
        self._options, self._variance = options, variance

    def forward(self, batch: Batch) -> Losses:
        """Return the losses of a batch."""
        alters = self.training and self._options.augment
        heard = augmented(batch.heard) if alters else batch.heard
        latents = self.nets.encoder(heard.transpose(1, 2))
        quantized, indices, quantizer = self.quantizer(latents)
        units = self.heads(latents, batch.units)
        weights = self._options
        reconstruction = latents.new_zeros(())
        if weights.reconstruction:
            points = jittered(quantized, weights.jitter) if self.training else quantized
            reconstruction = _decoded_error(self.nets, points, batch) / self._variance
        total = weights.reconstruction * reconstruction + quantizer + weights.units * units
        return Losses(total, reconstruction, quantizer, units, indices)


class DecoderObjective(nn.Module):
    """The decoder alone, on points of a fixed codebook.

    Parameters
    ----------
    nets
        Of which decoder and speaker encoder learn.
    options
        Jitter.
    variance
        Of the training spectrograms.
    """

    def __init__(self, nets: VoiceNets, options: TrainOptions, variance: float) -> None:
        super().__init__()
        self.nets = nets
        self._jitter, self._variance = options.jitter, variance

    def forward(self, batch: Batch) -> Losses:
        """Return the losses of a batch, those of quantizer and units 0 and without codes."""
        points = jittered(batch.heard, self._jitter) if self.training else batch.heard
        error = _decoded_error(self.nets, points, batch) / self._variance
        none = error.new_zeros(())
        return Losses(error, error, none, none, batch.heard.new_zeros((0, 0), dtype=torch.long))


def _decoded_error(nets: VoiceNets, points: Tensor, batch: Batch) -> Tensor:
    """Return the mean squared error of the frames that latents decode to."""
    decoded = nets.decoder(points, nets.speaker_encoder(batch.reference))  # (b, 2n, m)
    wanted = batch.mel[:, 1 : 1 + decoded.shape[1]]
    return nn.functional.mse_loss(decoded.float(), wanted)


def jittered(latents: Tensor, share: float) -> Tensor:
    """Return latents (b, n, d), that share of which are replaced by a neighbour in time.

    Before or after with equal chance; at the ends the only one there is (van Niekerk et al. 2020).
    Drawn from torch's own generator, as dropout is.
    """
    if share == 0 or latents.shape[1] < 2:
        return latents
    batch, n, _ = latents.shape
    drawn = torch.rand(batch, n, device=latents.device)
    moved = (drawn < share / 2).long() - ((drawn >= share / 2) & (drawn < share)).long()
    place = torch.arange(n, device=latents.device) + moved
    place = torch.where(place < 0, 1, place)
    place = torch.where(place >= n, n - 2, place)  # (b, n)
    return latents.gather(1, place[..., None].expand_as(latents))


def means(losses: Sequence[Losses]) -> Mapping[str, float]:
    """Return the mean of each loss over some batches."""
    names = ("total", "reconstruction", "quantizer", "units")
    return {name: float(torch.stack([getattr(x, name) for x in losses]).mean()) for name in names}
