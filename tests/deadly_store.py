"""A store of frames that kills the process that opens a file of it for the n-th time."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from sfvq_analysis.stores import Store


@dataclass(frozen=True)
class DeadlyStore(Store):
    """Counts, in a file, how often files are opened; at some of these counts the process dies."""

    log: str = ""
    deaths: tuple[int, ...] = ()

    def opened(self, name):
        with Path(self.log).open("a") as log:
            log.write(f"{os.getpid()}\n")
        if len(self.begun()) in self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().opened(name)

    def begun(self) -> list[str]:
        return Path(self.log).read_text().split()
