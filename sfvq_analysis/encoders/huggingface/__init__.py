"""Hidden states of HuBERT, wav2vec 2.0, WavLM, data2vec-audio and Whisper, through transformers.

`HuggingFaceEncoder` is the whole of it: ``HuggingFaceEncoder.open("folder@6")``. Torch and
transformers are loaded when a model is.
"""

from __future__ import annotations

from sfvq_analysis.encoders.huggingface.encoder import HuggingFaceEncoder

__all__ = ["HuggingFaceEncoder"]
