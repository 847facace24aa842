"""Fitting codebooks to frames of latents."""

from sfvq_analysis.training.baselines import fit_som, fit_vq, reorder
from sfvq_analysis.training.curve_fit import fit_log, fit_sfvq

__all__ = ["fit_log", "fit_sfvq", "fit_som", "fit_vq", "reorder"]
