"""Minutes of labelled speech, drawn from a table; see `sfvq_analysis.stats.labels.few_labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.inference import Inference, Unit
    from sfvq_analysis.tables import IndexTable

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

    index: Ints
    group: Ints
    starts: Ints
    unit_of_utterance: Ints
    counts: Ints
    unit: Unit
    frame_seconds: float

    @classmethod
    def of(cls, table: IndexTable) -> LabelledSpeech:
        """Return the arrays of a table."""
        utterances = table.utterances
        unit: Unit = "speaker" if len(utterances["speaker"].unique()) > 1 else "utterance"
        units = utterances[unit].astype("category").cat.codes.to_numpy().astype(np.int64)
        index = table.frames["codeword"].to_numpy().astype(np.int64)
        group = table.frames["phone_group"].cat.codes.to_numpy().astype(np.int64)
        n_groups = len(table.inventory.groups)
        group = np.where(group < 0, n_groups, group)
        n_frames = utterances["n_frames"].to_numpy()
        shape = (int(units.max(initial=-1)) + 1, n_groups + 1, table.codebook_size)
        cells = (np.repeat(units, n_frames) * shape[1] + group) * shape[2] + index
        counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
        starts = np.append(0, np.cumsum(n_frames))
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
        cells = self.group[frames] * shape[1] + self.index[frames]
        fitted = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        return Lot(frames, touched, fitted, self.counts[~touched].sum(axis=0))

    def others(self, lot: Lot) -> Ints:
        """Return the rows of the frames of other units that have a group."""
        elsewhere = np.repeat(~lot.touched[self.unit_of_utterance], np.diff(self.starts))
        return np.flatnonzero(elsewhere & (self.group < self.n_groups))
