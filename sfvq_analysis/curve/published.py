"""The published projection, which looks at the two segments at the nearest corner.

Reference: M. H. Vali, T. Bäckström, "Interpretable Latent Space Using Space-Filling Curves for
Phonetic Analysis in Voice Conversion", Interspeech 2023, 306-310.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.checks import as_frames, blocks, check_dimension, checked_corners
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.engine import Engine
from sfvq_analysis.curve.projection import nearest_codeword

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

_BLOCK = 1 << 14


def published_projection(
    frames: ArrayLike | Tensor, corners: ArrayLike, engine: Engine = Engine()
) -> Codes:
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
    engine
        What finds the nearest corner.

    Raises
    ------
    QuantizerError
        As `sfvq_analysis.curve.project`.
    """
    x, c = as_frames(frames), checked_corners(corners, at_least=2)
    check_dimension(x.shape, c)
    codes = Codes.empty(len(x))
    codes.codeword[:], codes.codeword_distortion[:] = nearest_codeword(x, c, engine)
    for part in blocks(len(x), _BLOCK):
        _on_neighbours(x[part], c, codes.rows(part))
    return codes


def _on_neighbours(x: NDArray[np.floating], c: NDArray[np.float64], codes: Codes) -> None:
    """Fill in segment, t and distortion of frames whose codewords are known."""
    middle = np.clip(codes.codeword, 1, max(len(c) - 2, 1))
    left = middle - 1
    right = np.minimum(middle, len(c) - 2)
    t_left, d_left = _on_segment(x, c, left)
    t_right, d_right = _on_segment(x, c, right)
    take_right = d_right < d_left
    codes.segment[:] = np.where(take_right, right, left)
    codes.t[:] = np.where(take_right, t_right, t_left)
    codes.distortion[:] = np.where(take_right, d_right, d_left)


def _on_segment(
    frames: NDArray[np.floating], corners: NDArray[np.float64], segment: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return t and squared distance of each frame's nearest point on a given segment."""
    step = corners[segment + 1] - corners[segment]  # (n, dim)
    offset = frames - corners[segment]
    length = (step**2).sum(axis=1)
    along = (offset * step).sum(axis=1)
    t = np.clip(np.divide(along, length, out=np.zeros_like(along), where=length > 0), 0.0, 1.0)
    return t, ((offset - t[:, None] * step) ** 2).sum(axis=1)
