"""Options of the default fit of a curve."""

from __future__ import annotations

from dataclasses import dataclass

from sfvq_analysis.errors import OptionError

NARROWEST = 0.5


@dataclass(frozen=True, slots=True)
class FitOptions:
    """Options of the default method; the values are those of the study in benchmarks/ORDER.md.

    Attributes
    ----------
    elastic
        Pull between neighbouring corners, in mean counts per corner: more of it gives a smoother
        axis for more distortion.
    whitening
        Order is found with principal axis i divided by (variance_i + 1e-3 variance_0) to the power
        whitening / 2: 0 leaves the metric as it is, 1 whitens.
    last_widths
        Standard deviations of the map's neighbourhood, in codes of the stage, widest first, from
        which a stage is started and tried.
    worth
        A narrower start is taken only if its dithered error is smaller by this share.
    sweeps_per_octave
        Sweeps of the map for each halving of the width.
    stage_sweeps, final_sweeps
        Sweeps of dithered least squares for each smaller stage, and for the last.
    mini_batches
        In each of which a sweep draws one offset a segment.

    Raises
    ------
    OptionError
        If a number is out of range.
    """

    elastic: float = 0.1
    whitening: float = 0.25
    last_widths: tuple[float, ...] = (6.0, 3.0, 1.5)
    worth: float = 0.02
    sweeps_per_octave: int = 7
    stage_sweeps: int = 4
    final_sweeps: int = 8
    mini_batches: int = 16

    def __post_init__(self) -> None:
        for name, highest in (("elastic", 1e6), ("whitening", 1.0), ("worth", 1.0)):
            value = getattr(self, name)
            if not 0 <= value <= highest:
                raise OptionError(f"{name} is {value!r}", remedy=f"use 0 … {highest:g}")
        for name in ("sweeps_per_octave", "stage_sweeps", "final_sweeps", "mini_batches"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise OptionError(f"{name} is {value!r}", remedy="use an integer >= 1")
        widths = self.last_widths
        if not widths or min(widths) < NARROWEST or sorted(widths, reverse=True) != list(widths):
            raise OptionError(
                f"last_widths is {widths!r}", remedy=f"use falling numbers >= {NARROWEST}"
            )
