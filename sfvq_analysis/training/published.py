"""The author's recipe for the curve: stochastic gradient steps on dithered codebooks.

Four corners, the means of four quarters of the frames sorted by norm, grow to K by doubling. At
each size: a fresh Adam (1e-3), 5 epochs in batches of 64, the rate halved at 60 % and 80 % of the
stage; each batch draws one offset a segment and minimises the mean squared distance to the nearest
dithered point. Reference: M. H. Vali, T. Bäckström, Interspeech 2023, and the authors' example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sfvq_analysis.training.growing import PROBE, grown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.training.fit_record import Stage
    from sfvq_analysis.training.frames import FittingFrames

RATE, BATCH, EPOCHS = 1e-3, 64, 5
_HALVED_AT = (0.6, 0.8)


def published_fit(
    frames: FittingFrames, n_corners: int, seed: int, *, progress: bool = False
) -> Iterator[Stage]:
    """Iterate over the curve at 4 (or fewer), 8, … `n_corners` corners, a row for each stage.

    Parameters
    ----------
    frames
        What to fit; all of them are held in memory.
    n_corners
        A power of two.
    seed
        Of batches and dither.
    progress
        Whether to show a progress bar.
    """
    values = frames.all()
    generator = torch.Generator().manual_seed(seed)
    data = torch.from_numpy(values)

    def train(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
        fitted, loss, usage = _train_stage(data, corners, generator)
        return fitted, loss * frames.dim, usage

    probe = frames.sample(PROBE)
    return grown(values, n_corners, train, step="published", probe=probe, progress=progress)


def _train_stage(
    data: torch.Tensor, start: NDArray[np.float64], generator: torch.Generator
) -> tuple[NDArray[np.float64], float, float]:
    """Return corners, and the last epoch's mean loss and share of segments in use."""
    corners = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([corners], lr=RATE)
    steps_per_epoch = -(-len(data) // BATCH)
    steps = EPOCHS * steps_per_epoch
    schedule = torch.optim.lr_scheduler.MultiStepLR(
        optimiser, [int(share * steps) for share in _HALVED_AT], gamma=0.5
    )
    loss_sum, used = 0.0, torch.zeros(len(start) - 1, dtype=torch.bool)
    for _ in range(EPOCHS):
        loss_sum = 0.0
        used[:] = False
        for rows in torch.split(torch.randperm(len(data), generator=generator), BATCH):
            loss, nearest = _dithered_loss(data[rows], corners, generator)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            loss_sum += loss.item()
            used[nearest] = True
    fitted = corners.detach().double().numpy()
    return fitted, loss_sum / steps_per_epoch, float(used.float().mean())


def _dithered_loss(
    batch: torch.Tensor, corners: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean squared error, over frames and dimensions, and the segments assigned."""
    u = torch.rand(len(corners) - 1, 1, generator=generator)
    dithered = (1 - u) * corners[:-1] + u * corners[1:]  # (K-1, d)
    with torch.no_grad():
        nearest = (dithered.square().sum(dim=1) - 2 * batch @ dithered.T).argmin(dim=1)
    return (batch - dithered[nearest]).square().mean(), nearest
