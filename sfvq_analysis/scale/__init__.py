"""The same analysis on many processes and machines, by Dask.

A corpus is cut into shards of whole utterances; each is indexed by a worker and written as Parquet
files of an `sfvq_analysis.tables.IndexDataset`, which statistics, figures and reports take in the
place of a table. Scheduling, retries and moving data between machines are Dask's.
"""

from sfvq_analysis.scale.clusters import connected
from sfvq_analysis.scale.encoded_frames import encode_frames
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.fitting import fit_on_cluster
from sfvq_analysis.scale.indexing import index_dataset
from sfvq_analysis.scale.reducing import reduce_dataset
from sfvq_analysis.scale.sampling import sample_on_cluster
from sfvq_analysis.scale.status import ShardCounts, dataset_status
from sfvq_analysis.scale.stored_frames import StoredFrames, open_frames, store_frames

__all__ = [
    "ScaleError",
    "ShardCounts",
    "StoredFrames",
    "connected",
    "dataset_status",
    "encode_frames",
    "fit_on_cluster",
    "index_dataset",
    "open_frames",
    "reduce_dataset",
    "sample_on_cluster",
    "store_frames",
]
