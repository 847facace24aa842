"""The plan of a dataset: how its corpus is cut, and what its labels mean; kept for later calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.pipeline.stamps import digest, utterance_stamp
from sfvq_analysis.scale.errors import ScaleError
from sfvq_analysis.scale.sharding import Shard, part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.stores import Store

PLAN = "plan.json"
_FORMAT = 1


class Plan(NamedTuple):
    """How a corpus is cut, and what its labels mean.

    Attributes
    ----------
    job
        Digest of encoder, codebooks and options.
    key
        Digest of job and corpus: files by size and time of last change.
    names
        Of the tables.
    lengths
        How many utterances each shard has.
    seconds
        Of audio, of each shard.
    inventory
        What the phone labels mean.
    """

    job: str
    key: str
    names: tuple[str, ...]
    lengths: tuple[int, ...]
    seconds: tuple[float, ...]
    inventory: PhoneInventory

    def shards(self, corpus: Corpus, stamps: Sequence[str]) -> list[Shard]:
        """Return the shards of the corpus that the plan was made for.

        Parameters
        ----------
        corpus
            The corpus.
        stamps
            Of `corpus_stamps`.
        """
        known = [self.job, self.inventory.to_json(), corpus.name, corpus.notes]
        found, first = [], 0
        for number, (length, seconds) in enumerate(zip(self.lengths, self.seconds, strict=True)):
            part = slice(first, first + length)
            first += length
            some = part_of(corpus, part)
            stamp = digest([known, [utterance.id for utterance in some], stamps[part]])
            found.append(Shard(number, some, seconds, stamp))
        return found

    def write(self, store: Store) -> None:
        """Write the plan."""
        known = {**self._asdict(), "format": _FORMAT, "inventory": self.inventory.to_json()}
        store.write(PLAN, f"{json.dumps(known, sort_keys=True)}\n".encode())


def corpus_stamps(corpus: Corpus) -> list[str]:
    """Return a stamp of the files of every utterance, in order."""
    return [utterance_stamp(utterance) for utterance in corpus]


def plan_key(job: str, corpus: Corpus, stamps: Sequence[str], target: float | None) -> str:
    """Return the digest of all that a plan depends on."""
    ids = [utterance.id for utterance in corpus]
    about = [corpus.name, str(corpus.root), corpus.notes, corpus.empty_is_silence]
    return digest([_FORMAT, job, target, about, ids, list(stamps)])


def read_plan(store: Store) -> Plan | None:
    """Return the plan of a dataset; None if there is none.

    Raises
    ------
    ScaleError
        If the file isn't one of ours.
    """
    if not store.exists(PLAN):
        return None
    try:
        known: dict[str, Any] = json.loads(store.read(PLAN))
        if known.pop("format") != _FORMAT:
            raise ValueError("another version")  # noqa: TRY301 (said as all others below)
        inventory = PhoneInventory.from_json(known.pop("inventory"))
        names, lengths, seconds = (tuple(known[name]) for name in ("names", "lengths", "seconds"))
        return Plan(known["job"], known["key"], names, lengths, seconds, inventory)
    except SfvqError as error:
        raise error.at(store.where(PLAN)) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ScaleError(
            "it isn't the plan of an index", where=store.where(PLAN), remedy="name another folder"
        ) from error
