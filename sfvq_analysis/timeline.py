"""Segments, frames, and which segment owns which frame.

Conventions
-----------
A segment is half-open, ``[start, stop)``, in integer samples of its own audio file. A frame centre
is in integer samples of the encoder's rate. The two rates may differ: ownership is decided exactly,
by cross-multiplication, ``start * grid_rate <= centre * audio_rate < stop * grid_rate``, never
through floats. Segments that don't overlap therefore partition the frames: no frame has two owners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from sfvq_analysis.errors import CorpusError, OptionError, unknown_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Ownership = Literal["centre", "majority"]
NO_SEGMENT = -1


class Segment(NamedTuple):
    """A labelled stretch ``[start, stop)`` of an audio file, in samples of that file."""

    start: int
    stop: int
    label: str


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Where an encoder's frames are: frame i has its centre at sample ``offset + i * hop``.

    Parameters
    ----------
    sample_rate
        Rate, in Hz, at which `hop` and `offset` count.
    hop
        Samples from one frame centre to the next.
    offset
        Sample of the first frame's centre. A window ``[s, s + w)`` is centred at ``s + w // 2``.

    Raises
    ------
    OptionError
        If a number isn't an integer, `sample_rate` or `hop` is below 1, or `offset` is negative.

    Examples
    --------
    >>> grid = FrameGrid(sample_rate=16000, hop=320, offset=80)
    >>> grid.centres(3)
    array([ 80, 400, 720])
    """

    sample_rate: int
    hop: int
    offset: int

    def __post_init__(self) -> None:
        for name, lowest in (("sample_rate", 1), ("hop", 1), ("offset", 0)):
            whole = checked_integer(name, getattr(self, name), lowest)
            object.__setattr__(self, name, whole)

    def centres(self, n_frames: int) -> NDArray[np.int64]:
        """Return the centres of the first frames, in samples, shape (n_frames,)."""
        return self.offset + self.hop * np.arange(n_frames, dtype=np.int64)

    def seconds(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the centres of frames, given by number, in seconds."""
        return (self.offset + self.hop * frames) / self.sample_rate


def checked_integer(name: str, value: object, lowest: int) -> int:
    """Return a parameter as a plain integer, or raise an OptionError."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
        raise OptionError(f"{name} is {value!r}", remedy=f"use an integer >= {lowest}")
    return int(value)


def seconds_to_samples(seconds: float | Fraction, sample_rate: int) -> int:
    """Return the sample nearest to a time, halves upward: the one rounding a label in seconds gets.

    Examples
    --------
    >>> seconds_to_samples(0.5, 16001), seconds_to_samples(Fraction("0.1"), 16000)
    (8001, 1600)
    """
    if not math.isfinite(seconds):
        raise CorpusError(f"time is {seconds!r} seconds", remedy="give a finite time")
    exact = seconds if isinstance(seconds, Fraction) else Fraction(float(seconds))
    return math.floor(exact * sample_rate + Fraction(1, 2))


def owners(
    segments: Sequence[Segment],
    audio_rate: int,
    grid: FrameGrid,
    n_frames: int,
    *,
    rule: Ownership = "centre",
) -> NDArray[np.int32]:
    """Return which segment owns each frame.

    Parameters
    ----------
    segments
        In order of time and free of overlap; gaps are allowed.
    audio_rate
        Sample rate, in Hz, at which the segments count.
    grid
        The encoder's frames.
    n_frames
        How many frames there are.
    rule
        ``"centre"``: the segment that holds the frame's centre. ``"majority"``: the segment that
        holds most of ``[centre - hop/2, centre + hop/2)``, ties to the earlier segment; a frame
        that touches a segment at all has an owner.

    Returns
    -------
    NDArray[np.int32], shape (n_frames,)
        Position in `segments`, -1 where no segment owns the frame.

    Raises
    ------
    CorpusError
        If a segment is empty, backward, or overlaps the one before it.

    Examples
    --------
    >>> segments = [Segment(0, 400, "h#"), Segment(400, 800, "s")]
    >>> owners(segments, 16000, FrameGrid(16000, hop=320, offset=80), 4)
    array([ 0,  1,  1, -1], dtype=int32)
    """
    check_segments(segments)
    checked_integer("audio_rate", audio_rate, 1)
    checked_integer("n_frames", n_frames, 0)
    match rule:
        case "centre":
            return _owners_by_centre(segments, audio_rate, grid, n_frames)
        case "majority":
            return _owners_by_majority(segments, audio_rate, grid, n_frames)
        case _:
            raise unknown_option("rule", rule, ("centre", "majority"))


def check_segments(segments: Sequence[Segment]) -> None:
    """Raise a CorpusError unless the segments are non-empty, in order and free of overlap."""
    previous = None
    for ordinal, segment in enumerate(segments):
        if segment.start < 0 or segment.stop <= segment.start:
            raise CorpusError(
                f"segment {ordinal} {segment.label!r} is [{segment.start}, {segment.stop})",
                remedy="a segment needs 0 <= start < stop",
            )
        if previous is not None and segment.start < previous.stop:
            raise CorpusError(
                f"segment {ordinal} {segment.label!r} starts at {segment.start}, before the end "
                f"of {previous.label!r} at {previous.stop}",
                remedy="phone segments may leave gaps but not overlap",
            )
        previous = segment


def _bounds(
    segments: Sequence[Segment], grid: FrameGrid
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return starts and stops in units of 1 / (audio_rate * grid_rate) seconds."""
    starts = np.array([segment.start for segment in segments], dtype=np.int64)
    stops = np.array([segment.stop for segment in segments], dtype=np.int64)
    return starts * grid.sample_rate, stops * grid.sample_rate


def _owners_by_centre(
    segments: Sequence[Segment], audio_rate: int, grid: FrameGrid, n_frames: int
) -> NDArray[np.int32]:
    starts, stops = _bounds(segments, grid)
    centres = grid.centres(n_frames) * audio_rate
    candidate = np.searchsorted(starts, centres, side="right") - 1
    inside = candidate >= 0
    inside[inside] = centres[inside] < stops[candidate[inside]]
    return np.where(inside, candidate, NO_SEGMENT).astype(np.int32)


def _owners_by_majority(
    segments: Sequence[Segment], audio_rate: int, grid: FrameGrid, n_frames: int
) -> NDArray[np.int32]:
    starts, stops = (2 * bound for bound in _bounds(segments, grid))  # doubled: hop/2 is exact
    centres = 2 * audio_rate * grid.centres(n_frames)
    lows, highs = centres - audio_rate * grid.hop, centres + audio_rate * grid.hop
    owner = np.full(n_frames, NO_SEGMENT, dtype=np.int32)
    most = np.zeros(n_frames, dtype=np.int64)
    for ordinal, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        touched = slice(
            int(np.searchsorted(highs, start, side="right")),
            int(np.searchsorted(lows, stop, side="left")),
        )
        overlap = np.minimum(highs[touched], stop) - np.maximum(lows[touched], start)
        larger = overlap > most[touched]
        owner[touched][larger] = ordinal
        most[touched][larger] = overlap[larger]
    return owner
