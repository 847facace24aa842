"""Labels as a file states them, and as segments in samples of an audio file.

Conventions
-----------
A reader gives every label with its times as the file has them: integer samples, or exact fractions
of a second, never floats. `as_segments` makes segments of them: seconds round half-up to a sample
once, here, at the rate of the audio that the labels belong to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.timeline import Segment, seconds_to_samples

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

Unit = Literal["samples", "seconds"]
Kind = Literal["intervals", "points", "untimed"]

LATEST: Mapping[Unit, int] = {"seconds": 10**7, "samples": 10**12}
"""No label is later (four months): what is, is a number gone wrong."""


class Label(NamedTuple):
    """One label: times in the tier's unit, and the line it stands on (0 where there are none)."""

    start: Fraction | int
    stop: Fraction | int
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class LabelTier:
    """The labels of one tier of one utterance, as the file has them.

    Attributes
    ----------
    unit
        What `Label.start` and `Label.stop` count.
    labels
        In the order of the file. A tier of points has none.
    kind
        ``"points"`` for a tier of points, ``"untimed"`` for one without times of its own; neither
        can be read as segments.
    fault
        What is wrong with this tier alone; raised when it is asked for. It has no labels.
    """

    unit: Unit
    labels: tuple[Label, ...]
    kind: Kind = "intervals"
    fault: CorpusError | None = None


Tiers = Mapping[str, LabelTier]
"""Tiers of an utterance by name, in the order of the file."""

Utterances = Mapping[str, Tiers]
"""What a label file holds: utterances by name; one, with an empty name, where it states none."""


def as_segments(
    tier: LabelTier, path: Path, sample_rate: int, *, may_overlap: bool = False
) -> tuple[Segment, ...]:
    """Return a tier's labels as segments in samples.

    Parameters
    ----------
    tier
        Of intervals.
    path
        Of the file, for messages.
    sample_rate
        Of the audio, in Hz.
    may_overlap
        Whether a segment may start before the one above it ends (words of TIMIT do).

    Raises
    ------
    CorpusError
        If a label is backward, shorter than a sample, too late to be true, or doesn't follow the
        one above it; the message names file and line.
    """
    if tier.fault is not None:  # a new one each time: the tier is kept, and read by many threads
        raise CorpusError(tier.fault.what, where=tier.fault.where, remedy=tier.fault.remedy)
    segments: list[Segment] = []
    for label in tier.labels:
        try:
            segment = _segment(label, tier.unit, sample_rate)
            _check_order(segment, segments, may_overlap=may_overlap)
        except CorpusError as error:
            raise error.at(f"{path}:{label.line}" if label.line else str(path)) from error
        segments.append(segment)
    return tuple(segments)


def _segment(label: Label, unit: Unit, sample_rate: int) -> Segment:
    if label.start < 0 or label.stop <= label.start:
        raise CorpusError(
            f"segment {shown(label.text)} is [{_time(label.start)}, {_time(label.stop)})",
            remedy="END must exceed BEGIN, and neither may be negative",
        )
    if label.stop > LATEST[unit]:
        raise CorpusError(
            f"segment {shown(label.text)} ends at {_time(label.stop)} {unit}",
            remedy="check the numbers",
        )
    if unit == "samples":
        return Segment(int(label.start), int(label.stop), label.text)
    start, stop = (seconds_to_samples(time, sample_rate) for time in (label.start, label.stop))
    if stop == start:
        raise CorpusError(
            f"segment {shown(label.text)} is shorter than a sample at {sample_rate} Hz",
            remedy="mend its times",
        )
    return Segment(start, stop, label.text)


def _check_order(segment: Segment, above: list[Segment], *, may_overlap: bool) -> None:
    if not above:
        return
    earliest = above[-1].start if may_overlap else above[-1].stop
    if segment.start < earliest:
        raise CorpusError(
            f"segment {shown(segment.label)} starts at sample {segment.start}, before {earliest}",
            remedy="put the labels in order" if may_overlap else "phones may not overlap",
        )


def _time(time: Fraction | int) -> str:
    """Return a time as a person would write it."""
    return str(time) if isinstance(time, int) else f"{float(time):.10g}"
