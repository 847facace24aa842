"""Frames as they arrive, array by array: checked, measured, and cut into blocks of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from sfvq_analysis.curve.checks import as_frames, blocks
from sfvq_analysis.encoders import Features
from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.training.moments import MEASURED, Moments, block_moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import EncoderConfig

    Float32 = NDArray[np.float32]


class Stream:
    """What is known of frames that passed by, checked on the way.

    `checksum` is None unless `repeated`.
    """

    def __init__(self, *, repeated: bool) -> None:
        self.moments = Moments()
        self.checksum = 0 if repeated else None
        self.encoder: EncoderConfig = {}
        self._shift = np.empty(0)

    def arrays(self, arriving: Iterable[Features | ArrayLike]) -> Iterator[NDArray[Any]]:
        """Yield what arrives as arrays of shape (n, dim); Features must be of one encoder."""
        for arrived in arriving:
            if not isinstance(arrived, Features):
                yield as_frames(arrived)
                continue
            self.encoder = self.encoder or arrived.encoder
            if arrived.encoder != self.encoder:
                raise QuantizerError(
                    f"frames are of the encoder {dict(self.encoder)}, then of "
                    f"{dict(arrived.encoder)}",
                    remedy="give frames of one encoder",
                )
            yield arrived.values

    def measured(self, arriving: Iterable[Features | ArrayLike]) -> Iterator[Float32]:
        """Yield what arrives in blocks.

        Raises
        ------
        QuantizerError
            At the end, if frames weren't finite, naming the first; or if they differ in dimensions.
        """
        for block in cut(self.arrays(arriving), MEASURED):
            self._add(block)
            yield block
        self.moments.refuse_bad()

    def _add(self, block: Float32) -> None:
        if self.moments.n_frames == 0:
            self._shift = block[0].astype(np.float64)
        if block.shape[1] != len(self._shift):
            raise QuantizerError(
                f"frames have {len(self._shift)} dimensions at first, then {block.shape[1]}",
                remedy="give frames of one encoder",
            )
        self.moments.add(block_moments([block], self._shift))
        if self.checksum is not None:
            self.checksum = crc32(block.data, self.checksum)


def cut(arrays: Iterable[NDArray[Any]], size: int) -> Iterator[Float32]:
    """Yield what arrives in blocks of `size` frames, C-contiguous float32."""
    held: list[Float32] = []
    for array in arrays:
        n_held = sum(map(len, held))
        start = 0
        if held:
            start = min(size - n_held, len(array))
            held.append(as_float32(array[:start], copied=True))
            if n_held + start < size:
                continue
            yield _joined(held)
            held = []
        for part in blocks(len(array) - start, size):
            piece = array[start + part.start : start + part.stop]
            if len(piece) == size:
                yield as_float32(piece)
            else:
                held = [as_float32(piece, copied=True)]
    if held:
        yield _joined(held)


def as_float32(array: NDArray[Any], *, copied: bool = False) -> Float32:
    """Return an array as C-contiguous float32; values beyond its range become infinite."""
    with np.errstate(over="ignore"):  # infinity is refused later
        return np.array(array, dtype=np.float32, order="C", copy=True if copied else None)


def _joined(parts: list[Float32]) -> Float32:
    dims = {part.shape[1] for part in parts}
    if len(dims) > 1:
        raise QuantizerError(
            f"frames have {sorted(dims)} dimensions", remedy="give frames of one encoder"
        )
    return np.concatenate(parts)
