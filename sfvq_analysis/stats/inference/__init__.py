"""Rules of inference, nulls and intervals; the rules themselves are here."""

from sfvq_analysis.stats.inference.rules import (
    MEASURE_COLUMNS,
    Inference,
    Measure,
    Tail,
    Unit,
    as_frame,
    corrected_p,
    interval,
    null_summary,
    p_value,
    permuted_codes,
    places_of,
    resampling_weights,
)

__all__ = [
    "MEASURE_COLUMNS",
    "Inference",
    "Measure",
    "Tail",
    "Unit",
    "as_frame",
    "corrected_p",
    "interval",
    "null_summary",
    "p_value",
    "permuted_codes",
    "places_of",
    "resampling_weights",
]
