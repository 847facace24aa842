"""Minutes of labelled speech, drawn from a table; see `sfvq_analysis.stats.labels.few_labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.reductions import unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.inference import Inference, Unit
    from sfvq_analysis.tables import Indexed

    Ints = NDArray[np.int64]


class Lot(NamedTuple):
    """One draw of minutes, and what is left to read.

    Attributes
    ----------
    frames
        Rows of the table's frames that are labelled.
    touched
        Which units they are of, shape (n_units,).
    fitted, read
        Counts of group and index, shape (G + 1, K), of these frames and of all frames of other
        units; the last row counts frames in no group.
    """

    frames: Ints
    touched: NDArray[np.bool_]
    fitted: Ints
    read: Ints

    @property
    def n_touched(self) -> int:
        """How many units they are of."""
        return int(self.touched.sum())

    @property
    def is_readable(self) -> bool:
        """Whether there is a group to learn and a group to read."""
        return bool(self.fitted[:-1].any() and self.read[:-1].any())


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSpeech:
    """A table as arrays.

    Attributes
    ----------
    index, group
        Of frames; group G, their number, is none.
    starts
        Row of the first frame of every utterance, and the number of frames at the end.
    unit_of_utterance
        Speakers; utterances where there is one speaker.
    counts
        Of unit, group and index, shape (n_units, G + 1, K).
    unit
        What units are.
    frame_seconds
        Hop of the frames.
    """

    index: NDArray[np.integer]
    group: NDArray[np.integer]
    starts: Ints
    unit_of_utterance: Ints
    counts: Ints
    unit: Unit
    frame_seconds: float

    @classmethod
    def of(cls, table: Indexed) -> LabelledSpeech:
        """Return the arrays of a table, or of all shards of a dataset: 3 to 4 bytes a frame."""
        utterances = table.utterances
        unit = unit_of(utterances)
        units = utterances[unit].astype("category").cat.codes.to_numpy().astype(np.int64)
        n_groups, size = len(table.inventory.groups), table.codebook_size
        n_frames = utterances["n_frames"].to_numpy()
        starts = np.append(0, np.cumsum(n_frames))
        shape = (int(units.max(initial=-1)) + 1, n_groups + 1, size)
        counts = np.zeros(shape, dtype=np.int64)
        index = np.zeros(starts[-1], dtype=np.min_scalar_type(size - 1))
        group = np.zeros(starts[-1], dtype=np.min_scalar_type(n_groups))
        first = 0
        for part in table.tables():
            rows = slice(first, first + len(part.utterances))
            place = slice(starts[rows.start], starts[rows.stop])
            index[place] = part.frames["codeword"]
            codes = part.frames["phone_group"].cat.codes.to_numpy()
            group[place] = np.where(codes < 0, n_groups, codes)
            unit_of_frame = np.repeat(units[rows], n_frames[rows])
            np.add.at(counts, (unit_of_frame, group[place], index[place]), 1)
            first = rows.stop
        seconds = table.grid.hop / table.grid.sample_rate
        return cls(index, group, starts, units, counts, unit, seconds)

    @property
    def n_groups(self) -> int:
        """How many groups there are, with or without frames."""
        return int(self.counts.shape[1]) - 1

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return len(self.counts)

    def lacks(self, minutes: float) -> str:
        """Return why so many minutes can't be drawn, or nothing."""
        found = len(self.index) * self.frame_seconds / 60
        if not self.counts[:, :-1].any():
            return "no frame has a group"
        if self.n_units < 2:
            return f"one {self.unit}: nobody else to read"
        return f"the table has {found:.3g} minutes" if found < minutes else ""

    def orders(self, n_draws: int, inference: Inference) -> list[Ints]:
        """Return orders of the utterances: units at random, the utterances of each at random."""
        rng = inference.generator("few labels")
        n = len(self.unit_of_utterance)
        return [
            np.lexsort((rng.permutation(n), rng.permutation(self.n_units)[self.unit_of_utterance]))
            for _ in range(n_draws)
        ]

    def lot(self, order: Ints, minutes: float) -> Lot:
        """Return the first so many minutes of an order of utterances."""
        wanted = max(1, round(minutes * 60 / self.frame_seconds))
        lengths = np.diff(self.starts)
        taken = order[: np.searchsorted(np.cumsum(lengths[order]), wanted) + 1]
        spans = [np.arange(self.starts[one], self.starts[one + 1]) for one in taken]
        frames = np.concatenate(spans)[:wanted]
        touched = np.zeros(self.n_units, dtype=bool)
        touched[self.unit_of_utterance[taken]] = True
        shape = self.counts.shape[1:]
        cells = self.group[frames].astype(np.int64) * shape[1] + self.index[frames]
        fitted = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        return Lot(frames, touched, fitted, self.counts[~touched].sum(axis=0))

    def others(self, lot: Lot) -> Ints:
        """Return the rows of the frames of other units that have a group."""
        elsewhere = np.repeat(~lot.touched[self.unit_of_utterance], np.diff(self.starts))
        return np.flatnonzero(elsewhere & (self.group < self.n_groups))
