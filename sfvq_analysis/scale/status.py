"""How far a dataset is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.ledger import ShardLine, read_lines
from sfvq_analysis.scale.plan import read_plan
from sfvq_analysis.stores import Store
from sfvq_analysis.tables.dataset import DATASET

if TYPE_CHECKING:
    from pathlib import Path


class ShardCounts(NamedTuple):
    """How far a dataset is.

    Attributes
    ----------
    shards, done, failed
        How many there are, are done, and failed at last.
    hours, hours_done
        Of audio.
    rate
        Seconds of audio a worker indexed in a second, on the mean of the shards done; 0 without.
    utterances, frames, size
        Of the shards done; bytes.
    skipped
        Ids of utterances left out, and why.
    failures
        The lines of the shards that failed.
    finished
        Whether the dataset can be opened.
    """

    shards: int
    done: int
    failed: int
    hours: float
    hours_done: float
    rate: float
    utterances: int
    frames: int
    size: int
    skipped: tuple[tuple[str, str], ...]
    failures: tuple[ShardLine, ...]
    finished: bool


def dataset_status(place: Path | str) -> ShardCounts:
    """Return how far a dataset is that `index_dataset` makes, or has made.

    Raises
    ------
    ScaleError
        If there is none.
    """
    store = Store.at(place)
    plan = read_plan(store)
    if plan is None:
        raise ScaleError(
            "no index in shards is there",
            where=store.where(),
            remedy="name the folder that `sfvq index --engine dask` writes to",
        )
    lines = read_lines(store)
    done = [line for line in lines.values() if line.state == "done"]
    failures = tuple(line for line in lines.values() if line.state == "failed")
    took, seconds = sum(line.took for line in done), sum(line.seconds for line in done)
    return ShardCounts(
        shards=len(plan.lengths),
        done=len(done),
        failed=len(failures),
        hours=sum(plan.seconds) / 3600,
        hours_done=seconds / 3600,
        rate=seconds / took if took else 0.0,
        utterances=sum(line.utterances for line in done),
        frames=sum(line.frames for line in done),
        size=sum(line.size for line in done),
        skipped=tuple(one for line in done for one in line.skipped),
        failures=failures,
        finished=all((store.child(name) if name else store).exists(DATASET) for name in plan.names),
    )
