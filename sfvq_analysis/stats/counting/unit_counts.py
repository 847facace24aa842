"""Counts of the index by phone or group, for every unit: what resampling of speakers works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array

from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.counting.reductions import Reducible, Reductions, as_reductions
from sfvq_analysis.stats.inference import Inference, Unit, interval, resampling_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding, PhoneInventory

    _Summed = Callable[[NDArray[np.float64]], NDArray[np.float64]]

By = Literal["phone", "phone_group"]
_CELLS_IN_MEMORY = 1 << 24


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
        summed = (
            self._summed_dense() if self.n_units * cells <= _CELLS_IN_MEMORY else self._summed()
        )
        for start in range(0, len(weights), block):
            part = summed(weights[start : start + block])
            yield part.reshape(len(part), len(self.values), self.codebook_size)

    def _summed_dense(self) -> _Summed:
        """Return what adds weighted units, as a rule the sooner: nothing is turned afterwards."""
        units = self.matrix.toarray().astype(np.float64, copy=False)
        return lambda weights: weights @ units

    def _summed(self) -> _Summed:
        transposed = self.matrix.T.tocsr()
        return lambda weights: np.ascontiguousarray((transposed @ weights.T).T)

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


def unit_counts(table: Reducible, by: By = "phone", *, phone_set: Folding = 61) -> UnitCounts:
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
    n_tokens = _tokens_of(names, reductions.token_numbers(), by, phone_set, inventory)
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


def _tokens_of(
    names: tuple[str, ...],
    numbers: pd.Series,
    by: By,
    phone_set: Folding,
    inventory: PhoneInventory,
) -> NDArray[np.int64]:
    """Return how many tokens each name has, from how many each phone has."""
    phones = pd.Series(pd.Categorical(numbers.index, categories=numbers.index))
    code = _codes_among(names, phones, by, phone_set, inventory)
    added = np.zeros(len(names), dtype=np.int64)
    np.add.at(added, code[code >= 0], numbers.to_numpy()[code >= 0])
    return added


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
