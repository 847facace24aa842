"""Batches of the two phases: of spectrograms for all parts together, of points for the decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sfvq_analysis.encoders.convolutional import n_latents
from sfvq_analysis.encoders.utterance_mel import Bands, bands_of
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
        self._bands = Bands(*(np.stack(part)[:, None] for part in zip(*bands, strict=True)))

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        drawn = self._sampler.draw(step)
        mel = self._sampler.cut(drawn.utterance, drawn.start)
        bands = Bands(*(part[drawn.utterance] for part in self._bands))  # (batch, 1, n_mels) each
        heard = torch.from_numpy(bands.applied(mel))
        reference = self._sampler.cut(drawn.reference, drawn.reference_start)
        return Batch(
            heard, torch.from_numpy(mel), torch.from_numpy(reference), self._units_of(drawn)
        )

    def _units_of(self, drawn: Windows) -> Tensor:
        n = n_latents(self._options.window)
        if self._units is None:
            return torch.zeros(len(drawn.start), n, 0, dtype=torch.long)
        rows = _latent_rows(self._units.starts, drawn, n)
        return torch.from_numpy(self._units.values[rows].astype(np.int64))


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
        points = self._points.values[_latent_rows(self._points.starts, drawn, n)]
        mel = self._sampler.cut(drawn.utterance, drawn.start)
        reference = self._sampler.cut(drawn.reference, drawn.reference_start)
        none = torch.zeros(len(mel), n, 0, dtype=torch.long)
        return Batch(
            torch.from_numpy(points), torch.from_numpy(mel), torch.from_numpy(reference), none
        )


def _latent_rows(starts: NDArray[np.int64], drawn: Windows, n: int) -> NDArray[np.int64]:
    """Return the rows of the n latents of each window, given the first row of each utterance."""
    first = starts[drawn.utterance] + drawn.start // 2
    rows: NDArray[np.int64] = first[:, None] + np.arange(n)
    return rows
