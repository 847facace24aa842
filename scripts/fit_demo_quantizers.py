"""Write the voice model that comes with the package, and the codebooks of its latents.

The model is one that ``sfvq train`` wrote. Networks other than the encoder are stored in float16.
The curve is the model's own, fitted when it was trained; the plain codebook is fitted here, on the
same speakers of the same tree of speech. The model card beside them says which, and what came out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sfvq_analysis import (
    fit_vq,
    load_corpus,
    load_voice_model,
    sample_features,
    save_quantizer,
    save_voice_model,
)

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "sfvq_analysis" / "data" / "demo_models"
BITS, SEED = 8, 0


def main() -> None:
    """Read model and corpus named on the command line, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="model.safetensors of a training")
    parser.add_argument("corpus", type=Path, help="the tree of speech it was trained on")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    arguments = parser.parse_args()
    model = load_voice_model(arguments.model)
    print(save_voice_model(model, arguments.out / "voice.safetensors", half=True))
    speech = load_corpus(arguments.corpus).select(speaker=sorted(model.speakers))
    features = sample_features(speech, model.as_encoder(), progress=True)
    fitted = {"sfvq": model.quantizer, "vq": fit_vq(features, bits=BITS, seed=SEED)}
    for name, quantizer in fitted.items():
        print(save_quantizer(quantizer, arguments.out / f"{name}.safetensors"), quantizer)


if __name__ == "__main__":
    main()
