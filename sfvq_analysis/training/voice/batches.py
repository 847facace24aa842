"""Batches of the two phases: of spectrograms for all parts together, of points for the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sfvq_analysis.encoders.convolutional import n_latents
from sfvq_analysis.encoders.utterance_mel import bands_of
from sfvq_analysis.training.voice.objective import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.training.voice.frame_store import FrameStore
    from sfvq_analysis.training.voice.options import TrainOptions
    from sfvq_analysis.training.voice.units import Units
    from sfvq_analysis.training.voice.windows import Windows, WindowSampler


class SpectrogramBatches:
    """What encoder, bottleneck and decoder learn from together.

    Parameters
    ----------
    mels
        Spectrograms, each at least a window long.
    units
        Of the same utterances; None for none, as when judging.
    sampler
        Draws the windows.
    options
        Window and normalisation.
    """

    def __init__(
        self,
        mels: FrameStore,
        units: Units | None,
        sampler: WindowSampler,
        options: TrainOptions,
    ) -> None:
        self._units, self._sampler, self._options = units, sampler, options
        how = options.shapes.encoder.normalise
        bands = [bands_of(mels.of(number), how) for number in range(len(mels))]
        self._offset = np.stack([band.offset for band in bands])[:, None]  # (utterances, 1, n_mels)
        self._scale = np.stack([band.scale for band in bands])[:, None]

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        drawn = self._sampler.draw(step)
        mel = self._sampler.cut(drawn.utterance, drawn.start)
        offset, scale = self._offset[drawn.utterance], self._scale[drawn.utterance]
        heard = torch.from_numpy(((mel - offset) / scale).astype(np.float32))
        reference = self._sampler.cut(drawn.reference, drawn.reference_start)
        return Batch(
            heard, torch.from_numpy(mel), torch.from_numpy(reference), self._units_of(drawn)
        )

    def _units_of(self, drawn: Windows) -> Tensor:
        n = n_latents(self._options.window)
        if self._units is None:
            return torch.zeros(len(drawn.start), n, 0, dtype=torch.long)
        first = self._units.starts[drawn.utterance] + drawn.start // 2
        return torch.from_numpy(self._units.values[first[:, None] + np.arange(n)].astype(np.int64))


class PointBatches:
    """What the decoder learns from: points of a fixed codebook.

    Parameters
    ----------
    points
        Decoded latents of the utterances, each row-aligned with its spectrogram's middle.
    sampler
        Draws the windows of the spectrograms.
    options
        Window.
    """

    def __init__(
        self,
        points: FrameStore,
        sampler: WindowSampler,
        options: TrainOptions,
    ) -> None:
        self._points, self._sampler, self._options = points, sampler, options

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        drawn = self._sampler.draw(step)
        n = n_latents(self._options.window)
        first = self._points.starts[drawn.utterance] + drawn.start // 2
        points: NDArray[np.float32] = self._points.values[first[:, None] + np.arange(n)]
        mel = self._sampler.cut(drawn.utterance, drawn.start)
        reference = self._sampler.cut(drawn.reference, drawn.reference_start)
        none = torch.zeros(len(mel), n, 0, dtype=torch.long)
        return Batch(
            torch.from_numpy(points), torch.from_numpy(mel), torch.from_numpy(reference), none
        )
