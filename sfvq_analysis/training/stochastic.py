"""The stochastic trainer: gradient steps on a growing curve, written out, without autograd.

A step draws a batch and one offset u_k a segment, and assigns the batch to the nearest of the
points Y_k = (1 - u_k) c_k + u_k c_{k+1}. With counts n_k and sums S_k of the assigned frames,
g_k = (2K/B) (n_k Y_k - S_k) moves corner k by (1 - u_k) g_k and corner k + 1 by u_k g_k: the
gradient of K times the mean squared distance. Adam (.9, .99) begins anew at every stage; its rate
falls from 8 % of the frames' standard deviation to a twentieth of that along a cosine. Stages
double as in the author's recipe (`sfvq_analysis.curve.grow`). A stage of K' corners takes 2 K'
steps, but 80 at least and 600 at most, each on 512 frames: a run of a seeded permutation of a
sample. A step needs no exact search: float32 finds its nearest points (`roughly_nearest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve import curve_statistics, roughly_nearest
from sfvq_analysis.curve.products import one_thread_each
from sfvq_analysis.training.adam import Adam
from sfvq_analysis.training.growing import PROBE, grown
from sfvq_analysis.training.settling import dither_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.training.fit_record import Stage
    from sfvq_analysis.training.frames import FittingFrames

    Float64 = NDArray[np.float64]

BATCH, FEWEST_STEPS, MOST_STEPS = 512, 80, 600
_SAMPLE = 1 << 16
_RATE, _LAST_RATE = 0.08, 0.05


def stochastic_fit(
    frames: FittingFrames, n_corners: int, seed: int, *, progress: bool = False
) -> Iterator[Stage]:
    """Iterate over the curve at 4 (or fewer), 8, … `n_corners` corners, a row for each stage.

    Parameters
    ----------
    frames
        What to fit; steps are made on a sample of 2^16 at most.
    n_corners
        A power of two.
    seed
        Of batches and dither.
    progress
        Whether to show a progress bar.
    """
    sample = frames.sample(_SAMPLE)
    sample = sample[np.random.default_rng(seed).permutation(len(sample))]
    spread = float(np.sqrt(frames.variance / frames.dim)) or 1.0
    centre = sample.mean(axis=0, dtype=np.float64)
    centred = np.subtract(sample, centre, dtype=np.float32, casting="same_kind")

    def train(corners: Float64) -> tuple[Float64, float, float]:
        with one_thread_each():
            trained, error, usage = _stage(centred, corners - centre, spread, seed)
        return trained + centre, error, usage

    probe = sample[:PROBE]
    return grown(sample, n_corners, train, step="stochastic", probe=probe, progress=progress)


def _stage(
    sample: NDArray[np.float32], start: Float64, spread: float, seed: int
) -> tuple[Float64, float, float]:
    """Return corners, mean dithered error of the last tenth of the steps, and usage there."""
    corners = start.copy()
    adam = Adam(corners)
    errors, used = [], np.zeros(len(corners) - 1)
    n_steps = min(max(2 * len(corners), FEWEST_STEPS), MOST_STEPS)
    for step in range(n_steps):
        batch = _batch(sample, step)
        gradient, error, counts = _gradient(batch, corners, dither_of(len(corners), seed, step, 0))
        gradient /= spread  # without units, as Adam's constant is
        cosine = (1 + np.cos(np.pi * step / n_steps)) / 2
        adam.step(gradient, _RATE * spread * (_LAST_RATE + (1 - _LAST_RATE) * cosine))
        errors.append(error)
        if step >= n_steps - n_steps // 10:
            used += counts
    return corners, float(np.mean(errors[-(n_steps // 10) :])), float((used > 0).mean())


def _batch(sample: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return a run of the sample; the runs go round and round."""
    size = min(BATCH, len(sample))
    start = step * size % len(sample)
    stop = start + size
    if stop <= len(sample):
        return sample[start:stop]
    return np.concatenate([sample[start:], sample[: stop - len(sample)]])


def _gradient(
    batch: NDArray[np.float32], corners: Float64, dither: Float64
) -> tuple[Float64, float, Float64]:
    """Return the gradient of K · the mean squared distance, that mean, and frames a segment."""
    statistics = curve_statistics(batch, corners, dither, roughly_nearest)
    gradient = 2 * len(corners) / len(batch) * statistics.slope(corners)
    return gradient, statistics.squared_error / len(batch), statistics.counts
