"""The quantizers that come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.files import package_data
from sfvq_analysis.quantizers.checkpoint import load_quantizer

if TYPE_CHECKING:
    from sfvq_analysis.quantizers.base import Quantizer


def demo_quantizers() -> dict[str, Quantizer]:
    """Return the curve and the plain codebook of 256 codewords fitted on real speech.

    Both belong to the encoder that their ``provenance.encoder`` describes. Data, recipe and
    attribution are in the model card beside them.

    Examples
    --------
    >>> {name: quantizer.codebook_size for name, quantizer in demo_quantizers().items()}
    {'sfvq': 256, 'vq': 256}
    """
    folder = package_data("demo_models")
    return {name: load_quantizer(folder / f"{name}.safetensors") for name in ("sfvq", "vq")}
