"""Batches of windows, balanced over speakers, drawn anew for every step from (seed, step) alone.

A step's batch depends on nothing that came before, so that a training that was cut off goes on with
the same batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.errors import VoiceError

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from sfvq_analysis.training.voice.frame_store import FrameStore


class Windows(NamedTuple):
    """Where the windows of one batch are.

    Attributes
    ----------
    utterance, start
        Number of the utterance, and first frame in it, of what is to be decoded; shape (batch,).
    reference, reference_start
        The same of what the voice is heard in: the same speaker, another utterance if there is
        one, else another stretch if there is room for one.
    """

    utterance: NDArray[np.int64]
    start: NDArray[np.int64]
    reference: NDArray[np.int64]
    reference_start: NDArray[np.int64]


class WindowSampler:
    """Draws windows of so many spectrogram frames.

    Parameters
    ----------
    mels
        What they are cut from.
    size
        Frames of a window, even; windows start at even frames, where latents do.
    batch
        Windows of a batch.
    seed
        Of the draws.

    Raises
    ------
    VoiceError
        If no utterance is as long as a window.
    """

    def __init__(self, mels: FrameStore, size: int, batch: int, seed: int) -> None:
        if not len(mels) or mels.lengths.min() < size:
            raise VoiceError(
                f"an utterance has less than {size} frames", remedy="train on longer ones"
            )
        self._mels, self._size, self._batch, self._seed = mels, size, batch, seed
        names = np.array(mels.speakers)
        self._spoken = [np.flatnonzero(names == name) for name in np.unique(names)]

    @property
    def n_speakers(self) -> int:
        """How many speakers there are to draw from."""
        return len(self._spoken)

    def draw(self, step: int) -> Windows:
        """Return the batch of a step: every speaker once before one comes again."""
        rng = np.random.Generator(np.random.Philox(key=[self._seed, step]))
        rounds = -(-self._batch // self.n_speakers)
        speakers = np.concatenate([rng.permutation(self.n_speakers) for _ in range(rounds)])
        drawn = [self._of_speaker(rng, number) for number in speakers[: self._batch]]
        return Windows(*np.array(drawn, dtype=np.int64).T)

    def _of_speaker(self, rng: Generator, speaker: int) -> tuple[int, int, int, int]:
        spoken = self._spoken[speaker]
        utterance = self._utterance(rng, spoken)
        start = int(rng.choice(self._starts(utterance)))
        others = spoken[spoken != utterance]
        if len(others):
            reference = self._utterance(rng, others)
            return utterance, start, reference, int(rng.choice(self._starts(reference)))
        places = self._starts(utterance)
        apart = places[np.abs(places - start) >= self._size]
        return utterance, start, utterance, int(rng.choice(apart if len(apart) else places))

    def _utterance(self, rng: Generator, among: NDArray[np.int64]) -> int:
        """Return one of some utterances, each as likely as it is long."""
        lengths = self._mels.lengths[among]
        return int(rng.choice(among, p=lengths / lengths.sum()))

    def _starts(self, utterance: int) -> NDArray[np.int64]:
        """Return all frames at which a window can start."""
        return np.arange(0, self._mels.lengths[utterance] - self._size + 1, 2)

    def cut(self, utterance: NDArray[np.int64], start: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return windows of the spectrograms, shape (batch, size, n_mels)."""
        rows = self._mels.starts[utterance] + start
        return np.stack([self._mels.values[row : row + self._size] for row in rows])
