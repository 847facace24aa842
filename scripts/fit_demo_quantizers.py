"""Fit the quantizers that come with the package, and write them with their log.

They are fitted on a tree of real speech with a ``.phn`` beside each file (the labels are not looked
at); the model card beside them says which and what came out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sfvq_analysis import (
    fit_sfvq,
    fit_vq,
    load_corpus,
    load_encoder,
    sample_features,
    save_quantizer,
)
from sfvq_analysis.encoders.registry import BEST_MEL

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "sfvq_analysis" / "data" / "demo_models"
BITS, SEED = 8, 0


def main() -> None:
    """Read the corpus named on the command line, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="tree of audio files with .phn")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    arguments = parser.parse_args()
    encoder = load_encoder(BEST_MEL)
    features = sample_features(load_corpus(arguments.corpus), encoder, progress=True)
    sfvq = fit_sfvq(features, bits=BITS, seed=SEED, progress=True)
    vq = fit_vq(features, bits=BITS, seed=SEED)
    for name, quantizer in {"sfvq": sfvq, "vq": vq}.items():
        print(save_quantizer(quantizer, arguments.out / f"{name}.safetensors"), quantizer)


if __name__ == "__main__":
    main()
