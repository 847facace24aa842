"""Frames to fit on: arrays, memory maps or streams, checked once and read in blocks.

Whatever they come from, they are cut into blocks of a fixed number of frames, in a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from sfvq_analysis.curve import Grid
from sfvq_analysis.curve.checks import as_frames, blocks
from sfvq_analysis.encoders import Features, config_digest
from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.training.reservoir import Reservoir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import EncoderConfig

    Source = Features | ArrayLike | Callable[[], Iterable[ArrayLike]] | Iterator[ArrayLike]
    Float32 = NDArray[np.float32]

MAX_BITS = 14
MOST_KEPT = 1 << 18
"""Frames that are kept of an iterator that can be read only once."""
MOST_SAMPLED = 1 << 17
"""Frames that starts and orders are found on; sweeps go over all."""
_FEWEST, _MOST, _BLOCKS = 64, 4096, 16


def check_bits(bits: int) -> None:
    """Raise an OptionError unless `bits` is an integer from 1 to 14."""
    if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= MAX_BITS:
        raise OptionError(f"bits is {bits!r}", remedy=f"use an integer from 1 to {MAX_BITS}")


def check_seed(seed: int) -> None:
    """Raise an OptionError unless `seed` is an integer from 0 to 2^32 - 1."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise OptionError(f"seed is {seed!r}", remedy="use an integer from 0 to 4294967295")


@dataclass(frozen=True, slots=True)
class FittingFrames:
    """Frames of shape (n_frames, dim), read as float32.

    Attributes
    ----------
    n_frames, dim
        Their shape.
    encoder
        Configuration of the encoder that made them; empty if unknown.
    variance
        Total variance: mean squared distance of a frame to the mean frame.
    grid
        Units that sums over blocks are rounded to.
    lengths
        Of stretches of time, as in `Features`; empty if unknown.
    notes
        What the provenance says of them besides.
    """

    n_frames: int
    dim: int
    encoder: EncoderConfig
    variance: float
    grid: Grid
    lengths: tuple[int, ...]
    notes: Mapping[str, Any]
    _read: Callable[[], Iterable[Features | ArrayLike]] = field(repr=False)
    _checksum: int | None = field(repr=False)

    @classmethod
    def of(cls, source: Source, bits: int, seed: int = 0) -> FittingFrames:
        """Check frames for a codebook of 2^bits codewords.

        Parameters
        ----------
        source
            Features; an array or memory map of shape (n_frames, dim); a callable that returns a
            fresh iterator over such arrays, of any length each, every time it is called; or an
            iterator, which can be read once only: of it 2^18 frames at most are kept, chosen
            uniformly, and the provenance says so.
        bits
            Of the codebook.
        seed
            Of that choice.

        Raises
        ------
        OptionError
            If `bits` isn't an integer from 1 to 14, or the seed none of 32 bits.
        QuantizerError
            If the frames aren't finite floats of shape (n_frames, dim) or are fewer than codewords.
        """
        check_bits(bits)
        check_seed(seed)
        encoder: EncoderConfig = {}
        lengths: tuple[int, ...] = ()
        notes: Mapping[str, Any] = {}
        repeated = callable(source) and not isinstance(source, Iterator)
        stream = _Stream(repeated=repeated)
        if isinstance(source, Features):
            encoder, lengths = source.encoder, source.lengths or ()
            read = _once(source.values)
        elif isinstance(source, Iterator):
            kept = Reservoir(MOST_KEPT, seed)
            for block in stream.measured(source):
                kept.add(block)
            if kept.n_seen == 0:
                raise QuantizerError("the iterator is empty", remedy="give one that is unread")
            read, notes = _once(kept.values()), {"frames_seen": kept.n_seen}
            encoder, stream = stream.encoder, _Stream(repeated=False)
        elif callable(source):
            read = source
        else:
            array = as_frames(source)
            read, lengths = _once(array), (len(array),)
        for _ in stream.measured(read()):
            pass
        if stream.n_frames < 2**bits:
            raise QuantizerError(
                f"{stream.n_frames} frames can't fit {2**bits} codewords",
                remedy="fewer bits, more data",
            )
        return cls(
            n_frames=stream.n_frames,
            dim=stream.dim,
            encoder=encoder or stream.encoder,
            variance=stream.variance,
            grid=Grid.of(stream.n_frames, stream.dim, stream.largest, stream.farthest),
            lengths=lengths,
            notes=notes,
            _read=read,
            _checksum=stream.checksum,
        )

    @property
    def block_size(self) -> int:
        """Frames in a block: a power of two, about a sixteenth of all, 64 to 4096."""
        share = max(self.n_frames // _BLOCKS, 1)
        return min(max(1 << (share.bit_length() - 1), _FEWEST), _MOST)

    def blocks(self) -> Iterator[Float32]:
        """Yield the frames, block by block; the last one may be shorter.

        Raises
        ------
        QuantizerError
            If a callable gives other frames than the first time.
        """
        checksum = 0
        for block in _cut(_Stream(repeated=False).arrays(self._read()), self.block_size):
            if self._checksum is not None:
                checksum = crc32(block.data, checksum)
                if block.shape[1] != self.dim:
                    break
            yield block
        if self._checksum not in {None, checksum}:
            raise QuantizerError(
                f"the callable gave {self.n_frames} frames at first, now others, or another number",
                remedy="return a fresh iterator over the same frames at every call",
            )

    def all(self) -> Float32:
        """Return all frames as an array of shape (n_frames, dim)."""
        return np.concatenate(list(self.blocks()))

    def sample(self, at_most: int = MOST_SAMPLED) -> Float32:
        """Return frames at even places, at most so many, as an array of shape (n, dim)."""
        wanted = (
            np.arange(min(at_most, self.n_frames)) * self.n_frames // min(at_most, self.n_frames)
        )
        out = np.empty((len(wanted), self.dim), dtype=np.float32)
        start, filled = 0, 0
        for block in self.blocks():
            stop = int(np.searchsorted(wanted, start + len(block)))
            out[filled:stop] = block[wanted[filled:stop] - start]
            start, filled = start + len(block), stop
        return out

    def first(self, at_most: int = MOST_SAMPLED) -> Float32:
        """Return the first frames, at most so many, as an array of shape (n, dim)."""
        kept: list[Float32] = []
        for block in self.blocks():
            kept.append(block[: at_most - sum(map(len, kept))])
            if sum(map(len, kept)) == at_most:
                break
        return np.concatenate(kept)

    def sampled(self, at_most: int) -> FittingFrames:
        """Return some of the frames, at even places, held in memory."""
        values = self.sample(at_most)
        return replace(self, n_frames=len(values), lengths=(), _read=_once(values), _checksum=None)

    def described(self, **options: Any) -> Mapping[str, Any]:
        """Return fit options together with what they were applied to, for the provenance."""
        shape = {"n_frames": self.n_frames, "dim": self.dim, **self.notes}
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
        digest = {"encoder_digest": config_digest(self.encoder)}
        return {**listed, **shape, **digest, "variance": self.variance}


def _once(array: ArrayLike) -> Callable[[], Iterable[ArrayLike]]:
    return lambda: (array,)


class _Stream:
    """What is known of frames that passed by, checked on the way.

    `largest` and `farthest` are those of `Grid.of`; `checksum` is None unless `repeated`.
    """

    def __init__(self, *, repeated: bool) -> None:
        self.n_frames = self.dim = 0
        self.largest = self.farthest = 0.0
        self.checksum = 0 if repeated else None
        self.encoder: EncoderConfig = {}
        self._shift = self._sums = np.empty(0)
        self._bad: list[int] = []

    @property
    def variance(self) -> float:
        """Total variance of the frames."""
        mean, mean_square = self._sums / max(self.n_frames, 1)
        return max(float((mean_square - mean**2).sum()), 0.0)

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
        for block in _cut(self.arrays(arriving), _MOST):
            self._add(block)
            yield block
        if self._bad:
            raise QuantizerError(
                f"{len(self._bad)} of {self.n_frames} frames hold NaN or infinity, the first is "
                f"row {self._bad[0]}",
                remedy="mend the latents",
            )

    def _add(self, block: Float32) -> None:
        from sfvq_analysis.curve.kernels import add_moments

        if self.n_frames == 0:
            self.dim = block.shape[1]
            self._shift = block[0].astype(np.float64)
            self._sums = np.zeros((2, self.dim))
        if block.shape[1] != self.dim:
            raise QuantizerError(
                f"frames have {self.dim} dimensions at first, then {block.shape[1]}",
                remedy="give frames of one encoder",
            )
        largest, farthest = add_moments(block, self._shift, self._sums)
        if largest == np.inf:
            self._bad += (self.n_frames + np.flatnonzero(~np.isfinite(block).all(axis=1))).tolist()
        self.largest = max(self.largest, float(largest))
        self.farthest = max(self.farthest, float(farthest))
        self.n_frames += len(block)
        if self.checksum is not None:
            self.checksum = crc32(block.data, self.checksum)


def _cut(arrays: Iterable[NDArray[Any]], size: int) -> Iterator[Float32]:
    """Yield what arrives in blocks of `size` frames, C-contiguous float32."""
    held: list[Float32] = []
    for array in arrays:
        n_held = sum(map(len, held))
        start = 0
        if held:
            start = min(size - n_held, len(array))
            held.append(_float32(array[:start], copied=True))
            if n_held + start < size:
                continue
            yield _joined(held)
            held = []
        for part in blocks(len(array) - start, size):
            piece = array[start + part.start : start + part.stop]
            if len(piece) == size:
                yield _float32(piece)
            else:
                held = [_float32(piece, copied=True)]
    if held:
        yield _joined(held)


def _float32(array: NDArray[Any], *, copied: bool = False) -> Float32:
    with np.errstate(over="ignore"):  # infinity is refused later
        return np.array(array, dtype=np.float32, order="C", copy=True if copied else None)


def _joined(parts: list[Float32]) -> Float32:
    dims = {part.shape[1] for part in parts}
    if len(dims) > 1:
        raise QuantizerError(
            f"frames have {sorted(dims)} dimensions", remedy="give frames of one encoder"
        )
    return np.concatenate(parts)
