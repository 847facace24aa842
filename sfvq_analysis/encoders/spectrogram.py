"""The 10 ms log-mels themselves as frames, for what is trained on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.encoders.mel import HOP, N_MELS, SAMPLE_RATE, log_mel_spectrogram, n_mel_frames
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig


class SpectrogramEncoder:
    """Log-mels at 100 Hz, `sfvq_analysis.encoders.mel.log_mel_spectrogram`.

    Examples
    --------
    >>> SpectrogramEncoder().n_frames(16000), SpectrogramEncoder().dim
    (101, 80)
    """

    grid = FrameGrid(SAMPLE_RATE, hop=HOP, offset=0)
    dim = N_MELS

    @property
    def config(self) -> EncoderConfig:
        """Its name: there are no options."""
        return {"encoder": "spectrogram"}

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at 16 kHz give."""
        return n_mel_frames(n_samples)

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance; raises as `log_mel_spectrogram` does."""
        return Features(log_mel_spectrogram(audio, sample_rate), self.grid, self.config)
