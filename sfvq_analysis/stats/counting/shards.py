"""The reductions of a dataset, shard by shard: equal to those of its rows in one table.

Counts and transitions are added; they are as large as what was said is various, not as it is long.
Tokens and runs are as long as the speech: they are read when a statistic asks for them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.reductions import (
    Reductions,
    added_up,
    counts_frame,
    known_of_reductions,
    reduce,
    transitions_frame,
    unit_of,
)
from sfvq_analysis.tables.concatenation import below, joined_categories

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexDataset, IndexTable

    Ints = NDArray[np.int64]


class ShardReduction(NamedTuple):
    """What is added up of one shard.

    Attributes
    ----------
    counts, transitions
        As in `Reductions`, units being those of the dataset.
    numbers
        As `Reductions.token_numbers` gives it.
    frames
        As `Reductions.code_frames` gives it.
    distortion
        Summed, of each utterance.
    """

    counts: pd.DataFrame
    transitions: pd.DataFrame
    numbers: pd.Series
    frames: Ints
    distortion: NDArray[np.float64]


class DatasetReductions(Reductions):
    """The reductions of a dataset; tokens and runs are read when they are asked for.

    Parameters
    ----------
    dataset
        Where tokens and runs are.
    numbers, frames
        What `token_numbers` and `code_frames` return.
    **fields
        The other fields of `Reductions`.
    """

    def __init__(
        self, dataset: IndexDataset, numbers: pd.Series, frames: Ints, **fields: Any
    ) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self.__dict__.update(_dataset=dataset, _numbers=numbers, _frames=frames)

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
        numbers: pd.Series = self.__dict__["_numbers"]
        return numbers

    def code_frames(self) -> Ints:
        """Return how many frames each code has, labelled or not, shape (K,)."""
        frames: Ints = self.__dict__["_frames"]
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
    """Add up the frames of a dataset, one shard after the other."""
    utterances = dataset.utterances
    units = dataset_units(utterances)
    parts = (reduce_shard(table, units) for table in dataset.tables())
    return merged_reductions(dataset, utterances, parts)


def dataset_units(utterances: pd.DataFrame) -> tuple[str, pd.CategoricalDtype]:
    """Return what the units of a dataset are, and their names as a dtype."""
    unit = unit_of(utterances)
    return unit, pd.CategoricalDtype(utterances[unit].astype("category").cat.categories)


def reduce_shard(table: IndexTable, units: tuple[str, pd.CategoricalDtype]) -> ShardReduction:
    """Add up the frames of one shard.

    Parameters
    ----------
    table
        The shard.
    units
        Of `dataset_units`.
    """
    unit, names = units
    found = added_up(table, table.utterances[unit].astype(names))
    owning = found.tokens["phone"][found.tokens["n_frames"].to_numpy() > 0]
    return ShardReduction(
        found.counts,
        found.transitions,
        owning.value_counts(sort=False),
        np.bincount(table.frames["codeword"], minlength=table.codebook_size),
        found.utterances["distortion"].to_numpy(),
    )


def merged_reductions(
    dataset: IndexDataset, utterances: pd.DataFrame, parts: Iterable[ShardReduction]
) -> Reductions:
    """Return the reductions of a dataset from those of its shards, in order.

    Parameters
    ----------
    dataset, utterances
        What they are of, and its utterances.
    parts
        Of `reduce_shard`, of every shard.
    """
    unit, names = dataset_units(utterances)
    found = list(parts)
    columns = ["utterance", "speaker", "sex", "dialect", "sentence", "split", "n_frames"]
    of_utterances = utterances[columns].copy()
    codes = utterances[unit].astype(names).cat.codes.to_numpy()
    of_utterances.insert(1, "unit", codes.astype(np.int32))
    of_utterances["distortion"] = np.concatenate([part.distortion for part in found])
    numbers = pd.concat([part.numbers for part in found])
    counts, moves = [part.counts for part in found], [part.transitions for part in found]
    size = dataset.codebook_size
    return DatasetReductions(
        dataset,
        numbers.groupby(numbers.index.astype(str)).sum().sort_index(),
        np.sum([part.frames for part in found], axis=0),
        counts=_added_counts(counts, names.categories, size),
        transitions=_added_transitions(moves, names.categories, size),
        utterances=of_utterances,
        units=tuple(map(str, names.categories)),
        unit=unit,
        **known_of_reductions(dataset),
    )


def _added_counts(parts: Sequence[pd.DataFrame], units: pd.Index, size: int) -> pd.DataFrame:
    phone = joined_categories([part["phone"] for part in parts])
    columns = [_codes(parts, "unit"), phone.codes, _values(parts, "index")]
    shape = (len(units), len(phone.categories), size)
    return counts_frame(*_added(columns, shape, _values(parts, "count")), units, phone.categories)


def _added_transitions(parts: Sequence[pd.DataFrame], units: pd.Index, size: int) -> pd.DataFrame:
    columns = [_codes(parts, "unit"), _values(parts, "index"), _values(parts, "next_index")]
    shape = (len(units), size, size)
    return transitions_frame(*_added(columns, shape, _values(parts, "count")), units)


def _added(
    columns: Sequence[NDArray[np.integer]], shape: tuple[int, ...], count: Ints
) -> tuple[list[Ints], Ints]:
    """Return the distinct rows of columns, sorted, with their counts added."""
    if len(count) == 0:
        return [np.zeros(0, np.int64) for _ in columns], count
    cells = np.ravel_multi_index([column.astype(np.int64) for column in columns], shape)
    order = np.argsort(cells, kind="stable")  # parts are sorted: it merges them
    cells, count = cells[order], count[order]
    first = np.flatnonzero(np.append(True, cells[1:] != cells[:-1]))
    return list(np.unravel_index(cells[first], shape)), np.add.reduceat(count, first)


def _codes(parts: Sequence[pd.DataFrame], name: str) -> NDArray[np.integer]:
    return np.concatenate([part[name].cat.codes.to_numpy() for part in parts])


def _values(parts: Sequence[pd.DataFrame], name: str) -> NDArray[Any]:
    return np.concatenate([part[name].to_numpy() for part in parts])
