"""The author's recipe for the curve: stochastic gradient steps on dithered codebooks.

Four corners, the means of four quarters of the frames sorted by norm, grow to K by doubling. At
each size: a fresh Adam (1e-3), 5 epochs in batches of 64, the rate halved at 60 % and 80 % of the
stage; each batch draws one offset a segment and minimises the mean squared distance to the nearest
dithered point. Reference: M. H. Vali, T. Bäckström, Interspeech 2023, and the authors' example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sfvq_analysis.curve import grow, project
from sfvq_analysis.training.fit_record import FitRow, Stage, curve_length, progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.training.frames import FittingFrames

RATE, BATCH, EPOCHS = 1e-3, 64, 5
_HALVED_AT = (0.6, 0.8)
_PROBE = 1 << 12


def published_fit(
    frames: FittingFrames, n_corners: int, seed: int, *, progress: bool = False
) -> Iterator[Stage]:
    """Yield the curve at 4 (or fewer), 8, … `n_corners` corners, a row for each stage.

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
    data, probe = torch.from_numpy(values), frames.sample(_PROBE)
    corners = norm_sorted_means(values, min(4, n_corners))
    with progress_bar(np.log2(n_corners / len(corners)) + 1, shown=progress) as bar:
        while True:
            corners, loss, usage = _train_stage(data, corners, generator)
            projection = float(project(probe, corners).distortion.mean(dtype=np.float64))
            yield Stage(corners, [_row(corners, loss * frames.dim, projection, usage)])
            bar.update()
            if len(corners) >= n_corners:
                return
            corners = grow(corners)


def _row(corners: NDArray[np.float64], error: float, projection: float, usage: float) -> FitRow:
    return FitRow(
        stage=len(corners),
        step="published",
        start="growth",
        width=None,
        sweep=0,
        map_mse=None,
        dithered_mse=error,
        projection_mse=projection,
        usage=usage,
        curve_length=curve_length(corners),
        kept=True,
    )


def norm_sorted_means(frames: NDArray[np.float32], parts: int) -> NDArray[np.float64]:
    """Return the means of so many equal parts of the frames, sorted by norm; shape (parts, dim)."""
    order = np.argsort(np.linalg.norm(frames, axis=1), kind="stable")
    return np.stack([frames[part].mean(axis=0) for part in np.array_split(order, parts)]).astype(
        np.float64
    )


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
