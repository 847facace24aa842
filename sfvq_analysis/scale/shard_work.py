"""What a worker does: index one shard, write its files, and say so in the manifest."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline import index_journal
from sfvq_analysis.pipeline.indexing import gathered, indexed_utterances
from sfvq_analysis.scale.attempts import Attempts
from sfvq_analysis.scale.ledger import ShardLine, write_line
from sfvq_analysis.tables.shard_files import write_shard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfvq_analysis.corpus import Utterance
    from sfvq_analysis.pipeline import IndexJournal, SkippedUtterance
    from sfvq_analysis.pipeline.indexed import IndexedUtterance
    from sfvq_analysis.scale.job import IndexJob
    from sfvq_analysis.scale.sharding import Shard
    from sfvq_analysis.tables import IndexTable


class _Indexed(NamedTuple):
    """A shard's tables by name, none where no utterance is left; and what was left out."""

    tables: dict[str, IndexTable]
    skipped: tuple[tuple[str, str], ...]


def index_shard(job: IndexJob, shard: Shard) -> ShardLine:
    """Index a shard and write its files and its line, the line last.

    What an earlier attempt has finished is kept, utterance by utterance; after a lost worker the
    next goes through the rest one at a time, so that an utterance that kills workers is found.

    Raises
    ------
    SfvqError
        As `sfvq_analysis.pipeline.index_table`.
    """
    import torch

    torch.set_num_threads(1)  # as is said in the job's key
    start = time.monotonic()
    work = job.work_folder()
    work.mkdir(parents=True, exist_ok=True)
    name = f"{shard.number:06d}-{shard.stamp[:16]}"
    # the journal goes when the line stands
    with index_journal(work / f"{name}.journal") as journal:
        attempts = Attempts(work / f"{name}.attempts")
        try:
            found = _indexed(job, shard, journal, attempts)
        except SfvqError:
            attempts.forget()
            raise
        sizes = [
            write_shard(table, job.store.child(name), shard.number)
            for name, table in found.tables.items()
        ]
        line = replace(
            _line(shard, found),
            took=round(time.monotonic() - start, 3),
            attempts=attempts.count,
            worker=_worker(),
            size=sum(sizes),
        )
        write_line(job.store, line)
        attempts.forget()
    return line


def _indexed(job: IndexJob, shard: Shard, journal: IndexJournal, attempts: Attempts) -> _Indexed:
    encoder = job.loaded()

    def each(utterances: Iterable[Utterance]) -> Iterator[IndexedUtterance | SkippedUtterance]:
        return indexed_utterances(
            replace(shard.corpus, utterances=tuple(utterances)),
            encoder,
            job.quantizers,
            job.options,
            journal,
            refused=attempts.refused if attempts.is_careful else None,
        )

    others = [one for one in shard.corpus if one.id not in attempts.suspects]
    if others and attempts.suspects:
        deque(each(others), maxlen=0)  # to the journal
    rows = gathered(each(shard.corpus), shard.corpus, encoder, job.options, job.inventory)
    attempts.survived()
    skipped = tuple((one.utterance, one.reason) for one in rows.skipped)
    return _Indexed(rows.tables(job.quantizers) if rows.utterances else {}, skipped)


def _line(shard: Shard, found: _Indexed) -> ShardLine:
    table = next(iter(found.tables.values()), None)
    there = [] if table is None else list(table.utterances["utterance"])
    return ShardLine(
        number=shard.number,
        stamp=shard.stamp,
        state="done",
        first=there[0] if there else "",
        utterances=len(there),
        frames=0 if table is None else len(table.frames),
        seconds=round(shard.seconds, 3),
        skipped=found.skipped,
    )


def _worker() -> str:
    """Return the address of the worker this runs on; empty outside of a cluster."""
    from distributed import get_worker

    try:
        return str(get_worker().address)
    except ValueError:
        return ""
