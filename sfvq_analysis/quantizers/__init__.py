"""Quantizers turn frames of latents into indices, as torch modules."""

from sfvq_analysis.curve import Codes
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.checkpoint import load_quantizer, save_quantizer
from sfvq_analysis.quantizers.codewords import CodebookWarning
from sfvq_analysis.quantizers.estimators import Gradients
from sfvq_analysis.quantizers.foreign import (
    as_quantizer,
    from_array,
    from_diveq,
    from_faiss,
    from_sklearn,
    from_vector_quantize,
)
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ
from sfvq_analysis.quantizers.usage import CodebookUsage

__all__ = [
    "CodebookUsage",
    "CodebookWarning",
    "Codes",
    "Gradients",
    "PlainVQ",
    "Provenance",
    "Quantizer",
    "SpaceFillingVQ",
    "as_quantizer",
    "from_array",
    "from_diveq",
    "from_faiss",
    "from_sklearn",
    "from_vector_quantize",
    "load_quantizer",
    "save_quantizer",
]
