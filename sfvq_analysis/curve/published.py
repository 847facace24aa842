"""The published projection, which looks at the two segments at the nearest corner.

Reference: M. H. Vali, T. Bäckström, "Interpretable Latent Space Using Space-Filling Curves for
Phonetic Analysis in Voice Conversion", Interspeech 2023, 306-310.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.projection import (
    Codes,
    check_dimension,
    checked_corners,
    checked_frames,
    nearest_codeword,
    on_segment,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1 << 14


def published_projection(frames: ArrayLike, corners: ArrayLike) -> Codes:
    """Project frames by the published rule, which looks at two segments only.

    k* is the nearest corner; the frame is projected on [k*-1, k*] and [k*, k*+1] and the nearer
    point kept, ties to the left segment. At the ends of the curve the two segments are those of
    k* limited to 1 … K-2; with K = 2 there is only the one segment. The result is NOT always the
    nearest point on the curve: `project` is.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    corners
        Shape (K, dim), K >= 2.
    """
    x, c = checked_frames(frames), checked_corners(corners, at_least=2)
    check_dimension(x, c)
    starts = range(0, max(len(x), 1), _BLOCK)
    parts = [_published_block(x[start : start + _BLOCK], c) for start in starts]
    return Codes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _published_block(x: NDArray[np.floating], c: NDArray[np.float64]) -> Codes:
    codeword, codeword_distortion = nearest_codeword(x, c)
    middle = np.clip(codeword, 1, max(len(c) - 2, 1))
    left = middle - 1
    right = np.minimum(middle, len(c) - 2)
    t_left, d_left = on_segment(x, c, left)
    t_right, d_right = on_segment(x, c, right)
    take_right = d_right < d_left
    return Codes(
        codeword=codeword,
        segment=np.where(take_right, right, left).astype(np.int32),
        t=np.where(take_right, t_right, t_left).astype(np.float32),
        distortion=np.where(take_right, d_right, d_left).astype(np.float32),
        codeword_distortion=codeword_distortion,
    )
