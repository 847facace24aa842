"""How much phone information there is to read in the latents of each encoder.

Usage: python benchmarks/encoders.py CORPUS [--model FILE ...] [--seeds 5] [--development]
       [--json PATH]
Prints a table and writes benchmarks/encoders.json. Codebooks of 256 are fitted to the latents of
the fitting speakers, once a seed, and read on others (curves only of log-mel and of models): PNMI
over all labelled frames, and the best single threshold between consonants and vowels, with its
ceiling (the best order the same codes could have). The last column is the time of reading and
encoding over that of the audio.

Of speakers sorted by name, those with i mod 23 < 5 are read, the rest fitted; with --development
5 … 8 are read, and 9 … 22 fitted. No label touches a fit.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from timing import as_markdown, machine, write_json

from sfvq_analysis import (
    fit_sfvq,
    fit_vq,
    index_table,
    load_corpus,
    load_encoder,
    sample_features,
    stats,
)
from sfvq_analysis.encoders import Features
from sfvq_analysis.encoders.mel import MelEncoder
from sfvq_analysis.training import STRETCHED_LATENTS, FitOptions

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.quantizers import Quantizer

BITS, FIRST = 8, "log-mel"
PLAIN = {
    "log-mel": "mel",
    "log-mel, mean removed": "mel:normalise=mean",
    "the same, 1 neighbour each side": "mel:normalise=mean,context=1",
    "the same, 2 neighbours each side": "mel:normalise=mean,context=2",
    "MFCC-13, mean and variance removed": "mel:kind=mfcc,normalise=utterance",
    "the same, 1 neighbour": "mel:kind=mfcc,normalise=utterance,context=1",
    "the same, 2 neighbours": "mel:kind=mfcc,normalise=utterance,context=2",
}
MEASURES = ["pnmi", "split_ceiling", "split", "split_ratio", "step"]


class MeanOfThree(MelEncoder):
    """Log-mels, the utterance's mean removed, each the mean of itself and its two neighbours."""

    @property
    def config(self) -> dict[str, Any]:
        return {**super().config, "smoothed": 3}

    @property
    def dim(self) -> int:
        return 80

    def encode(self, audio: np.ndarray, sample_rate: int) -> Features:
        wide = MelEncoder("logmel", "mean", 1).encode(audio, sample_rate).values
        values = wide.reshape(len(wide), 3, 80).mean(axis=1)
        return Features(np.ascontiguousarray(values), self.grid, self.config)


def encoders(models: list[Path]) -> dict[str, Encoder]:
    """Return what is compared, by name."""
    found = {name: load_encoder(spec) for name, spec in PLAIN.items()}
    found["log-mel, mean removed, mean of 3 frames"] = MeanOfThree(normalise="mean")
    return found | {f"vqvae:{path.stem}": load_encoder(f"vqvae:{path}") for path in models}


def measured(
    fit_on: Features, read: Corpus, encoder: Encoder, seed: int, *, with_curve: bool
) -> list[dict[str, Any]]:
    """Return a row for a plain codebook, and perhaps one for a curve."""
    fitted: dict[str, Quantizer] = {"k-means": fit_vq(fit_on, bits=BITS, seed=seed)}
    if with_curve:
        of_model = encoder.config["encoder"] == "vqvae"
        options = STRETCHED_LATENTS if of_model else FitOptions()
        fitted["SFVQ"] = fit_sfvq(fit_on, bits=BITS, seed=seed, options=options)
    rows = []
    for name, table in index_table(read, encoder, fitted).items():
        found = stats.axis_measures(table).iloc[0].to_dict()
        found["split_ratio"] = (found["split"] - 0.5) / (found["split_ceiling"] - 0.5)
        rows.append({"codebook": name, "seed": seed, **{m: float(found[m]) for m in MEASURES}})
    return rows


def main() -> None:
    """Run the comparison named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    arguments = parser.parse_args()
    fit, read = load_corpus(arguments.corpus).hold_out(5, 23)
    if arguments.development:
        held_out = {utterance.id for utterance in read}
        fit, read = load_corpus(arguments.corpus).hold_out(9, 23)
        read = read.select(id=[utterance.id for utterance in read if utterance.id not in held_out])
    rows = []
    plain = encoders([])
    for name, encoder in encoders(arguments.model).items():
        start = time.perf_counter()
        features = sample_features(fit, encoder)
        real_time = (time.perf_counter() - start) / (features.n_frames * 0.02)
        for seed in range(arguments.seeds):
            with_curve = name == FIRST or name not in plain
            found = measured(features, read, encoder, seed, with_curve=with_curve)
            rows += [{"encoder": name, **row, "real_time": real_time} for row in found]
        print(f"  {name}: PNMI {rows[-1]['pnmi']:.3f}", flush=True)
    frame = pd.DataFrame(rows)
    known = machine(["numpy", "torch", "sfvq-analysis"])
    write_json(arguments.json, {"machine": known, "rows": rows})
    print(in_table(frame))


def in_table(rows: pd.DataFrame) -> str:
    """Return means (and least) over the seeds as Markdown."""
    cells = []
    plain = rows[rows["codebook"] == "k-means"].groupby("encoder")["pnmi"].mean()
    for (encoder, codebook), part in rows.groupby(["encoder", "codebook"], sort=False):
        pnmi, ratio = part["pnmi"], part["split_ratio"]
        cells.append(
            [
                str(encoder),
                str(codebook),
                f"{pnmi.mean():.3f} ({pnmi.min():.3f})",
                f"{pnmi.mean() / plain['log-mel']:.2f}",
                f"{part['split_ceiling'].mean():.3f}",
                f"{part['split'].mean():.3f} ({part['split'].min():.3f})",
                f"{ratio.mean():.2f} ({ratio.min():.2f})" if codebook == "SFVQ" else "",
                f"{part['step'].mean():.3f}" if codebook == "SFVQ" else "",
                f"{part['real_time'].mean():.4f}",
            ]
        )
    header = ["latents", "codebook", "PNMI", "/ log-mel", "ceiling", "threshold"]
    return as_markdown([*header, "of its ceiling's gain", "step", "real time"], cells)


if __name__ == "__main__":
    main()
