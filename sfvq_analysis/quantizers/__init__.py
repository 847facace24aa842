"""Quantizers turn frames of latents into indices, as torch modules."""

from sfvq_analysis.curve import Codes
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.checkpoint import load_quantizer, save_quantizer
from sfvq_analysis.quantizers.estimators import Gradients
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ
from sfvq_analysis.quantizers.usage import CodebookUsage

__all__ = [
    "CodebookUsage",
    "Codes",
    "Gradients",
    "PlainVQ",
    "Provenance",
    "Quantizer",
    "SpaceFillingVQ",
    "load_quantizer",
    "save_quantizer",
]
