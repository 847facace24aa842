"""What of a dataset is there already, and what says that it is finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.pipeline.encoding import refuse_nothing_left
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.pipeline.rows import scanned_out
from sfvq_analysis.scale.ledger import ShardLine, read_lines, remove_line
from sfvq_analysis.tables.concatenation import merge_known
from sfvq_analysis.tables.dataset import DATASET, write_dataset
from sfvq_analysis.tables.shard_files import known_of_shard, remove_shards, shard_is_there
from sfvq_analysis.tables.shard_sizes import ShardSize

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.scale.sharding import Shard
    from sfvq_analysis.stores import Store
    from sfvq_analysis.tables.known import Known


def kept_lines(
    store: Store, stores: Collection[Store], shards: Sequence[Shard]
) -> dict[int, ShardLine]:
    """Return the lines of the shards that needn't be made anew, by number.

    Lines of others are removed, and so is what says that the datasets are finished, if any is to be
    made.

    Parameters
    ----------
    store
        Where the lines are.
    stores
        Where the datasets are.
    shards
        What is to be there in the end.
    """
    stamps = {shard.number: shard.stamp for shard in shards}
    kept = {}
    for number, line in read_lines(store).items():
        same = line.state == "done" and stamps.get(number) == line.stamp
        if same and (not line.utterances or all(shard_is_there(one, number) for one in stores)):
            kept[number] = line
        else:
            remove_line(store, number)
    if len(kept) < len(shards):
        for one in stores:
            one.remove(DATASET)
    return kept


def finish_dataset(store: Store, corpus: Corpus, lines: Sequence[ShardLine]) -> None:
    """Write down which shards a dataset has, and remove files of others.

    Raises
    ------
    CorpusError
        If no utterance is left.
    """
    filled = [line for line in lines if line.utterances]
    skipped = [
        *scanned_out(corpus),
        *(SkippedUtterance(*one) for line in lines for one in line.skipped),
    ]
    refuse_nothing_left(len(filled), [SkippedUtterance(*one) for one in skipped], corpus)
    known = merge_known(known_of_shard(store, line.number) for line in filled)
    remove_shards(store, [line.number for line in filled])
    sizes = [ShardSize(line.number, line.first, line.utterances, line.frames) for line in filled]
    write_dataset(store, sizes, _with_skipped(known, skipped))


def _with_skipped(known: Known, skipped: Sequence[tuple[str, str]]) -> Known:
    """Return what is known with all that was skipped, in shards of which nothing is left too."""
    provenance = {
        **known.provenance,
        "counted": {**known.provenance["counted"], "utterances_skipped": len(skipped)},
        "skipped": [{"utterance": name, "reason": reason} for name, reason in skipped],
    }
    return known._replace(provenance=provenance)
