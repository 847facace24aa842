"""What a corpus costs from audio to indices, beside reading and encoding alone, and its memory.

Usage: python benchmarks/end_to_end.py CORPUS [--runs 5] [--copies 1 13] [--json PATH]

Time: `index_table` with a curve and a plain codebook, beside the encoder's own forward time and
beside reading the files, each in turn, medians; the target is 1.3 times the sum of the two. Memory:
`sfvq fit` and `sfvq index` in processes of their own, on the corpus and on one made of links to so
many copies of it, as if of other speakers; of the processes of an index in shards the largest.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timing import as_markdown, interleaved, machine, spread, write_json

from sfvq_analysis import fit_sfvq, fit_vq, index_table, load_corpus, load_encoder, sample_features

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Encoder

HERE = Path(__file__).parent
ENCODERS = ("mel", "mel:kind=mfcc,normalise=utterance,context=1")
BITS, TARGET = 8, 1.3


def times(corpus: Corpus, encoder: Encoder, runs: int) -> dict[str, Any]:
    """Return seconds of reading, encoding and the whole way, and the whole over the sum."""
    features = sample_features(corpus, encoder)
    quantizers = {"sfvq": fit_sfvq(features, bits=BITS), "vq": fit_vq(features, bits=BITS)}
    recordings = [utterance.load() for utterance in corpus]
    contestants = {
        "reading": lambda: [utterance.load() for utterance in corpus],
        "encoding": lambda: [encoder.encode(r.audio, r.sample_rate) for r in recordings],
        "audio to indices": lambda: index_table(corpus, encoder, quantizers),
    }
    found = {
        name: spread(seconds)
        for name, seconds in interleaved(contestants, runs=runs, pause=0.3).items()
    }
    alone = found["reading"]["median"] + found["encoding"]["median"]
    hours = sum(len(r.audio) / r.sample_rate for r in recordings) / 3600
    return {**found, "ratio": found["audio to indices"]["median"] / alone, "hours": hours}


def copied(corpus: Path, n_copies: int, folder: Path) -> Path:
    """Return a folder of links to so many copies of a corpus of speakers' folders."""
    for copy in range(n_copies):
        for speaker in sorted(path for path in corpus.iterdir() if path.is_dir()):
            place = folder / f"{copy}x{speaker.name}"
            place.mkdir()
            for file in speaker.iterdir():
                (place / f"{copy}x{file.name}").symlink_to(file.resolve())
    return folder


def peak_megabytes(*arguments: str) -> float:
    """Return the peak memory of a run of `sfvq` with some arguments."""
    code = "import sys; from sfvq_analysis.cli import main; sys.argv[0] = 'sfvq'; main()"
    script = (
        "import resource, subprocess, sys;"
        f"subprocess.run([sys.executable, '-c', {code!r}, *sys.argv[1:]], check=True,"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    return int(ran.stdout) / 1024


def memory(corpus: Path, n_copies: int) -> dict[str, Any]:
    """Return peak memory of fitting on, and of indexing, so many copies of a corpus."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "corpus").mkdir()
        speech = str(copied(corpus, n_copies, root / "corpus"))
        fitted = peak_megabytes("fit", speech, "--out", str(root / "fitted"))
        codebooks = [f"--quantizer={root / 'fitted' / kind}.safetensors" for kind in ("sfvq", "vq")]
        indexed = peak_megabytes("index", speech, *codebooks, "--out", str(root / "tables"))
        one_worker = ("--engine", "dask", "--workers", "1")
        shards = ("index", speech, *codebooks, "--out", str(root / "shards"), *one_worker)
        in_shards = peak_megabytes(*shards)
    return {
        "copies": n_copies, "fit, MB": fitted, "index, MB": indexed, "in shards, MB": in_shards,
    }  # fmt: skip


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--copies", type=int, nargs="*", default=[1, 13])
    parser.add_argument("--json", type=Path, default=HERE / "end_to_end.json")
    arguments = parser.parse_args()
    corpus = load_corpus(arguments.corpus)
    found = {spec: times(corpus, load_encoder(spec), arguments.runs) for spec in ENCODERS}
    used = [memory(arguments.corpus, n_copies) for n_copies in arguments.copies]
    about = machine(["numpy", "numba", "librosa", "pandas", "torch", "sfvq-analysis"])
    about["threads"] = os.environ.get("OMP_NUM_THREADS", "all")
    about["own peak, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write_json(arguments.json, {"machine": about, "times": found, "memory": used})
    header = ["encoder", "hours", "reading, s", "encoding, s", "whole, s", "whole / (both)"]
    rows = [
        [spec, f"{row['hours']:.2f}"]
        + [f"{row[name]['median']:.2f}" for name in ("reading", "encoding", "audio to indices")]
        + [f"{row['ratio']:.2f}"]
        for spec, row in found.items()
    ]
    print(about["processor"], f"\n\n{as_markdown(header, rows)}\n")
    kinds = ("fit, MB", "index, MB", "in shards, MB")
    cells = [[str(row["copies"]), *(f"{row[kind]:.0f}" for kind in kinds)] for row in used]
    header = ["copies of the corpus", "fit, peak MB", "index, peak MB", "index in shards, peak MB"]
    print(as_markdown(header, cells))


if __name__ == "__main__":
    main()
