"""How much the index axis means: methods side by side, five seeds, on held-out speakers.

Usage: python benchmarks/order.py CORPUS [--seeds 5] [--hold-out 5 23] [--published FRAMES]
       [--development]
Writes benchmarks/order.json and prints the tables that benchmarks/ORDER.md quotes. Every method is
fitted on the same frames and read on the same held-out speakers; no label touches a fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from timing import as_markdown, machine, write_json

from sfvq_analysis import (
    fit_sfvq,
    fit_som,
    fit_vq,
    index_table,
    load_corpus,
    load_encoder,
    reorder,
    sample_features,
    stats,
)
from sfvq_analysis.training import FitOptions

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Features
    from sfvq_analysis.quantizers import Quantizer

ENCODERS = {"log-mel": "mel", "MFCC": "mel:kind=mfcc,normalise=utterance,context=1"}
BITS, YARDSTICK_BITS = 8, 4
DEFAULT = "SFVQ (default)"
FRONT = (0.02, 0.04, 0.15, 0.3)
COLUMNS = ["mse", "pnmi", "arcs", "split", "split_ceiling", "step", "pairs"]
SHOWN = ["mse_ratio", "mse", "pnmi", "arcs_ratio", "split_ratio", "split", "step", "pairs"]
LOW_IS_GOOD = {"mse_ratio", "mse", "step", "pairs"}
HERE = Path(__file__).parent


def methods(features: Features, seed: int, n_published: int) -> dict[str, Quantizer]:
    """Return what is compared, by name."""
    vq = fit_vq(features, bits=BITS, seed=seed)
    fits: dict[str, Quantizer] = {
        "k-means, as found": vq,
        "k-means + PCA-1 order": reorder(vq, "pca"),
        "k-means + short path": reorder(vq, "path"),
        "self-organising map": fit_som(features, bits=BITS),
        "SFVQ, stochastic": fit_sfvq(features, bits=BITS, seed=seed, method="stochastic"),
        DEFAULT: fit_sfvq(features, bits=BITS, seed=seed),
    }
    for elastic in FRONT:
        options = FitOptions(elastic=elastic)
        fits[f"SFVQ, elastic {elastic:g}"] = fit_sfvq(
            features, bits=BITS, seed=seed, options=options
        )
    for elastic in (FitOptions().elastic, *FRONT[-1:]):
        options = FitOptions(elastic=elastic, temporal=True)
        fits[f"SFVQ, temporal, elastic {elastic:g}"] = fit_sfvq(
            features, bits=BITS, seed=seed, options=options
        )
    if n_published:
        rows = np.random.default_rng(seed).choice(
            features.n_frames, min(n_published, features.n_frames), replace=False
        )
        sample = features.values[rows]
        fits["SFVQ, published recipe"] = fit_sfvq(sample, bits=BITS, seed=seed, method="published")
    return fits


def run_seed(fit_on: Features, read: Corpus, spec: str, seed: int, n_published: int) -> list[dict]:
    """Fit every method with one seed and read the held-out speakers with all of them at once."""
    fitted = methods(fit_on, seed, n_published)
    fitted["yardstick"] = fit_vq(fit_on, bits=YARDSTICK_BITS, seed=seed)
    tables = index_table(read, load_encoder(spec), fitted)
    k16 = stats.pnmi(stats.phone_counts(tables.pop("yardstick")))
    variance = fit_on.values.var(axis=0, dtype=np.float64).sum()
    rows = []
    for name, table in tables.items():
        measures = stats.axis_measures(table)[COLUMNS].iloc[0].to_dict()
        measures["mse"] = float(table.frames["codeword_distortion"].mean() / variance)
        rows.append({"method": name, "seed": seed, "k16": k16, **measures})
    for row in rows:
        row["mse_ratio"] = row["mse"] / rows[0]["mse"]
        row["arcs_ratio"] = row["arcs"] / k16
        row["split_ratio"] = (row["split"] - 0.5) / (row["split_ceiling"] - 0.5)
    return rows


def main() -> None:
    """Run the comparison named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hold-out", nargs=2, type=int, default=(5, 23), metavar=("N", "M"))
    parser.add_argument("--published", type=int, default=60_000, metavar="FRAMES")
    parser.add_argument(
        "--development", action="store_true", help="read 5 … 8 of every 23, fit on the rest"
    )
    arguments = parser.parse_args()
    fit, read = load_corpus(arguments.corpus).hold_out(*arguments.hold_out)
    if arguments.development:
        held_out = {utterance.id for utterance in read}
        fit, read = load_corpus(arguments.corpus).hold_out(9, 23)
        read = read.select(id=[utterance.id for utterance in read if utterance.id not in held_out])
    rows = []
    for label, spec in ENCODERS.items():
        features = sample_features(fit, load_encoder(spec))
        for seed in range(arguments.seeds):
            found = run_seed(features, read, spec, seed, arguments.published)
            rows += [{"encoder": label, **row} for row in found]
    write_json(HERE / "order.json", {"machine": machine(["numpy", "sfvq-analysis"]), "rows": rows})
    print(in_tables(pd.DataFrame(rows)))


def in_tables(rows: pd.DataFrame) -> str:
    """Return means and worst seeds as Markdown, and the default seed by seed, for each encoder."""
    parts = []
    for encoder, part in rows.groupby("encoder", sort=False):
        k16 = part.groupby("seed")["k16"].first()
        parts.append(f"\n{encoder}: dedicated 16-code k-means {k16.mean():.4f} ± {k16.std():.4f}\n")
        cells = [
            [str(method), *(_cell(group[name], name) for name in SHOWN)]
            for method, group in part.groupby("method", sort=False)
        ]
        parts.append(as_markdown(["method: mean (worst seed)", *SHOWN], cells))
        default = part[part["method"] == DEFAULT]
        by_seed = [
            [str(row["seed"]), *(f"{row[name]:.3f}" for name in ("k16", *SHOWN))]
            for _, row in default.iterrows()
        ]
        parts.append(f"\n{DEFAULT}, seed by seed:\n")
        parts.append(as_markdown(["seed", "k16", *SHOWN], by_seed))
    return "\n".join(parts)


def _cell(values: pd.Series, name: str) -> str:
    worst = values.max() if name in LOW_IS_GOOD else values.min()
    return f"{values.mean():.3f} ({worst:.3f})"


if __name__ == "__main__":
    main()
