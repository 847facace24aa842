"""Nearest point on a piecewise linear curve, and nearest codeword.

Method
------
With corners c_k, d_k = c_{k+1} - c_k and L_k = |d_k|², the nearest point on segment k has
t = clamp((x - c_k)·d_k / L_k, 0, 1) (t = 0 where L_k = 0) and squared distance |x - c_k - t d_k|².
All segments are screened in float32 from products of frames and corners, after the mean corner is
taken off both (data far from the origin would lose its digits otherwise): in registers, as they are
computed (`sfvq_analysis.curve.tiles`), or block by block from a library's product. Those of large
codebooks are screened in octets, within bounds that are known (`sfvq_analysis.curve.octets`). t and
distance of what the screening leaves, which is one segment or a few, are computed anew in float64.
Among equal distances the lowest position k + t wins; a point that is a corner belongs to the
segment that starts there, but for the last corner. The codes don't depend on the `Engine`: neither
on its products nor on its threads.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.checks import (
    as_frames,
    check_dimension,
    checked_corners,
    is_tensor,
    not_finite,
)
from sfvq_analysis.curve.codes import Codes
from sfvq_analysis.curve.engine import Engine
from sfvq_analysis.curve.prepared import prepared
from sfvq_analysis.curve.search.screening import search
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from sfvq_analysis.curve.engine import Kernels
    from sfvq_analysis.curve.geometry import Geometry


def project(frames: ArrayLike | Tensor, corners: ArrayLike, engine: Engine = Engine()) -> Codes:
    """Project frames on the nearest point of the whole curve.

    Parameters
    ----------
    frames
        Shape (n_frames, dim): an array, a memory map or a tensor on any device.
    corners
        Shape (K, dim), K >= 2.
    engine
        What computes it.

    Returns
    -------
    Codes
        Of NumPy arrays, whatever the frames are.

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
    return _searched(frames, checked_corners(corners, at_least=2), engine, on_curve=True)


def nearest_codeword(
    frames: ArrayLike | Tensor, codebook: ArrayLike, engine: Engine = Engine()
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the nearest codeword of each frame, lowest index first among equals.

    Parameters
    ----------
    frames
        Shape (n_frames, dim): an array, a memory map or a tensor on any device.
    codebook
        Shape (K, dim), K >= 1.
    engine
        What computes it.

    Returns
    -------
    codeword : NDArray[np.int32], shape (n_frames,)
    distortion : NDArray[np.float32], shape (n_frames,)
        Squared Euclidean distance, summed over dimensions.

    Raises
    ------
    QuantizerError
        As `project`.
    """
    codes = _searched(frames, checked_corners(codebook, at_least=1), engine, on_curve=False)
    return codes.codeword, codes.codeword_distortion


def roughly_nearest(
    frames: NDArray[np.float32], codebook: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the nearest codeword of each frame as float32 sees it, for steps of a gradient.

    One product of NumPy's and no decision of what is in doubt: two to five times as fast as
    `nearest_codeword` on a thousand frames. Frames far from the origin lose digits; centre them.

    Parameters
    ----------
    frames
        Shape (n_frames, dim), finite and centred.
    codebook
        Shape (K, dim), in the same coordinates.

    Returns
    -------
    codeword : NDArray[np.int32], shape (n_frames,)
    distortion : NDArray[np.float32], shape (n_frames,)
        Squared Euclidean distance, exact to about 1e-6 of the squared norms; never negative.

    Examples
    --------
    >>> frames = np.array([[0.5, 0.0], [-2.0, 1.0]], dtype=np.float32)
    >>> codeword, distortion = roughly_nearest(frames, np.array([[-1.0, 0.0], [1.0, 0.0]]))
    >>> codeword.tolist(), distortion.tolist()
    ([1, 0], [0.25, 2.0])
    """
    from sfvq_analysis.curve.sums import least_of_rows

    products = (-2 * codebook).astype(np.float32) @ frames.T
    squares = np.einsum("kd,kd->k", codebook, codebook).astype(np.float32)
    codeword, value = np.empty(len(frames), np.int32), np.empty(len(frames), np.float32)
    least_of_rows(products, squares, codeword, value)
    value += np.einsum("nd,nd->n", frames, frames)
    return codeword, np.maximum(value, 0, out=value)


def _searched(
    frames: ArrayLike | Tensor, corners: NDArray[np.float64], engine: Engine, *, on_curve: bool
) -> Codes:
    codebook = prepared(corners)
    geometry = codebook.geometry
    kernels = _kernels(frames, engine)
    if kernels != "numba":
        from sfvq_analysis.curve.devices.tensors import as_tensor, search_tensors

        given = as_tensor(frames) if is_tensor(frames) else as_frames(frames)
        check_dimension(tuple(given.shape), corners)
        codes = Codes.empty(len(given))
        if kernels == "triton":
            from sfvq_analysis.curve.devices.on_gpu import on_gpu, search_on_gpu

            usable = search_on_gpu(on_gpu(given), codebook, codes, on_curve=on_curve)
        else:
            usable = search_tensors(given, geometry, codes, on_curve=on_curve)
        if not usable:
            raise _unusable(as_frames(given), geometry)
        return codes
    array = as_frames(frames)
    check_dimension(array.shape, corners)
    codes = Codes.empty(len(array))
    if not search(array, codebook, codes, engine, on_curve=on_curve):
        raise _unusable(array, geometry)
    return codes


def _kernels(frames: ArrayLike | Tensor, engine: Engine) -> Kernels:
    if engine.kernels != "auto":
        return engine.kernels
    is_on_gpu = is_tensor(frames) and frames.device.type == "cuda"
    return "torch" if is_on_gpu or find_spec("numba") is None else "numba"


def _unusable(frames: NDArray[np.floating], geometry: Geometry) -> QuantizerError:
    if not np.isfinite(frames).all():
        return not_finite(frames)
    offsets = np.abs(frames.astype(np.float64) - geometry.centre)
    farthest = float(np.hypot.reduce(offsets, axis=1).max())  # where squares would overflow
    return QuantizerError(
        f"frames are up to {farthest:.3g} from the codebook", remedy="scale latents and codebook"
    )
