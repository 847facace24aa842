"""Running the shards of an index on a cluster, whatever happens to its workers."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline.journal import JournalError
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.ledger import ShardLine, write_line
from sfvq_analysis.scale.shard_work import index_shard
from sfvq_analysis.stores import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sfvq_analysis.scale.job import IndexJob
    from sfvq_analysis.scale.sharding import Shard

_TRIES = 4
_NOT_OF_SPEECH = (JournalError, StoreError)
_WAITING, _FEWEST_WAITING = 3, 8  # shards for each thread of the cluster; at least


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
        self._client, self._store = client, job.store
        self._resources = dict(resources) if resources else None
        self._job = client.submit(_as_is, job, pure=False)  # made anew where workers are lost
        self._tries: Counter[int] = Counter()
        self._refused: SfvqError | None = None
        self._failed: dict[int, str] = {}
        self.lines: dict[int, ShardLine] = {}

    def each(self, shards: Sequence[Shard]) -> Any:
        """Yield every shard that is done, and its line, as they get done."""
        from distributed import as_completed

        to_come = iter(shards)
        n_threads = sum(self._client.nthreads().values())
        window = max(_FEWEST_WAITING, _WAITING * n_threads)
        waiting = {self._submit(shard): shard for shard in islice(to_come, window)}
        finished: Any = as_completed(  # type: ignore[no-untyped-call]
            list(waiting), loop=self._client.loop
        )
        for future in finished:
            shard = waiting.pop(future)
            again = self._again(future, shard)
            if not again:
                if future.status == "finished":
                    yield shard, future.result()
                following = None if self._refused else next(to_come, None)
                if following is None:
                    continue
                shard = following
            sent = self._submit(shard)
            waiting[sent] = shard
            finished.add(sent)

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

    def _submit(self, shard: Shard) -> Any:
        self._tries[shard.number] += 1
        name = f"shard-{shard.number:06d}-{shard.stamp[:8]}-{self._tries[shard.number]}"
        return self._client.submit(
            index_shard, self._job, shard, key=name, pure=False, resources=self._resources
        )

    def _again(self, future: Any, shard: Shard) -> bool:
        """Tell whether a shard is to be tried again; note why it failed if it isn't."""
        if future.status == "finished":
            return False
        error = future.exception() if future.status == "error" else None
        speech = isinstance(error, SfvqError) and not isinstance(error, _NOT_OF_SPEECH)
        if not speech and self._tries[shard.number] < _TRIES and self._refused is None:
            return True
        reason = str(error) if error is not None else "it was cancelled"
        if isinstance(error, SfvqError) and speech:
            self._refused = self._refused or error
        else:
            self._failed[shard.number] = f"{type(error).__name__}: {reason}"
        write_line(
            self._store,
            ShardLine(
                shard.number,
                shard.stamp,
                "failed",
                seconds=round(shard.seconds, 3),
                attempts=self._tries[shard.number],
                reason=reason,
            ),
        )
        return False


def _as_is(job: IndexJob) -> IndexJob:
    return job
