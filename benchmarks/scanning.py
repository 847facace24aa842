"""Time and memory of scanning a tree of 100,000 utterances: paths only.

Usage: python benchmarks/scanning.py [--utterances 100000] [--repeats 5]
Writes benchmarks/scanning.json.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from timing import as_markdown, machine, write_json

from sfvq_analysis import scan_corpus

PER_SPEAKER = 100
HERE = Path(__file__).parent
SCANS = {"textgrid": {"labels": "textgrid", "tier": "phones"}, "auto": {"labels": "auto"}}


def make_tree(root: Path, n_utterances: int) -> None:
    for number in range(n_utterances):
        folder = root / f"speaker{number // PER_SPEAKER:05d}"
        folder.mkdir(exist_ok=True)
        for suffix in (".wav", ".TextGrid"):
            (folder / f"utterance{number % PER_SPEAKER:03d}{suffix}").touch()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        make_tree(Path(folder), arguments.utterances)
        before = peak_mb()
        for name, options in SCANS.items():
            seconds = []
            for _ in range(arguments.repeats):
                start = time.perf_counter()
                found = len(scan_corpus(folder, **options))
                seconds.append(time.perf_counter() - start)
            rows.append(
                {"labels": name, "utterances": found, "seconds": statistics.median(seconds)}
            )
            rows[-1] |= {"peak_mb": peak_mb(), "before_mb": before}
    print(as_markdown(list(rows[0]), [[f"{value}" for value in row.values()] for row in rows]))
    write_json(HERE / "scanning.json", {"machine": machine(["sfvq-analysis"]), "scans": rows})


if __name__ == "__main__":
    main()
