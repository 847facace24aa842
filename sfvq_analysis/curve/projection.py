"""Nearest point on a piecewise linear curve, and nearest codeword.

Method
------
With corners c_k, d_k = c_{k+1} - c_k and L_k = |d_k|², the nearest point on segment k has
t = clamp((x - c_k)·d_k / L_k, 0, 1) (t = 0 where L_k = 0) and squared distance |x - c_k - t d_k|².
All segments are screened in float32 from one matrix product per block of frames, after the mean
corner is taken off frames and corners (data far from the origin would lose its digits otherwise).
The winner's t and distance are computed anew in float64; frames whose two best candidates lie
within the screening's round-off are decided in float64 over all segments. Among equal distances
the lowest position k + t wins; a point that is a corner belongs to the segment that starts there,
but for the last corner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.curve.kernels import compiled
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

_SCRATCH = 1 << 18  # products per block: K * B float32 within a cache of about 1 MB
_FLOAT32_ROUND_OFF = float(np.finfo(np.float32).eps)
_SMALLEST_SQUARE, _LARGEST_SQUARE = 1e-30, 1e30  # of lengths that float32 can square and invert


class Codes(NamedTuple):
    """Where frames are on a curve (or in a plain codebook); arrays of shape (n_frames,).

    `codeword` is the nearest corner. `segment` and `t` give the decoded point
    ``(1 - t) c_segment + t c_{segment+1}``. `distortion` is the squared Euclidean distance, summed
    over dimensions, to the decoded point; `codeword_distortion` that to the nearest corner. A
    plain codebook has segment -1, t NaN and both distortions equal.
    """

    codeword: NDArray[np.int32]
    segment: NDArray[np.int32]
    t: NDArray[np.float32]
    distortion: NDArray[np.float32]
    codeword_distortion: NDArray[np.float32]

    @property
    def position(self) -> NDArray[np.float64]:
        """Place on the axis, segment + t; NaN for a plain codebook."""
        return self.segment.astype(np.float64) + self.t


def project(frames: ArrayLike, corners: ArrayLike) -> Codes:
    """Project frames on the nearest point of the whole curve.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    corners
        Shape (K, dim), K >= 2.

    Raises
    ------
    QuantizerError
        If shapes don't fit or values are not finite; the message names the first such row.

    Examples
    --------
    >>> codes = project([[5.0, 0.2]], [[0, 0], [10, 0], [10, 1], [5, 1], [0, 1]])
    >>> int(codes.segment[0]), float(codes.t[0]), int(codes.codeword[0])
    (0, 0.5, 3)
    """
    x, c = checked_frames(frames), checked_corners(corners, at_least=2)
    check_dimension(x, c)
    geometry = _Geometry.of(c)
    parts = [_project_block(block, c, geometry) for block in _blocks(x, geometry)]
    return Codes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def nearest_codeword(
    frames: ArrayLike, codebook: ArrayLike
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the nearest codeword of each frame, lowest index first among equals.

    Parameters
    ----------
    frames
        Shape (n_frames, dim).
    codebook
        Shape (K, dim), K >= 1.

    Returns
    -------
    codeword : NDArray[np.int32], shape (n_frames,)
    distortion : NDArray[np.float32], shape (n_frames,)
        Squared Euclidean distance, summed over dimensions.
    """
    x, c = checked_frames(frames), checked_corners(codebook, at_least=1)
    check_dimension(x, c)
    geometry = _Geometry.of(c)
    parts = [_nearest_in_block(block, c, geometry) for block in _blocks(x, geometry)]
    codeword, distortion = (np.concatenate(column) for column in zip(*parts, strict=True))
    return codeword, distortion.astype(np.float32)


def checked_frames(frames: ArrayLike) -> NDArray[np.float32] | NDArray[np.float64]:
    """Return frames as a float array of shape (n_frames, dim), or raise a QuantizerError."""
    array = np.asarray(frames)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise QuantizerError(f"frames have shape {array.shape}", remedy="give (n_frames, dim)")
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise QuantizerError(
            f"{len(bad)} of {len(array)} frames hold NaN or infinity, the first is row {bad[0]}",
            remedy="mend the latents",
        )
    return array


def checked_corners(corners: ArrayLike, *, at_least: int) -> NDArray[np.float64]:
    """Return a codebook as float64 of shape (K, dim), or raise a QuantizerError."""
    array = np.asarray(corners, dtype=np.float64)
    if array.ndim != 2 or len(array) < at_least or array.shape[1] < 1:
        raise QuantizerError(
            f"codebook has shape {array.shape}", remedy=f"give (K, dim) with K >= {at_least}"
        )
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise QuantizerError(
            f"codebook holds NaN or infinity, the first at codeword {bad[0]}",
            remedy="mend the codebook",
        )
    return array


def check_dimension(frames: NDArray[np.floating], corners: NDArray[np.float64]) -> None:
    """Raise a QuantizerError unless frames and corners have the same dimension."""
    if frames.shape[1] != corners.shape[1]:
        raise QuantizerError(
            f"frames have {frames.shape[1]} dimensions, the codebook {corners.shape[1]}",
            remedy="use the encoder that the codebook was fitted on",
        )


class _Geometry(NamedTuple):
    """What the screening needs of the corners, computed in float64 and kept in float32."""

    centre: NDArray[np.float64]  # (dim,)
    corners: NDArray[np.float32]  # (K, dim), less the centre
    squares: NDArray[np.float32]  # (K,)
    lengths: NDArray[np.float32]  # (K-1,) squared
    inverse_lengths: NDArray[np.float32]  # (K-1,), 0 for a segment without length
    along: NDArray[np.float32]  # (K-1,) c_k · d_k
    reach: float  # the largest norm of a centred corner

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> _Geometry:
        centre = corners.mean(axis=0)
        centred = corners - centre
        steps = np.diff(centred, axis=0)
        lengths = (steps**2).sum(axis=1)
        squares = (centred**2).sum(axis=1)
        if squares.max() > _LARGEST_SQUARE:
            raise QuantizerError(
                f"codewords are up to {np.sqrt(squares.max()):.3g} from their mean",
                remedy="scale latents and codebook down",
            )
        lengths[lengths < _SMALLEST_SQUARE] = 0.0  # its inverse would overflow; decided in float64
        inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return cls(
            centre=centre,
            corners=centred.astype(np.float32),
            squares=squares.astype(np.float32),
            lengths=lengths.astype(np.float32),
            inverse_lengths=inverse.astype(np.float32),
            along=(centred[:-1] * steps).sum(axis=1).astype(np.float32),
            reach=float(np.sqrt(squares.max())),
        )


class _Block(NamedTuple):
    """Some frames, and what the screening needs of them."""

    frames: NDArray[np.float64]  # (b, dim), as given
    products: NDArray[np.float32]  # (K, b), of centred corners and centred frames
    round_off: NDArray[np.float32]  # (b,) bound on the error of a screened squared distance


def _blocks(frames: NDArray[np.floating], geometry: _Geometry) -> Iterator[_Block]:
    """Yield frames in blocks; the bound is (dim + 4) · eps · (|x| + max|c|)², centred."""
    size = int(np.clip(_SCRATCH // len(geometry.corners), 64, 4096))
    for start in range(0, max(len(frames), 1), size):
        block = frames[start : start + size].astype(np.float64)
        centred = block - geometry.centre
        norms = np.sqrt((centred**2).sum(axis=1))
        bound = (block.shape[1] + 4) * _FLOAT32_ROUND_OFF * (norms + geometry.reach) ** 2
        products = geometry.corners @ centred.astype(np.float32).T
        yield _Block(block, products, bound.astype(np.float32))


def _project_block(block: _Block, corners: NDArray[np.float64], geometry: _Geometry) -> Codes:
    n_frames = len(block.frames)
    best, rival = np.empty((2, n_frames), dtype=np.float32)
    segment = np.empty(n_frames, dtype=np.int32)
    compiled("scan_segments")(
        block.products, geometry.squares, geometry.lengths, geometry.inverse_lengths,
        geometry.along, block.round_off, best, rival, segment,
    )  # fmt: skip
    t, distortion = on_segment(block.frames, corners, segment)
    doubtful = np.flatnonzero(rival - best <= block.round_off)
    decided = segment[doubtful], t[doubtful], distortion[doubtful]
    compiled("decide_segments")(block.frames[doubtful], corners, *decided)
    segment[doubtful], t[doubtful], distortion[doubtful] = decided
    _start_at_corner(segment, t, last=len(corners) - 2)
    codeword, codeword_distortion = _nearest_in_block(block, corners, geometry)
    return Codes(
        codeword,
        segment,
        t.astype(np.float32),
        distortion.astype(np.float32),
        codeword_distortion.astype(np.float32),
    )


def _nearest_in_block(
    block: _Block, corners: NDArray[np.float64], geometry: _Geometry
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    n_frames = len(block.frames)
    best, rival = np.empty((2, n_frames), dtype=np.float32)
    codeword = np.empty(n_frames, dtype=np.int32)
    compiled("scan_corners")(block.products, geometry.squares, best, rival, codeword)
    doubtful = np.flatnonzero(rival - best <= block.round_off)
    decided = codeword[doubtful]
    compiled("decide_corners")(block.frames[doubtful], corners, decided)
    codeword[doubtful] = decided
    return codeword, ((block.frames - corners[codeword]) ** 2).sum(axis=1)


def on_segment(
    frames: NDArray[np.floating], corners: NDArray[np.float64], segment: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return t and squared distance of each frame's nearest point on a given segment."""
    step = corners[segment + 1] - corners[segment]  # (n, dim)
    offset = frames - corners[segment]
    length = (step**2).sum(axis=1)
    along = (offset * step).sum(axis=1)
    t = np.clip(np.divide(along, length, out=np.zeros_like(along), where=length > 0), 0.0, 1.0)
    return t, ((offset - t[:, None] * step) ** 2).sum(axis=1)


def _start_at_corner(segment: NDArray[np.int32], t: NDArray[np.float64], *, last: int) -> None:
    """Write a corner as the start of its segment, (k + 1, 0) for (k, 1), but for the last."""
    at_far_end = (t.astype(np.float32) == 1) & (segment < last)
    segment[at_far_end] += 1
    t[at_far_end] = 0.0
