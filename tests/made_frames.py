"""Frames to fit on, the ways they can be handed over, and how good a curve is for them."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from sfvq_analysis.encoders import Features
from sfvq_analysis.timeline import FrameGrid


def gaussian(n: int = 1500, dim: int = 3, seed: int = 0) -> np.ndarray:
    """Return float32 frames, standard normal."""
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def pieces(frames, lengths=(1, 7, 65, 0, 4097)) -> list[np.ndarray]:
    """Return frames cut into parts of these lengths, again and again."""
    parts, start, length = [], 0, cycle(lengths)
    while start < len(frames):
        parts.append(frames[start : start + next(length)])
        start += len(parts[-1])
    return parts


def as_features(frames, lengths=None, encoder=None) -> Features:
    """Return frames as an encoder gives them."""
    return Features(
        np.asarray(frames, np.float32), FrameGrid(16000, 320, 80), encoder or {}, lengths
    )


def dithered_mse(frames, corners, repeats: int = 20) -> float:
    """Return the mean squared distance to the nearest dithered point, over fresh offsets."""
    rng, losses = np.random.default_rng(99), []
    for _ in range(repeats):
        u = rng.random((len(corners) - 1, 1))
        dithered = (1 - u) * corners[:-1] + u * corners[1:]
        losses.append(((frames[:, None] - dithered) ** 2).sum(2).min(1).mean())
    return float(np.mean(losses))


def visits(centres, n_stretches: int = 30, seed: int = 0) -> Features:
    """Return stretches of time that each pass through all clusters in turn, in row order.

    A stretch stays at each of `centres` for two to twenty frames.
    """
    rng = np.random.default_rng(seed)
    walks = [
        np.repeat(centres, rng.integers(2, 20, size=len(centres)), axis=0)
        for _ in range(n_stretches)
    ]
    frames = np.concatenate(walks)
    return as_features(frames + 0.05 * rng.normal(size=frames.shape), tuple(map(len, walks)))
