"""What statistics are computed from: a table's frames added up, in one pass.

`reduce` makes three reductions:

- ``counts[unit, phone, index]`` of the frames that a known phone owns;
- ``transitions[unit, index, next_index]`` between neighbouring frames of an utterance;
- ``runs[utterance, token, index, length]``: stretches of one index inside one token, in time order.

The unit is the speaker; the utterance where there is one speaker. Phones are the symbols of the
table's inventory (other spellings are one phone), which also says their groups and foldings;
folding is done where a statistic asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.counting.labelled import token_of_frames
from sfvq_analysis.stats.inference import Inference, Unit, interval, resampling_weights
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding, PhoneInventory

By = Literal["phone", "phone_group"]
_CELLS_IN_MEMORY = 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Reductions:
    """The reductions of a table, and what is known of its tokens and utterances.

    Attributes
    ----------
    counts
        ``unit`` (category), ``phone`` (category), ``index``, ``count``; only what occurs, sorted.
    transitions
        ``unit``, ``index``, ``next_index``, ``count``; stays included, of all frames, sorted.
    runs
        ``utterance`` (its row in `utterances`), ``token`` (its row in `tokens`, -1 for frames that
        no known phone owns), ``index``, ``length`` (frames), in time order.
    tokens
        Phone segments of known phones, in time order: ``utterance``, ``phone``, ``phone_group``,
        ``ordinal`` (in its utterance, unknown phones counted), ``n_frames``, ``start_seconds``,
        ``stop_seconds``.
    utterances
        ``utterance``, ``unit`` (code of the unit), ``speaker``, ``sex``, ``dialect``, ``sentence``,
        ``split``, ``n_frames``.
    units
        Names of the units.
    unit
        What the units are.
    codebook_size
        K.
    frame_seconds
        Hop of the frames.
    temporal
        Whether the codebook was ordered by time, so that its steps are no finding.
    inventory
        What is known of phones, groups and foldings.
    """

    counts: pd.DataFrame
    transitions: pd.DataFrame
    runs: pd.DataFrame
    tokens: pd.DataFrame
    utterances: pd.DataFrame
    units: tuple[str, ...]
    unit: Unit
    codebook_size: int
    frame_seconds: float
    temporal: bool
    inventory: PhoneInventory


@dataclass(frozen=True, slots=True, eq=False)
class UnitCounts:
    """Counts of the index by a value (a phone or a group), for every unit.

    Attributes
    ----------
    matrix
        Shape (n_units, n_values * K), row-major: value, then index.
    values
        Names of the values: phones in alphabetical order, groups in the inventory's.
    n_tokens
        Tokens that own a frame, by value, shape (n_values,).
    unit, codebook_size, inventory
        As in `Reductions`.
    """

    matrix: csr_array
    values: tuple[str, ...]
    n_tokens: NDArray[np.int64]
    unit: Unit
    codebook_size: int
    inventory: PhoneInventory

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return int(self.matrix.shape[0])

    def total(self) -> NDArray[np.int64]:
        """Return the counts of all units together, shape (n_values, K)."""
        added = np.asarray(self.matrix.sum(axis=0), dtype=np.int64)
        return added.reshape(len(self.values), self.codebook_size)

    def weighted(self, weights: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
        """Yield the counts with units weighted, a block of draws at a time.

        Parameters
        ----------
        weights
            Shape (n, n_units), of `resampling_weights`.

        Yields
        ------
        NDArray[np.float64], shape (m, n_values, K)
            The next m of the n draws.
        """
        cells = max(1, self.matrix.shape[1])
        block = max(1, _CELLS_IN_MEMORY // cells)
        transposed = self.matrix.T.tocsr()
        for start in range(0, len(weights), block):
            part = (transposed @ weights[start : start + block].T).T
            yield np.ascontiguousarray(part).reshape(-1, len(self.values), self.codebook_size)

    def interval(
        self,
        statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        inference: Inference,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the bootstrap interval of a statistic of the counts.

        Parameters
        ----------
        statistic
            From counts of shape (m, n_values, K) to values of shape (m, …).
        inference
            Number of resamplings, level, seed.
        """
        weights = resampling_weights(self.n_units, inference)
        draws = [statistic(block) for block in self.weighted(weights)]
        shape = statistic(self.total()[None].astype(np.float64)).shape[1:]
        return interval(
            np.concatenate(draws) if draws else np.zeros((0, *shape)), self.n_units, inference
        )


def reduce(table: IndexTable) -> Reductions:
    """Add up a table's frames.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> reductions = reduce(table)
    >>> reductions.unit, len(reductions.units) == len(table.utterances)
    ('utterance', True)
    >>> int(reductions.runs["length"].sum()) == len(table.frames)
    True
    """
    tokens, owner = token_of_frames(table)
    several = len(table.utterances["speaker"].unique()) > 1
    unit: Unit = "speaker" if several else "utterance"
    units = table.utterances[unit].astype("category")
    utterance = table.frames["utterance"].cat.codes.to_numpy().astype(np.int64)
    index = table.frames["codeword"].to_numpy()
    unit_of_frame = units.cat.codes.to_numpy()[utterance].astype(np.int64)
    fit = table.provenance.get("quantizer", {}).get("fit", {})
    return Reductions(
        counts=_counts(unit_of_frame, tokens["phone"], owner, index, units),
        transitions=_transitions(unit_of_frame, utterance, index, units),
        runs=_runs(utterance, owner, index),
        tokens=tokens,
        utterances=_utterances(table, units),
        units=tuple(map(str, units.cat.categories)),
        unit=unit,
        codebook_size=table.codebook_size,
        frame_seconds=table.grid.hop / table.grid.sample_rate,
        temporal=bool(fit.get("temporal", False)),
        inventory=table.inventory,
    )


def as_reductions(table: IndexTable | Reductions) -> Reductions:
    """Return a table's reductions, or what already is some."""
    return reduce(table) if isinstance(table, IndexTable) else table


def unit_counts(
    table: IndexTable | Reductions, by: By = "phone", *, phone_set: Folding = 61
) -> UnitCounts:
    """Return the counts of the index by phone or by group, for every unit.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"phone"`` or ``"phone_group"``; phones in no group are left out of the second.
    phone_set
        Fold phones to 61, 48 or 39; those that a folding deletes are left out.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    reductions = as_reductions(table)
    inventory = reductions.inventory
    phones = reductions.counts["phone"].cat.categories
    names, code_of_phone = value_codes(phones, by, phone_set, inventory)
    counts = reductions.counts
    value = code_of_phone[counts["phone"].cat.codes.to_numpy()]
    known = value >= 0
    size = reductions.codebook_size
    cell = value[known] * size + counts["index"].to_numpy()[known]
    row = counts["unit"].cat.codes.to_numpy()[known]
    shape = (len(reductions.units), len(names) * size)
    entries = counts["count"].to_numpy(dtype=np.float64)[known]
    matrix = coo_array((entries, (row, cell)), shape=shape).tocsr()
    owning = reductions.tokens[reductions.tokens["n_frames"] > 0]
    code_of_token = _codes_among(names, owning["phone"], by, phone_set, inventory)
    n_tokens = np.bincount(code_of_token[code_of_token >= 0], minlength=len(names))
    return UnitCounts(matrix, names, n_tokens, reductions.unit, size, inventory)


def value_codes(
    phones: Sequence[str], by: By, phone_set: Folding, inventory: PhoneInventory
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the values that phones have, and each phone's place among them, -1 for none."""
    check_option("by", by, ("phone", "phone_group"))
    check_option("phone_set", phone_set, (61, 48, 39))
    entries = [inventory.by_symbol[phone] for phone in phones]
    if by == "phone_group":
        found = [entry.group for entry in entries]
        names = tuple(group for group in inventory.groups if group in found)
    else:
        found = [entry.folded(phone_set) for entry in entries]
        names = tuple(sorted({name for name in found if name is not None}))
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place.get(str(name), -1) for name in found], dtype=np.int64)


def token_values(
    reductions: Reductions, by: By, phone_set: Folding = 61
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the names of `unit_counts`, and each token's place among them, -1 for none."""
    phones, inventory = reductions.counts["phone"].cat.categories, reductions.inventory
    names, _ = value_codes(phones, by, phone_set, inventory)
    return names, _codes_among(names, reductions.tokens["phone"], by, phone_set, inventory)


def _codes_among(
    names: tuple[str, ...],
    phone: pd.Series,
    by: By,
    phone_set: Folding,
    inventory: PhoneInventory,
) -> NDArray[np.int64]:
    """Return the place among names of each of a column of phones."""
    own, code = value_codes(phone.cat.categories, by, phone_set, inventory)
    place = {name: at for at, name in enumerate(names)}
    moved = np.array([*(place.get(name, -1) for name in own), -1], dtype=np.int64)
    codes = np.append(code, -1)[phone.cat.codes.to_numpy()]
    return np.asarray(moved[codes])


def _counts(
    unit: NDArray[np.int64],
    phone: pd.Series,
    owner: NDArray[np.int64],
    index: NDArray[np.int32],
    units: pd.Series,
) -> pd.DataFrame:
    owned = owner >= 0
    code = phone.cat.codes.to_numpy().astype(np.int64)[owner[owned]]
    rows, count = _distinct_rows(unit[owned], code, index[owned].astype(np.int64))
    phones = pd.Categorical.from_codes(rows[1], phone.cat.categories).remove_unused_categories()
    return pd.DataFrame(
        {
            "unit": pd.Categorical.from_codes(rows[0], units.cat.categories),
            "phone": phones,
            "index": rows[2].astype(np.int32),
            "count": count,
        }
    )


def _transitions(
    unit: NDArray[np.int64],
    utterance: NDArray[np.int64],
    index: NDArray[np.int32],
    units: pd.Series,
) -> pd.DataFrame:
    same = utterance[1:] == utterance[:-1]
    before, after = index[:-1][same].astype(np.int64), index[1:][same].astype(np.int64)
    rows, count = _distinct_rows(unit[:-1][same], before, after)
    return pd.DataFrame(
        {
            "unit": pd.Categorical.from_codes(rows[0], units.cat.categories),
            "index": rows[1].astype(np.int32),
            "next_index": rows[2].astype(np.int32),
            "count": count,
        }
    )


def _distinct_rows(
    *columns: NDArray[np.int64],
) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Return the distinct rows of columns, sorted, and how often each occurs."""
    shape = tuple(int(column.max(initial=0)) + 1 for column in columns)
    cells, count = np.unique(np.ravel_multi_index(columns, shape), return_counts=True)
    return list(np.unravel_index(cells, shape)), count


def _runs(
    utterance: NDArray[np.int64], token: NDArray[np.int64], index: NDArray[np.int32]
) -> pd.DataFrame:
    values = (utterance, token, index)
    changes = np.any([np.diff(value) != 0 for value in values], axis=0)
    starts = np.flatnonzero(np.append(True, changes)) if len(index) else np.zeros(0, np.int64)
    return pd.DataFrame(
        {
            "utterance": utterance[starts].astype(np.int32),
            "token": token[starts],
            "index": index[starts],
            "length": np.diff(np.append(starts, len(index))).astype(np.int32),
        }
    )


def _utterances(table: IndexTable, units: pd.Series) -> pd.DataFrame:
    columns = ["utterance", "speaker", "sex", "dialect", "sentence", "split", "n_frames"]
    found = table.utterances[columns].copy()
    found.insert(1, "unit", units.cat.codes.to_numpy().astype(np.int32))
    return found
