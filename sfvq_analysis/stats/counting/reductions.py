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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.labelled import token_of_frames
from sfvq_analysis.tables import IndexDataset, Indexed, IndexTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.stats.inference import Unit


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
        ``split``, ``n_frames``, ``distortion`` (squared distance to the nearest codeword, summed
        over its frames).
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

    def token_numbers(self) -> pd.Series:
        """Return how many tokens that own a frame each phone has, by phone."""
        phones = self.tokens["phone"][self.tokens["n_frames"].to_numpy() > 0]
        found = np.bincount(phones.cat.codes, minlength=len(phones.cat.categories))
        return pd.Series(found, index=phones.cat.categories)

    def tokens_at_indices(self) -> pd.DataFrame:
        """Return how many tokens of each phone (row) have a frame at each index (column)."""
        phone, runs = self.tokens["phone"].cat, self.runs
        owned = runs["token"].to_numpy() >= 0
        token, index = (runs[name].to_numpy()[owned] for name in ("token", "index"))
        found = tokens_at(
            phone.codes.to_numpy()[token], token, index, (len(phone.categories), self.codebook_size)
        )
        return pd.DataFrame(found, index=phone.categories)

    def code_frames(self) -> NDArray[np.int64]:
        """Return how many frames each code has, labelled or not, shape (K,)."""
        runs = self.runs
        added = np.bincount(runs["index"], weights=runs["length"], minlength=self.codebook_size)
        return added.astype(np.int64)


Reducible: TypeAlias = IndexTable | IndexDataset | Reductions
"""What statistics take: a table, a dataset, or the reductions of one."""


def reduce(table: Indexed) -> Reductions:
    """Add up a table's frames; of a dataset, one shard after the other is in memory.

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
    if isinstance(table, IndexDataset):
        from sfvq_analysis.stats.counting.shards import reduce_dataset

        return reduce_dataset(table)
    unit = unit_of(table.utterances)
    units = table.utterances[unit].astype("category")
    found = added_up(table, units)
    return Reductions(
        counts=found.counts,
        transitions=found.transitions,
        runs=_runs(found.utterance, found.owner, table.frames["codeword"].to_numpy()),
        tokens=found.tokens,
        utterances=found.utterances,
        units=tuple(map(str, units.cat.categories)),
        unit=unit,
        **known_of_reductions(table),
    )


def as_reductions(table: Reducible) -> Reductions:
    """Return a table's reductions, or what already is some."""
    return table if isinstance(table, Reductions) else reduce(table)


class AddedUp(NamedTuple):
    """Frames added up, as `Reductions` has them, and each frame's utterance and token."""

    counts: pd.DataFrame
    transitions: pd.DataFrame
    tokens: pd.DataFrame
    utterances: pd.DataFrame
    utterance: NDArray[np.int64]
    owner: NDArray[np.int64]


def unit_of(utterances: pd.DataFrame) -> Unit:
    """Return what is resampled: speakers, if there are several, else utterances."""
    return "speaker" if len(utterances["speaker"].unique()) > 1 else "utterance"


def known_of_reductions(table: Indexed) -> dict[str, Any]:
    """Return the fields of `Reductions` that aren't added up."""
    fit = table.provenance.get("quantizer", {}).get("fit", {})
    return {
        "codebook_size": table.codebook_size,
        "frame_seconds": table.grid.hop / table.grid.sample_rate,
        "temporal": bool(fit.get("temporal", False)),
        "inventory": table.inventory,
    }


def added_up(table: IndexTable, units: pd.Series) -> AddedUp:
    """Add up frames by unit.

    Parameters
    ----------
    table
        The frames.
    units
        The unit of every utterance, a categorical.
    """
    tokens, owner = token_of_frames(table)
    utterance = table.frames["utterance"].cat.codes.to_numpy().astype(np.int64)
    index = table.frames["codeword"].to_numpy()
    unit_of_frame = units.cat.codes.to_numpy()[utterance].astype(np.int64)
    return AddedUp(
        _counts(unit_of_frame, tokens["phone"], owner, index, units),
        _transitions(unit_of_frame, utterance, index, units),
        tokens,
        _utterances(table, units, utterance),
        utterance,
        owner,
    )


def _counts(
    unit: NDArray[np.int64],
    phone: pd.Series,
    owner: NDArray[np.int64],
    index: NDArray[np.int32],
    units: pd.Series,
) -> pd.DataFrame:
    owned = owner >= 0
    code = phone.cat.codes.to_numpy().astype(np.int64)[owner[owned]]
    rows, count = distinct_rows(unit[owned], code, index[owned].astype(np.int64))
    return counts_frame(rows, count, units.cat.categories, phone.cat.categories)


def tokens_at(
    phone: NDArray[np.integer],
    token: NDArray[np.integer],
    index: NDArray[np.integer],
    shape: tuple[int, int],
) -> NDArray[np.int64]:
    """Return how many tokens of each phone have a frame at each index, from those of frames."""
    _, first = np.unique(token.astype(np.int64) * shape[1] + index, return_index=True)
    cells = phone[first].astype(np.int64) * shape[1] + index[first]
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def counts_frame(
    rows: Sequence[NDArray[np.integer]],
    count: NDArray[np.int64],
    units: pd.Index,
    phones: pd.Index,
) -> pd.DataFrame:
    """Return the frame of `Reductions.counts` from codes of unit and phone, and index."""
    spoken = pd.Categorical.from_codes(rows[1], phones).remove_unused_categories()
    return pd.DataFrame(
        {
            "unit": pd.Categorical.from_codes(rows[0], units),
            "phone": spoken,
            "index": rows[2].astype(np.int32, copy=False),
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
    rows, count = distinct_rows(unit[:-1][same], before, after)
    return transitions_frame(rows, count, units.cat.categories)


def transitions_frame(
    rows: Sequence[NDArray[np.integer]], count: NDArray[np.int64], units: pd.Index
) -> pd.DataFrame:
    """Return the frame of `Reductions.transitions` from codes of the unit, and two indices."""
    return pd.DataFrame(
        {
            "unit": pd.Categorical.from_codes(rows[0], units),
            "index": rows[1].astype(np.int32, copy=False),
            "next_index": rows[2].astype(np.int32, copy=False),
            "count": count,
        },
        copy=False,  # they may be large
    )


def distinct_rows(
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


def _utterances(table: IndexTable, units: pd.Series, utterance: NDArray[np.int64]) -> pd.DataFrame:
    columns = ["utterance", "speaker", "sex", "dialect", "sentence", "split", "n_frames"]
    found = table.utterances[columns].copy()
    found.insert(1, "unit", units.cat.codes.to_numpy().astype(np.int32))
    error = table.frames["codeword_distortion"].to_numpy(dtype=np.float64)
    found["distortion"] = np.bincount(utterance, weights=error, minlength=len(found))
    return found
