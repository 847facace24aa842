"""The small network that hears a voice: a spectrogram in, a speaker vector out.

It is trained together with the decoder, on another stretch of the same speaker's speech than the
one to be decoded, so that what is said is of no use to it. Mean and standard deviation over time,
of the bands themselves and of two layers of convolutions above them, are mapped to a vector of
length 1 (statistics pooling; Snyder et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sfvq_analysis.errors import check_count

_LEAST_VARIANCE = 1e-6
_WIDEST = 1 << 16


@dataclass(frozen=True, slots=True)
class SpeakerEncoderConfig:
    """Shape of a speaker encoder.

    Attributes
    ----------
    dim
        Dimensions of a speaker vector.
    channels
        Width of its convolutions.
    n_mels
        Bands of the spectrogram.

    Raises
    ------
    OptionError
        If one of them isn't an integer from 1 to 65536.
    """

    dim: int = 64
    channels: int = 128
    n_mels: int = 80

    def __post_init__(self) -> None:
        for name in ("dim", "channels", "n_mels"):
            check_count(name, getattr(self, name), at_most=_WIDEST)


class SpeakerEncoder(nn.Module):
    """A stretch of log-mels of any length in, a unit vector out.

    Parameters
    ----------
    config
        Its shape.

    Examples
    --------
    >>> encoder = SpeakerEncoder(SpeakerEncoderConfig(dim=6, channels=8))
    >>> encoder(torch.rand(2, 50, 80)).norm(dim=1).round(decimals=4).tolist()
    [1.0, 1.0]
    """

    _KERNEL = 5

    def __init__(self, config: SpeakerEncoderConfig) -> None:
        super().__init__()
        self.config = config
        width, around = config.channels, self._KERNEL // 2
        self.hear = nn.Sequential(
            nn.Conv1d(config.n_mels, width, self._KERNEL, padding=around),
            nn.ReLU(),
            nn.Conv1d(width, width, self._KERNEL, padding=around),
            nn.ReLU(),
        )
        self.judge = nn.Linear(2 * (config.n_mels + width), config.dim)

    def forward(self, mel: Tensor) -> Tensor:
        """Return vectors of length 1, shape (batch, dim), of log-mels (batch, frames, n_mels)."""
        bands = mel.transpose(1, 2)  # (b, m, t)
        pooled = torch.cat([_statistics(bands), _statistics(self.hear(bands))], dim=1)
        return nn.functional.normalize(self.judge(pooled), dim=1)


def _statistics(hidden: Tensor) -> Tensor:
    """Return mean and standard deviation over time, shape (b, 2c), of (b, c, t)."""
    variance = hidden.var(dim=2, correction=0).clamp(min=_LEAST_VARIANCE)
    return torch.cat([hidden.mean(dim=2), variance.sqrt()], dim=1)
