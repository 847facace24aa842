"""A curve that grows from four corners by doubling, and is trained at every size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve import grow
from sfvq_analysis.training.fit_record import Stage, curve_row, progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]
    Float32 = NDArray[np.float32]

_FIRST_STAGE = 4
PROBE = 1 << 12
"""Frames that the projection is measured on."""


def grown(
    frames: Float32,
    n_corners: int,
    train: Callable[[Float64], tuple[Float64, float, float]],
    *,
    step: str,
    probe: Float32,
    progress: bool,
) -> Iterator[Stage]:
    """Yield the curve at 4 (or fewer), 8, … `n_corners` corners, a row for each stage.

    Parameters
    ----------
    frames
        Whose means by norm are the first corners, shape (n, dim).
    n_corners
        A power of two.
    train
        Takes a stage's corners and returns them trained, with dithered error and usage.
    step
        What the rows call it.
    probe
        Frames that the projection is measured on.
    progress
        Whether to show a progress bar.
    """
    corners = norm_sorted_means(frames, min(_FIRST_STAGE, n_corners))
    with progress_bar(np.log2(n_corners / len(corners)) + 1, shown=progress) as bar:
        while True:
            corners, error, usage = train(corners)
            known = {"step": step, "start": "growth", "sweep": 0}
            row = curve_row(corners, probe, **known, dithered_mse=error, usage=usage)
            yield Stage(corners, [row])
            bar.update()
            if len(corners) >= n_corners:
                return
            corners = grow(corners)


def norm_sorted_means(frames: Float32, parts: int) -> Float64:
    """Return the means of so many equal parts of the frames, sorted by norm; shape (parts, dim)."""
    order = np.argsort(np.linalg.norm(frames, axis=1), kind="stable")
    return np.stack([frames[part].mean(axis=0) for part in np.array_split(order, parts)]).astype(
        np.float64
    )
