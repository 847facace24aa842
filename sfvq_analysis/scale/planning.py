"""From a corpus to the plan of its dataset, an earlier one where it still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.pipeline.inventories import inventory_of
from sfvq_analysis.scale.along_tars import cuts_along_tars
from sfvq_analysis.scale.census import Census, census, merged
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.locking import WORK
from sfvq_analysis.scale.plan import Plan, read_plan
from sfvq_analysis.scale.sharding import cuts, part_of, shard_seconds
from sfvq_analysis.scale.tasks import all_done

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.stores import Store

_A_CENSUS = 50  # utterances


class Asked(NamedTuple):
    """What a call asks for: digests of job and plan, names of the tables, seconds of a shard."""

    job: str
    key: str
    names: tuple[str, ...]
    target: float | None


def planned(
    store: Store,
    asked: Asked,
    corpus: Corpus,
    options: IndexOptions,
    client: Any,
    *,
    overwrite: bool,
) -> Plan:
    """Return the plan that is there, if it is what is asked for, or a new one, written down.

    Raises
    ------
    ScaleError
        If what is there is something else (an index of another job, unless it may be replaced).
    SfvqError
        If labels are unknown, or headers and labels can't be read (unless skipped).
    """
    plan = read_plan(store)
    if plan is None and [name for name in store.names() if name != WORK]:
        raise ScaleError(
            "something else is there", where=store.where(), remedy="name a new or empty folder"
        )
    if plan is not None and (plan.job, plan.names) != (asked.job, asked.names):
        if not overwrite:
            raise ScaleError(
                "there is an index made with another encoder, codebook, options or version",
                where=store.where(),
                remedy="name another folder, or replace it: overwrite=True (--overwrite)",
            )
        store.clear(kept=(WORK,))
        plan = None
    if plan is not None and plan.key == asked.key:
        return plan
    found = _census(corpus, options, client)
    parts = None if asked.target else cuts_along_tars(corpus, found.seconds)
    parts = parts or cuts(found.seconds, asked.target or shard_seconds(sum(found.seconds)))
    plan = Plan(
        *asked[:3],
        lengths=tuple(part.stop - part.start for part in parts),
        seconds=tuple(sum(found.seconds[part]) for part in parts),
        inventory=inventory_of(found.labels, corpus, options),
    )
    plan.write(store)
    return plan


def _census(corpus: Corpus, options: IndexOptions, client: Any) -> Census:
    """Return the census of a corpus, which the workers take."""
    parts = [
        part_of(corpus, slice(first, first + _A_CENSUS))
        for first in range(0, len(corpus), _A_CENSUS)
    ]
    return merged(all_done(client, _of_part, options.on_error, parts))


def _of_part(on_error: ErrorPolicy, part: Corpus) -> Census:
    return census(part, on_error)
