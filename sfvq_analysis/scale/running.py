"""Running the shards of an index on a cluster, whatever happens to its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline.journal import JournalError
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.ledger import ShardLine, write_line
from sfvq_analysis.scale.shard_work import index_shard
from sfvq_analysis.scale.tasks import Calls
from sfvq_analysis.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sfvq_analysis.scale.job import IndexJob
    from sfvq_analysis.scale.sharding import Shard

_TRIES = 4
_NOT_OF_SPEECH = (JournalError, StoreError)


def run_shards(
    client: Any,
    job: IndexJob,
    shards: Sequence[Shard],
    *,
    done: Collection[int],
    resources: Mapping[str, float] | None,
    progress: bool,
) -> dict[int, ShardLine]:
    """Index all shards but those that are done, and return their lines by number.

    A shard whose worker is lost, or that fails for another reason than its speech, is tried again.

    Raises
    ------
    SfvqError
        Of the first shard that failed for its speech. None is begun after it; those that are at
        work are finished.
    ScaleError
        If shards failed for other reasons; all others are finished.
    """
    run = _Run(client, job, resources)
    left = [shard for shard in shards if shard.number not in done]
    hours = sum(shard.seconds for shard in shards) / 3600
    ready = hours - sum(shard.seconds for shard in left) / 3600
    with tqdm(
        total=hours,
        initial=ready,
        desc="indexing",
        unit="h",
        disable=not progress,
        bar_format="{l_bar}{bar}| {n:.2f} of {total:.2f} h [{elapsed}<{remaining}{postfix}]",
    ) as bar:
        for shard, line in run.each(left):
            bar.update(min(shard.seconds / 3600, hours - bar.n))  # their sum may round up
            seconds = bar.format_dict["elapsed"] or 1.0
            bar.set_postfix_str(f"{(bar.n - ready) * 3600 / seconds:.0f} x real time")
            run.lines[line.number] = line
    run.raise_if_failed()
    return run.lines


class _Run:
    """Shards on their way through a cluster."""

    def __init__(self, client: Any, job: IndexJob, resources: Mapping[str, float] | None) -> None:
        self._store = job.store
        self._calls = Calls(client, index_shard, job, resources, name="shard")
        self._refused: SfvqError | None = None
        self._failed: dict[int, str] = {}
        self.lines: dict[int, ShardLine] = {}

    def each(self, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardLine]]:
        """Yield every shard that is done, and its line, as they get done."""
        for number, shard, future in self._calls.each(shards):
            if future.status == "finished":
                yield shard, future.result()
            elif self._is_to_be_tried(future, shard, self._calls.tries[number]):
                self._calls.again(number, shard)
            if self._refused is not None:
                self._calls.stop()

    def raise_if_failed(self) -> None:
        """Raise what the first bad speech raised, or a ScaleError of all shards that failed."""
        if self._refused is not None:
            raise self._refused
        if self._failed:
            number, reason = next(iter(self._failed.items()))
            raise ScaleError(
                f"{len(self._failed)} shards failed, the first, {number}, because of: {reason}",
                where=self._store.where(),
                remedy="mend that; the same call makes what is missing",
            )

    def _is_to_be_tried(self, future: Any, shard: Shard, tries: int) -> bool:
        """Tell whether a shard that failed is to be tried again; note why if it isn't."""
        error = future.exception() if future.status == "error" else None
        speech = isinstance(error, SfvqError) and not isinstance(error, _NOT_OF_SPEECH)
        if not speech and tries < _TRIES and self._refused is None:
            return True
        reason = str(error) if error is not None else "it was cancelled"
        if isinstance(error, SfvqError) and speech:
            self._refused = self._refused or error
        else:
            self._failed[shard.number] = f"{type(error).__name__}: {reason}"
        line = ShardLine(
            shard.number,
            shard.stamp,
            "failed",
            seconds=round(shard.seconds, 3),
            attempts=tries,
            reason=reason,
        )
        write_line(self._store, line)
        return False
