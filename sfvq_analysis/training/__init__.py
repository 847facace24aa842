"""Fitting codebooks to frames of latents."""

from sfvq_analysis.training.baselines import fit_som, fit_vq, reorder
from sfvq_analysis.training.curve_fit import fit_sfvq
from sfvq_analysis.training.fit_options import STRETCHED_LATENTS, FitOptions
from sfvq_analysis.training.fit_record import fit_log
from sfvq_analysis.training.occurrence import normalise_occurrence

__all__ = [
    "STRETCHED_LATENTS",
    "FitOptions",
    "fit_log",
    "fit_sfvq",
    "fit_som",
    "fit_vq",
    "normalise_occurrence",
    "reorder",
]
