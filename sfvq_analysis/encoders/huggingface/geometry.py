"""Where the frames of a stack of unpadded convolutions are.

Frame i of convolutions with kernels k and strides s sees the samples ``[i·h, i·h + r)``: the hop h
is the product of the strides, the receptive field r is ``1 + Σ (k_l - 1) · s_1 … s_{l-1}``. Its
centre is ``i·h + r // 2``. (HuBERT, wav2vec 2.0, WavLM and data2vec: h = 320, r = 400.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Convolutions:
    """Kernels and strides of unpadded convolutions, the first first.

    Examples
    --------
    >>> layers = Convolutions((10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2))
    >>> layers.hop, layers.receptive_field, layers.n_frames(16000)
    (320, 400, 49)
    """

    kernels: tuple[int, ...]
    strides: tuple[int, ...]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Convolutions:
        """Return those of ``conv_kernel`` and ``conv_stride``."""
        return cls(tuple(options["conv_kernel"]), tuple(options["conv_stride"]))

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return prod(self.strides)

    @property
    def receptive_field(self) -> int:
        """Samples that one frame sees."""
        before = accumulate(self.strides[:-1], mul, initial=1)
        return 1 + sum((k - 1) * step for k, step in zip(self.kernels, before, strict=True))

    def n_frames(self, n_samples: int) -> int:
        """How many frames so many samples give."""
        length = max(n_samples, 0)
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            length = (length - kernel) // stride + 1 if length >= kernel else 0
        return length
