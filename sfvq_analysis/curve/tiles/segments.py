"""`fit_segments`: the terms by which a sweep looks at segments, for a margin of round-off.

A nearest point has w = q_{k+1} - q_k between -s/2 and s/2, s the segment's span, and round-off
moves w by up to the margin. So a segment is taken to hold it up to |w| = s/2 and that margin.
There q_k + v² is more than it would be, by up to the margin's square over 2 s. A segment so short
that round-off is as much as its span is taken for longer, and q_k + v² is up to an eighth of that
span more. This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.compiled import compiled_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]

FACTOR, MIDDLE, LIMIT = range(3)
"""Rows of terms: 1 / √(2 s) and √(s / 8), for v = w / √(2 s) + √(s / 8); the limit of |w|."""
TERMS = 3
ALLOWED = 2
"""Numbers that are known of terms: the margin that they are for, and what is added by that."""
_SHORTEST = np.float32(1e-30)  # whose inverse float32 holds
_HALF, _TWO, _EIGHTH = np.float32(0.5), np.float32(2), np.float32(0.125)
_MOST = np.float32(4)  # times the margin, that terms may be for


@compiled_within
def fit_segments(spans: Float32, margin: Any, terms: Float32, allowed: Float32) -> Any:
    """Make terms (TERMS, n) hold for a margin, and return how much more q may be by that.

    They are left as they are if they do hold, and are for not much more.
    """
    if margin <= allowed[0] and allowed[0] <= _MOST * margin:
        return allowed[1]
    enough = _TWO * margin
    shortest, most = max(_TWO * enough, _SHORTEST), np.float32(0)
    for k in range(spans.shape[0]):
        span = max(spans[k], shortest)
        terms[FACTOR, k] = np.sqrt(_HALF / span)
        terms[MIDDLE, k] = np.sqrt(_EIGHTH * span)
        terms[LIMIT, k] = _HALF * span + enough
        longer = _EIGHTH * span if span > spans[k] else np.float32(0)
        most = max(most, _HALF * enough * (enough / span), longer)
    allowed[0], allowed[1] = enough, most
    return most
