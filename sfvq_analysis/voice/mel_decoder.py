"""The light decoder: a spectrogram from points of a latent space and the vector of a voice.

Residual blocks of convolutions, each channel of a block scaled and shifted by what the speaker
vector says (feature-wise linear modulation; Perez et al. 2018), first at the latents' 50 frames a
second, then at the spectrogram's 100. The speaker vector also gives the level of every band.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sfvq_analysis.errors import check_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WIDEST, _MOST_BLOCKS = 1 << 16, 64


@dataclass(frozen=True, slots=True)
class MelDecoderConfig:
    """Shape of a decoder.

    Attributes
    ----------
    dim
        Dimensions of a latent.
    speaker_dim
        Dimensions of a speaker vector.
    channels
        Width.
    blocks
        Residual blocks at either rate.
    n_mels
        Bands of the spectrogram.

    Raises
    ------
    OptionError
        If one of them isn't a positive integer, or is above 65536, or `blocks` above 64.
    """

    dim: int = 64
    speaker_dim: int = 64
    channels: int = 192
    blocks: int = 2
    n_mels: int = 80

    def __post_init__(self) -> None:
        for name in ("dim", "speaker_dim", "channels", "blocks", "n_mels"):
            most = _MOST_BLOCKS if name == "blocks" else _WIDEST
            check_count(name, getattr(self, name), at_most=most)


class MelDecoder(nn.Module):
    """Latents at 50 Hz and a speaker vector in, a log-mel spectrogram at 100 Hz out.

    Parameters
    ----------
    config
        Its shape.

    Examples
    --------
    >>> import torch
    >>> decoder = MelDecoder(MelDecoderConfig(dim=4, speaker_dim=3, channels=8, blocks=1))
    >>> decoder(torch.zeros(2, 10, 4), torch.zeros(2, 3)).shape
    torch.Size([2, 20, 80])
    """

    def __init__(self, config: MelDecoderConfig) -> None:
        super().__init__()
        self.config = config
        width, speaker = config.channels, config.speaker_dim
        self.enter = nn.Conv1d(config.dim, width, 1)
        self.slow = nn.ModuleList(_Block(width, speaker) for _ in range(config.blocks))
        self.faster = nn.ConvTranspose1d(width, width, 4, stride=2, padding=1)
        self.fast = nn.ModuleList(_Block(width, speaker) for _ in range(config.blocks))
        self.leave = nn.Conv1d(width, config.n_mels, 1)
        self.level = nn.Linear(speaker, config.n_mels)

    @property
    def reach(self) -> int:
        """Latents on either side of its own that a frame depends on."""
        slow = self.config.blocks * (_Block.KERNEL // 2)
        return slow + 1 + -(-slow // 2)  # as many frames as latents, at twice the rate

    def forward(self, latents: Tensor, speaker: Tensor) -> Tensor:
        """Return log-mels, shape (batch, 2 n, n_mels), on the scale of `log_mel_spectrogram`.

        Frames 2j and 2j + 1 are those in the middle of what latent j sees: 2j + 1 and 2j + 2 of the
        utterance's spectrogram.

        Parameters
        ----------
        latents
            Shape (batch, n, dim).
        speaker
            Shape (batch, speaker_dim).
        """
        hidden = self.enter(latents.transpose(1, 2))  # (b, c, n)
        hidden = self.faster(_through(self.slow, hidden, speaker))  # (b, c, 2n)
        mel: Tensor = self.leave(_through(self.fast, hidden, speaker))
        mel = mel + self.level(speaker)[:, :, None]
        return mel.transpose(1, 2)


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Evaluate a net without autograd inside the block; afterwards it has its mode again."""
    was_training = net.training
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        net.train(was_training)


def _through(blocks: Iterable[nn.Module], hidden: Tensor, speaker: Tensor) -> Tensor:
    for block in blocks:
        hidden = block(hidden, speaker)
    return hidden


class _Block(nn.Module):
    """x + convolution(relu(speaker's scale and shift of the normed convolution of x))."""

    KERNEL = 5

    def __init__(self, width: int, speaker_dim: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, width, self.KERNEL, padding=self.KERNEL // 2, bias=False)
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.film = nn.Linear(speaker_dim, 2 * width)
        self.second = nn.Conv1d(width, width, 1)

    def forward(self, hidden: Tensor, speaker: Tensor) -> Tensor:
        scale, shift = self.film(speaker)[:, :, None].chunk(2, dim=1)  # (b, c, 1) each
        inner = self.norm(self.first(hidden)) * (1 + scale) + shift
        moved: Tensor = hidden + self.second(nn.functional.relu(inner))
        return moved
