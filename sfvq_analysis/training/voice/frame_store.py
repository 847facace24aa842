"""Frames of many utterances in one file, to draw windows from without holding them in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.files import new_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_VALUES, _LISTED = "frames.f32", "utterances.json"


class SpokenFrames(NamedTuple):
    """One utterance: its id, who speaks it, and its frames, shape (n, dim)."""

    utterance: str
    speaker: str
    frames: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FrameStore:
    """The frames of many utterances, one after another; made by `written` or `opened`.

    Attributes
    ----------
    values
        A memory map of shape (frames of all, dim).
    utterances, speakers
        Id and speaker of each utterance.
    starts, lengths
        First row and number of rows of each utterance.
    """

    values: NDArray[np.float32]
    utterances: tuple[str, ...]
    speakers: tuple[str, ...]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def written(cls, spoken: Iterable[SpokenFrames], folder: Path) -> FrameStore:
        """Write frames to a folder, whole or not at all, and open it.

        Raises
        ------
        VoiceError
            If there are none, or they have different dimensions.
        """
        listed: list[tuple[str, str, int]] = []
        dims: set[int] = set()
        with new_folder(folder) as partial:
            with (partial / _VALUES).open("wb") as file:
                for utterance, speaker, frames in spoken:
                    dims.add(frames.shape[1])
                    if len(dims) > 1:
                        raise VoiceError(
                            f"frames have {' and '.join(map(str, sorted(dims)))} dimensions",
                            where=f"utterance {utterance}",
                            remedy="give frames of one kind",
                        )
                    file.write(np.ascontiguousarray(frames, dtype="<f4").tobytes())
                    listed.append((utterance, speaker, len(frames)))
            if not listed:
                raise VoiceError("there is no speech to train on", remedy="check the corpus")
            known = {"dim": dims.pop(), "utterances": listed}
            (partial / _LISTED).write_text(json.dumps(known), encoding="utf-8")
        return cls.opened(folder)

    @classmethod
    def opened(cls, folder: Path) -> FrameStore:
        """Open what `written` wrote.

        Raises
        ------
        VoiceError
            If the folder doesn't hold it, whole.
        """
        try:
            known = json.loads((folder / _LISTED).read_text(encoding="utf-8"))
            ids, speakers, lengths = zip(*known["utterances"], strict=True)
            shape = sum(lengths), known["dim"]
            values = np.memmap(folder / _VALUES, dtype="<f4", mode="r").reshape(shape)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VoiceError(
                f"frames are missing or damaged ({error})",
                where=str(folder),
                remedy="start the training anew",
            ) from error
        counts = np.asarray(lengths, dtype=np.int64)
        return cls(values, ids, speakers, np.cumsum(counts) - counts, counts)

    def __len__(self) -> int:
        return len(self.utterances)

    def of(self, number: int) -> NDArray[np.float32]:
        """Return an utterance's frames, shape (n, dim)."""
        start = self.starts[number]
        return self.values[start : start + self.lengths[number]]

    def split(self, held_out: frozenset[str]) -> tuple[FrameStore, FrameStore]:
        """Return the utterances of all other speakers, and those of the speakers named."""
        there = np.array([speaker in held_out for speaker in self.speakers], dtype=bool)
        return self._kept(~there), self._kept(there)

    def at_least(self, n_frames: int) -> FrameStore:
        """Return the utterances that are so long."""
        return self._kept(self.lengths >= n_frames)

    def _kept(self, which: NDArray[np.bool_]) -> FrameStore:
        numbers = np.flatnonzero(which)
        return FrameStore(
            self.values,
            tuple(self.utterances[number] for number in numbers),
            tuple(self.speakers[number] for number in numbers),
            self.starts[numbers],
            self.lengths[numbers],
        )
