"""`fit_on_cluster`: one trainer, and many workers that pass over its frames."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.errors import check_count
from sfvq_analysis.scale.clusters import check_resources
from sfvq_analysis.scale.stored_frames import StoredFrames, open_frames
from sfvq_analysis.scale.tasks import each_done
from sfvq_analysis.training import fit_sfvq
from sfvq_analysis.training.fit_options import FitOptions
from sfvq_analysis.training.moments import MEASURED, Moments, block_moments
from sfvq_analysis.training.scattered import ScatteredFrames
from sfvq_analysis.training.settling import summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.curve import CurveStatistics
    from sfvq_analysis.quantizers import SpaceFillingVQ
    from sfvq_analysis.training.curve_fit import Method
    from sfvq_analysis.training.moments import BlockMoments
    from sfvq_analysis.training.scattered import Sweep

    Float32 = NDArray[np.float32]
    Int64 = NDArray[np.int64]

_PARTS_A_THREAD, _LARGEST_PART = 4, 1 << 22


def fit_on_cluster(  # noqa: PLR0913  (what `fit_sfvq` takes, and where and how it is done)
    frames: StoredFrames | Path | str,
    *,
    client: Any,
    bits: int,
    seed: int = 0,
    method: Method = "map",
    options: FitOptions = FitOptions(),
    partitions: int | None = None,
    resources: Mapping[str, float] | None = None,
    progress: bool = False,
) -> SpaceFillingVQ:
    """Fit a space-filling curve to frames that no process holds, on a cluster.

    The result is that of `sfvq_analysis.fit_sfvq` on the same frames, to the bit on one type of
    machine, whatever the number of workers and partitions. Order is found on a sample, in this
    process; the sweeps over all frames are done by the workers, which read their blocks anew every
    time and send back sums. No process holds more than a few blocks, and this one a sample.

    Parameters
    ----------
    frames
        Stored ones, or where they are (`sfvq_analysis.scale.stored_frames.open_frames`): a ``.npy``
        file or a folder that every worker sees.
    client
        A `distributed.Client`, such as `connected` gives.
    bits, seed, method, options
        As in `sfvq_analysis.fit_sfvq`. The sweeps of ``"map"`` alone are the workers' work.
    partitions
        How many calls a pass over the frames takes; by default four a thread of the cluster, and
        more if they would have more than 2^22 frames.
    resources
        What a worker needs for a call.
    progress
        Whether to show a progress bar with the time left.

    Raises
    ------
    OptionError
        If an option is out of range.
    QuantizerError
        As `sfvq_analysis.fit_sfvq`.
    ScaleError, StoreError
        If frames can't be read, or workers die whatever is done.

    Examples
    --------
    >>> from sfvq_analysis.scale import connected
    >>> from sfvq_analysis.scale.stored_frames import store_frames
    >>> from tempfile import TemporaryDirectory
    >>> values = np.random.default_rng(0).normal(size=(20_000, 2))
    >>> with TemporaryDirectory() as folder, connected(workers=1) as client:
    ...     frames = store_frames(values, folder)
    ...     sfvq = fit_on_cluster(frames, client=client, bits=3, partitions=2)
    >>> sfvq.digest == fit_sfvq(values, bits=3).digest
    True
    """
    stored = frames if isinstance(frames, StoredFrames) else open_frames(frames)
    if partitions is not None:
        check_count("partitions", partitions, at_least=1)
    check_resources(client, resources or {})
    scattered = ClusterFrames(stored, client, partitions, resources)
    return fit_sfvq(
        scattered, bits=bits, seed=seed, method=method, options=options, progress=progress
    )


class ClusterFrames(ScatteredFrames):
    """Stored frames that the workers of a cluster pass over, a part of whole blocks each."""

    def __init__(
        self,
        stored: StoredFrames,
        client: Any,
        partitions: int | None = None,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        self.n_frames, self.dim = stored.n_frames, stored.dim
        self.encoder, self.lengths = stored.encoder, stored.lengths
        self._stored, self._client, self._resources = stored.untimed(), client, resources
        number = partitions or max(
            _PARTS_A_THREAD * sum(client.nthreads().values()), -(-self.n_frames // _LARGEST_PART)
        )
        self._parts = parts_of(self.n_frames, number)
        self._sampled: tuple[Int64, Float32] | None = None

    def moments(self) -> Moments:
        """Return what is known of all frames after one pass."""
        found = Moments()
        first = next(self._stored.blocks(0, 1, 1), None)
        if first is None:
            return found
        common = self._stored, first[0].astype(np.float64)
        waiting: dict[int, BlockMoments] = {}
        due = 0
        for number, some in self._each(_moments, common, self._parts):
            waiting[number] = some
            while due in waiting:  # in the order of the frames
                found.add(waiting.pop(due))
                due += 1
        return found

    def rows(self, places: NDArray[np.int64]) -> Float32:
        """Return the frames at rising places, shape (n, dim).

        Those of the last pass are kept, and smaller samples at even places are among them.
        """
        if self._sampled is None or not np.isin(places, self._sampled[0]).all():
            self._sampled = places, self._read(places)
        known, values = self._sampled
        return values[np.searchsorted(known, places)]

    def _read(self, places: Int64) -> Float32:
        bounds = [np.searchsorted(places, (part.start, part.stop)) for part in self._parts]
        filled = [slice(*one) for one in bounds if one[0] < one[1]]
        asked = [places[one] for one in filled]
        out = np.empty((len(places), self.dim), dtype=np.float32)
        for number, values in self._each(_rows, self._stored, asked):
            out[filled[number]] = values
        return out

    def statistics(self, sweep: Sweep, block_size: int) -> CurveStatistics:
        """Return the sums of one sweep over all frames, in blocks of that size."""
        total: CurveStatistics | None = None
        common = self._stored, sweep, block_size
        for _, some in self._each(_statistics, common, self._parts):
            total = some if total is None else total + some  # exact, so in whatever order
        assert total is not None  # noqa: S101 -- there is at least one frame
        return total

    def _each(self, function: Any, common: Any, items: Any) -> Iterator[tuple[int, Any]]:
        return each_done(self._client, function, common, items, self._resources)


def parts_of(n_frames: int, number: int) -> list[slice]:
    """Return runs of whole blocks of 4096 frames, so many or fewer, of about the same length.

    Examples
    --------
    >>> parts_of(10_000, 2)
    [slice(0, 4096, None), slice(4096, 10000, None)]
    """
    n_blocks = -(-n_frames // MEASURED)
    n_parts = min(number, n_blocks)
    bounds = [part * n_blocks // n_parts * MEASURED for part in range(n_parts)]
    return [slice(start, stop) for start, stop in pairwise([*bounds, n_frames])]


def _moments(common: tuple[StoredFrames, NDArray[np.float64]], part: slice) -> BlockMoments:
    stored, shift = common
    return block_moments(stored.blocks(part.start, part.stop, MEASURED), shift)


def _rows(stored: StoredFrames, places: Int64) -> Float32:
    first, last = int(places[0]), int(places[-1]) + 1
    kept, at = [], first
    for block in stored.blocks(first, last, MEASURED):
        start, stop = np.searchsorted(places, (at, at + len(block)))
        kept.append(block[places[start:stop] - at])
        at += len(block)
    return np.concatenate(kept)


def _statistics(common: tuple[StoredFrames, Sweep, int], part: slice) -> CurveStatistics:
    stored, sweep, size = common
    blocks = stored.blocks(part.start, part.stop, size)
    return summed(enumerate(blocks, part.start // size), sweep, n_threads=1)
