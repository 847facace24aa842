"""What can be claimed: the five ways to order 256 codes, five seeds each, on held-out speakers.

Usage: python benchmarks/claims.py CORPUS [--seeds 5] [--hold-out 5 23] [--development]
Writes benchmarks/claims.json and prints the tables that README.md and benchmarks/CLAIMS.md quote.
Every codebook is fitted on the same frames and read on the same held-out speakers; no label touches
a fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

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
from sfvq_analysis.stats import Inference
from sfvq_analysis.training import STRETCHED_LATENTS, FitOptions

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Features
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.tables import IndexTable

ENCODERS = {"log-mel": "mel", "voice model": "vqvae"}
BITS = 8
BASELINE, OURS = "k-means, as found", "SFVQ"
SHORT = {
    BASELINE: "k-means",
    "k-means + PCA-1 order": "PCA order",
    "k-means + short path": "short path",
    "self-organising map": "SOM",
    OURS: "SFVQ",
}
HERE = Path(__file__).parent


def methods(features: Features, spec: str, seed: int) -> dict[str, Quantizer]:
    """Return the five codebooks of a seed, by name; the map has none, but other frames."""
    vq = fit_vq(features, bits=BITS, seed=seed)
    options = STRETCHED_LATENTS if spec == "vqvae" else FitOptions()
    return {
        BASELINE: vq,
        "k-means + PCA-1 order": reorder(vq, "pca"),
        "k-means + short path": reorder(vq, "path"),
        "self-organising map": fit_som(features, bits=BITS),
        OURS: fit_sfvq(features, bits=BITS, seed=seed, options=options),
    }


def read(fit: Corpus, other: Corpus, spec: str, seeds: int) -> dict[str, list[IndexTable]]:
    """Return the tables of each method, one a seed; each seed samples the frames anew."""
    tables: dict[str, list[IndexTable]] = {}
    for seed in range(seeds):
        features = sample_features(fit, load_encoder(spec), max_frames=80_000, seed=seed)
        for name, table in index_table(
            other, load_encoder(spec), methods(features, spec, seed)
        ).items():
            tables.setdefault(name, []).append(table)
    return tables


def compared(tables: dict[str, list[IndexTable]]) -> tuple[pd.DataFrame, str]:
    """Return the comparison, and it as Markdown: a row a measure, a column a method."""
    frame = stats.compare(tables, baseline=BASELINE)
    cells = []
    for measure, part in frame.groupby("measure", sort=False):
        row = [part["family"].iloc[0], str(measure), part["better"].iloc[0]]
        for one in part.itertuples():
            text = f"{one.effect:.3f} [{one.low:.3f}, {one.high:.3f}] ± {one.fit_sd:.3f}"
            row.append(text + (" *" if one.claimed else ""))
        cells.append(row)
    return frame, as_markdown(["family", "measure", "better", *SHORT.values()], cells)


def claimed(tables: dict[str, list[IndexTable]]) -> tuple[pd.DataFrame, str]:
    """Return all claims of all fits, and the share of fits in which each holds as Markdown."""
    frames = [
        stats.claims(table).assign(method=name, fit=at)
        for name, fits in tables.items()
        for at, table in enumerate(fits)
    ]
    every = pd.concat(frames, ignore_index=True)
    cells = []
    for claim, part in every.groupby("claim", sort=False):
        row = [str(claim), part["statement"].iloc[0], part["measure"].iloc[0]]
        for name in tables:
            mine = part[part["method"] == name]
            if (mine["verdict"] == "untestable").all():
                row.append("n/a")
                continue
            holds = int((mine["verdict"] == "holds").sum())
            row.append(f"{mine['effect'].mean():.2f} ({holds} of {len(mine)})")
        cells.append(row)
    return every, as_markdown(["", "claim", "effect", *SHORT.values()], cells)


def main() -> None:
    """Run the comparison named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hold-out", nargs=2, type=int, default=(5, 23), metavar=("N", "M"))
    parser.add_argument(
        "--development", action="store_true", help="read 5 … 8 of every 23, fit on the rest"
    )
    arguments = parser.parse_args()
    fit, other = load_corpus(arguments.corpus).hold_out(*arguments.hold_out)
    if arguments.development:
        held_out = {utterance.id for utterance in other}
        fit, other = load_corpus(arguments.corpus).hold_out(9, 23)
        other = other.select(id=[one.id for one in other if one.id not in held_out])
    results = {}
    for label, spec in ENCODERS.items():
        tables = read(fit, other, spec, arguments.seeds)
        comparison, measures = compared(tables)
        claims, holding = claimed(tables)
        print(f"\n{label}\n\n{measures}\n\n{holding}", flush=True)
        results[label] = {
            "comparison": comparison.to_dict("records"),
            "claims": claims.to_dict("records"),
        }
    known = {"machine": machine(["numpy", "sfvq-analysis"]), "inference": repr(Inference())}
    write_json(HERE / "claims.json", {**known, "results": results})


if __name__ == "__main__":
    main()
