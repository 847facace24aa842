"""The reductions of a dataset, shard by shard: equal to those of its rows in one table.

Counts and transitions are added; they are as large as what was said is various, not as it is long.
Tokens and runs are as long as the speech: they are read when a statistic asks for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.added_cells import AddedCells
from sfvq_analysis.stats.counting.reductions import (
    Reductions,
    counts_frame,
    known_of_reductions,
    reduce,
    transitions_frame,
)
from sfvq_analysis.stats.counting.shard_reduction import (
    ShardReduction,
    dataset_units,
    reduce_shard,
    symbols,
)
from sfvq_analysis.tables.concatenation import below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexDataset

    Ints = NDArray[np.int64]


class DatasetReductions(Reductions):
    """The reductions of a dataset; tokens and runs are read when they are asked for.

    Parameters
    ----------
    dataset
        Where tokens and runs are.
    added
        What `token_numbers`, `tokens_at_indices` and `code_frames` return.
    **fields
        The other fields of `Reductions`.
    """

    def __init__(
        self, dataset: IndexDataset, added: tuple[pd.Series, pd.DataFrame, Ints], **fields: Any
    ) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self.__dict__.update(_dataset=dataset, _added=added)

    @property
    def tokens(self) -> pd.DataFrame:
        """As in `Reductions`, of all shards: some 60 bytes a token."""
        return self._along_time[0]

    @property
    def runs(self) -> pd.DataFrame:
        """As in `Reductions`, of all shards: 24 bytes a run."""
        return self._along_time[1]

    def token_numbers(self) -> pd.Series:
        """Return how many tokens that own a frame each phone has, by phone."""
        numbers: pd.Series = self.__dict__["_added"][0]
        return numbers

    def tokens_at_indices(self) -> pd.DataFrame:
        """Return how many tokens of each phone (row) have a frame at each index (column)."""
        at_indices: pd.DataFrame = self.__dict__["_added"][1]
        return at_indices

    def code_frames(self) -> Ints:
        """Return how many frames each code has, labelled or not, shape (K,)."""
        frames: Ints = self.__dict__["_added"][2]
        return frames

    @cached_property
    def _along_time(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        dataset: IndexDataset = self.__dict__["_dataset"]
        tokens, runs = [], []
        first_utterance = first_token = 0
        for table in dataset.tables():
            found = reduce(table)
            tokens.append(
                found.tokens.assign(utterance=found.tokens["utterance"] + first_utterance)
            )
            token = found.runs["token"].to_numpy()
            runs.append(
                found.runs.assign(
                    utterance=found.runs["utterance"] + first_utterance,
                    token=np.where(token >= 0, token + first_token, -1),
                )
            )
            first_utterance += len(found.utterances)
            first_token += len(found.tokens)
        return below(tokens), below(runs)


def reduce_dataset(dataset: IndexDataset) -> Reductions:
    """Add up the frames of a dataset, one shard after the other; again, it is known already.

    Of the dataset's object, that is: opened anew, it is added up anew.
    """
    if dataset not in _KNOWN:
        utterances = dataset.utterances
        units = dataset_units(utterances)
        parts = (
            (place, reduce_shard(dataset, shard.number, units))
            for place, shard in enumerate(dataset.shards)
        )
        _KNOWN[dataset] = merged_reductions(dataset, utterances, parts)
    return _KNOWN[dataset]


_KNOWN: WeakKeyDictionary[IndexDataset, Reductions] = WeakKeyDictionary()


def merged_reductions(
    dataset: IndexDataset, utterances: pd.DataFrame, parts: Iterable[tuple[int, ShardReduction]]
) -> Reductions:
    """Return the reductions of a dataset from those of its shards, the same in any order.

    Parameters
    ----------
    dataset, utterances
        What they are of, and its utterances.
    parts
        Of `reduce_shard`, of every shard, with its place; taken one at a time. It takes the least
        memory if they are nearly in order.
    """
    unit, names = dataset_units(utterances)
    units, size = names.categories, dataset.codebook_size
    phones = symbols(dataset.inventory)
    counts = AddedCells((len(units), len(phones), size))
    moves = AddedCells((len(units), size, size))
    numbers = np.zeros(len(phones), dtype=np.int64)
    at_indices = np.zeros((len(phones), size), dtype=np.int64)
    frames = np.zeros(size, dtype=np.int64)
    distortion: dict[int, NDArray[np.float64]] = {}
    for place, part in parts:
        counts.add(*part.counts)
        moves.add(*part.transitions)
        numbers += part.numbers
        at_indices += part.at_indices
        frames += part.frames
        distortion[place] = part.distortion
    columns = ["utterance", "speaker", "sex", "dialect", "sentence", "split", "n_frames"]
    of_utterances = utterances[columns].copy()
    codes = utterances[unit].astype(names).cat.codes.to_numpy()
    of_utterances.insert(1, "unit", codes.astype(np.int32))
    of_utterances["distortion"] = np.concatenate(
        [distortion[place] for place in sorted(distortion)]
    )
    return DatasetReductions(
        dataset,
        (pd.Series(numbers, index=phones), pd.DataFrame(at_indices, index=phones), frames),
        counts=counts_frame(*counts.rows(), units, phones),
        transitions=transitions_frame(*moves.rows(), units),
        utterances=of_utterances,
        units=tuple(map(str, units)),
        unit=unit,
        **known_of_reductions(dataset),
    )
