"""Fitting codebooks to frames of latents."""

from sfvq_analysis.training.baselines import fit_som, fit_vq, reorder
from sfvq_analysis.training.curve_fit import fit_log, fit_sfvq
from sfvq_analysis.training.fit_options import FitOptions

__all__ = ["FitOptions", "fit_log", "fit_sfvq", "fit_som", "fit_vq", "reorder"]
