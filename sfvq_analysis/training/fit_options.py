"""Options of the default fit of a curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sfvq_analysis.errors import OptionError, check_count

NARROWEST = 0.5
_HIGHEST = {"elastic": 1e6, "anchor": 1e6, "whitening": 1.0, "worth": 1.0, "tolerance": 1.0}


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Options of the default method; the values are those of the study in benchmarks/ORDER.md.

    Attributes
    ----------
    elastic
        Pull between neighbouring corners, in mean counts per corner: more of it gives a smoother
        axis for more distortion. It is that along the first principal axis, and as many times as
        large along another as `whitening` lets that one count more.
    whitening
        Order is found, and corners are drawn together, with principal axis i divided by
        (variance_i + 1e-3 variance_0) to the power whitening / 2: 0 leaves the metric as it is, 1
        whitens.
    arcs
        Whether a start of nested codebooks is tried, too, and preferred to those of the map.
    softness
        Width, in units of the mean distortion, within which clusters share a frame: of the arcs,
        and of the codewords of an arc, when they are put in order.
    anchor
        What it costs an arc to leave the place that the map gives it: so much for each of its
        frames and square place, where neighbours in order cost 1 for each frame shared.
    last_widths
        Standard deviations of the map's neighbourhood, in codes of the stage, widest first, from
        which a stage is started and tried.
    worth
        A start that comes later in this list is taken only if its dithered error is smaller by this
        share.
    sweeps_per_octave
        Sweeps of the map for each halving of the width.
    stage_sweeps, final_sweeps
        Sweeps of dithered least squares for every start, on a sample, and at most so many more for
        the last stage, on all frames.
    tolerance
        The last stage ends when two sweeps in a row lower the dithered error by a smaller share.
    temporal
        Whether the arcs and their codewords are put in order by which follow each other in time,
        not by which share frames. An index that moves little from frame to frame is then what was
        optimised, and no finding.

    Raises
    ------
    OptionError
        If a number is out of range.
    """

    elastic: float = 0.07
    whitening: float = 0.3
    arcs: bool = True
    softness: tuple[float, float] = (1.0, 0.3)
    anchor: float = 0.1
    last_widths: tuple[float, ...] = (6.0, 3.0, 1.5)
    worth: float = 0.02
    sweeps_per_octave: int = 7
    stage_sweeps: int = 4
    final_sweeps: int = 8
    tolerance: float = 5e-4
    temporal: bool = False

    def __post_init__(self) -> None:
        for name, highest in _HIGHEST.items():
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value <= highest:
                raise OptionError(f"{name} is {value!r}", remedy=f"use 0 … {highest:g}")
        for name in ("sweeps_per_octave", "stage_sweeps", "final_sweeps"):
            check_count(name, getattr(self, name))
        for name in ("arcs", "temporal"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} is {getattr(self, name)!r}", remedy="use True or False")
        softness, widths = self.softness, self.last_widths
        if not _are_numbers(softness) or len(softness) != 2 or min(softness) <= 0:
            raise OptionError(
                f"softness is {softness!r}", remedy="use two numbers > 0, of arcs and codewords"
            )
        falling = _are_numbers(widths) and sorted(widths, reverse=True) == list(widths)
        if not falling or not widths or widths[-1] < NARROWEST:
            raise OptionError(
                f"last_widths is {widths!r}", remedy=f"use falling numbers >= {NARROWEST}"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_numbers(values: object) -> bool:
    return isinstance(values, tuple | list) and all(map(_is_number, values))


STRETCHED_LATENTS = FitOptions(elastic=0.15, arcs=False, whitening=0.0)
"""For latents whose metric was made for the sake of order, as the training of voice models makes it
(`sfvq_analysis.training.voice.whitening`): the map alone orders them, in that metric."""
