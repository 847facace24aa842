"""Short stretches of recordings, each cut once however often a page shows it."""

from __future__ import annotations

import base64
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sfvq_analysis.report.page.sounds import Heard, Sound, Speech

N_BANDS = 16
_LEVELS = 16  # of a picture: two cells a byte
_MOST_THREADS = 4  # encoders leave Python's lock alone
_COST = {"none": (80, 1100), "link": (160, 1100), "embed": (300, 3400)}
"""Bytes of a snippet and of each second of it, a little more than they come to."""


class Stretch(NamedTuple):
    """A stretch of an utterance, in seconds."""

    utterance: str
    start: float
    stop: float


class Snippets(NamedTuple):
    """What was cut.

    Attributes
    ----------
    shown
        What the page is given of each: picture, address and times.
    place
        Where in `shown` a stretch is; one that didn't fit or couldn't be read isn't there.
    why_not
        Why the first recording that couldn't be read couldn't be.
    """

    shown: list[dict[str, Any]]
    place: dict[Stretch, int]
    why_not: str


def stretch_of(utterance: str, start: float, stop: float) -> Stretch:
    """Return a stretch in whole milliseconds, so that equal ones are known as such."""
    return Stretch(utterance, round(max(0.0, start), 3), round(stop, 3))


def bytes_of(seconds: float, speech: Speech) -> int:
    """Return how many bytes of a page a snippet takes, rounded up."""
    fixed, each_second = _COST[speech.policy]
    return round(fixed + each_second * seconds)


def cut_snippets(wanted: Iterable[Stretch], speech: Speech, at_most: int) -> Snippets:
    """Cut stretches until so many bytes are spent; each recording is read once."""
    of_utterance: dict[str, list[Stretch]] = {}
    for one in dict.fromkeys(wanted):
        of_utterance.setdefault(one.utterance, []).append(one)
    found = Snippets([], {}, "")
    spent = 0
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        made = threads.map(partial(_of_utterance, speech), of_utterance.values())
        for snippets in made:
            if isinstance(snippets, str):
                found = found._replace(why_not=found.why_not or snippets)
                continue
            for one, cut in snippets:
                shown = cut.shown(speech)
                spent += len(str(shown))
                if spent > at_most:
                    threads.shutdown(wait=False, cancel_futures=True)
                    return found
                found.place[one] = len(found.shown)
                found.shown.append(shown)
    return found


class _Cut(NamedTuple):
    """A snippet as it is made beside others; its sound, if that is yet to be placed."""

    picture: dict[str, Any] | None
    sound: Sound | None
    placed_later: tuple[Stretch, Heard] | None

    def shown(self, speech: Speech) -> dict[str, Any]:
        """Return what the page is given; what is copied is placed in the order of the calls."""
        sound = self.sound
        if self.placed_later is not None:
            one, heard = self.placed_later
            sound = speech.snippet(one.utterance, heard, (one.start, one.stop))
        if sound is None:
            return {"picture": self.picture}
        played = {"audio": sound.address, "start": round(sound.start, 4)}
        stop = {} if sound.stop is None else {"stop": round(sound.stop, 4)}
        return {"picture": self.picture, **played, **stop}


def _of_utterance(speech: Speech, stretches: list[Stretch]) -> list[tuple[Stretch, _Cut]] | str:
    """Return the snippets of one recording, or why it can't be read."""
    heard = speech.hear(stretches[0].utterance)
    return (
        heard if isinstance(heard, str) else [(one, _cut(one, heard, speech)) for one in stretches]
    )


def _cut(one: Stretch, heard: Heard, speech: Speech) -> _Cut:
    span = (one.start, one.stop)
    levels = heard.picture(*span, N_BANDS)
    picture = None if levels is None else _halved(levels)
    if speech.policy == "link":
        return _Cut(picture, None, (one, heard))
    return _Cut(picture, speech.snippet(one.utterance, heard, span), None)


def _halved(picture: NDArray[np.uint8]) -> dict[str, Any]:
    """Return a picture with sixteen levels, two cells a byte, the first of them in the low half.

    Examples
    --------
    >>> _halved(np.array([[0, 255, 17]], dtype=np.uint8))
    {'shape': [1, 3], 'halves': '8AE='}
    """
    levels = (picture.ravel().astype(np.uint16) * (_LEVELS - 1) + 127) // 255
    low, high = levels[::2].astype(np.uint8), np.append(levels, 0)[1::2].astype(np.uint8)
    octets = low | high[: len(low)] << 4
    text = base64.b64encode(octets.tobytes()).decode("ascii")
    return {"shape": list(picture.shape), "halves": text}
