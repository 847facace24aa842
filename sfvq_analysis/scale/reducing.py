"""The reductions of a dataset, its shards added up by the workers of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from sfvq_analysis.scale.tasks import each_done
from sfvq_analysis.stats.counting.shard_reduction import dataset_units, reduce_shard
from sfvq_analysis.stats.counting.shards import merged_reductions

if TYPE_CHECKING:
    import pandas as pd

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.stats.counting.shard_reduction import ShardReduction
    from sfvq_analysis.tables import IndexDataset


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
    parts = each_done(
        client,
        _of_shard,
        (dataset, dataset_units(utterances)),
        (shard.number for shard in dataset.shards),
    )
    counted = tqdm(parts, total=len(dataset), desc="adding up", unit="shard", disable=not progress)
    return merged_reductions(dataset, utterances, counted)


def _of_shard(
    common: tuple[IndexDataset, tuple[str, pd.CategoricalDtype]], number: int
) -> ShardReduction:
    dataset, units = common
    return reduce_shard(dataset, number, units)
