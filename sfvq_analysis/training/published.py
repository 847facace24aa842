"""The author's recipe for the curve: stochastic gradient steps on dithered codebooks.

Four corners, the means of four quarters of the frames sorted by norm, grow to K by doubling. At
each size: a fresh Adam (1e-3), 5 epochs in batches of 64, the rate halved at 60 % and 80 % of the
stage; each batch draws one offset a segment and minimises the mean squared distance to the nearest
dithered point. Reference: M. H. Vali, T. Bäckström, Interspeech 2023, and the authors' example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from sfvq_analysis.curve import grow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RATE, BATCH, EPOCHS = 1e-3, 64, 5
_HALVED_AT = (0.6, 0.8)


class PublishedStage(NamedTuple):
    """One size of the growing curve: its corners (K', dim) and the last epoch's mean loss."""

    corners: NDArray[np.float64]
    loss: float


def published_stages(
    frames: NDArray[np.float32], n_corners: int, seed: int
) -> Iterator[PublishedStage]:
    """Yield the curve at 4 (or fewer), 8, … `n_corners` corners.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    n_corners
        A power of two.
    seed
        Of batches and dither.
    """
    generator = torch.Generator().manual_seed(seed)
    data = torch.from_numpy(frames)
    corners = _norm_sorted_means(frames, min(4, n_corners))
    while True:
        stage = _train_stage(data, corners, generator)
        yield stage
        if len(stage.corners) >= n_corners:
            return
        corners = grow(stage.corners)


def _norm_sorted_means(frames: NDArray[np.float32], parts: int) -> NDArray[np.float64]:
    order = np.argsort(np.linalg.norm(frames, axis=1), kind="stable")
    return np.stack([frames[part].mean(axis=0) for part in np.array_split(order, parts)]).astype(
        np.float64
    )


def _train_stage(
    data: torch.Tensor, start: NDArray[np.float64], generator: torch.Generator
) -> PublishedStage:
    corners = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([corners], lr=RATE)
    steps_per_epoch = -(-len(data) // BATCH)
    steps = EPOCHS * steps_per_epoch
    schedule = torch.optim.lr_scheduler.MultiStepLR(
        optimiser, [int(share * steps) for share in _HALVED_AT], gamma=0.5
    )
    loss_sum = 0.0
    for _ in range(EPOCHS):
        loss_sum = 0.0
        for rows in torch.split(torch.randperm(len(data), generator=generator), BATCH):
            loss = _dithered_loss(data[rows], corners, generator)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            loss_sum += loss.item()
    return PublishedStage(corners.detach().double().numpy(), loss_sum / steps_per_epoch)


def _dithered_loss(
    batch: torch.Tensor, corners: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    u = torch.rand(len(corners) - 1, 1, generator=generator)
    dithered = (1 - u) * corners[:-1] + u * corners[1:]  # (K-1, d)
    with torch.no_grad():
        nearest = (dithered.square().sum(dim=1) - 2 * batch @ dithered.T).argmin(dim=1)
    return (batch - dithered[nearest]).square().mean()
