"""Rules of inference, stated once and used by every measure.

Intervals
    Bootstrap units, speakers (utterances where there is one speaker), with replacement; the column
    ``unit`` says which. The percentile interval is widened for few units (Hesterberg 2015): with n
    units the tail probability is Φ(-√(n / (n - 1)) · t), t the quantile of Student's t with n - 1
    degrees of freedom. With fewer than two units there is none.
Order nulls
    Permute the labels of the codes that are *used* among their places; unused codes stay where they
    are. Thresholds, peaks and ranges are chosen anew in every permutation.
Label nulls
    Permute the labels of whole segments within each utterance, so that durations, the codes of a
    segment and the phones of an utterance stay what they are. For p values they are permuted among
    the segments that last as long, for phones differ in duration; see `inference.relabelling`.
p values
    (1 + #{null as extreme as observed}) / (1 + B); never 0. Many pairs are corrected by Benjamini
    and Hochberg's false discovery rate.
Seeds
    Every draw comes from `Inference.seed` and the name of its purpose, so that two tables of the
    same speakers are resampled alike and their differences are paired.

The direction of the axis is arbitrary: no measure changes when it is reversed.

References
----------
T. C. Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
(2015), 371-386. B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", Statistical
Applications in Genetics and Molecular Biology 9 (2010). Y. Benjamini, Y. Hochberg, J. R. Stat.
Soc. B 57 (1995), 289-300.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm, t

from sfvq_analysis.errors import OptionError, check_count, unknown_option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

Tail = Literal["greater", "less", "two-sided"]
Unit = Literal["speaker", "utterance"]


_MOST_DRAWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Inference:
    """How intervals and nulls are made.

    Attributes
    ----------
    n_permutations
        Draws of a null; 0 leaves nulls out.
    n_bootstraps
        Resamplings of units; 0 leaves intervals out.
    level
        Coverage that an interval aims at.
    seed
        Of all draws.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    n_permutations: int = 1000
    n_bootstraps: int = 1000
    level: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_permutations", "n_bootstraps"):
            check_count(name, getattr(self, name), at_least=0, at_most=_MOST_DRAWS)
        check_count("seed", self.seed, at_least=0)
        if not 0 < self.level < 1:
            raise OptionError(f"level is {self.level!r}", remedy="use a number inside 0 … 1")

    def generator(self, purpose: str) -> np.random.Generator:
        """Return a fresh generator of the seed and a purpose."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])


class Measure(NamedTuple):
    """One row of a frame of measures; see `as_frame`."""

    measure: str
    effect: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    null_mean: float = float("nan")
    null_sd: float = float("nan")
    p: float = float("nan")
    unit: str = ""
    n_units: int = 0
    reason: str = ""


MEASURE_COLUMNS = Measure._fields


def as_frame(rows: Iterable[Measure]) -> pd.DataFrame:
    """Return measures as a frame.

    Columns: ``measure``, ``effect``; ``low`` and ``high`` of its interval; ``null_mean``,
    ``null_sd`` and ``p`` of its null; ``unit`` and ``n_units`` that were resampled; ``reason`` why
    something is NaN, else empty.
    """
    frame = pd.DataFrame(list(rows), columns=list(MEASURE_COLUMNS))
    numbers = dict.fromkeys(("effect", "low", "high", "null_mean", "null_sd", "p"), "float64")
    return frame.astype({**numbers, "measure": "str", "unit": "str", "reason": "str"})


def resampling_weights(n_units: int, inference: Inference) -> NDArray[np.float64]:
    """Return how often each unit is drawn, shape (n_bootstraps, n_units), rows summing to n_units.

    No row where there are fewer than two units.
    """
    if n_units < 2:
        return np.zeros((0, n_units))
    draws = inference.generator("bootstrap").multinomial(
        n_units, np.full(n_units, 1 / n_units), size=inference.n_bootstraps
    )
    return draws.astype(np.float64)


def interval(
    draws: ArrayLike, n_units: int, inference: Inference
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the bounds of bootstrap draws along their first axis, NaN where none is finite.

    Parameters
    ----------
    draws
        Shape (n_bootstraps, …). A draw that is NaN (a resampling in which the measure isn't
        defined) is left out.
    n_units
        How many units were resampled.
    inference
        Gives the level.

    Examples
    --------
    >>> low, high = interval(np.arange(1001.0), n_units=10_000, inference=Inference(level=0.9))
    >>> round(float(low)), round(float(high))
    (50, 950)
    """
    values = np.asarray(draws, dtype=np.float64)
    blank = np.full(values.shape[1:], np.nan)
    if values.size == 0 or n_units < 2:
        return blank, blank.copy()
    tail = (1 - inference.level) / 2
    tail = norm.cdf(np.sqrt(n_units / (n_units - 1)) * t.ppf(tail, n_units - 1))
    known = np.isfinite(values).any(axis=0)
    filled = np.where(known, values, 0.0)  # no warning for what is NaN throughout
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def p_value(observed: float, null: ArrayLike, tail: Tail) -> float:
    """Return (1 + #{null as extreme as observed}) / (1 + B); NaN without a null or an observation.

    Values that differ by rounding only count as equal. ``"two-sided"`` doubles the smaller tail, at
    most 1.

    Examples
    --------
    >>> p_value(3.0, [1.0, 2.0, 3.0], "greater")
    0.5
    """
    draws = np.asarray(null, dtype=np.float64)
    draws = draws[np.isfinite(draws)]
    if len(draws) == 0 or not np.isfinite(observed):
        return float("nan")
    close = np.isclose(draws, observed, rtol=1e-9, atol=1e-12)
    above = (1 + np.count_nonzero((draws > observed) | close)) / (1 + len(draws))
    below = (1 + np.count_nonzero((draws < observed) | close)) / (1 + len(draws))
    match tail:
        case "greater":
            return float(above)
        case "less":
            return float(below)
        case "two-sided":
            return float(min(1.0, 2 * min(above, below)))
        case _:
            raise unknown_option("tail", tail, ("greater", "less", "two-sided"))


def null_summary(null: ArrayLike) -> tuple[float, float]:
    """Return mean and standard deviation of a null; NaN where it has no finite draw."""
    draws = np.asarray(null, dtype=np.float64)
    draws = draws[np.isfinite(draws)]
    if len(draws) == 0:
        return float("nan"), float("nan")
    return float(draws.mean()), float(draws.std())


def corrected_p(p: ArrayLike) -> NDArray[np.float64]:
    """Return p values corrected by Benjamini and Hochberg, those that are NaN left out of it."""
    values = np.asarray(p, dtype=np.float64)
    known = np.isfinite(values)
    corrected = np.full(values.shape, np.nan)
    if known.any():
        corrected[known] = false_discovery_control(values[known])
    return corrected


def permuted_codes(used: ArrayLike, inference: Inference) -> NDArray[np.int64]:
    """Return which code stands at each place in every draw of an order null.

    Parameters
    ----------
    used
        Whether a code has a frame, shape (K,).
    inference
        Gives the number of draws and the seed.

    Returns
    -------
    NDArray[np.int64], shape (n_permutations, K)
        Used codes are permuted among their own places, unused ones stay: ``counts[:, draw]`` is a
        permuted histogram. `places_of` turns a draw around.
    """
    at = np.flatnonzero(np.asarray(used, dtype=bool))
    draws = np.tile(np.arange(len(np.asarray(used))), (inference.n_permutations, 1))
    shuffled = np.tile(at, (inference.n_permutations, 1))
    draws[:, at] = inference.generator("order").permuted(shuffled, axis=1)
    return draws


def places_of(draws: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place each code has in every draw of `permuted_codes`, shape (n, K)."""
    return np.argsort(draws, axis=-1)
