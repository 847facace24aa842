"""WAV files beside a page, of what it shows of recordings that browsers don't play.

A page that is opened from a disk can't read other files, so it can't decode them; it can only have
the browser play them. Copied are the stretches of utterances that are shown, a file each, and the
snippets of examples one after another, a file for each sample rate.
"""

from __future__ import annotations

import json
import os
import shutil
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from sfvq_analysis.audio.writing import write_wav
from sfvq_analysis.report.folders import MANIFEST, OutputError, whole_folder, write_manifest
from sfvq_analysis.safe_names import safe_relatives

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path, PurePosixPath

    from numpy.typing import NDArray

_LOWEST_RATE, _HIGHEST_RATE = 8000, 48000
_GAP_SECONDS = 0.05
"""Silence after a snippet: browsers stop a little late."""


def copies_folder(page: Path) -> Path:
    """Return the folder beside a page that its copies are in.

    Examples
    --------
    >>> from pathlib import Path
    >>> copies_folder(Path("out/page.html")).name
    'page_audio'
    """
    return page.with_name(f"{page.stem}_audio")


class Copies:
    """Sounds to be written beside a page, once all are known.

    Parameters
    ----------
    page
        The page's own file.
    identities
        Of all the utterances there are: names of files depend on them.
    """

    def __init__(self, page: Path, identities: Iterable[str]) -> None:
        self.folder = copies_folder(page)
        self._page = page
        self._identities = tuple(identities)
        self._whole: dict[PurePosixPath, tuple[NDArray[np.float32], int]] = {}
        self._snippets: dict[int, list[NDArray[np.float32]]] = {}
        self._lengths: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many files there will be."""
        return len(self._whole) + len(self._snippets)

    def add_whole(self, identity: str, audio: NDArray[np.float32], sample_rate: int) -> str:
        """Keep what is shown of an utterance, and return its address from the page."""
        path = self._names[identity]
        self._whole[path] = _at_common_rate(audio, sample_rate)
        return self._address(f"utterances/{path}")

    def add_snippet(self, audio: NDArray[np.float32], sample_rate: int) -> tuple[str, float, float]:
        """Keep a snippet; return the address of the file it is in, and its times there."""
        sound, rate = _at_common_rate(audio, sample_rate)
        start = self._lengths.get(rate, 0)
        gap = np.zeros(round(_GAP_SECONDS * rate), np.float32)
        self._snippets.setdefault(rate, []).extend([sound, gap])
        self._lengths[rate] = start + len(sound) + len(gap)
        return self._address(_together(rate)), start / rate, (start + len(sound)) / rate

    def check(self) -> None:
        """Raise an OutputError if something of another make has the folder's name."""
        if os.path.lexists(self.folder) and not self._is_own():
            raise OutputError(
                "what sounds would be copied to exists and isn't of a page of that name",
                where=str(self.folder),
                remedy="move it, or give the page another name",
            )

    def write(self) -> None:
        """Write the folder, whole or not at all; that of an earlier page of the name goes."""
        if not len(self):
            if self._is_own():  # they may be such as mustn't be shared
                shutil.rmtree(self.folder)
            return
        self.check()
        with whole_folder(self.folder, overwrite=True) as folder:
            for path, (audio, rate) in self._whole.items():
                write_wav(folder / "utterances" / path, audio, rate)
            for rate, pieces in self._snippets.items():
                write_wav(folder / _together(rate), np.concatenate(pieces), rate)
            write_manifest(folder, {"sounds_of": self._page.name})

    @cached_property
    def _names(self) -> dict[str, PurePosixPath]:
        return safe_relatives(self._identities, ".wav")

    def _address(self, relative: str) -> str:
        return quote(f"{self.folder.name}/{relative}", errors="surrogateescape")

    def _is_own(self) -> bool:
        """Tell whether the folder is there and holds sounds of a page of the same name."""
        try:
            known: Any = json.loads((self.folder / MANIFEST).read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(known, dict) and known.get("sounds_of") == self._page.name


def _together(rate: int) -> str:
    return f"snippets_{rate}.wav"


def _at_common_rate(
    audio: NDArray[np.float32], sample_rate: int
) -> tuple[NDArray[np.float32], int]:
    """Return a sound at a rate that all browsers play."""
    import soxr

    rate = min(max(sample_rate, _LOWEST_RATE), _HIGHEST_RATE)
    return (audio if rate == sample_rate else soxr.resample(audio, sample_rate, rate)), rate
