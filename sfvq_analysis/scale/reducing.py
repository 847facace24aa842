"""The reductions of a dataset, its shards added up by the workers of a cluster."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from sfvq_analysis.stats.counting.shard_reduction import dataset_units, reduce_shard
from sfvq_analysis.stats.counting.shards import merged_reductions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.stats.counting.shard_reduction import ShardReduction
    from sfvq_analysis.tables import IndexDataset

_WAITING = 4  # shards for each thread of the cluster


def reduce_dataset(dataset: IndexDataset, *, client: Any, progress: bool = False) -> Reductions:
    """Add up a dataset's frames on a cluster; equal to `sfvq_analysis.stats.reduce` of it.

    Parameters
    ----------
    dataset
        At a place that every worker sees.
    client
        A `distributed.Client`, such as `sfvq_analysis.scale.connected` gives.
    progress
        Whether to show a progress bar.

    Raises
    ------
    SfvqError
        If files are missing or damaged.
    """
    utterances = dataset.utterances
    units = client.submit(_as_is, dataset_units(utterances), pure=False)
    whole = client.submit(_as_is, dataset, pure=False)

    def parts() -> Iterator[ShardReduction]:
        to_come = (
            client.submit(reduce_shard, whole, shard.number, units, pure=False, retries=3)
            for shard in dataset.shards
        )
        window = _WAITING * max(1, sum(client.nthreads().values()))
        waiting = deque(islice(to_come, window))
        while waiting:
            done = waiting.popleft()
            waiting.extend(islice(to_come, 1))
            yield done.result()

    counted = tqdm(
        parts(), total=len(dataset), desc="adding up", unit="shard", disable=not progress
    )
    return merged_reductions(dataset, utterances, counted)


def _as_is(value: Any) -> Any:
    return value
