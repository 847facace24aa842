"""When a curve grows, and how fast the networks learn."""

from __future__ import annotations

import math

from sfvq_analysis.training.voice.options import FIRST_CORNERS, TrainOptions

_RISE, _HALVED_AT = 0.05, (0.6, 0.8)
_GROWN_BY = 0.6


def corners_at(step: int, options: TrainOptions) -> int:
    """Return how many corners a bottleneck has at a step of joint training.

    A curve doubles at even intervals, so that it has all its corners for the last 40 % of the
    steps. A plain codebook has all codewords from the start.

    Examples
    --------
    >>> options = TrainOptions(codes=64, steps=100)
    >>> [corners_at(step, options) for step in (0, 19, 20, 39, 40, 59, 60, 99)]
    [16, 16, 32, 32, 64, 64, 64, 64]
    """
    if options.bottleneck == "vq":
        return options.codes
    doublings = int(math.log2(options.codes // FIRST_CORNERS))
    grown = int(step * (doublings + 1) / (_GROWN_BY * options.steps))
    return FIRST_CORNERS << min(grown, doublings)


def rate_at(step: int, n_steps: int, options: TrainOptions) -> float:
    """Return the learning rate of a step: see `TrainOptions.schedule`.

    Examples
    --------
    >>> cosine, halving = TrainOptions(rate=1.0), TrainOptions(rate=1.0, schedule="halving")
    >>> [round(rate_at(step, 100, cosine), 2) for step in (0, 4, 5, 52, 99)]
    [0.2, 1.0, 1.0, 0.51, 0.0]
    >>> [rate_at(step, 100, halving) for step in (0, 59, 60, 80, 99)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """
    if options.schedule == "halving":
        return options.rate * 0.5 ** sum(step >= share * n_steps for share in _HALVED_AT)
    rise = max(int(_RISE * n_steps), 1)
    if step < rise:
        return options.rate * (step + 1) / rise
    return options.rate * (1 + math.cos(math.pi * (step - rise) / max(n_steps - rise, 1))) / 2
