"""A teacher: an encoder with a network of context above it, which learns to fill in what is masked.

It hears spectrograms that were made alike over speakers, with stretches of time blanked out. Its
latents have to tell the units where it hears, its context what they are where it doesn't (HuBERT;
Hsu et al. 2021). A hidden layer of the context, aligned over speakers, knows more of what is said
than any frame by itself: units of the student are clusters of it and of the cepstra together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder
from sfvq_analysis.encoders.mel import normalised
from sfvq_analysis.encoders.utterance_mel import bands_of
from sfvq_analysis.training.voice.alignment import Alignment, aligned
from sfvq_analysis.training.voice.augmentation import augmented
from sfvq_analysis.training.voice.batches import SpectrogramBatches
from sfvq_analysis.training.voice.frame_store import FrameStore, SpokenFrames
from sfvq_analysis.training.voice.objective import Batch, Losses, UnitHeads
from sfvq_analysis.training.voice.phase import Phase, run_phase
from sfvq_analysis.training.voice.units import (
    Units,
    balanced,
    cepstral_features,
    joined,
    spectral_features,
    units_of,
)
from sfvq_analysis.training.voice.vocal_tracts import alike
from sfvq_analysis.training.voice.windows import WindowSampler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightning_fabric import Fabric
    from numpy.typing import NDArray

    from sfvq_analysis.training.voice.options import TrainOptions
    from sfvq_analysis.training.voice.run_folder import RunFolder

    Float32 = NDArray[np.float32]

TEACHER = "teacher"
_WIDTH, _DILATIONS, _DEPTH, _DROPOUT = 256, (1, 2, 4, 8, 1), 4, 0.1
_MASKED, _LONGEST = 0.3, 16  # share of the time, and spectrogram frames of a stretch
_REACH = 3 / 7  # of the stretches of frequency: its spectrograms are alike already
_HEARD_TOO = 0.5  # weight of the context's loss where it hears
_OF_CONTEXT = Alignment(clusters=128, rounds=4, context=0, ridge=31.25, bias_ridge=200.0)


class Context(nn.Module):
    """Residual dilated convolutions over latents; what each sees grows to a third of a second.

    Parameters
    ----------
    dim
        Dimensions of a latent.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(dim, _WIDTH, 1)
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(_WIDTH, _WIDTH, 3, dilation=by, padding=by, bias=False),
                nn.BatchNorm1d(_WIDTH),
                nn.ReLU(),
                nn.Dropout(_DROPOUT),
            )
            for by in _DILATIONS
        )

    def forward(self, latents: Tensor, depth: int | None = None) -> Tensor:
        """Return the hidden layer after `depth` of the layers, all by default; (b, n, width).

        Parameters
        ----------
        latents
            Shape (batch, n, dim).
        depth
            How many layers.
        """
        hidden = self.enter(latents.transpose(1, 2))
        for layer in list(self.layers)[:depth]:
            hidden = hidden + layer(hidden)
        outcome: Tensor = hidden.transpose(1, 2)
        return outcome


class MaskedObjective(nn.Module):
    """Latents tell units where they hear, their context where they don't.

    Parameters
    ----------
    encoder
        The teacher's.
    sizes
        Of the codebooks of units.
    """

    def __init__(self, encoder: ConvolutionalEncoder, sizes: Sequence[int]) -> None:
        super().__init__()
        dim = encoder.config.dim
        self.encoder, self.context = encoder, Context(dim)
        self.near, self.far = UnitHeads(dim, sizes), UnitHeads(_WIDTH, sizes)

    def forward(self, batch: Batch) -> Losses:
        """Return the losses of a batch; `units` is that of the latents, codes there are none."""
        heard = augmented(batch.heard, reach=_REACH)
        blank = blanks(heard.shape[0], heard.shape[1]).to(heard.device)  # (b, t)
        latents = self.encoder((heard * ~blank[..., None]).transpose(1, 2))  # (b, n, d)
        n = latents.shape[1]
        hidden = blank[:, 1 : 1 + 2 * n].reshape(-1, n, 2).all(dim=2)  # (b, n)
        context = self.context(latents)
        near = self.near(latents, batch.units, ~hidden)
        far = self.far(context, batch.units, hidden)
        far = far + _HEARD_TOO * self.far(context, batch.units, ~hidden)
        none = near.new_zeros(())
        codes = torch.zeros((0, 0), dtype=torch.long, device=heard.device)
        return Losses(near + far, none, none, near, codes)


def blanks(batch: int, frames: int) -> Tensor:
    """Return which spectrogram frames are blanked out, bool (batch, frames).

    Stretches of 8 to 16 frames, so many that they would cover three tenths if none overlapped;
    drawn from torch's own generator.
    """
    time = torch.arange(frames)
    blank = torch.zeros(batch, frames, dtype=torch.bool)
    for _ in range(max(int(_MASKED * frames / _LONGEST), 1)):
        start = torch.randint(max(frames - _LONGEST // 2, 1), (batch, 1))
        length = torch.randint(_LONGEST // 2, _LONGEST + 1, (batch, 1))
        blank |= (time >= start) & (time < start + length)
    return blank


def taught_units(
    mels: FrameStore, options: TrainOptions, fabric: Fabric, folder: RunFolder, *, progress: bool
) -> Units:
    """Return the units that the encoder is to tell, after the teacher's training if there is one.

    Parameters
    ----------
    mels
        Spectrograms of 10 ms frames.
    options
        ``teacher_steps`` and ``unit_sizes``; without steps the units are clusters of cepstra.
    fabric
        Knows device and precision.
    folder
        Where the teacher's phase and the units are kept.
    progress
        Whether to show a progress bar.
    """
    if not folder.units.exists():
        units = _find(mels, options, fabric, folder, progress=progress)
        if fabric.is_global_zero:
            units.save(folder.units)
        fabric.barrier()
    return Units.load(folder.units)


def _find(
    mels: FrameStore, options: TrainOptions, fabric: Fabric, folder: RunFolder, *, progress: bool
) -> Units:
    sizes, seed = tuple(options.unit_sizes), options.seed
    heard = _alike(mels, seed, fabric, folder)
    straight = [heard.of(number) for number in range(len(heard))]
    cepstra = cepstral_features(straight, seed)
    units = units_of(cepstra, sizes, seed)
    if options.teacher_steps:
        hidden = _taught(heard, units, options, fabric, folder, progress=progress)
        both = zip(cepstra, hidden, strict=True)
        units = units_of([np.hstack(pair) for pair in both], sizes, seed)
    if not options.band_unit_sizes:
        return units
    bands = units_of(spectral_features(straight), tuple(options.band_unit_sizes), seed)
    return joined(units, bands)


def _taught(
    heard: FrameStore,
    units: Units,
    options: TrainOptions,
    fabric: Fabric,
    folder: RunFolder,
    *,
    progress: bool,
) -> list[Float32]:
    """Return what a teacher of these units makes of every latent, (n, 65), aligned."""
    seed = options.seed
    torch.manual_seed(seed)
    objective = MaskedObjective(ConvolutionalEncoder(options.shapes.encoder), units.sizes)
    sampler = WindowSampler(heard, options.window, options.batch, seed)
    phase = Phase(
        TEACHER,
        options.teacher_steps,
        objective,
        SpectrogramBatches(heard, units, sampler, options).batch,
        [],
        None,
        lambda _: 0,
        {"teacher": objective},
    )
    run_phase(phase, fabric, options, folder.phase(TEACHER), progress=progress)
    mels = [heard.of(number) for number in range(len(heard))]
    hidden = balanced([normalised(part, "mean") for part in _hidden(objective, mels)])
    return aligned(hidden, _OF_CONTEXT, seed)


def _alike(mels: FrameStore, seed: int, fabric: Fabric, folder: RunFolder) -> FrameStore:
    """Return the spectrograms made alike over speakers, written if they aren't there."""
    with fabric.rank_zero_first():
        if not folder.alike.exists():
            straight = alike([mels.of(number) for number in range(len(mels))], seed)
            named = zip(mels.utterances, mels.speakers, straight, strict=True)
            FrameStore.written((SpokenFrames(*row) for row in named), folder.alike)
    return FrameStore.opened(folder.alike)


def _hidden(objective: MaskedObjective, mels: Sequence[Float32]) -> list[Float32]:
    """Return a hidden layer of the context for every latent of whole utterances, (n, width)."""
    objective.cpu().eval()
    how = objective.encoder.config.normalise
    layers = []
    for mel in mels:
        heard = torch.from_numpy(bands_of(mel, how).applied(mel).T.copy())[None]
        with torch.inference_mode():
            layers.append(objective.context(objective.encoder(heard), _DEPTH)[0].numpy())
    return layers
