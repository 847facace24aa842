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
from sfvq_analysis.training.moments import MEASURED
from sfvq_analysis.training.reservoir import Reservoir
from sfvq_analysis.training.scattered import ScatteredFrames
from sfvq_analysis.training.streams import Stream, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import EncoderConfig
    from sfvq_analysis.training.moments import Moments

    Source = (
        Features
        | ArrayLike
        | Callable[[], Iterable[ArrayLike]]
        | Iterator[ArrayLike]
        | ScatteredFrames
    )
    Float32 = NDArray[np.float32]

MAX_BITS = 14
MOST_KEPT = 1 << 18
"""Frames that are kept of an iterator that can be read only once."""
MOST_SAMPLED = 1 << 17
"""Frames that starts and orders are found on; sweeps go over all."""
_FEWEST, _MOST, _BLOCKS = 64, MEASURED, 16
_AT_ONCE = 1 << 16


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
    scattered
        What holds them, if other processes do.
    """

    n_frames: int
    dim: int
    encoder: EncoderConfig
    variance: float
    grid: Grid
    lengths: tuple[int, ...]
    notes: Mapping[str, Any]
    scattered: ScatteredFrames | None
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
            uniformly, and the provenance says so. Or `ScatteredFrames`.
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
        stream = Stream(repeated=repeated)
        if isinstance(source, ScatteredFrames):
            return cls._scattered(source, bits)
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
            encoder, stream = stream.encoder, Stream(repeated=False)
        elif callable(source):
            read = source
        else:
            array = as_frames(source)
            read, lengths = _once(array), (len(array),)
        for _ in stream.measured(read()):
            pass
        return cls._measured(
            stream.moments,
            bits,
            encoder=encoder or stream.encoder,
            lengths=lengths,
            notes=notes,
            _read=read,
            _checksum=stream.checksum,
        )

    @classmethod
    def _scattered(cls, frames: ScatteredFrames, bits: int) -> FittingFrames:
        def read() -> Iterator[Float32]:
            for part in blocks(frames.n_frames, _AT_ONCE):
                yield frames.rows(np.arange(part.start, part.stop))

        moments = frames.moments()
        moments.refuse_bad()
        return cls._measured(
            moments, bits, encoder=frames.encoder, lengths=frames.lengths, notes={},
            scattered=frames, _read=read, _checksum=None,
        )  # fmt: skip

    @classmethod
    def _measured(
        cls, moments: Moments, bits: int, *, scattered: ScatteredFrames | None = None, **known: Any
    ) -> FittingFrames:
        n_frames, dim = moments.n_frames, moments.dim
        if n_frames < 2**bits:
            raise QuantizerError(
                f"{n_frames} frames can't fit {2**bits} codewords",
                remedy="fewer bits, more data",
            )
        grid = Grid.of(n_frames, dim, moments.largest, moments.farthest)
        return cls(
            n_frames, dim, variance=moments.variance, grid=grid, scattered=scattered, **known
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
        for block in cut(Stream(repeated=False).arrays(self._read()), self.block_size):
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
        n_kept = min(at_most, self.n_frames)
        wanted = np.arange(n_kept) * self.n_frames // n_kept
        if self.scattered is not None:
            return self.scattered.rows(wanted)
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
        return replace(
            self, n_frames=len(values), lengths=(), scattered=None, _read=_once(values),
            _checksum=None,
        )  # fmt: skip

    def described(self, **options: Any) -> Mapping[str, Any]:
        """Return fit options together with what they were applied to, for the provenance."""
        shape = {"n_frames": self.n_frames, "dim": self.dim, **self.notes}
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
        digest = {"encoder_digest": config_digest(self.encoder)}
        return {**listed, **shape, **digest, "variance": self.variance}


def _once(array: ArrayLike) -> Callable[[], Iterable[ArrayLike]]:
    return lambda: (array,)
