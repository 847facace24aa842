"""For the workers of a cluster: encoders that note what they do, or kill."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from sfvq_analysis import load_encoder

if TYPE_CHECKING:
    from pathlib import Path


class NotingEncoder:
    """Log-mel frames; every utterance that is begun leaves its length in a file."""

    def __init__(self, log: Path, *, seconds: float = 0.0) -> None:
        self._mel, self.log, self._seconds = load_encoder("mel"), log, seconds
        self.grid, self.dim, self.config = self._mel.grid, self._mel.dim, self._mel.config
        self.n_frames = self._mel.n_frames

    def encode(self, audio, sample_rate):
        with self.log.open("a") as log:
            log.write(f"{len(audio)}\n")
        time.sleep(self._seconds)
        return self._mel.encode(audio, sample_rate)

    def begun(self) -> list[int]:
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []


class DeadlyEncoder(NotingEncoder):
    """One that kills its process at an utterance of one length, for ever or so many times."""

    def __init__(self, log: Path, length: int, *, times: int | None = None) -> None:
        super().__init__(log)
        self._length, self._times = length, times

    def encode(self, audio, sample_rate):
        if len(audio) == self._length:
            died = self.begun().count(self._length)
            if self._times is None or died < self._times:
                with self.log.open("a") as log:
                    log.write(f"{len(audio)}\n")
                os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(audio, sample_rate)
