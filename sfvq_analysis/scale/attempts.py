"""How often a shard was begun, and at which utterance its workers died.

A worker that is killed can't say what it was doing, so it is written down before. The first attempt
at a shard notes only that it began. Later ones go through what is left one utterance at a time and
note which. One at which a worker died waits until all others are done, so that workers lost for
other reasons seldom meet it again; at which five died, it isn't tried again: of a good one that is
at work a fifth of the time between losses, less than one in a thousand is lost so.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.corpus import Utterance

_DEATHS = 5


class Attempts:
    """The attempts at one shard, kept in a file.

    Parameters
    ----------
    path
        The file; it may be there from earlier attempts.

    Attributes
    ----------
    count
        How many there were, this one included.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        known = _read(path)
        self.count: int = known.get("count", 0) + 1
        self._deaths: dict[str, int] = dict(known.get("deaths", {}))
        at = known.get("at")
        if at:
            self._deaths[at] = self._deaths.get(at, 0) + 1
        self._write("")

    @property
    def is_careful(self) -> bool:
        """Whether utterances are to be gone through one at a time."""
        return self.count > 1

    @property
    def suspects(self) -> set[str]:
        """Ids of the utterances at which workers died."""
        return set(self._deaths)

    def refused(self, utterance: Utterance) -> str:
        """Note that an utterance is begun; return why it isn't to be, or ``""``."""
        deaths = self._deaths.get(utterance.id, 0)
        if deaths >= _DEATHS:
            self._write("")
            return f"{deaths} workers died at it"
        self._write(utterance.id)
        return ""

    def survived(self) -> None:
        """Note that no utterance is at work: what ends the attempt now is an error that speaks."""
        self._write("")

    def forget(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def _write(self, at: str) -> None:
        known = {"count": self.count, "deaths": self._deaths, "at": at}
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_text(json.dumps(known), encoding="utf-8")
        new.replace(self._path)  # a kill loses nothing; a power cut, which is no death here, may


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        known = json.loads(path.read_bytes())
        if isinstance(known, dict):
            return known
    return {}
